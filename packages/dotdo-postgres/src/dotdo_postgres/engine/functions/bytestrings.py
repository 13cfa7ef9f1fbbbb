"""Functions of byte strings (9.5): parts, single bits and bytes, encodings."""

from __future__ import annotations

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping.encodings import UTF8, encoding_named

FAMILY = Family("9.5")


def part(text: bytes, start: int, count: int | None) -> bytes:
    """Return a part counted from 1; places before the first are skipped.

    Raises:
        PostgresError: a negative length (SQLSTATE 22011).
    """
    if count is None:
        return text[max(start - 1, 0) :]
    if count < 0:
        raise error("22011", "negative substring length not allowed")
    return text[max(start - 1, 0) : max(start - 1 + count, 0)]


@FAMILY.function(
    "substring(bytea, integer, integer)", "substr(bytea, integer, integer)", returns="bytea"
)
def substring(data: bytes, start: int, count: int) -> bytes:
    """Return so many bytes from a place on."""
    return part(data, start, count)


@FAMILY.function("substring(bytea, integer)", "substr(bytea, integer)", returns="bytea")
def substring_from(data: bytes, start: int) -> bytes:
    """Return the bytes from a place on."""
    return part(data, start, None)


@FAMILY.function("overlay(bytea, bytea, integer, integer)", returns="bytea")
def overlay(data: bytes, new: bytes, start: int, count: int) -> bytes:
    """Put bytes in the place of others.

    Raises:
        PostgresError: a place before the first (SQLSTATE 22011).
    """
    if start <= 0:
        raise error("22011", "negative substring length not allowed")
    return data[: start - 1] + new + data[max(start - 1 + count, 0) :]


@FAMILY.function("overlay(bytea, bytea, integer)", returns="bytea")
def overlay_whole(data: bytes, new: bytes, start: int) -> bytes:
    """Put bytes in the place of as many."""
    return overlay(data, new, start, len(new))


@FAMILY.function("position(bytea, bytea)", returns="integer")
def position(data: bytes, part_wanted: bytes) -> int:
    """Return where bytes are found first, 0 when nowhere."""
    return data.find(part_wanted) + 1


@FAMILY.function("btrim(bytea, bytea)", returns="bytea")
def trim(data: bytes, gone: bytes) -> bytes:
    """Drop bytes of a set at both ends."""
    return data.strip(gone) if gone else data


@FAMILY.function("ltrim(bytea, bytea)", returns="bytea")
def trim_left(data: bytes, gone: bytes) -> bytes:
    """Drop bytes of a set at the beginning."""
    return data.lstrip(gone) if gone else data


@FAMILY.function("rtrim(bytea, bytea)", returns="bytea")
def trim_right(data: bytes, gone: bytes) -> bytes:
    """Drop bytes of a set at the end."""
    return data.rstrip(gone) if gone else data


def _checked(index: int, count: int) -> int:
    if not 0 <= index < count:
        raise error("2202E", f"index {index} out of valid range, 0..{count - 1}")
    return index


@FAMILY.function("get_byte(bytea, integer)", returns="integer")
def get_byte(data: bytes, index: int) -> int:
    """Return a byte, counted from 0."""
    return data[_checked(index, len(data))]


@FAMILY.function("set_byte(bytea, integer, integer)", returns="bytea")
def set_byte(data: bytes, index: int, value: int) -> bytes:
    """Change a byte, counted from 0."""
    changed = bytearray(data)
    changed[_checked(index, len(data))] = value & 255
    return bytes(changed)


@FAMILY.function("get_bit(bytea, bigint)", returns="integer")
def get_bit(data: bytes, index: int) -> int:
    """Return a bit; each byte's lowest comes first."""
    byte, bit = divmod(_checked(index, len(data) * 8), 8)
    return data[byte] >> bit & 1


@FAMILY.function("set_bit(bytea, bigint, integer)", returns="bytea")
def set_bit(data: bytes, index: int, value: int) -> bytes:
    """Change a bit.

    Raises:
        PostgresError: no such bit (2202E), neither 0 nor 1 (22023).
    """
    byte, bit = divmod(_checked(index, len(data) * 8), 8)
    if value not in {0, 1}:
        raise error("22023", "new bit must be 0 or 1")
    changed = bytearray(data)
    changed[byte] = changed[byte] & ~(1 << bit) | value << bit
    return bytes(changed)


@FAMILY.function("bit_count(bytea)", returns="bigint")
def bit_count(data: bytes) -> int:
    """Count the bits that are set."""
    return int.from_bytes(data).bit_count()


def _named(name: str, place: str) -> str:
    found = encoding_named(name)
    if found is None:
        raise error("22023", f'invalid {place} encoding name "{name}"')
    return found.name


@FAMILY.function("convert_from(bytea, name)", returns="text")
def convert_from(data: bytes, source: str) -> str:
    """Read text out of bytes of an encoding.

    Raises:
        PostgresError: no such encoding (22023), no valid text (22021).
    """
    _named(source, "source")
    return (encoding_named(source) or UTF8).decode(data)


@FAMILY.function("convert_to(text, name)", returns="bytea")
def convert_to(text: str, target: str) -> bytes:
    """Write text as bytes of an encoding."""
    _named(target, "destination")
    return (encoding_named(target) or UTF8).encode(text)


@FAMILY.function("convert(bytea, name, name)", returns="bytea")
def convert(data: bytes, source: str, target: str) -> bytes:
    """Change the encoding of bytes that are text."""
    return convert_to(convert_from(data, source), target)


@FAMILY.function("length(bytea, name)", returns="integer")
def length(data: bytes, source: str) -> int:
    """Count the characters of bytes that are text."""
    return len(convert_from(data, source))
