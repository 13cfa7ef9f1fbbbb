"""A fair mutual exclusion: whoever waits gets it in order of arrival."""

from collections import deque
from threading import Lock


class Latch:
    """Held while a writing statement runs; handed over, not fought for."""

    __slots__ = ("_guard", "_is_held", "_queue")

    def __init__(self) -> None:
        self._guard = Lock()
        self._is_held = False
        self._queue: deque[Lock] = deque()

    def acquire(self) -> None:
        """Take the latch, after everybody who asked before."""
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return
            turn = Lock()
            turn.acquire()
            self._queue.append(turn)
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
        """Take the latch if nobody has it; return whether it was taken."""
        with self._guard:
            if self._is_held:
                return False
            self._is_held = True
            return True

    def release(self) -> None:
        """Hand the latch to the next in line."""
        with self._guard:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._is_held = False

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
