"""Rows and unique keys that open transactions hold, who waits for whom, and the check for cycles. In memory, one table for each store."""

from collections.abc import Callable, Hashable, Iterable
from enum import IntEnum
from threading import Event, Lock
from typing import Generic, Protocol, TypeVar

from dotdo.errors import Deadlock, LockTimeout


class Mode(IntEnum):
    """Strength of a row lock, after PostgreSQL's four."""

    KEY_SHARE = 0
    SHARE = 1
    NO_KEY_UPDATE = 2
    UPDATE = 3


_CONFLICTS = {
    Mode.KEY_SHARE: {Mode.UPDATE},
    Mode.SHARE: {Mode.NO_KEY_UPDATE, Mode.UPDATE},
    Mode.NO_KEY_UPDATE: {Mode.SHARE, Mode.NO_KEY_UPDATE, Mode.UPDATE},
    Mode.UPDATE: set(Mode),
}


class Waiter:
    """Is done when the transaction that is waited for has ended."""

    __slots__ = ("_callbacks", "_guard", "_is_done")

    def __init__(self) -> None:
        self._guard = Lock()
        self._is_done = False
        self._callbacks: list[Callable[[], object]] = []

    def add_done_callback(self, callback: Callable[[], object]) -> None:
        """Call `callback` once, from whatever thread ends the transaction; at once when it has ended."""
        with self._guard:
            if not self._is_done:
                self._callbacks.append(callback)
                return
        callback()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block this thread until done; return False when the time ran out."""
        event = Event()
        self.add_done_callback(event.set)
        return event.wait(timeout_s)

    def finish(self) -> None:
        """Wake everybody."""
        with self._guard:
            self._is_done = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


class Holder(Protocol):
    """A transaction as the lock table sees it."""

    waiter: Waiter
    waiting_for: "Holder | None"
    flow: tuple[int, object | None]


class Blocked(Exception):
    """The statement must wait for another transaction; it has left nothing behind.

    Args:
        owner: Who is waited for.
    """

    def __init__(self, owner: Holder) -> None:
        super().__init__("another transaction holds what the statement needs")
        self.owner = owner
        self.waiter = owner.waiter


H = TypeVar("H", bound=Holder)


class LockTable(Generic[H]):
    """Which transaction holds which rows and which values of unique keys."""

    __slots__ = ("_held", "_keys", "_rows")

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], dict[H, Mode]] = {}
        self._keys: dict[Hashable, H] = {}
        self._held: dict[H, tuple[set[tuple[int, int]], set[Hashable]]] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def lock(self, owner: H, row: tuple[int, int], mode: Mode) -> None:
        """Note that `owner` holds the row (noun number, row id), at least so strongly."""
        holders = self._rows.setdefault(row, {})
        holders[owner] = max(mode, holders.get(owner, mode))
        self._held.setdefault(owner, (set(), set()))[0].add(row)

    def lock_key(self, owner: H, key: Hashable) -> None:
        """Note that `owner` has inserted this value of a unique key."""
        self._keys[key] = owner
        self._held.setdefault(owner, (set(), set()))[1].add(key)

    def conflict(self, asker: H, row: tuple[int, int], mode: Mode) -> H | None:
        """Return somebody else who holds the row in a way that excludes `mode`, or None."""
        for holder, held in self._rows.get(row, {}).items():
            if holder is not asker and held in _CONFLICTS[mode]:
                return holder
        return None

    def key_conflict(self, asker: H, key: Hashable) -> H | None:
        """Return somebody else who has inserted this value of a unique key, or None."""
        holder = self._keys.get(key)
        return None if holder is asker else holder

    def held_by(self, owner: H) -> frozenset[tuple[int, int]]:
        """Return the rows that the transaction holds."""
        return frozenset(self._held.get(owner, ((), ()))[0])

    def release(self, owner: H) -> None:
        """Forget everything that `owner` holds."""
        rows, keys = self._held.pop(owner, ((), ()))
        for row in rows:
            holders = self._rows[row]
            del holders[owner]
            if not holders:
                del self._rows[row]
        for key in keys:
            if self._keys.get(key) is owner:
                del self._keys[key]

    def release_rows(self, owner: H, rows: Iterable[tuple[int, int]]) -> None:
        """Forget these rows of `owner` (it rolled back to a savepoint)."""
        held = self._held.get(owner)
        for row in list(rows):
            if held is not None and row in held[0]:
                held[0].discard(row)
                self._rows[row].pop(owner, None)
                if not self._rows[row]:
                    del self._rows[row]


def check_wait(asker: Holder, owner: Holder, *, is_blocking: bool) -> None:
    """See that waiting for `owner` can end.

    Args:
        asker: Who would wait.
        owner: Whom it would wait for.
        is_blocking: The whole thread would stand still, not only a coroutine.

    Raises:
        Deadlock: `owner` waits, directly or not, for `asker`.
        LockTimeout: `owner` can go on only in the flow that would be waiting.
    """
    last = owner
    while last.waiting_for is not None:
        last = last.waiting_for
        if last is asker:
            msg = "the transactions wait for each other"
            raise Deadlock(msg)
    thread, task = asker.flow
    other_thread, other_task = last.flow
    if thread == other_thread and (is_blocking or (task is not None and task is other_task)):
        msg = "the lock is held by another transaction of the same thread, which could never release it"
        raise LockTimeout(msg)
