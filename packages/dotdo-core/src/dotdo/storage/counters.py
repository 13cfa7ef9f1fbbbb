"""Numbers handed out once: row ids and sequences, counted in memory below a durable high-water mark."""

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotdo.storage.writer import Writer

CHUNK = 1024

Claims = dict[str, tuple[int, int]]
"""Marks raised in an open transaction: before and after, by counter."""


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

    def claim(self, name: str, n: int, transaction: "Writer", start: int = 1) -> tuple[int, int]:
        """Raise the durable mark, in the transaction that holds the writer, so that `n` numbers more can be taken.

        Args:
            name: The counter.
            n: How many.
            transaction: Holds the writer.
            start: First number of a counter that has given none.

        Returns:
            The mark before and the new one.
        """
        with self._guard:
            high = _read_mark(transaction, name, start - 1)
            first = self._next.get(name, start)
            if high != self._limits.get(name):  # not claimed yet, or by another process since
                first = max(first, high + 1)
            limit = max(first + n - 1, high) + CHUNK
            _write_mark(transaction, name, limit)
            self._next[name], self._limits[name] = first, limit
            return high, limit

    def put(self, name: str, following: int, transaction: "Writer") -> tuple[int, int]:
        """Let the counter go on with a number, also one that it gave before; return the mark before and the new one."""
        with self._guard:
            before = _read_mark(transaction, name)
            _write_mark(transaction, name, following - 1)
            self._next[name], self._limits[name] = following, following - 1
            return before, following - 1

    def begin_anew(self, noun: int, transaction: "Writer") -> None:
        """Let the sequences of a new noun begin at their start: its number was another's that was undone.

        Args:
            noun: Number of the noun.
            transaction: Holds the writer.
        """
        prefix = sequence_counter(noun, "")
        with self._guard:
            for known in (self._next, self._limits):
                for name in [name for name in known if name.startswith(prefix)]:
                    del known[name]
        transaction.connection.execute(
            "delete from _counter where name >= ? and name < ?", (prefix, f"sequence {noun}!")
        )

    def peek(self, name: str) -> int | None:
        """Return the number that comes next, None when this process has not asked for any."""
        with self._guard:
            return self._next.get(name)

    def restore(self, claims: Claims, transaction: "Writer", *, is_alone: bool) -> None:
        """Write marks again that were undone: numbers below them have been handed out.

        Args:
            claims: What was claimed.
            transaction: Holds the writer.
            is_alone: Others may have had the writer since the claims were undone.
        """
        for name, (before, high) in claims.items():
            found = _read_mark(transaction, name)
            if is_alone and found != before:  # another process was quicker
                self.forget_limits()
            elif found < high:
                _write_mark(transaction, name, high)

    def forget_limits(self) -> None:
        """Marks may have been undone: claim again, without going back."""
        with self._guard:
            self._limits.clear()


def _read_mark(transaction: "Writer", name: str, default: int = 0) -> int:
    found = transaction.connection.execute("select high from _counter where name = ?", (name,)).get
    return default if found is None else int(found)


def _write_mark(transaction: "Writer", name: str, high: int) -> None:
    transaction.connection.execute("insert or replace into _counter values (?, ?)", (name, high))


def sequence_counter(noun: int, column: str) -> str:
    """Return the counter behind a column that numbers its rows, the same at every door.

    Args:
        noun: Number of the noun.
        column: Physical name of the column.
    """
    return f"sequence {noun} {column}"
