"""Count-min sketches: counts that are never too low; it refuses commands."""

from array import array
from collections.abc import Iterator, Sequence
from sys import byteorder

from dotdo_redis.engine.sketches.murmur import murmur32

HIGHEST = 0xFFFFFFFF
LARGEST_BYTES = 1 << 31


class CountMinSketch:
    """Rows of counters, of which each item has one in each row."""

    type_name = b"CMSk-TYPE"
    __slots__ = ("count", "counters", "depth", "width")

    def __init__(self, width: int, depth: int) -> None:
        """Make an empty one.

        Raises:
            MemoryError: it would be too large.
        """
        if 4 * width * depth > LARGEST_BYTES:
            raise MemoryError
        self.width, self.depth = width, depth
        self.count = 0
        self.counters = array("I", bytes(4 * width * depth))

    def __len__(self) -> int:
        return 1

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "CountMinSketch":
        """Give a sketch that shares nothing that can change."""
        twin = CountMinSketch.__new__(CountMinSketch)
        twin.width, twin.depth, twin.count = self.width, self.depth, self.count
        twin.counters = self.counters[:]
        return twin

    def _places(self, item: bytes) -> Iterator[int]:
        for row in range(self.depth):
            yield row * self.width + murmur32(item, row) % self.width

    def add(self, item: bytes, amount: int) -> int:
        """Count an item; return its count, the highest there is when it would be more."""
        lowest = HIGHEST
        for place in self._places(item):
            value = min(self.counters[place] + amount, HIGHEST)
            self.counters[place] = value
            lowest = min(lowest, value)
        self.count += amount
        return lowest

    def estimate(self, item: bytes) -> int:
        """The count of an item, or more."""
        return min(self.counters[place] for place in self._places(item))

    def merge(self, sketches: Sequence["CountMinSketch"], weights: Sequence[int]) -> None:
        """Become the weighted sum of sketches of the same size.

        Raises:
            OverflowError: a counter would not fit.
        """
        counters = array("I", bytes(4 * len(self.counters)))
        for at in range(len(counters)):
            pairs = zip(sketches, weights, strict=True)
            counters[at] = sum(one.counters[at] * weight for one, weight in pairs)
        pairs = zip(sketches, weights, strict=True)
        self.count = sum(one.count * weight for one, weight in pairs)
        self.counters = counters

    def items(self) -> Iterator[int | bytes]:
        """What a payload holds."""
        counters = self.counters
        if byteorder == "big":
            counters = counters[:]
            counters.byteswap()
        yield from (self.width, self.depth, self.count, counters.tobytes())

    @classmethod
    def from_items(cls, items: Iterator[int | bytes], _config: object = None) -> "CountMinSketch":
        """Read what a payload holds.

        Raises:
            ValueError: it makes no sense.
        """
        width, depth, count, data = (next(items) for _ in range(4))
        made = cls(int(width), int(depth))
        if not isinstance(data, bytes) or len(data) != 4 * len(made.counters) or not data:
            raise ValueError("counters of another size")
        made.count = int(count)
        made.counters = array("I", data)
        if byteorder == "big":
            made.counters.byteswap()
        return made
