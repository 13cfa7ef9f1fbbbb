"""Numbers handed out once: row ids and sequences, counted in memory below a durable high-water mark."""

from threading import Lock
from typing import Protocol

CHUNK = 1024


class MarkStore(Protocol):
    """Where high-water marks are kept; called while the writer is held."""

    def read_mark(self, name: str) -> int:
        """Return the mark of that counter, 0 when there is none."""

    def write_mark(self, name: str, high: int) -> None:
        """Set the mark in the open transaction."""


class Counters:
    """The counters of one store. A number below the durable mark is never handed out again, also not after a crash."""

    __slots__ = ("_guard", "_limits", "_next")

    def __init__(self) -> None:
        self._guard = Lock()
        self._next: dict[str, int] = {}
        self._limits: dict[str, int] = {}

    def take(self, name: str, n: int) -> int | None:
        """Return the first of `n` numbers, or None when `claim` must raise the mark first."""
        with self._guard:
            first = self._next.get(name)
            if first is None or first + n - 1 > self._limits.get(name, 0):
                return None
            self._next[name] = first + n
            return first

    def claim(self, name: str, n: int, marks: MarkStore) -> None:
        """Raise the durable mark so that `n` numbers more can be taken."""
        with self._guard:
            high = marks.read_mark(name)
            first = self._next.get(name, 1)
            if high != self._limits.get(
                name
            ):  # not claimed yet, or another process has claimed since
                first = max(first, high + 1)
            limit = max(first + n - 1, high) + CHUNK
            marks.write_mark(name, limit)
            self._next[name], self._limits[name] = first, limit

    def forget_limits(self) -> None:
        """The transaction that raised marks was undone: claim again, without going back."""
        with self._guard:
            self._limits.clear()
