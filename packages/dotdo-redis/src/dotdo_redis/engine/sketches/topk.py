"""The most frequent items of a stream, by HeavyKeeper; it refuses commands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import Struct

from dotdo_redis.engine.sketches.murmur import murmur32

FINGERPRINT_SEED = 1919
TABLE = 256
_BUCKET = Struct("<II")
_PLACE = Struct("<IIQI4x")
LARGEST_BYTES = 1 << 31


@dataclass(slots=True)
class Place:
    """One of the most frequent items."""

    count: int = 0
    fingerprint: int = 0
    item: bytes | None = None


class TopK:
    """Buckets of fingerprints that fade, and a heap of the items that count most."""

    type_name = b"TopK-TYPE"
    __slots__ = ("counts", "decay", "depth", "fingerprints", "heap", "k", "width")

    def __init__(self, k: int, width: int, depth: int, decay: float) -> None:
        """Make an empty one.

        Args:
            k: how many items are kept.
            width: buckets of a row.
            depth: rows.
            decay: how likely another item's count of 1 fades; that of n fades with the n-th power.

        Raises:
            MemoryError: it would be too large.
        """
        if 8 * width * depth + 24 * k > LARGEST_BYTES:
            raise MemoryError
        self.k, self.width, self.depth, self.decay = k, width, depth, decay
        self.fingerprints = [0] * (width * depth)
        self.counts = [0] * (width * depth)
        self.heap = [Place() for _ in range(k)]

    def __len__(self) -> int:
        return 1

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "TopK":
        """Give one that shares nothing that can change."""
        return TopK.from_items(iter(self.items()))

    def _find(self, item: bytes, fingerprint: int) -> int:
        for at, place in enumerate(self.heap):
            if place.fingerprint == fingerprint and place.item == item:
                return at
        return -1

    def __contains__(self, item: bytes) -> bool:
        return self._find(item, murmur32(item, FINGERPRINT_SEED)) >= 0

    def add(self, item: bytes, amount: int, chance: Callable[[], float]) -> bytes | None:
        """Count an item.

        Args:
            item: what was seen.
            amount: how often.
            chance: draws between 0 and 1, where other items are in the way.

        Returns:
            The item that is no longer among the most frequent ones.
        """
        fingerprint = murmur32(item, FINGERPRINT_SEED)
        at = self._find(item, fingerprint)
        least, most = self.heap[0].count, 0
        for row in range(self.depth):
            bucket = row * self.width + murmur32(item, row) % self.width
            if self.counts[bucket] == 0:
                self.fingerprints[bucket], self.counts[bucket] = fingerprint, amount
                most = max(most, amount)
            elif self.fingerprints[bucket] == fingerprint:
                if at >= 0 or self.counts[bucket] <= least:
                    self.counts[bucket] += amount
                    most = max(most, self.counts[bucket])
            else:
                most = max(most, self._fade(bucket, fingerprint, amount, chance))
        if most < least:
            return None
        if at >= 0:
            self.heap[at].count = most
            self._sift(at)
            return None
        expelled = self.heap[0].item
        self.heap[0] = Place(most, fingerprint, item)
        self._sift(0)
        return expelled

    def _fade(self, bucket: int, fingerprint: int, amount: int, chance: Callable[[], float]) -> int:
        """Let another item's count fade; return the new item's when it takes the bucket, else 0."""
        for left in range(amount, 0, -1):
            if chance() < self.decay ** self.counts[bucket]:
                self.counts[bucket] -= 1
                if self.counts[bucket] == 0:
                    self.fingerprints[bucket], self.counts[bucket] = fingerprint, left
                    return left
        return 0

    def _sift(self, at: int) -> None:
        """Move a place of the heap down to where it belongs."""
        heap = self.heap
        while (child := 2 * at + 1) < len(heap):
            if child + 1 < len(heap) and heap[child].count > heap[child + 1].count:
                child += 1
            if heap[child].count > heap[at].count:
                return
            heap[at], heap[child] = heap[child], heap[at]
            at = child

    def estimate(self, item: bytes) -> int:
        """The count of an item, as far as it is known."""
        fingerprint = murmur32(item, FINGERPRINT_SEED)
        at, least, found = self._find(item, fingerprint), self.heap[0].count, 0
        for row in range(self.depth):
            bucket = row * self.width + murmur32(item, row) % self.width
            if self.fingerprints[bucket] == fingerprint and (
                at < 0 or self.counts[bucket] >= least
            ):
                found = max(found, self.counts[bucket])
        return found

    def listed(self) -> list[tuple[bytes, int]]:
        """The items kept, most frequent first."""
        kept = [(place.item, place.count) for place in self.heap if place.item is not None]
        return sorted(kept, key=lambda pair: -pair[1])

    def items(self) -> Iterator[int | float | bytes]:
        """What a payload holds."""
        yield from (self.k, self.width, self.depth, self.decay)
        pairs = zip(self.fingerprints, self.counts, strict=True)
        yield b"".join(_BUCKET.pack(*pair) for pair in pairs)
        yield b"".join(
            _PLACE.pack(p.fingerprint, len(p.item or b""), 0, p.count) for p in self.heap
        )
        for place in self.heap:
            yield (place.item or b"") + b"\0"

    @classmethod
    def from_items(cls, items: Iterator[int | float | bytes], _config: object = None) -> "TopK":
        """Read what a payload holds.

        Raises:
            ValueError: it makes no sense.
        """
        k, width, depth, decay, buckets, places = (next(items) for _ in range(6))
        made = cls(int(k), int(width), int(depth), float(decay))
        if not isinstance(buckets, bytes) or not isinstance(places, bytes):
            raise ValueError("no bytes")  # noqa: TRY004 - a broken payload, not a wrong call
        if len(buckets) != 8 * len(made.counts) or len(places) != _PLACE.size * made.k:
            raise ValueError("another size")
        pairs = list(_BUCKET.iter_unpack(buckets))
        made.fingerprints = [fingerprint for fingerprint, _ in pairs]
        made.counts = [count for _, count in pairs]
        for place, (fingerprint, _size, _pointer, count) in zip(
            made.heap, _PLACE.iter_unpack(places), strict=True
        ):
            item = next(items)
            if not isinstance(item, bytes):
                raise ValueError("no bytes")  # noqa: TRY004 - a broken payload, not a wrong call
            place.count, place.fingerprint = count, fingerprint
            place.item = item[:-1] if count or item[:-1] else None
        return made
