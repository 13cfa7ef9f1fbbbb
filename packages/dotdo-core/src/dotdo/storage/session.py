"""A session: one SQLite connection, its transaction, and the rules by which it shares the writer with the others of its store."""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import apsw

from dotdo.errors import LockTimeout, ReadOnly, SerializationFailure, TransactionError
from dotdo.storage import system
from dotdo.storage.conflicts import deleter_of, find_conflict, guard_suspended
from dotdo.storage.failures import fail, translate
from dotdo.storage.flow import current_flow
from dotdo.storage.locks import Blocked, Mode, Waiter, check_wait
from dotdo.storage.names import quoted
from dotdo.storage.suspend import Segment, merged, put_back, take_out

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.schema import Noun
    from dotdo.storage.store import Store

T = TypeVar("T")
Value = int | float | str | bytes | None
Row = tuple[Any, ...]  # type: ignore[explicit-any]  # each statement knows the types of its own columns
Params = Sequence[Value] | dict[str, Value]
Isolation = Literal["committed", "snapshot"]

_RECORD = f"insert into _log(noun, op, id, before) values (0, {system.COMMIT}, ?, ?)"
_STATE = (
    "select (select v from _meta where k = 'catalog'), seq, before ->> 0"
    " from (select seq, before from _log where noun = 0 and op = 0 order by seq desc limit 1)"
)


class CatalogChanged(Exception):
    """The statement was planned for definitions that have changed since; it has left nothing behind."""


class State(Enum):
    """Where a session's transaction stands."""

    IDLE = 0  # none
    OPEN = 1  # begun; has written nothing
    HOLDING = 2  # has written and owns SQLite's writer
    SUSPENDED = 3  # has written; its changes are out of the file until its next statement


