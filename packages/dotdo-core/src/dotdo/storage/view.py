"""What a connection knows of what has been committed: definitions, the newest record; and the limits and failures of its statements."""

from enum import Enum
from typing import TYPE_CHECKING, NoReturn

import apsw

from dotdo.errors import StatementTimeout
from dotdo.storage.failures import fail
from dotdo.storage.functions import provide

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.store import Store

_STATE = (
    "select (select v from _meta where k = 'catalog'), seq, before ->> 0"
    " from (select seq, before from _log where noun = 0 and op = 0 order by seq desc limit 1)"
)


class CatalogChanged(Exception):
    """The statement was planned for definitions that have changed since; it has left nothing behind."""


class TurnOver(Exception):
    """The reading statement took longer than `turn_ends_us` allows: it has left nothing behind, and is to run elsewhere."""


class State(Enum):
    """Where a session's transaction stands."""

    IDLE = 0  # none
    OPEN = 1  # begun; has written nothing
    HOLDING = 2  # has written and owns SQLite's writer
    SUSPENDED = 3  # has written; its changes are out of the file until its next statement


IDLE, OPEN, HOLDING, SUSPENDED = State  # a look-up in the class costs more than the check itself


class View:
    """One connection and what it has seen.

    Args:
        store: The store it belongs to.
        connection: Its own SQLite connection.
    """

    def __init__(self, store: "Store", connection: apsw.Connection) -> None:
        self.store = store
        self.connection = connection
        self.state = IDLE
        self.deadline_us: int | None = None
        self.turn_ends_us: int | None = None  # when a reading statement is to give way to others
        self.lock_timeout_us: int | None = None
        self._execute = connection.execute
        self._control = connection.cursor().execute  # begins, commits: a cursor kept costs half
        self._seen = -1  # data version that `catalog` and `_last` belong to
        self._last = (0, 0)  # seq and time of the newest commit
        self._catalog: Catalog | None = None
        self._functions: frozenset[str] = frozenset()  # that the connection was given

    def provide(self, names: frozenset[str]) -> None:
        """Make the functions that definitions use known to the connection, as far as installed packages offer them."""
        provide(self.connection, names - self._functions)
        self._functions |= names

    def is_over_deadline(self) -> bool:
        """The running statement is past `deadline_us` (of the store's clock) and is to be stopped."""
        return self.deadline_us is not None and self.store.clock() > self.deadline_us

    def must_stop(self) -> bool:
        """The running statement is past its deadline, or its turn is over; SQLite asks now and then."""
        ends_us = self.turn_ends_us
        return self.is_over_deadline() or (ends_us is not None and self.store.clock() > ends_us)

    # --- what others have committed ----------------------------------------------------------

    def _known_catalog(self) -> "Catalog":
        if self._catalog is None:
            self._look()
        assert self._catalog is not None
        return self._catalog

    def _look_if_changed(self) -> None:
        if self.connection.data_version() != self._seen:
            self._look()

    def _look(self) -> bool:
        """Take note of what has been committed; True when a read that just ran must run again.

        Never called while changes of this transaction are in the file.
        """
        version, seq, time_us = self._execute(_STATE).get
        catalog = self._catalog = self.store.load_catalog(version, self.connection)
        if not catalog.functions <= self._functions:
            self.provide(catalog.functions)
        self._last = (seq, time_us)
        self._seen = self.connection.data_version()
        return False

    def _check_plan(self, planned_for: "Catalog") -> None:
        if planned_for is not self._catalog:
            raise CatalogChanged

    def _seq(self) -> int:
        return int(self._execute("select coalesce(max(seq), 0) from _log").get)

    def _fail(self, error: apsw.Error) -> NoReturn:
        if isinstance(error, apsw.InterruptError) and self.is_over_deadline():
            msg = "the statement's time was over"
            raise StatementTimeout(msg) from error
        if isinstance(error, apsw.InterruptError) and self.must_stop():
            raise TurnOver from error
        fail(error)
