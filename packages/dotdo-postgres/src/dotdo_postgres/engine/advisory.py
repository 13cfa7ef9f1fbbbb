"""Advisory locks among the sessions that this process has on a tenant: of a session or of its transaction, exclusive or shared."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from dotdo.errors import Interrupted, LockTimeout, StatementTimeout
from dotdo.storage import Blocked, Waiter, current_flow

if TYPE_CHECKING:
    from dotdo.storage import Store
    from dotdo_postgres.engine.session import Session

Key = tuple[int, ...]
"""One bigint, or two integers: two spaces that do not meet."""
SLICE_S = 0.01


class Advisor:
    """The advisory locks of one session.

    Args:
        session: Whose.

    Attributes:
        waiter: Is done when the session gives a lock back; the kernel, which looks for cycles, sees the session's transaction as its owner.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.waiter = Waiter(session.kernel)
        self._table = _TABLES.setdefault(session.kernel.store, {})
        self._held: dict[tuple[Key, bool, bool], int] = {}  # key, is_shared, is_of_transaction

    def lock(self, key: Key, *, is_shared: bool, is_of_transaction: bool, wait: bool) -> bool:
        """Take a lock; return whether it was taken, which it always is when `wait` is true.

        Raises:
            Blocked: another session must give it back first; the statement is to run again.
            Deadlock: that session waits for this one.
            Interrupted, LockTimeout, StatementTimeout: waiting in this thread was ended.
        """
        kernel = self._session.kernel
        kernel.flow = current_flow()
        while (other := self._conflict(key, is_shared=is_shared)) is not None:
            if not wait:
                return False
            is_in_turn = self._session.is_in_turn
            kernel.store.locks.await_end(kernel, other.waiter, is_blocking=not is_in_turn)
            if is_in_turn or kernel.is_running:  # the kernel waits where it holds up nobody
                raise Blocked(other.waiter.owner, other.waiter)
            try:
                self._wait(other.waiter)
            finally:
                kernel.waiting_for = None
        kernel.waiting_for = None
        if is_of_transaction and self._session.is_idle:
            return True  # the transaction is this statement, and over with it
        held = self._held
        held[key, is_shared, is_of_transaction] = (
            held.get((key, is_shared, is_of_transaction), 0) + 1
        )
        self._table.setdefault(key, set()).add(self)
        return True

    @property
    def has_locks_of_transaction(self) -> bool:
        """Some locks end with the transaction."""
        return any(entry[2] for entry in self._held)

    def _conflict(self, key: Key, *, is_shared: bool) -> Advisor | None:
        for other in self._table.get(key, ()):
            if other is not self and (not is_shared or other.holds(key, is_shared=False)):
                return other
        return None

    def holds(self, key: Key, *, is_shared: bool) -> bool:
        """Whether the session has the lock in that mode."""
        return (key, is_shared, False) in self._held or (key, is_shared, True) in self._held

    def _wait(self, waiter: Waiter) -> None:
        kernel = self._session.kernel
        begun_us = kernel.store.clock()
        while not waiter.wait(SLICE_S):
            if kernel.is_interrupted:
                raise Interrupted("waiting for a lock was interrupted")
            if kernel.is_over_deadline():
                raise StatementTimeout("the statement's time was over")
            limit_us = kernel.lock_timeout_us
            if limit_us is not None and kernel.store.clock() - begun_us > limit_us:
                raise LockTimeout("the lock was not released in time")

    def unlock(self, key: Key, *, is_shared: bool) -> bool:
        """Give a lock of the session back; false, with a warning, when it does not have it."""
        entry = key, is_shared, False
        count = self._held.get(entry, 0)
        if not count:
            mode = "ShareLock" if is_shared else "ExclusiveLock"
            self._session.notice("WARNING", "01000", f"you don't own a lock of type {mode}")
            return False
        if count > 1:
            self._held[entry] = count - 1
        else:
            self._forget([entry])
        return True

    def unlock_all(self) -> None:
        """Give all locks of the session back, not those of its transaction."""
        self._forget([entry for entry in self._held if not entry[2]])

    def end(self) -> None:
        """The transaction is over."""
        if self._held:
            self._forget([entry for entry in self._held if entry[2]])

    def close(self) -> None:
        """The session is over."""
        self._forget(list(self._held))

    def _forget(self, entries: list[tuple[Key, bool, bool]]) -> None:
        for entry in entries:
            del self._held[entry]
            key = entry[0]
            if not any(held[0] == key for held in self._held):
                holders = self._table.get(key, set())
                holders.discard(self)
                if not holders:
                    self._table.pop(key, None)
        if entries:
            waiter, self.waiter = self.waiter, Waiter(self._session.kernel)
            waiter.finish()


_TABLES: WeakKeyDictionary[Store, dict[Key, set[Advisor]]] = WeakKeyDictionary()
