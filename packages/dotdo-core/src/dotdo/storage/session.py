"""A session: what one client of a store can do with it; beside statements row locks, numbers, functions."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NoReturn, cast

import apsw

from dotdo.errors import StorageError, TransactionError
from dotdo.storage.locks import Blocked, Holder, Mode, RequestedLock
from dotdo.storage.progress import Progress
from dotdo.storage.statements import Params, Row, Statements, Value
from dotdo.storage.view import IDLE, OPEN, CatalogChanged, State, TurnOver
from dotdo.storage.virtual import Source, register

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.schema import Noun
    from dotdo.storage.store import Store

__all__ = ["CatalogChanged", "Function", "Params", "Row", "Session", "State", "TurnOver", "Value"]

Function = Callable[..., Value]  # type: ignore[explicit-any]  # of any number of arguments


class Session(Statements):
    """One client's connection to a store.

    Args:
        store: The store it belongs to.
        connection: Its own SQLite connection.
        api: Through which API it writes, for the log.
        actor: Who writes, for the log.
    """

    def __init__(
        self, store: "Store", connection: apsw.Connection, api: str | None, actor: str | None
    ) -> None:
        super().__init__(store, connection)
        self.describe(actor=actor, action=None, api=api)

    def describe(
        self, *, actor: str | None = None, action: str | None = None, api: str | None = None
    ) -> None:
        """Say who writes, in which action, through which API; kept until said anew."""
        self.actor, self.action, self.api = actor, action, api
        self._tail = self.store.encode_record(actor, action, api)

    @property
    def catalog(self) -> "Catalog":
        """The definitions as this session sees them now; other processes' changes are seen by the next statement, or `refresh`."""
        known = self._catalog
        if known is None:
            return self._known_catalog()
        if known.version != self.store.newest_catalog:
            self.refresh()
            return self._known_catalog()
        return known

    def refresh(self) -> None:
        """Look for definitions that others have committed, where the transaction may see them."""
        state = self.state
        if not self._is_running and (
            state is IDLE or (state is OPEN and self.isolation == "committed")
        ):
            self._look()

    @property
    def position(self) -> int:
        """Log position of the newest transaction that the last statement outside a transaction has seen."""
        return self._last[0]

    # --- locks by request --------------------------------------------------------------------

    def lock_rows(
        self,
        noun: "Noun",
        rows: Iterable[int],
        mode: Mode = Mode.UPDATE,
        *,
        wait: bool = True,
        skip_locked: bool = False,
    ) -> list[int]:
        """Lock rows until the transaction ends, or goes back to a savepoint set before.

        Args:
            noun: Whose rows.
            rows: Row ids.
            mode: How strongly.
            wait: Wait in this thread for rows that others hold; else `Blocked`.
            skip_locked: Leave out rows that others hold.

        Returns:
            The row ids now locked, in the order given.

        Raises:
            Blocked: Others hold some, and neither `wait` nor `skip_locked` is true.
        """
        wanted = list(rows)
        if self._is_running:  # asked for by a function of the statement
            return self._lock_free_rows(noun, wanted, mode, skip_locked=skip_locked)
        self._require_transaction()
        return self._within(
            lambda: self._lock_free_rows(noun, wanted, mode, skip_locked=skip_locked), None, wait
        )

    def _lock_free_rows(
        self, noun: "Noun", rows: list[int], mode: Mode, *, skip_locked: bool
    ) -> list[int]:
        store = self.store
        if store.holder is not None and store.holder is not self:
            self._evict(store.holder)
        if self.state is OPEN and not self._has_snapshot:
            self._look()
        has_foreign = store.has_foreign_locks()
        free = []
        for row in rows:
            owner: Holder | None = store.locks.conflict(self, (noun.id, row), mode)
            if owner is None and has_foreign:
                owner = self._foreign_holder((noun.id, row), mode, is_awaited=not skip_locked)
            if owner is None:
                free.append(row)
            elif not skip_locked:
                raise Blocked(owner)
        if self.state is not IDLE:  # a statement by itself keeps others out as long as it lasts
            self._hold_rows(noun, free, mode)
        return free

    def _hold_rows(self, noun: "Noun", rows: list[int], mode: Mode) -> None:
        store, progress = self.store, self._progress
        is_shared = store.is_shared()
        if is_shared:
            store.locks.publish()
        for row in rows:
            store.locks.lock(self, (noun.id, row), mode)
        if is_shared and self.state is OPEN and not self._has_snapshot:
            self._outwait_writer()
        for row in rows:
            lock = RequestedLock((noun.id, row), mode, len(progress.names), self._last[0])
            progress.locks.append(lock)

    def _outwait_writer(self) -> None:
        """Let another process finish the write that it may have begun before it could see our locks."""
        self._control("begin immediate")
        try:
            self._look()
        finally:
            self._control("rollback")
        self.store.watch()

    def _foreign_holder(
        self, row: tuple[int, int], mode: Mode, *, is_awaited: bool
    ) -> Holder | None:
        """Return what stands for the transaction of another process that holds a row, or None.

        Raises:
            Deadlock: Transactions of several processes wait for each other, this one among them.
        """
        assert self.store.rows is not None
        place = self.store.rows.row_conflict(row, mode)
        failure, self.failure = self.failure, None
        if place is None:
            return None
        if failure is not None:
            raise failure
        return self.store.await_place(self, place) if is_awaited else self

    # --- numbers -----------------------------------------------------------------------------

    def allocate(self, noun: "Noun", n: int = 1) -> int:
        """Return the first of `n` new values for the noun's hidden row id."""
        return self.next_number(f"noun {noun.id}", n)

    def next_number(self, counter: str, n: int = 1, start: int = 1) -> int:
        """Return the first of `n` numbers that the counter has never given before; its very first is `start`."""
        counters = self.store.counters
        first = counters.take(counter, n)
        while first is None:
            self.mutate(lambda: self._claim(counter, n, start))
            first = counters.take(counter, n)
        return first

    def put_number(self, counter: str, following: int) -> None:
        """Let a counter go on with a number, also with one that it gave before."""
        self.mutate(lambda: self._note(counter, *self.store.counters.put(counter, following, self)))

    def peek_number(self, counter: str, start: int = 1) -> int:
        """Return the number that a counter would give next."""
        following = self.store.counters.peek(counter)
        if following is not None:
            return following
        rows = self.read("select high from _counter where name = ?", (counter,))
        return int(rows[0][0]) + 1 if rows else start

    def _claim(self, counter: str, n: int, start: int) -> None:
        self._note(counter, *self.store.counters.claim(counter, n, self, start))

    def _note(self, counter: str, before: int, high: int) -> None:
        known = self._claims.get(counter)
        self._claims[counter] = (before if known is None else known[0], high)

    # --- facts ---------------------------------------------------------------------------------

    def fact(self, name: str) -> Value:
        """Return what a package has noted about the file, None when nothing."""
        rows = self.read("select v from _meta where k = ?", (f"fact {name}",))
        return rows[0][0] if rows else None

    def set_fact(self, name: str, value: Value) -> None:
        """Note something about the file, in the transaction at hand, which keeps the writer from here on.

        Facts have no history: the past shows the present ones, a branch begins with its parent's, followers get none.
        """

        def work() -> None:
            self.pin()  # no row that could be taken out of the file and put back
            self.execute("insert or replace into _meta values (?, ?)", (f"fact {name}", value))

        self.mutate(work)

    # --- functions ---------------------------------------------------------------------------

    def create_function(
        self, name: str, function: Function | None, n_args: int = -1, *, deterministic: bool = True
    ) -> None:
        """Make a Python function callable from this session's statements; None takes it away."""
        with self._undisturbed():
            self.connection.create_scalar_function(
                name, function, n_args, deterministic=deterministic
            )

    def ensure_function(self, name: str, function: Function, n_args: int) -> None:
        """Make a Python function callable that is the same for all time; once known, this costs nothing."""
        if name not in self._functions:
            self.create_function(name, function, n_args)
            self._functions |= {name}

    def _undisturbed(self) -> AbstractContextManager[None]:
        """Keep others from taking the transaction out through this connection meanwhile."""
        return nullcontext() if self._is_running else self.store.latch

    def create_aggregate(self, name: str, factory: Callable[[], object], n_args: int = -1) -> None:
        """Make a Python aggregate callable; the factory gives an object with `step` and `final`."""
        with self._undisturbed():
            self.connection.create_aggregate_function(name, factory, n_args)  # type: ignore[arg-type]  # apsw takes either form

    def create_window(self, name: str, factory: Callable[[], object], n_args: int = -1) -> None:
        """Make a Python window function callable; the factory gives `step`, `inverse`, `value`, `final`."""
        with self._undisturbed():
            self.connection.create_window_function(name, factory, n_args)  # type: ignore[arg-type]  # apsw takes either form

    def create_virtual_table(self, name: str, columns: Sequence[str], source: Source) -> None:
        """Let this session's statements read rows that Python computes.

        Args:
            name: Of the table; no noun's table has it.
            columns: Names of the columns.
            source: Gives the rows each time a statement scans the table.
        """
        with self._undisturbed():
            register(self.connection, name, columns, source)

    # --- life --------------------------------------------------------------------------------

    def set_enforcement(self, *, is_on: bool) -> None:
        """Enforce foreign keys, or not: changes of another file are repeated without what followed from them.

        Raises:
            TransactionError: A transaction is open.
        """
        if self.in_transaction:
            msg = "enforcement cannot change within a transaction"
            raise TransactionError(msg)
        self.connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, int(is_on))

    def disown(self) -> apsw.Connection:
        """In a forked child: give up the connection, which is the parent's; return it, to be kept unclosed."""
        inherited, self.connection = self.connection, cast("apsw.Connection", _Inherited())
        self._execute = self._statement = self._control = self.connection.execute
        self.state, self._is_running = IDLE, False
        self._seen, self._catalog, self._claims, self._progress = -1, None, {}, Progress()
        self._functions = frozenset()
        return inherited

    def close(self) -> None:
        """Undo what is open and give the connection back."""
        if self.state is not IDLE:
            self.rollback()
        self.store.forget(self)
        self.connection.close()


class _Inherited:
    """In place of a connection that belongs to the parent process."""

    in_transaction = False

    def close(self) -> None:
        """Leave it to the parent."""

    def interrupt(self) -> None:
        """Nothing runs."""

    def execute(self, *_: object) -> NoReturn:
        """Refuse.

        Raises:
            StorageError: Always.
        """
        msg = "the session was opened by the parent process: open another one"
        raise StorageError(msg)
