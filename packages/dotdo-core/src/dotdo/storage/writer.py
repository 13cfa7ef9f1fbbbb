"""How a transaction shares SQLite's one writer with the others of its store: holding it, being suspended, resuming, waiting, leaving."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

import apsw

from dotdo.errors import DotdoError, SerializationFailure
from dotdo.storage.conflicts import enter_locks, observe_holdings
from dotdo.storage.failures import BINDING, fail_to_bind
from dotdo.storage.flow import current_flow
from dotdo.storage.locks import Blocked, Waiter, op_mode
from dotdo.storage.names import quoted
from dotdo.storage.progress import Progress, savepoint_name
from dotdo.storage.suspend import Segment, put_back, take_out
from dotdo.storage.view import HOLDING, IDLE, SUSPENDED, View
from dotdo.storage.waits import Patience

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.counters import Claims
    from dotdo.storage.store import Store

T = TypeVar("T")
Isolation = Literal["committed", "snapshot", "serializable"]


class Writer(View):
    """A connection's part in the writer.

    Args:
        store: The store it belongs to.
        connection: Its own SQLite connection.
    """

    def __init__(self, store: "Store", connection: apsw.Connection) -> None:
        super().__init__(store, connection)
        self.isolation: Isolation = "committed"
        self.is_read_only = False
        self.waiter = Waiter(self)
        self.waiting_for: Waiter | None = None
        self.flow: tuple[int, object | None] = (0, None)
        self.failure: DotdoError | None = None  # found out while it waited for another process
        self.attempted: dict[int, set[int]] | None = (
            None  # rows that the statement changed at first
        )
        self.never_waits = False  # in the thread it runs in: what must wait is `Blocked`
        self._patience = Patience(self)
        self._progress = Progress()
        self._claims: Claims = {}  # by the transaction that is in the file now
        self._is_running = (
            False  # a statement, with the latch: what its functions call is part of it
        )
        self._is_pinned = False  # cannot be suspended
        self._has_definitions = False  # has changed some: cannot be suspended either
        self._has_snapshot = False

    @property
    def segments(self) -> list[Segment]:
        """The changes of a suspended transaction."""
        return self._progress.segments

    @property
    def is_running(self) -> bool:
        """A statement, or a `mutate`, runs."""
        return self._is_running

    @property
    def has_written(self) -> bool:
        """The open transaction has written, or has had the writer to do so."""
        return self.state is HOLDING or self.state is SUSPENDED

    @property
    def is_interrupted(self) -> bool:
        """The running statement is to stop: for functions that take long themselves."""
        return bool(self.connection.is_interrupted)

    def interrupt(self) -> None:
        """Stop the running statement or its waiting for a lock, from any thread."""
        self.connection.interrupt()
        self._patience.interrupt()

    def pin(self) -> None:
        """Keep the writer until the transaction ends: its changes cannot be taken out of the file."""
        self._is_pinned = True

    # --- holding -----------------------------------------------------------------------------

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
                    result = self._run_latched(run, planned_for, is_write=is_write, ends=ends)
                    if not ends and self.state is HOLDING and self.store.is_shared():
                        self.suspend()
                    return result
            except Blocked as blocked:
                self._wait(blocked, wait)
            except apsw.Error as error:
                self._fail(error)
            except BINDING as error:
                fail_to_bind(error)
                raise

    def _run_latched(
        self, run: Callable[[], T], planned_for: "Catalog | None", *, is_write: bool, ends: bool
    ) -> T:
        if is_write or self.state is HOLDING or self.state is SUSPENDED:
            self._hold(ends=ends)
        elif self.isolation != "committed":
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

    def _hold(self, *, ends: bool) -> None:
        """Own SQLite's writer, with this transaction's changes in the file.

        A snapshot that ends reads no more: its rows are its own still, so its changes may go on top of what others have committed.
        """
        store = self.store
        if store.holder is self:
            return
        if store.holder is not None:
            self._evict(store.holder)
        if self.isolation == "serializable" or (self.isolation == "snapshot" and not ends):
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

    # --- being suspended and resumed ---------------------------------------------------------

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
        progress.segments, progress.catalog = segments, self._catalog
        if self.store.is_shared():
            self.store.locks.publish()
        self._enter_locks()  # while nobody else can write
        self._control("rollback")
        self._has_snapshot = False
        self._seen = -1
        self.state = SUSPENDED
        self.store.holder = None
        self._keep_claims()
        return True

    def _enter_locks(self) -> None:
        enter_locks(self, self._progress.locks, self._progress.segments)

    def _evict(self, holder: "Writer") -> None:
        try:
            has_given_way = holder.suspend()
        except apsw.Error:  # of the holder's connection: it will meet it again itself
            has_given_way = False
        if not has_given_way:
            raise Blocked(holder)

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

    def _set_mark(self, depth: int) -> None:
        self._progress.marks.append((savepoint_name(depth), self._seq()))
        self._execute(f"savepoint {quoted(savepoint_name(depth))}")

    def _seq(self) -> int:
        return int(self._execute("select coalesce(max(seq), 0) from _log").get)

    # --- waiting -----------------------------------------------------------------------------

    def wait_for(self, blocked: Blocked, *, wait: bool = True) -> None:
        """Wait for who holds what a statement needs beyond rows, as for rows.

        Raises:
            Blocked: It must wait, and `wait` is false.
            Deadlock: That one waits for this transaction.
        """
        self.flow = current_flow()
        self._wait(blocked, wait)

    def _wait(self, blocked: Blocked, wait: bool) -> None:
        """Wait for the owner in this thread, or pass the request on to the caller."""
        if self.state is IDLE:
            self.flow = current_flow()
        self.waiting_for = self.failure = None
        wait = wait and not self.never_waits
        self.store.locks.await_end(self, blocked.waiter, is_blocking=wait)
        if not wait:
            raise blocked
        try:
            self._patience.wait(blocked.waiter)
        finally:
            self.waiting_for = None

    # --- leaving -----------------------------------------------------------------------------

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
        self.store.locks.end(self)
        self.state = IDLE
        self.waiting_for = None
        self._has_snapshot = self._is_pinned = False
        self.is_read_only = self.store.is_read_only
        self._progress = Progress()
        self.waiter.finish()
