"""Cuckoo filters: fingerprints in buckets, from which they can be deleted; it refuses commands."""

from collections.abc import Iterator
from struct import Struct, error

from dotdo_redis.engine.sketches.murmur import murmur64

_HEADER = Struct("<QQQQHHH")
_MASK64 = 0xFFFFFFFFFFFFFFFF
CHAIN_BYTES, TABLE_BYTES = 40, 16
CHUNK_BYTES = 16 << 20
LARGEST_BYTES = 1 << 32
MOST_TABLES = 32


class TooManyTables(Exception):
    """A filter that has grown as often as it may."""


def power_of_two(number: int) -> int:
    """The next power of two that is not below a number."""
    return 1 << max(number - 1, 0).bit_length()


def _other(fingerprint: int, place: int) -> int:
    return place ^ fingerprint * 0x5BD1E995 & _MASK64


class Table:
    """Buckets of one filter, each of so many slots."""

    __slots__ = ("buckets", "data", "slots")

    def __init__(self, buckets: int, slots: int) -> None:
        if buckets * slots > LARGEST_BYTES:
            raise MemoryError
        self.buckets = buckets
        self.slots = slots
        self.data = bytearray(buckets * slots)

    def places(self, first: int, second: int) -> tuple[range, range]:
        """The slots of the two buckets of an item."""
        one = first % self.buckets * self.slots
        other = second % self.buckets * self.slots
        return range(one, one + self.slots), range(other, other + self.slots)

    def find(self, fingerprint: int, first: int, second: int) -> int:
        """Where a fingerprint stands (0: a free slot), -1 when nowhere."""
        for bucket in self.places(first, second):
            at = self.data.find(fingerprint, bucket.start, bucket.stop)
            if at >= 0:
                return at
        return -1

    def kick(self, fingerprint: int, first: int, tries: int) -> bool:
        """Make room by moving others to their other buckets; whether that worked, else nothing is changed."""
        data, slots = self.data, self.slots
        place, victim = first % self.buckets, 0
        for _ in range(tries):
            at = place * slots + victim
            data[at], fingerprint = fingerprint, data[at]
            place = _other(fingerprint, place) % self.buckets
            free = data.find(0, place * slots, (place + 1) * slots)
            if free >= 0:
                data[free] = fingerprint
                return True
            victim = (victim + 1) % slots
        for _ in range(tries):
            victim = (victim - 1) % slots
            place = _other(fingerprint, place) % self.buckets
            at = place * slots + victim
            data[at], fingerprint = fingerprint, data[at]
        return False


