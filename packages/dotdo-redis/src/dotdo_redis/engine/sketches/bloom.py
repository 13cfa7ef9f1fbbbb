"""Bloom filters that grow by further layers; it refuses commands."""

from collections.abc import Iterator
from math import ceil, log
from struct import Struct, error

from dotdo_redis.engine.sketches.murmur import FIRST_SEED, murmur64

NO_ROUND, FORCE_64, NO_SCALING = 1, 4, 8
TIGHTENING = 0.5
LN_2_SQUARED = 0.480453013918201
"""To as many digits as RedisBloom takes."""
LARGEST_BYTES = 1 << 32
CHUNK_BYTES = 16 << 20
_HEADER = Struct("<QIII")
_LINK = Struct("<QQQddIQB")
CHAIN_BYTES, LAYER_BYTES = 32, 64


class FilterFull(Exception):
    """A filter that may not grow has its capacity."""


class Layer:
    """One Bloom filter of a fixed capacity."""

    __slots__ = ("bits", "bits_per_entry", "data", "entries", "error_rate", "hashes", "size")

    def __init__(self, entries: int, error_rate: float) -> None:
        self.entries = entries
        self.error_rate = error_rate
        self.bits_per_entry = -log(error_rate) / LN_2_SQUARED
        self.hashes = ceil(log(2) * self.bits_per_entry)
        self.bits = -(-max(int(entries * self.bits_per_entry), 1) // 64) * 64
        if self.bits // 8 > LARGEST_BYTES:
            raise MemoryError
        self.data = bytearray(self.bits // 8)
        self.size = 0

    def holds(self, first: int, second: int) -> bool:
        """Whether an item of these hashes may have been added."""
        data, bits = self.data, self.bits
        for number in range(self.hashes):
            place = (first + number * second & 0xFFFFFFFFFFFFFFFF) % bits
            if not data[place >> 3] >> (place & 7) & 1:
                return False
        return True

    def add(self, first: int, second: int) -> None:
        """Set the bits of an item's hashes."""
        data, bits = self.data, self.bits
        for number in range(self.hashes):
            place = (first + number * second & 0xFFFFFFFFFFFFFFFF) % bits
            data[place >> 3] |= 1 << (place & 7)
        self.size += 1


class BloomFilter:
    """Layers of which each is larger and stricter than the one before."""

    type_name = b"MBbloom--"
    __slots__ = ("growth", "layers", "options", "size")

    def __init__(self, capacity: int, error_rate: float, growth: int, *, scales: bool) -> None:
        """Make an empty one.

        Args:
            capacity: items the first layer takes.
            error_rate: false positives among absent items, of all layers together.
            growth: how many times larger each further layer is.
            scales: whether there may be further layers.

        Raises:
            MemoryError: the first layer would be too large.
        """
        self.options = NO_ROUND | FORCE_64 | (0 if scales else NO_SCALING)
        self.growth = growth
        self.size = 0
        self.layers = [Layer(capacity, error_rate * (TIGHTENING if scales else 1))]

    def __len__(self) -> int:
        return 1

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "BloomFilter":
        """Give a filter that shares nothing that can change."""
        twin = BloomFilter.from_items(iter(self.items()))
        assert isinstance(twin, BloomFilter)
        return twin

    @property
    def scales(self) -> bool:
        """Whether there may be further layers."""
        return not self.options & NO_SCALING

    @property
    def capacity(self) -> int:
        """Items that all layers take."""
        return sum(layer.entries for layer in self.layers)

    @property
    def size_bytes(self) -> int:
        """Memory, as BF.INFO tells it."""
        data = sum(len(layer.data) for layer in self.layers)
        return CHAIN_BYTES + LAYER_BYTES * len(self.layers) + data

    def __contains__(self, item: bytes) -> bool:
        first = murmur64(item, FIRST_SEED)
        second = murmur64(item, first)
        return any(layer.holds(first, second) for layer in reversed(self.layers))

    def add(self, item: bytes) -> bool:
        """Add an item; whether it was not there before.

        Raises:
            FilterFull: it may not grow.
            MemoryError: a further layer would be too large.
        """
        first = murmur64(item, FIRST_SEED)
        second = murmur64(item, first)
        if any(layer.holds(first, second) for layer in reversed(self.layers)):
            return False
        last = self.layers[-1]
        if last.size >= last.entries:
            if not self.scales:
                raise FilterFull
            last = Layer(last.entries * self.growth, last.error_rate * TIGHTENING)
            self.layers.append(last)
        last.add(first, second)
        self.size += 1
        return True

    # -- carried over

    def items(self) -> Iterator[int | float | bytes]:
        """What a payload holds."""
        yield from (self.size, len(self.layers), self.options, self.growth)
        for one in self.layers:
            yield from (one.entries, one.error_rate, one.hashes, one.bits_per_entry, one.bits, 0)
            yield bytes(one.data)
            yield one.size

    @classmethod
    def from_items(
        cls, items: Iterator[int | float | bytes], _config: object = None
    ) -> "BloomFilter":
        """Read what a payload holds.

        Raises:
            ValueError: it makes no sense.
        """
        made = cls.__new__(cls)
        made.size, count, made.options, made.growth = (int(next(items)) for _ in range(4))
        made.layers = [_layer(items) for _ in range(count)]
        if not made.layers:
            raise ValueError("a filter without layers")
        return made

    def header(self) -> bytes:
        """The first piece of a dump in pieces."""
        out = _HEADER.pack(self.size, len(self.layers), self.options, self.growth)
        for one in self.layers:
            out += _LINK.pack(
                len(one.data), one.bits, one.size, one.error_rate, one.bits_per_entry, one.hashes, one.entries, 0
            )  # fmt: skip
        return out

    @classmethod
    def from_header(cls, data: bytes) -> "BloomFilter":
        """Make a filter with no bit set of the first piece.

        Raises:
            ValueError: it makes no sense.
        """
        made = cls.__new__(cls)
        try:
            made.size, count, made.options, made.growth = _HEADER.unpack_from(data)
            if len(data) != _HEADER.size + count * _LINK.size or not count:
                raise ValueError("a header of another size")
            made.layers = [
                _linked(_LINK.unpack_from(data, _HEADER.size + at * _LINK.size))
                for at in range(count)
            ]
        except error as problem:
            raise ValueError("no header") from problem
        return made

    def piece(self, at: int) -> bytes:
        """The bytes of all layers from a place on, not beyond the end of a layer."""
        for layer in self.layers:
            if at < len(layer.data):
                return bytes(layer.data[at : at + CHUNK_BYTES])
            at -= len(layer.data)
        return b""

    def put(self, at: int, piece: bytes) -> None:
        """Set the bytes at a place.

        Raises:
            ValueError: they do not lie in one layer.
        """
        for layer in self.layers:
            if 0 <= at < len(layer.data):
                if at + len(piece) > len(layer.data):
                    break
                layer.data[at : at + len(piece)] = piece
                return
            at -= len(layer.data)
        raise ValueError("beyond a layer")


def _layer(items: Iterator[int | float | bytes]) -> Layer:
    entries, error_rate, hashes, per_entry, bits, rounded = (next(items) for _ in range(6))
    data, size = next(items), next(items)
    made = Layer.__new__(Layer)
    if not isinstance(data, bytes) or len(data) * 8 != bits or rounded:
        raise ValueError("a layer of another size")
    made.entries, made.hashes, made.bits, made.size = (
        int(entries),
        int(hashes),
        int(bits),
        int(size),
    )
    made.error_rate, made.bits_per_entry = float(error_rate), float(per_entry)
    made.data = bytearray(data)
    return made


def _linked(link: tuple[int | float, ...]) -> Layer:
    size_bytes, bits, size, error_rate, per_entry, hashes, entries, rounded = link
    if not 0 < int(size_bytes) <= LARGEST_BYTES or int(size_bytes) * 8 != bits or rounded:
        raise ValueError("a layer of another size")
    items = (entries, error_rate, hashes, per_entry, bits, 0, bytes(int(size_bytes)), size)
    return _layer(iter(items))