class Session:
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
        self.store = store
        self.connection = connection
        self._execute = connection.execute
        self.changes = 0
        self.state = State.IDLE
        self.isolation: Isolation = "committed"
        self.is_read_only = False
        self.waiter = Waiter()
        self.waiting_for: Session | None = None
        self.flow: tuple[int, object | None] = (0, None)
        self.lock_timeout_us: int | None = None
        self.deadline_us: int | None = None
        self.time_us: int | None = None  # of the next transactions, when they repeat another file's
        self._seen = -1  # data version that `catalog` and `_last` belong to
        self._last = (0, 0)  # seq and time of the newest transaction
        self._catalog: Catalog | None = None
        self._marks: list[tuple[str | None, int]] = []  # savepoints with the last seq before each
        self._names: list[str] = []  # the savepoints' names as the client gave them
        self._segments: list[Segment] = []
        self._explicit_locks: list[
            tuple[tuple[int, int], Mode, int]
        ] = []  # with the depth of savepoints
        self._is_pinned = False  # cannot be suspended
        self._has_definitions = False  # has changed some: cannot be suspended either
        self._has_snapshot = False
        self._is_running = False  # inside a piece of work that holds the latch
        self.describe(actor=actor, action=None, api=api)

    # --- what the log says of this session ---------------------------------------------------

    def describe(
        self, *, actor: str | None = None, action: str | None = None, api: str | None = None
    ) -> None:
        """Say who writes, in which action, through which API; kept until said anew."""
        self.actor, self.action, self.api = actor, action, api
        self._tail = self.store.encode_record(actor, action, api)

    @property
    def catalog(self) -> "Catalog":
        """The definitions as this session sees them now."""
        if self._catalog is None:
            self._look()
        assert self._catalog is not None
        return self._catalog

    @property
    def position(self) -> int:
        """Log position of the newest transaction that the last statement outside a transaction has seen."""
        return self._last[0]

    @property
    def segments(self) -> list[Segment]:
        """The changes of a suspended transaction."""
        return self._segments

    @property
    def in_transaction(self) -> bool:
        """A transaction has been begun."""
        return self.state is not State.IDLE

    # --- statements --------------------------------------------------------------------------

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
        if self.state.value < 2 and not self._needs_snapshot():
            try:
                rows = self._execute(sql, params).fetchall()
            except apsw.Error as error:
                self._fail_read(error, planned_for)
            if self.connection.data_version() != self._seen and self._look():
                return self.read(sql, params, planned_for=planned_for, wait=wait)
            if planned_for is not None and planned_for is not self._catalog:
                raise CatalogChanged
            return rows
        return self._within(lambda: self._execute(sql, params).fetchall(), planned_for, wait)

    def write(
        self,
        sql: str,
        params: Params = (),
        *,
        planned_for: "Catalog | None" = None,
        wait: bool = True,
    ) -> list[Row]:
        """Run one writing statement; outside a transaction it is one by itself.

        Sets `changes` to the number of rows that the statement changed itself.

        Raises:
            CatalogChanged: Definitions are no longer those of `planned_for`.
            Blocked: It must wait, and `wait` is false.
        """

        def run() -> list[Row]:
            rows = self._execute(sql, params).fetchall()
            self.changes = self.connection.changes()
            return rows

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

        def run() -> list[Row]:
            before = self.connection.total_changes()
            rows = self.connection.executemany(sql, many).fetchall()
            self.changes = self.connection.total_changes() - before
            return rows

        return self._mutate(run, planned_for, wait, is_compound=True)

    def mutate(
        self, work: Callable[[], T], *, planned_for: "Catalog | None" = None, wait: bool = True
    ) -> T:
        """Run several of this session's statements as if they were one: all of it or nothing.

        Args:
            work: Uses `execute`; it may run more than once.
        """
        return self._mutate(work, planned_for, wait, is_compound=True)

    def change_definitions(self, work: Callable[[], T]) -> T:
        """Run statements that change definitions; an open transaction keeps the writer from here on."""

        def run() -> T:
            self._has_definitions = True
            result = work()
            self._catalog = self.store.read_catalog(self.connection)
            return result

        return self._mutate(run, None, wait=True, is_compound=True)

    def execute(self, sql: str, params: Params = ()) -> list[Row]:
        """Run a statement inside `mutate`."""
        return self._execute(sql, params).fetchall()

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
        if self._is_running:  # part of a larger piece of work, which succeeds or fails as a whole
            return run()
        if self.state is not State.IDLE:
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
            if self.store.listeners and last:
                self.store.committed(first, last)
            return result

    def _autocommit(
        self, run: Callable[[], T], planned_for: "Catalog | None"
    ) -> tuple[T, int, int]:
        store, connection = self.store, self.connection
        store.latch.acquire()
        try:
            if store.holder is not None:
                self._evict(store.holder)
            try:
                self._execute("begin immediate")
                if connection.data_version() != self._seen:
                    self._look()
                if planned_for is not None and planned_for is not self._catalog:
                    raise CatalogChanged
                before = connection.total_changes()
                mark = self._last[0]
                self._is_running = True
                result = run()
                if store.locks:
                    self._check_conflicts(mark)
                if connection.total_changes() == before:
                    self._execute("commit")
                    return result, 0, 0
                last = self._commit_record(mark)
                self._execute("commit")
                if self._has_definitions:
                    self._publish()
            except BaseException as error:
                self._undo()
                self._check_blocked_by_deletes(error)
                if isinstance(error, apsw.Error):
                    fail(error)
                raise
            self._seen = connection.data_version()
            return result, mark + 1, last
        finally:
            self._is_running = False
            store.latch.release()

    def _commit_record(self, mark: int) -> int:
        """Append the transaction's record to the log; return its seq."""
        store = self.store
        time_us = max(store.clock() if self.time_us is None else self.time_us, self._last[1])
        self._execute(_RECORD, (mark + 1, f"[{time_us}{self._tail}"))
        last = self.connection.last_insert_rowid()
        if (
            last <= mark + 1
        ):  # only tables that the log does not cover were written, or the log was cut
            self._execute("delete from _log where seq = ?", (last,))
            return 0
        if store.before_commit is not None:
            store.before_commit(self, mark + 1, last)
        self._last = (last, time_us)
        return last

    def _undo(self) -> None:
        if self.connection.in_transaction:
            self._execute("rollback")
        self._seen = -1
        self._catalog = None
        self._has_definitions = False
        self.store.counters.forget_limits()

    # --- transactions ------------------------------------------------------------------------

    def begin(self, isolation: Isolation = "committed", *, read_only: bool = False) -> None:
        """Begin a transaction.

        Args:
            isolation: `committed`: each statement sees what is committed when it starts; `snapshot`: all see the same state.
            read_only: Writes are refused.

        Raises:
            TransactionError: One is open already.
        """
        if self.state is not State.IDLE:
            msg = "a transaction is open already"
            raise TransactionError(msg)
        self.state, self.isolation = State.OPEN, isolation
        self.is_read_only = read_only or self.store.is_read_only
        self.flow = current_flow()
        self.waiter = Waiter()
        self._marks, self._names, self._segments = [(None, 0)], [], []

    def commit(self, *, wait: bool = True) -> None:
        """Make the transaction's changes last and visible to others.

        Raises:
            ForeignKeyViolation: A deferred constraint does not hold; the transaction was undone.
            SerializationFailure: Its rows were changed by others; it was undone.
        """
        if self.state is State.IDLE:
            msg = "no transaction is open"
            raise TransactionError(msg)
        if self.state is State.OPEN:
            self._end()
            return
        first, last = self._within(self._commit, None, wait, ends=True)
        if self.store.listeners and last:
            self.store.committed(first, last)

    def _commit(self) -> tuple[int, int]:
        mark = self._marks[0][1]
        try:
            has_changed = self._execute("select max(seq) from _log").get != (mark or None)
            last = self._commit_record(mark) if has_changed else 0
            self._execute("commit")
        except BaseException as error:
            self._abandon()
            if isinstance(error, apsw.Error):
                fail(error)
            raise
        self._seen = self.connection.data_version()
        if self._has_definitions:
            self._publish()
        self._finish()
        return mark + 1, last

    def _publish(self) -> None:
        """The definitions that this session changed are everybody's now."""
        self._has_definitions = False
        self.store.publish(self.catalog)

    def rollback(self) -> None:
        """Undo the transaction."""
        if self.state is State.IDLE:
            msg = "no transaction is open"
            raise TransactionError(msg)
        with self.store.latch:
            self._abandon()

    def _abandon(self) -> None:
        if self.state is State.HOLDING:
            self._undo()
        self._finish()

    def _finish(self) -> None:
        """Leave the transaction: the writer, the locks and whoever waits."""
        if self.store.holder is self:
            self.store.holder = None
        self.store.locks.release(self)
        self._end()
        self.waiter.finish()

    def _end(self) -> None:
        if self.connection.in_transaction:
            self._execute("rollback")
        self.store.locks.release(self)
        self.state = State.IDLE
        self._has_snapshot = self._is_pinned = False
        self.is_read_only = self.store.is_read_only
        self._segments, self._explicit_locks = [], []

    # --- savepoints --------------------------------------------------------------------------

    def savepoint(self, name: str) -> None:
        """Set a savepoint; names nest and may repeat."""
        self._require_transaction()
        self._names.append(name)
        if self.state is State.HOLDING:
            with self.store.latch:
                if self.state is State.HOLDING:
                    self._set_mark(len(self._names))
                    return
        if self.state is State.SUSPENDED:
            self._segments.append(Segment(_savepoint(len(self._names))))

    def _set_mark(self, depth: int) -> None:
        self._marks.append((_savepoint(depth), self._seq()))
        self._execute(f"savepoint {quoted(_savepoint(depth))}")

    def release(self, name: str) -> None:
        """Forget the newest savepoint of that name and those after it, keeping what was done.

        Raises:
            TransactionError: There is none.
        """
        depth = self._depth(name)
        del self._names[depth - 1 :]
        with self.store.latch:
            if self.state is State.HOLDING and len(self._marks) > depth:
                self._execute(f"release {quoted(_savepoint(depth))}")
                del self._marks[depth:]
            elif self.state is State.SUSPENDED:
                self._merge_segments(depth)

    def rollback_to(self, name: str) -> None:
        """Undo what was done since the newest savepoint of that name; the savepoint stays.

        Raises:
            TransactionError: There is none.
        """
        depth = self._depth(name)
        del self._names[depth:]
        with self.store.latch:
            if self.state is State.SUSPENDED:
                del self._segments[depth + 1 :]
                self._segments[depth] = Segment(_savepoint(depth))
            elif self.state is State.HOLDING:
                self._execute(f"rollback to {quoted(_savepoint(depth))}")
                del self._marks[depth + 1 :]
                self._forget_catalog()
                self.store.counters.forget_limits()
                self._explicit_locks = [lock for lock in self._explicit_locks if lock[2] < depth]
                self._lock_explicitly()
        self._wake()

    def _depth(self, name: str) -> int:
        self._require_transaction()
        for depth in range(len(self._names), 0, -1):
            if self._names[depth - 1] == name:
                return depth
        msg = f"savepoint {name!r} does not exist"
        raise TransactionError(msg)

    def _require_transaction(self) -> None:
        if self.state is State.IDLE:
            msg = "no transaction is open"
            raise TransactionError(msg)

    # --- the writer --------------------------------------------------------------------------

    def _within(
        self,
        run: Callable[[], T],
        planned_for: "Catalog | None",
        wait: bool,
        *,
        is_write: bool = False,
        ends: bool = False,
    ) -> T:
        """Run inside the open transaction; writes, and reads after writes, hold the writer."""
        if self._is_running:
            return run()
        self.flow = current_flow()
        while True:
            try:
                with self.store.latch:
                    if is_write or self.state.value >= 2:
                        self._hold()
                    else:
                        self._take_snapshot()
                    if self.connection.data_version() != self._seen:
                        self._look()
                    if planned_for is not None and planned_for is not self._catalog:
                        raise CatalogChanged
                    self._is_running = True
                    try:
                        result = run()
                    finally:
                        self._is_running = False
                    if not ends and self.state is State.HOLDING and self.store.is_shared():
                        self.suspend()
                    return result
            except Blocked as blocked:
                self._wait(blocked, wait)
            except apsw.Error as error:
                if self.state is State.HOLDING and not self.connection.in_transaction:
                    self._abandon()  # SQLite undid all of it (disk full, I/O error)
                fail(error)

    def _hold(self) -> None:
        """Own SQLite's writer, with this transaction's changes in the file."""
        store = self.store
        if store.holder is self:
            return
        if store.holder is not None:
            self._evict(store.holder)
        if self.isolation == "snapshot":
            self._hold_snapshot()
        else:
            self._execute("begin immediate")
        if self.connection.data_version() != self._seen:
            self._look()
        store.holder, resuming = self, self._segments
        was_suspended, self.state = self.state is State.SUSPENDED, State.HOLDING
        self._marks = [(None, self._last[0])]
        if was_suspended:
            self._resume(resuming)
        else:
            for depth in range(1, len(self._names) + 1):
                self._set_mark(depth)
        store.watch()

    def _resume(self, segments: list[Segment]) -> None:
        try:
            starts = put_back(self.connection, self.catalog, segments)
        except apsw.ConstraintError as error:
            self._abandon()
            msg = "the transaction's changes no longer fit the state that others have made"
            raise SerializationFailure(msg) from error
        except SerializationFailure:
            self._abandon()
            raise
        self._marks = [(s.savepoint, start) for s, start in zip(segments, starts, strict=True)]
        self._segments = []

    def suspend(self) -> bool:
        """Give the writer up, taking the changes out of the file; False when the transaction must keep it.

        The caller holds the latch.
        """
        if self._is_pinned or self._has_definitions or self.store.holder is not self:
            return False
        self._segments = take_out(self.connection, self.catalog, self._marks)
        self._lock_explicitly()
        guard_suspended(self, self._segments)
        self._execute("rollback")
        self._has_snapshot = False
        self._seen = -1
        self.state = State.SUSPENDED
        self.store.holder = None
        return True

    def _evict(self, holder: "Session") -> None:
        if not holder.suspend():
            raise Blocked(holder)

    def _guarded(self, run: Callable[[], T], *, is_compound: bool) -> T:
        """Run one statement of a transaction, undoing just it when it fails or touches what others hold."""
        if not self.store.locks and not is_compound:
            return run()
        mark = self._seq()
        self._execute("savepoint _statement")
        try:
            result = run()
            if self.store.locks:
                self._check_conflicts(mark)
        except BaseException as error:
            if self.connection.in_transaction:
                self._execute("rollback to _statement")
                self._execute("release _statement")
            self._check_blocked_by_deletes(error)
            raise
        self._execute("release _statement")
        return result

    def _check_conflicts(self, mark: int) -> None:
        owner = find_conflict(self, mark)
        if owner is not None:
            raise Blocked(owner)

    def _check_blocked_by_deletes(self, error: BaseException) -> None:
        """A duplicate of a row that an open transaction has deleted waits for it instead of failing."""
        if self.store.locks and isinstance(error, apsw.ConstraintError):
            owner = deleter_of(self, translate(error))
            if owner is not None:
                raise Blocked(owner) from error

    def _seq(self) -> int:
        return int(self._execute("select coalesce(max(seq), 0) from _log").get)

    def _forget_catalog(self) -> None:
        """After an undo: definitions may be the old ones again."""
        self._seen = -1
        self._catalog = self.store.read_catalog(self.connection) if self._has_definitions else None

    # --- what others have committed ----------------------------------------------------------

    def _look(self) -> bool:
        """Take note of what others have committed; True when a statement that just ran must run again."""
        version, seq, time_us = self._execute(_STATE).get
        if not self._has_definitions:
            self._catalog = self.store.load_catalog(version, self.connection)
        self._last = (seq, time_us)
        self._seen = self.connection.data_version()
        return False

    def _fail_read(self, error: apsw.Error, planned_for: "Catalog | None") -> None:
        """Raise the error, or ask for a new plan when the definitions have changed under the statement."""
        if planned_for is not None:
            self._look()
            if planned_for is not self._catalog:
                raise CatalogChanged from error
        fail(error)

    def _needs_snapshot(self) -> bool:
        return self.state is State.OPEN and self.isolation == "snapshot"

    def _take_snapshot(self) -> None:
        if not self._has_snapshot:
            self._execute("begin")
            self._look()
            self._has_snapshot = True

    def _hold_snapshot(self) -> None:
        """Own the writer on the very state that the transaction has seen."""
        seen = self._last[0]
        if self._has_snapshot:
            try:
                self._execute("delete from _meta where false")
            except apsw.BusyError as error:
                self._abandon()
                msg = "others have committed since the transaction's first statement"
                raise SerializationFailure(msg) from error
            return
        self._execute("begin immediate")
        self._look()
        if self.state is State.SUSPENDED and self._last[0] != seen:
            self._execute("rollback")
            self._abandon()
            msg = "others have committed since the transaction's first statement"
            raise SerializationFailure(msg)

    # --- waiting -----------------------------------------------------------------------------

    def _wait(self, blocked: Blocked, wait: bool) -> None:
        """Wait for the owner in this thread, or pass the request on to the caller."""
        owner = blocked.owner
        if self.state is State.IDLE:
            self.flow = current_flow()
        self.waiting_for = None
        check_wait(self, owner, is_blocking=wait)
        self.waiting_for = owner  # type: ignore[assignment]  # every holder is a session
        if not wait:
            blocked.waiter.add_done_callback(self._stop_waiting)
            raise blocked
        timeout = None if self.lock_timeout_us is None else self.lock_timeout_us / 1e6
        try:
            if not blocked.waiter.wait(timeout):
                msg = "the lock was not released in time"
                raise LockTimeout(msg)
        finally:
            self.waiting_for = None

    def _stop_waiting(self) -> None:
        self.waiting_for = None

    def _wake(self) -> None:
        """Let those who wait for this transaction try again."""
        waiter, self.waiter = self.waiter, Waiter()
        waiter.finish()

    def _merge_segments(self, depth: int) -> None:
        """Fold the segments from `depth` on into the one before, while suspended."""
        self._segments[depth - 1 :] = [merged(self._segments[depth - 1 :])]

    def _lock_explicitly(self) -> None:
        """Hold in the lock table exactly what was locked by request."""
        self.store.locks.release(self)
        for row, mode, _ in self._explicit_locks:
            self.store.locks.lock(self, row, mode)

    # --- explicit locks ----------------------------------------------------------------------

    def lock_rows(
        self,
        noun: "Noun",
        rows: Iterable[int],
        mode: Mode = Mode.UPDATE,
        *,
        wait: bool = True,
        skip_locked: bool = False,
    ) -> list[int]:
        """Lock rows until the transaction ends.

        Args:
            noun: Whose rows.
            rows: Row ids.
            mode: How strongly.
            wait: Wait in this thread for rows that others hold; else `Blocked`.
            skip_locked: Leave out rows that others hold.

        Returns:
            The row ids now locked, in the order given.
        """
        self._require_transaction()
        wanted = list(rows)

        def run() -> list[int]:
            holder = self.store.holder
            if holder is not None and holder is not self:
                self._evict(holder)
            free, blocker = [], None
            for row in wanted:
                owner = self.store.locks.conflict(self, (noun.id, row), mode)
                if owner is None:
                    free.append(row)
                elif not skip_locked:
                    blocker = blocker or owner
            if blocker is not None:
                raise Blocked(blocker)
            for row in free:
                self.store.locks.lock(self, (noun.id, row), mode)
                self._explicit_locks.append(((noun.id, row), mode, len(self._names)))
            return free

        return self._within(run, None, wait)

    # --- numbers -----------------------------------------------------------------------------

    def allocate(self, noun: "Noun", n: int = 1) -> int:
        """Return the first of `n` new values for the noun's hidden row id."""
        return self.next_number(f"noun {noun.id}", n)

    def next_number(self, counter: str, n: int = 1) -> int:
        """Return the first of `n` numbers that the counter has never given before."""
        first = self.store.counters.take(counter, n)
        while first is None:
            self.mutate(lambda: self.store.counters.claim(counter, n, self))
            first = self.store.counters.take(counter, n)
        return first

    def read_mark(self, name: str) -> int:
        """Return the durable high-water mark of a counter."""
        found = self._execute("select high from _counter where name = ?", (name,)).get
        return 0 if found is None else int(found)

    def write_mark(self, name: str, high: int) -> None:
        """Set the durable high-water mark of a counter in the open transaction."""
        self._execute("insert or replace into _counter values (?, ?)", (name, high))

    # --- functions ---------------------------------------------------------------------------

    def create_function(
        self,
        name: str,
        function: Callable[..., Value],
        n_args: int = -1,
        *,
        deterministic: bool = True,
    ) -> None:
        """Make a Python function callable from this session's statements; None takes it away."""
        self.connection.create_scalar_function(name, function, n_args, deterministic=deterministic)

    def create_aggregate(self, name: str, factory: Callable[[], object], n_args: int = -1) -> None:
        """Make a Python aggregate callable; the factory gives an object with `step` and `final`."""
        self.connection.create_aggregate_function(name, factory, n_args)  # type: ignore[arg-type]  # apsw takes either form

    def create_window(self, name: str, factory: Callable[[], object], n_args: int = -1) -> None:
        """Make a Python window function callable; the factory gives `step`, `inverse`, `value`, `final`."""
        self.connection.create_window_function(name, factory, n_args)  # type: ignore[arg-type]  # apsw takes either form

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

    def pin(self) -> None:
        """Keep the writer until the transaction ends: its changes cannot be taken out of the file."""
        self._is_pinned = True

    def is_over_deadline(self) -> bool:
        """The running statement is past `deadline_us` (of the store's clock) and is to be stopped."""
        return self.deadline_us is not None and self.store.clock() > self.deadline_us

    def interrupt(self) -> None:
        """Stop the running statement, from any thread."""
        self.connection.interrupt()

    def close(self) -> None:
        """Undo what is open and give the connection back."""
        if self.state is not State.IDLE:
            self.rollback()
        self.store.forget(self)
        self.connection.close()


def _savepoint(depth: int) -> str:
    return f"_s{depth}"