class CuckooFilter:
    """Tables of which each may be larger than the one before."""

    type_name = b"MBbloomCF"
    __slots__ = ("buckets", "deleted", "expansion", "inserted", "slots", "tables", "tries")

    def __init__(self, capacity: int, slots: int, tries: int, expansion: int) -> None:
        """Make an empty one.

        Args:
            capacity: items the first table is made for.
            slots: per bucket.
            tries: how often an item is moved before the filter counts as full.
            expansion: how many times larger each further table is; 0: there is none.

        Raises:
            MemoryError: the first table would be too large.
        """
        self.buckets = max(power_of_two(capacity // slots), 1)
        self.slots, self.tries = slots, tries
        self.expansion = power_of_two(expansion) if expansion else 0
        self.inserted = self.deleted = 0
        self.tables = [Table(self.buckets, slots)]

    def __len__(self) -> int:
        return 1

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "CuckooFilter":
        """Give a filter that shares nothing that can change."""
        return CuckooFilter.from_items(iter(self.items()))

    @property
    def size_bytes(self) -> int:
        """Memory, as CF.INFO tells it."""
        data = sum(len(table.data) for table in self.tables)
        return CHAIN_BYTES + TABLE_BYTES * len(self.tables) + data

    @staticmethod
    def _hashes(item: bytes) -> tuple[int, int, int]:
        first = murmur64(item, 0)
        fingerprint = first % 255 + 1
        return fingerprint, first, _other(fingerprint, first)

    def __contains__(self, item: bytes) -> bool:
        hashes = self._hashes(item)
        return any(table.find(*hashes) >= 0 for table in self.tables)

    def count(self, item: bytes) -> int:
        """How often an item may have been added."""
        fingerprint, first, second = self._hashes(item)
        return sum(
            table.data.count(fingerprint, bucket.start, bucket.stop)
            for table in self.tables
            for bucket in table.places(first, second)
        )

    def add(self, item: bytes) -> bool:
        """Add an item once more; False when the filter is full.

        Raises:
            TooManyTables: it would have to grow once too often.
        """
        fingerprint, first, second = self._hashes(item)
        while True:
            for table in reversed(self.tables):
                free = table.find(0, first, second)
                if free >= 0:
                    table.data[free] = fingerprint
                    self.inserted += 1
                    return True
            if self.tables[-1].kick(fingerprint, first, self.tries):
                self.inserted += 1
                return True
            if not self.expansion:
                return False
            if len(self.tables) >= MOST_TABLES:
                raise TooManyTables
            larger = self.buckets * self.expansion ** len(self.tables)
            self.tables.append(Table(larger, self.slots))

    def delete(self, item: bytes) -> bool:
        """Take an item away once; whether it was there."""
        hashes = self._hashes(item)
        for table in reversed(self.tables):
            at = table.find(*hashes)
            if at >= 0:
                table.data[at] = 0
                self.inserted -= 1
                self.deleted += 1
                if len(self.tables) > 1 and self.deleted > self.inserted * 0.10:
                    self.compact(goes_on=False)
                return True
        return False

    def compact(self, *, goes_on: bool) -> None:
        """Move items into earlier tables and drop the last ones when they are empty.

        Args:
            goes_on: whether to look at further tables when one could not be emptied.
        """
        for number in range(len(self.tables) - 1, 0, -1):
            if not self._empty(number) and not goes_on:
                break
        self.deleted = 0

    def _empty(self, number: int) -> bool:
        table, is_empty = self.tables[number], True
        for at, fingerprint in enumerate(table.data):
            if fingerprint and not self._move(number, at, fingerprint):
                is_empty = False
        if is_empty and number == len(self.tables) - 1:
            self.tables.pop()
        return is_empty

    def _move(self, number: int, at: int, fingerprint: int) -> bool:
        bucket = at // self.slots
        for earlier in self.tables[:number]:
            free = earlier.find(0, bucket, _other(fingerprint, bucket))
            if free >= 0:
                earlier.data[free] = fingerprint
                self.tables[number].data[at] = 0
                return True
        return False

    # -- carried over

    def items(self) -> Iterator[int | bytes]:
        """What a payload holds."""
        yield from (len(self.tables), self.buckets, self.inserted, self.deleted)
        yield from (self.slots, self.tries, self.expansion)
        for table in self.tables:
            yield table.buckets
            yield bytes(table.data)

    @classmethod
    def from_items(cls, items: Iterator[int | bytes], _config: object = None) -> "CuckooFilter":
        """Read what a payload holds.

        Raises:
            ValueError: it makes no sense.
        """
        made = cls.__new__(cls)
        count, made.buckets, made.inserted, made.deleted = (int(next(items)) for _ in range(4))
        made.slots, made.tries, made.expansion = (int(next(items)) for _ in range(3))
        made.tables = []
        for _ in range(count):
            buckets, data = next(items), next(items)
            if not isinstance(data, bytes) or len(data) != int(buckets) * made.slots or not data:
                raise ValueError("a table of another size")
            table = Table(int(buckets), made.slots)
            table.data[:] = data
            made.tables.append(table)
        if not made.tables:
            raise ValueError("a filter without tables")
        return made

    def header(self) -> bytes:
        """The first piece of a dump in pieces."""
        return _HEADER.pack(
            self.inserted, self.buckets, self.deleted, len(self.tables), self.slots, self.tries, self.expansion
        )  # fmt: skip

    @classmethod
    def from_header(cls, data: bytes) -> "CuckooFilter":
        """Make a filter without items of the first piece.

        Raises:
            ValueError: it makes no sense.
        """
        made = cls.__new__(cls)
        try:
            (
                made.inserted,
                made.buckets,
                made.deleted,
                count,
                made.slots,
                made.tries,
                made.expansion,
            ) = _HEADER.unpack(data)
        except error as problem:
            raise ValueError("no header") from problem
        sizes = [
            made.buckets * max(made.expansion, 1) ** number for number in range(min(count, 64))
        ]
        if not sizes or not made.slots or sum(sizes) * made.slots > LARGEST_BYTES:
            raise ValueError("tables that cannot be")
        made.tables = [Table(size, made.slots) for size in sizes]
        return made

    def piece(self, at: int) -> bytes:
        """The bytes of all tables from a place on, not beyond the end of a table."""
        for table in self.tables:
            if at < len(table.data):
                return bytes(table.data[at : at + CHUNK_BYTES])
            at -= len(table.data)
        return b""

    def put(self, at: int, piece: bytes) -> None:
        """Set the bytes at a place.

        Raises:
            ValueError: they do not lie in one table.
        """
        for table in self.tables:
            if 0 <= at < len(table.data):
                if at + len(piece) > len(table.data):
                    break
                table.data[at : at + len(piece)] = piece
                return
            at -= len(table.data)
        raise ValueError("beyond a table")
