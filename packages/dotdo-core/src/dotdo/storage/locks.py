"""Rows and unique keys that open transactions hold, who waits for whom, and the check for cycles. In memory, one table for each store."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from enum import IntEnum
from threading import Event, Lock
from typing import Generic, Protocol, TypeVar

from dotdo.errors import Deadlock, LockTimeout
from dotdo.storage import system


class Mode(IntEnum):
    """Strength of a row lock, after PostgreSQL's four."""

    KEY_SHARE = 0
    SHARE = 1
    NO_KEY_UPDATE = 2
    UPDATE = 3

    def excludes(self, other: "Mode") -> bool:
        """Two transactions cannot hold a row in these modes at the same time."""
        return other in _CONFLICTS[self]


_CONFLICTS = {
    Mode.KEY_SHARE: {Mode.UPDATE},
    Mode.SHARE: {Mode.NO_KEY_UPDATE, Mode.UPDATE},
    Mode.NO_KEY_UPDATE: {Mode.SHARE, Mode.NO_KEY_UPDATE, Mode.UPDATE},
    Mode.UPDATE: set(Mode),
}


def op_mode(op: int) -> Mode:
    """Return the lock that an operation of the log needs on its row."""
    return Mode.NO_KEY_UPDATE if op == system.UPDATE else Mode.UPDATE


@dataclass(slots=True)
class RequestedLock:
    """A row locked by request.

    Args:
        row: Number of the noun and row id.
        mode: How strongly.
        depth: Of savepoints when it was locked.
        seq: Log position of the state that it was locked in.
    """

    row: tuple[int, int]
    mode: Mode
    depth: int
    seq: int


class Waiter:
    """Is done when the transaction that is waited for has ended, or has let go of something.

    Args:
        owner: Whose transaction.
    """

    __slots__ = ("_callbacks", "_guard", "is_done", "owner")

    def __init__(self, owner: "Holder") -> None:
        self.owner = owner
        self.is_done = False
        self._guard = Lock()
        self._callbacks: list[Callable[[], object]] = []

    def add_done_callback(self, callback: Callable[[], object]) -> None:
        """Call `callback` once, from whatever thread ends the transaction; at once when it has ended.

        It may only schedule what is to be done: the store may be in the midst of a statement.
        """
        with self._guard:
            if not self.is_done:
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
            self.is_done = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


class Holder(Protocol):
    """A transaction as the lock table sees it."""

    waiter: Waiter
    waiting_for: Waiter | None
    flow: tuple[int, object | None]


class Blocked(Exception):
    """The statement must wait for another transaction; it has left nothing behind.

    Args:
        owner: Who is waited for.
        waiter: Is done when that one has let go; by default of its transaction.
    """

    def __init__(self, owner: Holder, waiter: Waiter | None = None) -> None:
        super().__init__("another transaction holds what the statement needs")
        self.owner = owner
        self.waiter = owner.waiter if waiter is None else waiter


H = TypeVar("H", bound=Holder)


class Publisher(Protocol):
    """Shows other processes what is held."""

    def hold_row(self, row: tuple[int, int], modes: Collection[Mode]) -> None:
        """A row is held in these modes; in none no longer."""

    def hold_key(self, key: Hashable, *, is_held: bool) -> None:
        """A value of a unique key is held, or no longer."""


class LockTable(Generic[H]):
    """Which transaction holds which rows and which values of unique keys.

    Args:
        publisher: Shows other processes what is held, once `publish` was called and as long as anything is; None when there can be none.
    """

    __slots__ = ("_held", "_is_public", "_keys", "_publisher", "_rows", "_waits")

    def __init__(self, publisher: Publisher | None = None) -> None:
        self._waits = Lock()
        self._publisher = publisher
        self._is_public = False
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
        if self._is_public and self._publisher is not None:
            self._publisher.hold_row(row, holders.values())

    def lock_key(self, owner: H, key: Hashable) -> None:
        """Note that `owner` has inserted this value of a unique key; the first to do so keeps it."""
        if self._keys.setdefault(key, owner) is not owner:
            return
        self._held.setdefault(owner, (set(), set()))[1].add(key)
        if self._is_public and self._publisher is not None:
            self._publisher.hold_key(key, is_held=True)

    def publish(self) -> None:
        """Let other processes see what is held, now and from now on."""
        if self._is_public or self._publisher is None:
            return
        self._is_public = True
        for row, holders in self._rows.items():
            self._publisher.hold_row(row, holders.values())
        for key in self._keys:
            self._publisher.hold_key(key, is_held=True)

    def conflict(self, asker: H, row: tuple[int, int], mode: Mode) -> H | None:
        """Return somebody else who holds the row in a way that excludes `mode`, or None."""
        for holder, held in self._rows.get(row, {}).items():
            if holder is not asker and held.excludes(mode):
                return holder
        return None

    def key_conflict(self, asker: H, key: Hashable) -> H | None:
        """Return somebody else who has inserted this value of a unique key, or None."""
        holder = self._keys.get(key)
        return None if holder is asker else holder

    def release(self, owner: H) -> None:
        """Forget everything that `owner` holds."""
        rows, keys = self._held.pop(owner, ((), ()))
        public = self._publisher if self._is_public else None
        for row in rows:
            holders = self._rows[row]
            del holders[owner]
            if not holders:
                del self._rows[row]
            if public is not None:
                public.hold_row(row, holders.values())
        for key in keys:
            if self._keys.get(key) is owner:
                del self._keys[key]
                if public is not None:
                    public.hold_key(key, is_held=False)

    def end(self, owner: H) -> None:
        """Forget everything that `owner` holds, whose transaction has ended."""
        self.release(owner)
        if self._is_public and not self._held:
            self._is_public = False

    def noun_conflict(self, asker: H, noun: int) -> H | None:
        """Return somebody else who holds any row of the noun, or None."""
        for holder, (rows, _) in self._held.items():
            if holder is not asker and any(row[0] == noun for row in rows):
                return holder
        return None

    def await_end(self, asker: H, waiter: Waiter, *, is_blocking: bool) -> None:
        """Enter that `asker` waits, after seeing that the wait can end.

        Args:
            asker: Who waits.
            waiter: Of the transaction it waits for.
            is_blocking: The whole thread stands still, not only a coroutine.

        Raises:
            Deadlock: That transaction waits, directly or not, for `asker`.
            LockTimeout: It can go on only in the flow that would be waiting.
        """
        with self._waits:  # two that look at the same time would not see each other's wait
            check_wait(asker, waiter.owner, is_blocking=is_blocking)
            asker.waiting_for = waiter


def check_wait(asker: Holder, owner: Holder, *, is_blocking: bool) -> None:
    """See that waiting for `owner` can end; see `LockTable.await_end`."""
    last = owner
    while (waiter := last.waiting_for) is not None and not waiter.is_done:
        last = waiter.owner
        if last is asker:
            msg = "the transactions wait for each other"
            raise Deadlock(msg)
    thread, task = asker.flow
    other_thread, other_task = last.flow
    if thread == other_thread and (is_blocking or (task is not None and task is other_task)):
        msg = "the lock is held by another transaction of the same thread, which could never release it"
        raise LockTimeout(msg)
