"""One connection's transaction: begun, with savepoints and statements that fail alone, until committed or undone."""

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, TypeVar

import apsw

from dotdo.errors import TransactionError
from dotdo.storage import system
from dotdo.storage.conflicts import changed_rows, find_conflict, releaser
from dotdo.storage.failures import fail_to_bind
from dotdo.storage.flow import current_flow
from dotdo.storage.locks import Blocked, Waiter
from dotdo.storage.names import quoted
from dotdo.storage.progress import Progress, savepoint_name
from dotdo.storage.suspend import Segment
from dotdo.storage.view import HOLDING, IDLE, OPEN, SUSPENDED
from dotdo.storage.writer import Isolation, Writer

if TYPE_CHECKING:
    from dotdo.storage.catalog import Catalog
    from dotdo.storage.connection import Durability
    from dotdo.storage.store import Store

T = TypeVar("T")

_RECORD = f"insert into _log(noun, op, id, before) values (0, {system.COMMIT}, ?, ?)"


class Transaction(Writer):
    """The transaction of one connection.

    Args:
        store: The store it belongs to.
        connection: Its own SQLite connection.
    """

    def __init__(self, store: "Store", connection: apsw.Connection) -> None:
        super().__init__(store, connection)
        self.time_us: int | None = None  # of the next transactions, when they repeat another file's
        self._tail = ""  # of the commit record
        self.durability: Durability = "process"  # of its commits
        self.defers_sync = False  # commits return before they are durable: their user awaits that
        self.is_owner = False  # of nouns whose rows it keeps itself

    @property
    def in_transaction(self) -> bool:
        """A transaction has been begun."""
        return self.state is not IDLE

    # --- beginning and ending ----------------------------------------------------------------

    def begin(self, isolation: Isolation = "committed", *, read_only: bool = False) -> None:
        """Begin a transaction.

        Args:
            isolation: `committed`: each statement sees what is committed when it starts; `snapshot`: all see the same state;
                `serializable`: as if the transactions had run one after the other.
            read_only: Writes are refused.

        Raises:
            TransactionError: One is open already.
        """
        if self.state is not IDLE or self._is_running:
            msg = "a transaction is open already"
            raise TransactionError(msg)
        self.state, self.isolation = OPEN, isolation
        self._is_pinned = False  # by what was written outside a transaction
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
        if self.durability == "always":
            self._make_durable()
        if self.store.listeners and last:
            self.store.committed(first, last)

    def has_unmet_references(self, *, wait: bool = True, ends: bool = False) -> bool:
        """Tell whether deferred foreign keys do not hold as the rows are now: a commit would fail.

        Args:
            wait: Wait in this thread for others' transactions; else `Blocked`.
            ends: The transaction ends with this: nothing but the commit follows.

        Raises:
            SerializationFailure: The transaction's rows were changed by others; it was undone.
            Blocked: It must wait, and `wait` is false.
        """

        def look() -> bool:
            return bool(self.connection.status(apsw.SQLITE_DBSTATUS_DEFERRED_FKS)[0])

        if self._is_running:
            return look()
        if self.state is IDLE or self.state is OPEN:  # it has written nothing
            return False
        return self._within(look, None, wait, ends=ends)  # others may be taking its changes out

    def _make_durable(self) -> None:
        """See to it that what was committed survives a loss of power, or leave that to who waits for `when_durable`."""
        if not self.defers_sync:
            self.store.group_sync.wait()

    def at_commit(self, key: Hashable, work: Callable[[], object]) -> None:
        """Write, within `mutate`, what are no rows: at once in a transaction of one statement, else when it commits.

        So the transaction's changes can still be taken out of the file and put back.

        Args:
            key: Names the work; of several by one name the first is done.
            work: Writes by `execute`.
        """
        if self.state is IDLE:
            work()
        else:
            self._progress.leave(key, work)

    def left_for_commit(self) -> Iterable[Hashable]:
        """Return the names of what the open transaction writes when it commits."""
        return self._progress.closing

    def when_durable(self) -> Waiter:
        """Return a waiter that is done when all that was committed so far survives a loss of power; with `defers_sync`."""
        return self.store.group_sync.when_done(self)

    def rollback(self) -> None:
        """Undo the transaction."""
        self._require_transaction()
        with self.store.latch:
            self._abandon()

    def _commit(self) -> tuple[int, int]:
        mark = self._progress.marks[0][1]
        try:
            for closing in self._progress.closing.values():
                closing.work()
            last = self._commit_record(mark)
            self._control("commit")
        except BaseException as error:
            self._abandon()
            if isinstance(error, apsw.Error):
                self._fail(error)
            raise
        self._committed()
        if self.store.owned is not None and last:
            self._invalidate_owned(mark)
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

    def _owned_rows(self, mark: int) -> list[tuple[int, int]]:
        """Return the rows of owned nouns that were written since a log position."""
        owned = self.store.owned
        if owned is None or self.is_owner:
            return []
        rows = self._execute("select distinct noun, id from _log where seq > ? and op < 4", (mark,))
        return [(noun, row) for noun, row in rows if noun in owned.numbers]

    def _claim_owned(self) -> None:
        """Let owners leave alone what the open transaction has written."""
        rows = self._owned_rows(self._progress.marks[0][1])
        if rows and self.store.owned is not None:
            self.store.owned.claim(rows, self.waiter)

    def _invalidate_owned(self, mark: int) -> None:
        """Let owners forget what was just committed by others than them."""
        rows = self._owned_rows(mark)
        if rows and self.store.owned is not None:
            self.store.owned.invalidate(rows)

    def _committed(self) -> None:
        self._seen = self.connection.data_version()
        if self._claims:
            self._claims = {}
        if self._has_definitions:
            self._has_definitions = False
            if self._catalog is not None:
                self.store.publish(self._catalog)

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
        if self.store.owned is not None and self.state is HOLDING:
            self._claim_owned()
        waiter.finish()

    def begin_part(self, name: str) -> None:
        """Within `mutate`: set a mark to which `end_part` can go back.

        Raises:
            TransactionError: A statement that writes is under way: what it does cannot be undone in part.
        """
        try:
            self._execute(f"savepoint {quoted(name)}")
        except apsw.SQLError as error:
            msg = "a part of a statement that writes cannot be undone"
            raise TransactionError(msg) from error

    def end_part(self, name: str, *, is_kept: bool) -> None:
        """Keep or undo what was done since `begin_part`."""
        if not self.connection.in_transaction:  # SQLite undid all of it
            return
        if not is_kept:
            self._execute(f"rollback to {quoted(name)}")
        self._execute(f"release {quoted(name)}")
        if not is_kept:
            self._undone_in_part()

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

    # --- one statement -----------------------------------------------------------------------

    def _autocommit(
        self, run: Callable[[], T], planned_for: "Catalog | None"
    ) -> tuple[T, int, int | None]:
        """Run a transaction of one statement; return what it gave, and the first and last seq.

        The last is 0 when nothing was logged, None when nothing was written at all.
        """
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
                if store.locks or store.has_foreign_locks():
                    self._check_conflicts(mark)
                last = None if connection.total_changes() == before else self._commit_record(mark)
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
            if store.owned is not None and last:
                self._invalidate_owned(mark)
            return result, mark + 1, last
        finally:
            latch.release()

    def _fail_alone(self, run: Callable[[], object], error: BaseException) -> None:
        """Raise `Blocked` when the statement failed for rows that others may yet give up, or the kernel's error."""
        if not isinstance(error, apsw.Error):
            fail_to_bind(error)
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
        has_locks = self.store.has_locks()
        if not has_locks and not is_compound:
            return run()
        mark, left = self._seq(), set(self._progress.closing)
        self._control("savepoint _statement")
        try:
            result = run()
            if has_locks:
                self._check_conflicts(mark)
        except BaseException as error:
            self._progress.forget_all_but(left)
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
            if self.attempted is None:
                self.attempted = changed_rows(self, mark)
            raise Blocked(owner)

    def _releaser_of(self, run: Callable[[], object], error: BaseException) -> "Writer | None":
        if not self.store.locks or not isinstance(error, apsw.ConstraintError):
            return None
        return releaser(self, self._known_catalog(), run)
