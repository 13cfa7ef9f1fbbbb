"""The order in which keys expire, kept lazily; it refuses to delete."""

from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush


class Deadlines:
    """A heap of (when, key) that may hold outdated entries: the owner's table decides."""

    __slots__ = ("heap",)

    def __init__(self) -> None:
        self.heap: list[tuple[int, bytes]] = []

    def add(self, when_ms: int, key: bytes) -> None:
        """Remember a deadline; an earlier one of the same key is outdated by it."""
        heappush(self.heap, (when_ms, key))

    def tidy(self, table: Mapping[bytes, int]) -> None:
        """Forget outdated deadlines once they are the greater part."""
        heap = self.heap
        if len(heap) > 2 * len(table) + 1024:
            heap[:] = [(when, key) for key, when in table.items()]
            heapify(heap)

    def next_ms(self) -> int | None:
        """A moment before which nothing expires; None: nothing ever does."""
        return self.heap[0][0] if self.heap else None

    def due(self, table: Mapping[bytes, int], now_ms: int, limit: int) -> Iterator[bytes]:
        """Yield up to `limit` keys whose deadline in `table` has passed."""
        self.tidy(table)
        heap = self.heap
        while heap and heap[0][0] < now_ms and limit > 0:
            when, key = heappop(heap)
            if table.get(key) == when:
                limit -= 1
                yield key

    def passed(self, now_ms: int, limit: int) -> Iterator[bytes]:
        """Yield up to `limit` keys whose deadline has passed, whatever has become of them."""
        while self.heap and self.heap[0][0] <= now_ms and limit > 0:
            limit -= 1
            yield heappop(self.heap)[1]
