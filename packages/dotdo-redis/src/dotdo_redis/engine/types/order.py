"""Keys of a table in the order of their hashes: SCAN's cursors and random choice in O(1); it refuses to hold values."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from itertools import chain
from random import Random

MASK = (1 << 62) - 1
FEW = 64


def position(key: bytes) -> int:
    """Where a key stands, the same as long as the process lives."""
    return hash(key) & MASK


class Order:
    """The keys of a table by position, built when first asked for; who owns the table reports additions.

    Keys that the table lost are skipped. What was in the table during a whole iteration is told at least once, for
    a cursor is a position and positions do not move.
    """

    __slots__ = ("added", "keys", "table")

    def __init__(self, table: Mapping[bytes, object]) -> None:
        self.table = table
        self.keys = sorted(table, key=position)
        self.added: list[bytes] = []

    def add(self, key: bytes) -> None:
        """Remember a key that is new in the table."""
        self.added.append(key)

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor (0: the end) and about `count` keys from `cursor` on."""
        if self.added or len(self.keys) > 2 * len(self.table) + FEW:
            self._merge()
        keys, table = self.keys, self.table
        at = bisect_left(keys, cursor, key=position)
        stop = min(at + count, len(keys))
        while 0 < stop < len(keys) and position(keys[stop]) == position(keys[stop - 1]):
            stop += 1
        found = [key for key in keys[at:stop] if key in table]
        return position(keys[stop]) if stop < len(keys) else 0, found

    def choose(self, random: Random) -> bytes:
        """Draw one key, each as likely as any other; the table is not empty."""
        while True:
            if self.added or len(self.keys) > 2 * len(self.table) + FEW:
                self._merge()
            key = self.keys[random.randrange(len(self.keys))]
            if key in self.table:
                return key

    def _merge(self) -> None:
        if len(self.added) <= FEW and len(self.keys) <= 2 * len(self.table) + FEW:
            for key in self.added:
                at = bisect_left(self.keys, position(key), key=position)
                if key not in self.keys[at : at + 1] and key in self.table:
                    insort(self.keys, key, key=position)
        else:
            known: Iterable[bytes] = dict.fromkeys(chain(self.keys, self.added))
            self.keys = sorted([key for key in known if key in self.table], key=position)
        self.added.clear()
