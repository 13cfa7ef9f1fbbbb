"""vector: single-precision numbers of one dimension, kept as text `[1,2.5]`; what is not finite or too long is refused."""

import math
import struct
from functools import lru_cache

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import floats
from dotdo_postgres.mapping.forms import Codec

MAX_DIMENSIONS = 16000


def from_text(text: str) -> str:
    """Read a vector into its canonical text.

    Raises:
        PostgresError: malformed (22P02), not finite or too many dimensions (22000, 54000).
    """
    stripped = text.strip()
    if not stripped.startswith("["):
        detail = 'Vector contents must start with "[".'
        raise error("22P02", f'invalid input syntax for type vector: "{text}"', detail=detail)
    if not stripped.endswith("]"):
        raise _malformed(text)
    inner = stripped[1:-1].strip()
    if not inner:
        raise error("22000", "vector must have at least 1 dimension")
    return encode([_number(part, text) for part in inner.split(",")])


def _malformed(text: str) -> PostgresError:
    return error("22P02", f'invalid input syntax for type vector: "{text}"')


def _number(part: str, text: str) -> float:
    try:
        value = floats.from_text(part, "vector")
    except PostgresError as failure:
        if failure.sqlstate == "22003":
            raise error("22003", f'"{part.strip()}" is out of range for type vector') from None
        raise _malformed(text) from None
    return _checked(value)


def _checked(value: float) -> float:
    if math.isnan(value):
        raise error("22000", "NaN not allowed in vector")
    if math.isinf(value):
        raise error("22000", "infinite value not allowed in vector")
    try:
        return float(struct.unpack(">f", struct.pack(">f", value))[0])
    except OverflowError:
        raise error("22000", "infinite value not allowed in vector") from None


def encode(numbers: list[float]) -> str:
    """Write numbers as a stored vector (22000, 54000)."""
    if not numbers:
        raise error("22000", "vector must have at least 1 dimension")
    if len(numbers) > MAX_DIMENSIONS:
        raise error("54000", f"vector cannot have more than {MAX_DIMENSIONS} dimensions")
    return "[" + ",".join(floats.single_to_text(_checked(number)) for number in numbers) + "]"


@lru_cache(maxsize=4096)
def decode(stored: str) -> tuple[float, ...]:
    """Return the numbers of a stored vector, each as the nearest real."""
    numbers = list(map(float, stored[1:-1].split(",")))
    return struct.unpack(f"{len(numbers)}f", struct.pack(f"{len(numbers)}f", *numbers))


def fit(stored: str, dimensions: int) -> str:
    """Return a vector that has so many dimensions (22000)."""
    count = stored.count(",") + 1
    if count != dimensions:
        raise error("22000", f"expected {dimensions} dimensions, not {count}")
    return stored


def sort_key(stored: str) -> bytes:
    """Return bytes that order as vectors do: by their numbers, then by their length."""
    parts = []
    for number in decode(stored):
        (bits,) = struct.unpack(">I", struct.pack(">f", number + 0.0))
        parts.append(b"\1" + struct.pack(">I", bits ^ 0xFFFFFFFF if bits >> 31 else bits | 1 << 31))
    return b"".join(parts)


def _to_binary(stored: str) -> bytes:
    numbers = decode(stored)
    return struct.pack(f">HH{len(numbers)}f", len(numbers), 0, *numbers)


def _from_binary(data: bytes) -> str:
    count, unused = struct.unpack_from(">HH", data)
    if unused:
        raise error("22000", f"expected unused to be 0, not {unused}")
    return encode(list(struct.unpack_from(f">{count}f", data, 4)))


CODEC = Codec(from_text, str, _from_binary, _to_binary)
