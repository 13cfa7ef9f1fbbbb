"""A vector set as the value of a key: vectors of one dimension, quantized as Redis does; it refuses approximate search."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from dotdo_redis.engine.vectors.arrays import numpy

DEFAULT_LINKS = 16
_SEED = 0x5EED


class Quantization(Enum):
    """How vectors are kept: as they are, in eight bits, in one bit a number."""

    NONE = "f32"
    INT8 = "int8"
    BINARY = "bin"


class VectorSet:
    """Elements in the order of coming, each with a unit vector, its length before, and attributes."""

    type_name = b"vectorset"
    __slots__ = (
        "added", "attributes", "codes", "dimension", "input_dimension", "links", "names", "norms", "quantization",
        "ranges", "rows",
    )  # fmt: skip

    def __init__(
        self,
        dimension: int,
        quantization: Quantization = Quantization.INT8,
        links: int = DEFAULT_LINKS,
        input_dimension: int = 0,
    ) -> None:
        """Make an empty one.

        Args:
            dimension: of the vectors kept.
            quantization: how they are kept.
            links: what Redis' graph would have of them.
            input_dimension: of the vectors given, when they are projected on fewer dimensions; else 0.
        """
        np = numpy()
        self.dimension = dimension
        self.quantization = quantization
        self.links = links
        self.input_dimension = input_dimension
        self.names: list[bytes] = []
        self.rows: dict[bytes, int] = {}
        self.attributes: dict[bytes, bytes] = {}
        self.codes = np.zeros((0, dimension), np.float32)
        """A row for each element; numbers of one or eight bits are kept as floats, which compute faster."""
        self.ranges = np.zeros(0, np.float32)
        self.norms = np.zeros(0, np.float32)
        self.added = 0

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: bytes) -> bool:
        return name in self.rows

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return b"raw"

    def copy(self) -> "VectorSet":
        """Give a set that shares nothing that can change."""
        return VectorSet.from_items(iter(self.items()))

    # -- writing

    def projected(self, vector: Any) -> Any:
        """A vector on the dimensions that are kept; the same matrix for the same sizes always."""
        if not self.input_dimension or len(vector) == self.dimension:
            return vector
        np = numpy()
        random = np.random.Generator(np.random.PCG64(_SEED))
        matrix = random.uniform(-1, 1, (self.dimension, self.input_dimension)).astype(np.float32)
        return (matrix @ vector) / np.float32(self.input_dimension**0.5)

    def _encode(self, vector: Any) -> tuple[Any, Any, Any]:
        """Numbers, range and length of a vector."""
        np = numpy()
        norm = np.float32(np.sqrt(np.dot(vector, vector)))
        unit = vector / norm if norm > 0 else vector
        if self.quantization is Quantization.NONE:
            return unit, np.float32(0), norm
        if self.quantization is Quantization.BINARY:
            return np.where(unit > 0, np.float32(1), np.float32(-1)), np.float32(0), norm
        largest = np.float32(np.max(np.abs(unit), initial=0))
        if largest == 0:
            return np.zeros_like(unit), largest, norm
        scaled = unit * (np.float32(127) / largest)
        return np.trunc(scaled + np.copysign(np.float32(0.5), scaled)), largest, norm

    def put(self, name: bytes, vector: Any) -> bool:
        """Set an element's vector; whether it is new."""
        np = numpy()
        row = self.rows.get(name)
        is_new = row is None
        if row is None:
            row = self.rows[name] = len(self.names)
            self.names.append(name)
            if row == len(self.codes):
                size = max(16, 2 * row)
                self.codes = np.concatenate(
                    [self.codes, np.zeros((size - row, self.dimension), np.float32)]
                )
                self.ranges = np.resize(self.ranges, size)
                self.norms = np.resize(self.norms, size)
        self.codes[row], self.ranges[row], self.norms[row] = self._encode(vector)
        self.added += 1
        return is_new

    def remove(self, name: bytes) -> bool:
        """Remove an element; whether it was there. The last one takes its row."""
        row = self.rows.pop(name, None)
        if row is None:
            return False
        self.attributes.pop(name, None)
        last = self.names.pop()
        if last != name:
            self.names[row] = last
            self.rows[last] = row
            end = len(self.names)
            for column in (self.codes, self.ranges, self.norms):
                column[row] = column[end]
        return True

    # -- reading

    def vector(self, name: bytes) -> Any:
        """An element's vector as it is kept, with its length; of one bit a number without."""
        np = numpy()
        row = self.rows[name]
        if self.quantization is Quantization.BINARY:
            return self.codes[row]
        return self._unit(row) * np.float32(self.norms[row])

    def _unit(self, row: int) -> Any:
        np = numpy()
        if self.quantization is Quantization.INT8:
            return self.codes[row] * self.ranges[row] / np.float32(127)
        return self.codes[row]

    def query_of(self, name: bytes) -> Any:
        """An element's vector to search by."""
        return self._unit(self.rows[name])

    def raw(self, name: bytes) -> tuple[bytes, float, float]:
        """The bytes of an element's vector, its length, and the range of its numbers."""
        np = numpy()
        row = self.rows[name]
        code = self.codes[row]
        if self.quantization is Quantization.INT8:
            data = code.astype(np.int8).tobytes()
        elif self.quantization is Quantization.BINARY:
            packed = np.packbits(code > 0, bitorder="little").tobytes()
            data = packed.ljust(-(-len(packed) // 8) * 8, b"\0")
        else:
            data = code.astype("<f4").tobytes()
        return data, float(self.norms[row]), float(self.ranges[row])

    def similarities(self, vector: Any) -> Any:
        """How similar each element is to a vector, from 0 (opposite) to 1 (of the same direction)."""
        code, largest, _norm = self._encode(vector)
        return self._similarities(code, largest)

    def _similarities(self, code: Any, largest: Any) -> Any:
        np = numpy()
        count = len(self.names)
        dots = self.codes[:count] @ code
        if self.quantization is Quantization.INT8:
            scale = self.ranges[:count] / np.float32(127) * (largest / np.float32(127))
            dots = dots * scale
        elif self.quantization is Quantization.BINARY:
            dots = dots / np.float32(self.dimension)
        distances = np.clip(np.float32(1) - dots, np.float32(0), np.float32(2))
        return 1.0 - distances.astype(np.float64) / 2.0

    def nearest(self, vector: Any) -> Iterator[tuple[bytes, float]]:
        """All elements, the most similar first."""
        yield from self._ordered(self.similarities(vector))

    def neighbours(self, name: bytes) -> Iterator[tuple[bytes, float]]:
        """All elements, the most similar to one of them first, by what is kept of both."""
        row = self.rows[name]
        yield from self._ordered(self._similarities(self.codes[row], self.ranges[row]))

    def _ordered(self, found: Any) -> Iterator[tuple[bytes, float]]:
        np = numpy()
        for row in np.argsort(-found, kind="stable"):
            yield self.names[row], float(found[row])

    # -- carried over

    def items(self) -> Iterator[int | bytes]:
        """What a payload holds."""
        yield from (self.dimension, self.links, self.input_dimension, self.added, len(self.names))
        yield self.quantization.value.encode()
        count = len(self.names)
        for column in (self.codes, self.ranges, self.norms):
            yield column[:count].astype("<f4").tobytes()
        for name in self.names:
            yield from (name, self.attributes.get(name, b""))

    @classmethod
    def from_items(cls, items: Iterator[Any], _config: object = None) -> "VectorSet":
        """Read what a payload holds.

        Raises:
            ValueError: it makes no sense.
        """
        np = numpy()
        dimension, links, input_dimension, added, count = (int(next(items)) for _ in range(5))
        made = cls(dimension, Quantization(next(items).decode()), links, input_dimension)
        made.added = added
        codes, ranges, norms = (np.frombuffer(next(items), "<f4").copy() for _ in range(3))
        made.codes, made.ranges, made.norms = codes.reshape(count, dimension), ranges, norms
        for row in range(count):
            name, attributes = next(items), next(items)
            made.names.append(name)
            made.rows[name] = row
            if attributes:
                made.attributes[name] = attributes
        return made
