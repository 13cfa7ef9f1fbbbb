"""The statements of a session: reading, writing, several as one; each alone or within the open transaction."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from dotdo.errors import ReadOnly
from dotdo.storage.failures import BINDING, fail_to_bind
from dotdo.storage.locks import Blocked
from dotdo.storage.owners import Unsettled
from dotdo.storage.transaction import Transaction
from dotdo.storage.view import HOLDING, IDLE, OPEN, SUSPENDED, CatalogChanged

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.store import Store

_NONE: frozenset[str] = frozenset()

T = TypeVar("T")
Value = int | float | str | bytes | None
Row = tuple[Any, ...]  # type: ignore[explicit-any]  # each statement knows the types of its own columns
Params = Sequence[Value] | dict[str, Value]


class Statements(Transaction):
    """A connection that statements are run on.

    Args:
        store: The store it belongs to.
        connection: Its own SQLite connection.
    """

    def __init__(self, store: "Store", connection: apsw.Connection) -> None:
        super().__init__(store, connection)
        self.changes = 0
        self._settled = _NONE  # owners who are paused for the statement that runs
        self._statement = connection.cursor().execute

    def read(
        self,
        sql: str,
        params: Params = (),
        *,
        planned_for: "Catalog | None" = None,
        wait: bool = True,
    ) -> list[Row]:
        """Run one reading statement.

        Args:
            sql: The statement, with bare physical names.
            params: Values by position or name.
            planned_for: The catalog it was compiled against.
            wait: Wait in this thread where waiting is needed.

        Returns:
            The rows.

        Raises:
            CatalogChanged: Definitions are no longer those of `planned_for`.
            Blocked: It must wait, and `wait` is false.
        """
        if self.store.owned is not None:
            self._settle(sql)
        state = self.state
        if (state is IDLE or (state is OPEN and self.isolation == "committed")) and (
            not self._is_running
        ):
            return self._read_directly(sql, params, planned_for)
        if self._is_running:
            return self._execute(sql, params).fetchall()
        return self._within(lambda: self._execute(sql, params).fetchall(), planned_for, wait)

    def _read_directly(self, sql: str, params: Params, planned_for: "Catalog | None") -> list[Row]:
        """Read what is committed, without the writer."""
        try:
            rows = self._execute(sql, params).fetchall()
        except apsw.Error as error:
            self._look_if_changed()
            if planned_for is not None and planned_for is not self._catalog:
                raise CatalogChanged from error
            self._fail(error)
        except BINDING as error:
            fail_to_bind(error)
            raise
        if self.connection.data_version() != self._seen and self._look():
            return self._read_directly(sql, params, planned_for)
        if planned_for is not None:
            self._check_plan(planned_for)
        return rows

    def write(
        self,
        sql: str,
        params: Params = (),
        *,
        planned_for: "Catalog | None" = None,
        wait: bool = True,
        again: "Callable[[dict[int, set[int]]], tuple[str, Params]] | None" = None,
    ) -> list[Row]:
        """Run one writing statement; outside a transaction it is one by itself.

        Sets `changes` to the number of rows that the statement changed itself.

        Args:
            sql: The statement, with bare physical names.
            params: Values by position or name.
            planned_for: The catalog it was compiled against.
            wait: Wait in this thread where waiting is needed.
            again: What is run instead after it has waited, given the rows that it changed at first (`attempted`).

        Raises:
            CatalogChanged: Definitions are no longer those of `planned_for`.
            Blocked: It must wait, and `wait` is false.
        """
        execute = self._execute if self._is_running else self._statement
        names = _NONE if self.store.owned is None else self._unsettled(sql)

        def run() -> list[Row]:
            if again is not None and self.attempted is not None:
                rows = execute(*again(self.attempted)).fetchall()
            else:
                rows = execute(sql, params).fetchall()
            self.changes = self.connection.changes()
            return rows

        if names:
            return self._mutate_owned(run, planned_for, wait, names)
        return self._mutate(run, planned_for, wait)

    def write_many(
        self,
        sql: str,
        many: Iterable[Params],
        *,
        planned_for: "Catalog | None" = None,
        wait: bool = True,
    ) -> list[Row]:
        """Run one writing statement for each set of parameters, as one statement; `changes` is their sum."""
        sets = many if isinstance(many, Collection) else list(many)  # it may run twice

        def counted() -> Iterator[Params]:
            for params in sets:
                yield params
                self.changes += self.connection.changes()

        def run() -> list[Row]:
            self.changes = 0
            return self.connection.executemany(sql, counted()).fetchall()

        names = _NONE if self.store.owned is None else self._unsettled(sql)
        if names:
            return self._mutate_owned(run, planned_for, wait, names, is_compound=True)
        return self._mutate(run, planned_for, wait, is_compound=True)

    def mutate(
        self, work: Callable[[], T], *, planned_for: "Catalog | None" = None, wait: bool = True
    ) -> T:
        """Run several of this session's statements as if they were one: all of it or nothing.

        Args:
            work: Uses `execute`, `read`, `write` or `allocate`; it may run more than once.
            planned_for: The catalog that it was made for.
            wait: Wait in this thread where waiting is needed.
        """
        try:
            return self._mutate(work, planned_for, wait, is_compound=True)
        except Unsettled as found:
            if self._is_running:
                raise
            return self._mutate_owned(work, planned_for, wait, found.names, is_compound=True)

    def change_definitions(self, work: Callable[[], T]) -> T:
        """Run statements that change definitions; an open transaction keeps the writer from here on."""

        def run() -> T:
            self._has_definitions = True
            result = work()
            self._catalog = self.store.read_catalog(self.connection)
            return result

        return self.mutate(run)

    def execute(self, sql: str, params: Params = ()) -> list[Row]:
        """Run a statement inside `mutate`."""
        if self.store.owned is not None:
            self._unsettled(sql)
        return self._execute(sql, params).fetchall()

    def execute_many(self, sql: str, many: Iterable[Params]) -> None:
        """Run a statement inside `mutate` for each set of parameters; how many rows it changes is not counted."""
        if self.store.owned is not None:
            self._unsettled(sql)
        self.connection.executemany(sql, many)

    def step(self, run: Callable[[], T]) -> T:
        """Run a statement inside `mutate` whose failure the caller may handle: the errors are the kernel's.

        Raises:
            Blocked: it failed for rows that others may yet give up.
        """
        try:
            return run()
        except apsw.Error as error:
            owner = self._releaser_of(run, error) if self._is_running else None
            if owner is not None:
                raise Blocked(owner) from error
            self._fail(error)
        except BINDING as error:
            fail_to_bind(error)
            raise

    def attempt(self, work: Callable[[], T]) -> T:
        """Run one statement inside `mutate` so that its failure can be caught: it alone is undone.

        Raises:
            ConstraintViolation: The statement breaks one.
        """
        try:
            return work()
        except apsw.ConstraintError as error:
            self._fail(error)

    def _mutate(
        self,
        run: Callable[[], T],
        planned_for: "Catalog | None",
        wait: bool,
        *,
        is_compound: bool = False,
    ) -> T:
        if self.is_read_only:
            msg = "the transaction is read-only"
            raise ReadOnly(msg)
        if self._is_running:
            if planned_for is not None:
                self._check_plan(planned_for)
            return run()
        if self.state is not IDLE:
            return self._within(
                lambda: self._guarded(run, is_compound=is_compound),
                planned_for,
                wait,
                is_write=True,
            )
        while True:
            try:
                result, first, last = self._autocommit(run, planned_for)
            except Blocked as blocked:
                self._wait(blocked, wait)
                continue
            if self.durability == "always" and last is not None:
                self._make_durable()
            if self.store.listeners and last:
                self.store.committed(first, last)
            return result

    # --- rows that an owner keeps -------------------------------------------------------------

    def _unsettled(self, sql: str) -> frozenset[str]:
        """Return the owners that a statement concerns and who are not paused yet.

        Raises:
            Unsettled: There are some, and it is too late to pause them for it.
        """
        owned = self.store.owned
        if owned is None or self.is_owner:
            return _NONE
        names = owned.concerned(sql) - self._settled
        if names and self._is_running:
            raise Unsettled(names)
        return names

    def _settle(self, sql: str) -> None:
        """Let the owners that a reading statement concerns flush, where it can see what they write."""
        names = self._unsettled(sql)
        is_fixed = self.isolation != "committed" and (
            self._has_snapshot or self.state in {HOLDING, SUSPENDED}
        )
        if names and self.store.owned is not None and not is_fixed:
            self.store.owned.flush(names)

    def _mutate_owned(
        self,
        run: Callable[[], T],
        planned_for: "Catalog | None",
        wait: bool,
        names: frozenset[str],
        *,
        is_compound: bool = False,
    ) -> T:
        """Run a statement while the owners that it concerns are paused; they are not while it waits for others."""

        def run_and_claim() -> T:
            result = run()
            if self.state is not IDLE:
                self._claim_owned()
            return result

        while True:
            owned = self.store.owned
            assert owned is not None
            try:
                with owned.paused(names):
                    self._settled |= names
                    return self._mutate(
                        run_and_claim, planned_for, wait=False, is_compound=is_compound
                    )
            except Unsettled as found:
                names |= found.names
            except Blocked as blocked:
                self._wait(blocked, wait)
            finally:
                self._settled -= names
