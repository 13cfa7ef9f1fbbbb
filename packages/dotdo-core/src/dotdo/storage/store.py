"""A store: one tenant's file (of one branch), what its sessions in this process share, and its creation."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol

import apsw
import orjson

from dotdo.clock import Clock, system_clock
from dotdo.errors import InvalidValue, LockTimeout
from dotdo.storage.catalog import Catalog
from dotdo.storage.connection import Durability, check_file, connect
from dotdo.storage.counters import Counters
from dotdo.storage.group_sync import GroupSync
from dotdo.storage.kernel_nouns import KERNEL_NOUNS
from dotdo.storage.latch import Latch
from dotdo.storage.locks import LockTable
from dotdo.storage.owners import Owners
from dotdo.storage.schema import decode_noun
from dotdo.storage.session import Session
from dotdo.storage.view import SUSPENDED
from dotdo.storage.writer import Writer
from dotdo.values import require_text, shown

if TYPE_CHECKING:
    from dotdo.storage.presence import ForeignHolder
    from dotdo.storage.row_locks import RowLocks
    from dotdo.storage.schema import Noun

_KEPT_CATALOGS = 4

Listener = Callable[[int, int], None]
"""Is told of each commit of this process: first and last seq."""


class Presence(Protocol):
    """Tells whether other processes have the file open."""

    def has_others(self) -> bool:
        """Some other process has the file open."""

    def has_foreign_locks(self) -> bool:
        """Some other process holds rows."""

    def watch(self, store: "Store") -> None:
        """See to it that an idle holder of the writer gives way to other processes."""

    def await_place(self, asker: Writer, place: int) -> "ForeignHolder":
        """Return a holder whose waiter is done when no other process holds the place any more."""

    def leave(self) -> None:
        """This process no longer has the file open."""

    @property
    def rows(self) -> "RowLocks | None":
        """Row locks that other processes see."""


class Store:
    """What the sessions on one file share.

    Args:
        path: The file; it exists.
        clock: Gives the time of transactions.
        durability: What commits survive.
        presence: Knows of other processes, or None when there can be none.
        has_owners: Engines that keep rows of its nouns themselves are asked and told, see `owners`.
    """

    def __init__(
        self,
        path: str,
        *,
        clock: Clock = system_clock,
        durability: Durability = "process",
        presence: Presence | None = None,
        has_owners: bool = False,
    ) -> None:
        check_file(path)
        self.path = path
        self.clock = clock
        self.durability: Durability = durability
        self.is_read_only = not os.access(path, os.W_OK)
        self.latch = Latch()
        self.holder: Session | None = None
        self.rows = None if presence is None else presence.rows
        self.locks: LockTable[Writer] = LockTable(self.rows)
        self.counters = Counters()
        self.listeners: list[Listener] = []
        self.before_commit: Callable[[Session, int, int], None] | None = None
        self.sessions: set[Session] = set()
        self.was_used = False  # since the cache of open tenants last looked
        self.is_closed = False  # whoever has kept it is to ask its home anew
        self.on_open: Callable[[Store], None] | None = None
        self.on_listen: Callable[[Store], None] | None = None
        self._idle: list[Session] = []
        self._presence = presence
        self.owners = Owners(self) if has_owners else None
        self.owned: Owners | None = None  # the same, when some noun has an owner
        self.newest_catalog = 0  # version of the newest that this process knows
        self._catalogs: dict[int, Catalog] = {}

    @cached_property
    def group_sync(self) -> GroupSync:
        """What brings commits to the disk together; made when the first asks for it, few tenants do."""
        return GroupSync(self.path)

    def session(
        self, *, api: str | None = None, actor: str | None = None, owner: str | None = None
    ) -> Session:
        """Open a session.

        Args:
            api: Through which API it writes.
            actor: Who writes.
            owner: Which owner of nouns it belongs to: that one is neither asked nor told of what it does.

        Raises:
            StorageError: The file cannot be used.
        """
        connection = connect(self.path, is_read_only=self.is_read_only, durability=self.durability)
        session = Session(self, connection, api, actor)
        session.is_owner = owner is not None
        session.durability = self.durability
        session.is_read_only = self.is_read_only
        connection.set_progress_handler(session.must_stop, 10_000)
        self.sessions.add(session)
        if self.owners is not None and not self.newest_catalog:
            session.refresh()  # owners of nouns are to be known before the first statement
        return session

    def acquire(self) -> Session:
        """Take a session out of the pool for a short while; `give_back` it."""
        self.was_used = True
        try:
            return self._idle.pop()
        except IndexError:
            if self.on_open is not None:
                self.on_open(self)
            return self.session(api="dotdo")

    def give_back(self, session: Session) -> None:
        """Return a session to the pool; what it left open is undone."""
        if session.in_transaction:
            session.rollback()
        self._idle.append(session)

    @contextmanager
    def quiesced(self) -> Iterator[apsw.Connection]:
        """Give a connection while no session of this process holds the writer.

        Raises:
            LockTimeout: A transaction that changes definitions holds it.
        """
        session = self.acquire()
        try:
            with nullcontext() if self.owned is None else self.owned.paused(), self.latch:
                if self.holder is not None and not self.holder.suspend():
                    msg = "a transaction that changes definitions is open"
                    raise LockTimeout(msg)
                yield session.connection
        finally:
            self.give_back(session)

    def is_in_use(self) -> bool:
        """Somebody holds a session, or another process has the file open."""
        return len(self.sessions) > len(self._idle) or self.is_shared()

    def trim(self) -> bool:
        """Close the pooled sessions; return whether the file is closed now."""
        while self._idle:
            self._idle.pop().close()
        return not self.sessions

    def forget(self, session: Session) -> None:
        """The session is closed."""
        self.sessions.discard(session)

    def suspended(self, asker: Writer) -> Iterator[Session]:
        """Yield the sessions, other than `asker`, whose changes are out of the file."""
        for session in list(self.sessions):
            if session is not asker and session.state is SUSPENDED:
                yield session

    def load_catalog(self, version: int, connection: apsw.Connection) -> Catalog:
        """Return the definitions at `version`, read through `connection` when they are not known yet.

        Args:
            version: Of the catalog in the connection's present view.
            connection: Sees that version.
        """
        known = self._catalogs.get(version)
        if known is None:
            known = self.read_catalog(connection)
            self.publish(known)
        return known

    @staticmethod
    def read_catalog(connection: apsw.Connection) -> Catalog:
        """Return the definitions in the connection's present view."""
        version = connection.execute("select v from _meta where k = 'catalog'", can_cache=False).get
        return Catalog(version, read_nouns(connection))

    def publish(self, catalog: Catalog) -> None:
        """Share definitions that have been committed; those of readers in the past stay for a while."""
        for version in sorted(self._catalogs)[: 1 - _KEPT_CATALOGS]:
            del self._catalogs[version]
        self._catalogs[catalog.version] = catalog
        if self.owners is not None and catalog.version >= self.newest_catalog:
            self.owners.learn(catalog)
            self.owned = self.owners or None
        self.newest_catalog = max(self.newest_catalog, catalog.version)

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of each commit of this process from now on."""
        self.listeners.append(listener)
        if self.on_listen is not None:
            self.on_listen(self)

    def committed(self, first: int, last: int) -> None:
        """Tell the listeners of a commit, also when one of them raises an error."""
        with ExitStack() as calls:
            for listener in reversed(self.listeners):
                calls.callback(listener, first, last)

    def is_shared(self) -> bool:
        """Other processes have the file open too."""
        return self._presence is not None and self._presence.has_others()

    def has_locks(self) -> bool:
        """Some open transaction, of this process or another, holds rows that are not in the file."""
        return bool(self.locks) or self.has_foreign_locks()

    def has_foreign_locks(self) -> bool:
        """Some open transaction of another process holds rows."""
        return self._presence is not None and self._presence.has_foreign_locks()

    def await_place(self, asker: Writer, place: int) -> "ForeignHolder":
        """Return what stands for the transaction of another process that holds a place."""
        assert self._presence is not None
        return self._presence.await_place(asker, place)

    def watch(self) -> None:
        """A transaction holds the writer and may go idle."""
        if self._presence is not None:
            self._presence.watch(self)

    @staticmethod
    def encode_record(actor: object, action: object, api: object) -> str:
        """Return the part of a transaction's record that follows its time.

        Raises:
            InvalidValue: One is no text.
        """
        if not (_is_name(actor) and _is_name(action) and _is_name(api)):
            wrong = next(value for value in (actor, action, api) if not _is_name(value))
            msg = f"actor, action and api are text, not {shown(wrong)}"
            raise InvalidValue(msg)
        return _record_text(actor, action, api)

    def leave_parent(self, presence: Presence | None) -> None:
        """In a forked child: forget, without closing, what belongs to the parent process.

        Args:
            presence: The child's own.
        """
        self._presence = presence
        self._inherited = [session.disown() for session in self.sessions]
        self.sessions, self._idle = set(), []
        self.rows = None if presence is None else presence.rows
        self.latch, self.locks, self.holder = Latch(), LockTable(self.rows), None
        self.counters = Counters()
        self.__dict__.pop("group_sync", None)
        if self.owners is not None:
            self.owners, self.owned = Owners(self), None
            self._catalogs, self.newest_catalog = {}, 0

    def close(self) -> None:
        """Close every session, after the owners of nouns have flushed."""
        self.is_closed = True
        if self.owners is not None:
            self.owners.close()
        self._idle.clear()
        for session in list(self.sessions):
            session.close()
        if "group_sync" in self.__dict__:
            self.group_sync.close()
        if self._presence is not None:
            self._presence.leave()


def _is_name(value: object) -> bool:
    return value is None or isinstance(value, str)


@lru_cache(maxsize=256)
def _record_text(*names: str | None) -> str:
    for name in names:
        if name is not None:
            require_text(name)
    return "," + orjson.dumps(names).decode()[1:]


def read_nouns(connection: apsw.Connection) -> list["Noun"]:
    """Return the definitions in the connection's present view, the kernel's own included."""
    rows = connection.execute("select def from _noun order by id", can_cache=False).fetchall()
    return [*KERNEL_NOUNS, *(decode_noun(str(text)) for (text,) in rows)]
