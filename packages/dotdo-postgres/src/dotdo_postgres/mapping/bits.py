"""bit and bit varying: kept as text of zeros and ones, which orders as PostgreSQL orders bit strings."""

import struct

from dotdo_postgres.errors import error
from dotdo_postgres.mapping.forms import Codec


def from_text(text: str) -> str:
    """Read a bit string: digits, or `b` or `x` and digits.

    Raises:
        PostgresError: a character that is no digit (22P02).
    """
    if text[:1] in {"x", "X"}:
        return "".join(_nibble(char) for char in text[1:])
    digits = text[1:] if text[:1] in {"b", "B"} else text
    for char in digits:
        if char not in "01":
            raise error("22P02", f'"{char}" is not a valid binary digit')
    return digits


def _nibble(char: str) -> str:
    if char not in "0123456789abcdefABCDEF":
        raise error("22P02", f'"{char}" is not a valid hexadecimal digit')
    return f"{int(char, 16):04b}"


def to_binary(bits: str) -> bytes:
    """Write length and bits."""
    size = (len(bits) + 7) // 8
    data = int(bits.ljust(size * 8, "0") or "0", 2).to_bytes(size, "big")
    return struct.pack(">i", len(bits)) + data


def from_binary(data: bytes) -> str:
    """Read length and bits.

    Raises:
        PostgresError: they do not fit (22P03).
    """
    (length,) = struct.unpack_from(">i", data)
    if length < 0 or (length + 7) // 8 != len(data) - 4:
        raise error("22P03", "invalid length in external bit string")
    return "".join(f"{byte:08b}" for byte in data[4:])[:length]


def fit(bits: str, length: int, *, is_explicit: bool, is_varying: bool) -> str:
    """Force a bit string into `bit(length)` or `bit varying(length)`.

    Raises:
        PostgresError: another length (22026), too long (22001); an explicit cast cuts and fills up.
    """
    if is_varying:
        if len(bits) <= length or is_explicit:
            return bits[:length]
        raise error("22001", f"bit string too long for type bit varying({length})")
    if len(bits) == length or is_explicit:
        return bits[:length].ljust(length, "0")
    message = f"bit string length {len(bits)} does not match type bit({length})"
    raise error("22026", message)


CODEC = Codec(from_text, str, from_binary, to_binary)
