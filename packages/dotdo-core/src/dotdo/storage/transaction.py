"""One connection's transaction: begun, holding the writer, suspended and resumed, with savepoints, until committed or undone."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Literal, NoReturn, TypeVar

import apsw

from dotdo.errors import SerializationFailure, StatementTimeout, TransactionError
from dotdo.storage import system
from dotdo.storage.conflicts import enter_locks, find_conflict, observe_holdings, releaser
from dotdo.storage.failures import fail
from dotdo.storage.flow import current_flow
from dotdo.storage.locks import Blocked, Waiter, op_mode
from dotdo.storage.names import quoted
from dotdo.storage.progress import Progress, savepoint_name
from dotdo.storage.suspend import Segment, put_back, take_out
from dotdo.storage.waits import Patience

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.counters import Claims
    from dotdo.storage.store import Store

T = TypeVar("T")
Isolation = Literal["committed", "snapshot"]

_RECORD = f"insert into _log(noun, op, id, before) values (0, {system.COMMIT}, ?, ?)"
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


class Transaction:
    """The transaction of one connection, and the rules by which it shares the writer with the others of its store.

    Args:
        store: The store it belongs to.
        connection: Its own SQLite connection.
    """

    def __init__(self, store: "Store", connection: apsw.Connection) -> None:
        self.store = store
        self.connection = connection
        self.state = IDLE
        self.isolation: Isolation = "committed"
        self.is_read_only = False
        self.waiter = Waiter(self)
        self.waiting_for: Waiter | None = None
        self.flow: tuple[int, object | None] = (0, None)
        self.lock_timeout_us: int | None = None
        self.deadline_us: int | None = None
        self.turn_ends_us: int | None = None  # when a reading statement is to give way to others
        self.time_us: int | None = None  # of the next transactions, when they repeat another file's
        self._execute = connection.execute
        self._control = connection.cursor().execute  # begins, commits: a cursor kept costs half
        self._patience = Patience(self)
        self._seen = -1  # data version that `catalog` and `_last` belong to
        self._last = (0, 0)  # seq and time of the newest commit
        self._catalog: Catalog | None = None
        self._progress = Progress()
        self._claims: Claims = {}  # by the transaction that is in the file now
        self._tail = ""  # of the commit record
        self._is_running = (
            False  # a statement that holds the latch: what its functions call is part of it
        )
        self._is_pinned = False  # cannot be suspended
        self._has_definitions = False  # has changed some: cannot be suspended either
        self._has_snapshot = False

    @property
    def segments(self) -> list[Segment]:
        """The changes of a suspended transaction."""
        return self._progress.segments

    @property
    def in_transaction(self) -> bool:
        """A transaction has been begun."""
        return self.state is not IDLE

    def is_over_deadline(self) -> bool:
        """The running statement is past `deadline_us` (of the store's clock) and is to be stopped."""
        return self.deadline_us is not None and self.store.clock() > self.deadline_us

    def must_stop(self) -> bool:
        """The running statement is past its deadline, or its turn is over; SQLite asks now and then."""
        ends_us = self.turn_ends_us
        return self.is_over_deadline() or (ends_us is not None and self.store.clock() > ends_us)

    def interrupt(self) -> None:
        """Stop the running statement or its waiting for a lock, from any thread."""
        self.connection.interrupt()
        self._patience.interrupt()

    def pin(self) -> None:
        """Keep the writer until the transaction ends: its changes cannot be taken out of the file."""
        self._is_pinned = True

    # --- beginning and ending ----------------------------------------------------------------

    def begin(self, isolation: Isolation = "committed", *, read_only: bool = False) -> None:
        """Begin a transaction.

        Args:
            isolation: `committed`: each statement sees what is committed when it starts; `snapshot`: all see the same state.
            read_only: Writes are refused.

        Raises:
            TransactionError: One is open already.
        """
        if self.state is not IDLE or self._is_running:
            msg = "a transaction is open already"
            raise TransactionError(msg)
        self.state, self.isolation = OPEN, isolation
        self.is_read_only = read_only or self.store.is_read_only
        self.flow = current_flow()
        self.waiter = Waiter(self)
        self._progress = Progress()

    def commit(self, *, wait: bool = True) -> None:
        """Make the transaction's changes last and visible to others.

        Raises:
            ForeignKeyViolation: A deferred constraint does not hold; the transaction was undone.
            SerializationFailure: Its rows were changed by others; it was undone.
        """
        self._require_transaction()
        if self.state is OPEN:
            self._finish()
            return
        first, last = self._within(self._commit, None, wait, ends=True)
        if self.store.listeners and last:
            self.store.committed(first, last)

    def rollback(self) -> None:
        """Undo the transaction."""
        self._require_transaction()
        with self.store.latch:
            self._abandon()

    def _commit(self) -> tuple[int, int]:
        mark = self._progress.marks[0][1]
        try:
            last = self._commit_record(mark)
            self._control("commit")
        except BaseException as error:
            self._abandon()
            if isinstance(error, apsw.Error):
                self._fail(error)
            raise
        self._committed()
        self._finish()
        return mark + 1, last

    def _commit_record(self, mark: int) -> int:
        """Append the transaction's record to the log; return its seq, 0 when there was nothing to record."""
        store = self.store
        time_us = max(store.clock() if self.time_us is None else self.time_us, self._last[1])
        self._control(_RECORD, (mark + 1, f"[{time_us}{self._tail}"))
        last = self.connection.last_insert_rowid()
        if last <= mark + 1:  # only what the log does not cover was written, or the log was cut
            self._execute("delete from _log where seq = ?", (last,))
            return 0
        if store.before_commit is not None:
            store.before_commit(self, mark + 1, last)  # type: ignore[arg-type]  # every transaction is a session's
        self._last = (last, time_us)
        return last

    def _committed(self) -> None:
        self._seen = self.connection.data_version()
        if self._claims:
            self._claims = {}
        if self._has_definitions:
            self._has_definitions = False
            if self._catalog is not None:
                self.store.publish(self._catalog)

    def _abandon(self) -> None:
        if self.state is HOLDING:
            self._undo()
        self._finish()

    def _undo(self) -> None:
        """Undo what is in the file."""
        if self.connection.in_transaction:
            self._control("rollback")
        self._seen = -1
        self._catalog = None
        self._has_definitions = False
        self._keep_claims()

    def _keep_claims(self) -> None:
        """Make counters' marks last although the transaction that raised them was undone: their numbers are in use."""
        if not self._claims:
            return
        claims, self._claims = self._claims, {}
        try:
            self._control("begin immediate")
            self.store.counters.restore(claims, self, is_alone=True)
            self._control("commit")
        except apsw.Error:
            self.store.counters.forget_limits()
            if self.connection.in_transaction:
                self._control("rollback")

    def _finish(self) -> None:
        """Leave the transaction: the writer, the locks and whoever waits."""
        if self.connection.in_transaction:
            self._control("rollback")
        if self.store.holder is self:
            self.store.holder = None
        self.store.locks.release(self)
        self.state = IDLE
        self.waiting_for = None
        self._has_snapshot = self._is_pinned = False
        self.is_read_only = self.store.is_read_only
        self._progress = Progress()
        self.waiter.finish()

    # --- savepoints --------------------------------------------------------------------------

    def savepoint(self, name: str) -> None:
        """Set a savepoint; names nest and may repeat."""
        self._require_transaction()
        progress = self._progress
        with self.store.latch:
            depth = len(progress.names) + 1
            if self.state is HOLDING:
                self._set_mark(depth)
            elif self.state is SUSPENDED:
                progress.segments.append(Segment(savepoint_name(depth)))
            progress.names.append(name)

    def release(self, name: str) -> None:
        """Forget the newest savepoint of that name and those after it, keeping what was done.

        Raises:
            TransactionError: There is none.
        """
        self._require_transaction()
        depth = self._progress.depth_of(name)
        with self.store.latch:
            if self.state is HOLDING:
                self._execute(f"release {quoted(savepoint_name(depth))}")
            self._progress.release(depth)

    def rollback_to(self, name: str) -> None:
        """Undo what was done since the newest savepoint of that name; the savepoint stays.

        Raises:
            TransactionError: There is none.
        """
        self._require_transaction()
        depth = self._progress.depth_of(name)
        with self.store.latch:
            if self.state is HOLDING:
                self._execute(f"rollback to {quoted(savepoint_name(depth))}")
                self._undone_in_part()
            self._progress.undo(depth)
            self._enter_locks()
        waiter, self.waiter = self.waiter, Waiter(self)
        waiter.finish()

    def _set_mark(self, depth: int) -> None:
        self._progress.marks.append((savepoint_name(depth), self._seq()))
        self._execute(f"savepoint {quoted(savepoint_name(depth))}")

    def _undone_in_part(self) -> None:
        """After going back within the transaction: definitions may be the old ones, marks may be too low."""
        if self._has_definitions:
            self._catalog = self.store.read_catalog(self.connection)
        if self._claims:
            self.store.counters.restore(self._claims, self, is_alone=False)

    def _require_transaction(self) -> None:
        if self.state is IDLE:
            msg = "no transaction is open"
            raise TransactionError(msg)
        if self._is_running:
            msg = "a statement of the transaction is running"
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
        self.waiting_for = None
        while True:
            try:
                with self.store.latch:
                    result = self._run_latched(run, planned_for, is_write=is_write)
                    if not ends and self.state is HOLDING and self.store.is_shared():
                        self.suspend()
                    return result
            except Blocked as blocked:
                self._wait(blocked, wait)
            except apsw.Error as error:
                self._fail(error)

    def _run_latched(
        self, run: Callable[[], T], planned_for: "Catalog | None", *, is_write: bool
    ) -> T:
        if is_write or self.state is HOLDING or self.state is SUSPENDED:
            self._hold()
        elif self.isolation == "snapshot":
            self._take_snapshot()
        if planned_for is not None:
            self._check_plan(planned_for)
        self._is_running = True
        try:
            return run()
        except apsw.Error:
            if self.state is HOLDING and not self.connection.in_transaction:
                self._abandon()  # SQLite undid all of it (disk full, I/O error, interrupted)
            raise
        finally:
            self._is_running = False

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
            self._control("begin immediate")
            self._look_if_changed()
        store.holder = self  # type: ignore[assignment]  # every transaction is a session's
        was_suspended, self.state = self.state is SUSPENDED, HOLDING
        progress = self._progress
        progress.marks = [(None, self._last[0])]
        if progress.locks:
            self._verify_requested()
        if was_suspended:
            self._resume()
        else:
            for depth in range(1, len(progress.names) + 1):
                self._set_mark(depth)
        store.watch()

    def _resume(self) -> None:
        progress = self._progress
        deadline_us, self.deadline_us = self.deadline_us, None
        try:
            catalog = self._unchanged_catalog()
            starts = put_back(self.connection, catalog, progress.segments)
        except BaseException:
            self._abandon()
            raise
        finally:
            self.deadline_us = deadline_us
        names = [segment.savepoint for segment in progress.segments]
        progress.marks = list(zip(names, starts, strict=True))
        progress.segments = []
        self._enter_locks()

    def _unchanged_catalog(self) -> "Catalog":
        """Return the present definitions, seeing that those of the changes are as they were when suspended."""
        catalog, before = self._known_catalog(), self._progress.catalog
        if before is not None and before is not catalog:
            for segment in self._progress.segments:
                for change in segment.changes:
                    if catalog.by_id.get(change.noun) != before.by_id[change.noun]:
                        msg = f"{before.by_id[change.noun].name} was altered by another process"
                        raise SerializationFailure(msg)
        return catalog

    def suspend(self) -> bool:
        """Give the writer up, taking the changes out of the file; False when the transaction must keep it.

        The caller holds the latch.
        """
        if self._is_pinned or self._has_definitions or self.store.holder is not self:
            return False
        progress = self._progress
        deadline_us, self.deadline_us = self.deadline_us, None
        try:
            segments = take_out(self.connection, self._known_catalog(), progress.marks)
            observe_holdings(self.connection, self._known_catalog(), segments)
        finally:
            self.deadline_us = deadline_us
        self._control("rollback")
        progress.segments, progress.catalog = segments, self._catalog
        self._has_snapshot = False
        self._seen = -1
        self.state = SUSPENDED
        self.store.holder = None
        self._enter_locks()
        self._keep_claims()
        return True

    def _enter_locks(self) -> None:
        enter_locks(self, self._progress.locks, self._progress.segments)

    def _evict(self, holder: "Transaction") -> None:
        try:
            has_given_way = holder.suspend()
        except apsw.Error:  # of the holder's connection: it will meet it again itself
            has_given_way = False
        if not has_given_way:
            raise Blocked(holder)

    def _verify_requested(self) -> None:
        """See that no other process has changed rows that are locked: it knows nothing of the locks."""
        locks = {
            lock.row: lock for lock in sorted(self._progress.locks, key=lambda lock: lock.mode)
        }
        oldest = min(lock.seq for lock in locks.values())
        if oldest == self._last[0]:
            return
        for seq, noun, row, op in self._execute(
            "select seq, noun, id, op from _log where seq > ? and noun > 0", (oldest,)
        ):
            lock = locks.get((noun, row))
            if lock is not None and seq > lock.seq and lock.mode.excludes(op_mode(op)):
                self._abandon()
                msg = "a locked row was changed by another process"
                raise SerializationFailure(msg)

    # --- one statement -----------------------------------------------------------------------

    def _autocommit(
        self, run: Callable[[], T], planned_for: "Catalog | None"
    ) -> tuple[T, int, int]:
        """Run a transaction of one statement; return what it gave, and the first and last seq."""
        store, connection = self.store, self.connection
        latch = store.latch
        latch.acquire()
        try:
            if store.holder is not None:
                self._evict(store.holder)
            self._is_running = True
            try:
                self._control("begin immediate")
                if connection.data_version() != self._seen:
                    self._look()
                if planned_for is not None:
                    self._check_plan(planned_for)
                before = connection.total_changes()
                mark = self._last[0]
                result = run()
                if store.locks:
                    self._check_conflicts(mark)
                last = 0 if connection.total_changes() == before else self._commit_record(mark)
                self._control("commit")
            except BaseException as error:
                self._undo()
                self._fail_alone(run, error)
                raise
            finally:
                self._is_running = False
            self._seen = connection.data_version()
            if self._claims or self._has_definitions:
                self._committed()
            return result, mark + 1, last
        finally:
            latch.release()

    def _fail_alone(self, run: Callable[[], object], error: BaseException) -> None:
        """Raise `Blocked` when the statement failed for rows that others may yet give up, or the kernel's error."""
        if not isinstance(error, apsw.Error):
            return
        if self.store.locks and isinstance(error, apsw.ConstraintError):
            self._control("begin immediate")
            try:
                self._look()
                owner = releaser(self, self._known_catalog(), run)
            finally:
                self._undo()
            if owner is not None:
                raise Blocked(owner) from error
        self._fail(error)

    def _guarded(self, run: Callable[[], T], *, is_compound: bool) -> T:
        """Run one statement of a transaction, undoing just it when it fails or touches what others hold."""
        if not self.store.locks and not is_compound:
            return run()
        mark = self._seq()
        self._control("savepoint _statement")
        try:
            result = run()
            if self.store.locks:
                self._check_conflicts(mark)
        except BaseException as error:
            if self.connection.in_transaction:
                self._execute("rollback to _statement")
                owner = self._releaser_of(run, error)
                self._execute("release _statement")
                self._undone_in_part()
                if owner is not None:
                    raise Blocked(owner) from error
            raise
        self._control("release _statement")
        return result

    def _check_conflicts(self, mark: int) -> None:
        owner = find_conflict(self, self._known_catalog(), mark)
        if owner is not None:
            raise Blocked(owner)

    def _releaser_of(self, run: Callable[[], object], error: BaseException) -> "Transaction | None":
        if not self.store.locks or not isinstance(error, apsw.ConstraintError):
            return None
        return releaser(self, self._known_catalog(), run)

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
        self._catalog = self.store.load_catalog(version, self.connection)
        self._last = (seq, time_us)
        self._seen = self.connection.data_version()
        return False

    def _take_snapshot(self) -> None:
        if not self._has_snapshot:
            self._control("begin")
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
        self._control("begin immediate")
        self._look()
        if self.state is SUSPENDED and self._last[0] != seen:
            self._abandon()
            msg = "others have committed since the transaction's first statement"
            raise SerializationFailure(msg)

    # --- waiting -----------------------------------------------------------------------------

    def _wait(self, blocked: Blocked, wait: bool) -> None:
        """Wait for the owner in this thread, or pass the request on to the caller."""
        if self.state is IDLE:
            self.flow = current_flow()
        self.waiting_for = None
        self.store.locks.await_end(self, blocked.waiter, is_blocking=wait)
        if not wait:
            raise blocked
        try:
            self._patience.wait(blocked.waiter)
        finally:
            self.waiting_for = None
