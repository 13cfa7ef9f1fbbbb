"""A fair mutual exclusion: whoever waits gets it in order of arrival."""

from collections import deque
from threading import Lock


class Latch:
    """Held while a writing statement runs; handed over to who waits, and cheap when nobody does."""

    __slots__ = ("_guard", "_lock", "_queue")

    def __init__(self) -> None:
        self._lock = (
            Lock()
        )  # held by whoever has the latch, or on behalf of the one it is handed to
        self._guard = Lock()  # of the queue
        self._queue: deque[Lock] = deque()

    def acquire(self) -> None:
        """Take the latch, after everybody who asked before."""
        if not self._queue and self._lock.acquire(blocking=False):
            return
        turn = Lock()
        turn.acquire()
        with self._guard:
            self._queue.append(turn)
        self._hand_over()  # it may have been given back before we stood in line
        try:
            turn.acquire()
        except BaseException:  # a signal's handler raised: nobody must be handed a turn not taken
            self._give_up(turn)
            raise

    def _give_up(self, turn: Lock) -> None:
        with self._guard:
            if turn in self._queue:
                self._queue.remove(turn)
                return
        self.release()

    def try_acquire(self) -> bool:
        """Take the latch if nobody has it or waits for it; return whether it was taken."""
        return not self._queue and self._lock.acquire(blocking=False)

    def release(self) -> None:
        """Give the latch to the next in line."""
        self._lock.release()
        if self._queue:
            self._hand_over()

    def _hand_over(self) -> None:
        """Take the latch, if it is free, on behalf of the first in line."""
        with self._guard:
            if self._queue and self._lock.acquire(blocking=False):
                self._queue.popleft().release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
