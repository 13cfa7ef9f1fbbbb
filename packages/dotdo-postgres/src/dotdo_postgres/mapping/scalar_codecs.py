"""Forms of plain values: booleans, whole numbers, bytes, uuids, text, OIDs and names of objects, places of rows."""

import re
import struct
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import arrays, bulk, floats, jsons
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.forms import Codec


def integer_from_text(text: str, bits: int, name: str) -> int:
    """Read a whole number.

    Raises:
        PostgresError: not a number (22P02), too large (22003).
    """
    stripped = text.strip(" \t\n\r\f\v")
    digits = stripped[1:] if stripped[:1] in {"-", "+"} else stripped
    if not (digits.isascii() and digits.isdigit()):
        raise error("22P02", f'invalid input syntax for type {name}: "{text}"')
    value = int(stripped)
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise error("22003", f'value "{text}" is out of range for type {name}')
    return value


_TRUE = {
    word[:n]
    for word, least in (("true", 1), ("yes", 1), ("on", 2), ("1", 1))
    for n in range(least, len(word) + 1)
}
_FALSE = {
    word[:n]
    for word, least in (("false", 1), ("no", 1), ("off", 2), ("0", 1))
    for n in range(least, len(word) + 1)
}


def boolean_from_text(text: str) -> int:
    """Read a boolean.

    Raises:
        PostgresError: 22P02.
    """
    word = text.strip().lower()
    if word in _TRUE:
        return 1
    if word in _FALSE:
        return 0
    raise error("22P02", f'invalid input syntax for type boolean: "{text}"')


_OCTAL = re.compile(rb"[0-3][0-7][0-7]")


def bytea_from_text(text: str) -> bytes:
    """Read bytea in hex or escape form.

    Raises:
        PostgresError: 22023, 22P02.
    """
    if text.startswith("\\x"):
        digits = text[2:].replace(" ", "").replace("\n", "").replace("\t", "")
        for char in digits:
            if char not in "0123456789abcdefABCDEF":
                raise error("22023", f'invalid hexadecimal digit: "{char}"')
        if len(digits) % 2:
            raise error("22023", "invalid hexadecimal data: odd number of digits")
        return bytes.fromhex(digits)
    out, at, data = bytearray(), 0, text.encode()
    while at < len(data):
        if data[at] != 0x5C:
            out.append(data[at])
            at += 1
        elif data[at + 1 : at + 2] == b"\\":
            out.append(0x5C)
            at += 2
        elif _OCTAL.fullmatch(data[at + 1 : at + 4]):
            out.append(int(data[at + 1 : at + 4], 8))
            at += 4
        else:
            raise error("22P02", "invalid input syntax for type bytea")
    return bytes(out)


def uuid_from_text(text: str) -> bytes:
    """Read a uuid into 16 bytes.

    Raises:
        PostgresError: 22P02.
    """
    digits = text.strip().strip("{}").replace("-", "")
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        data = b""
    if len(data) != 16:
        raise error("22P02", f'invalid input syntax for type uuid: "{text}"')
    return data


def packed(layout: str, name: str) -> tuple[Callable[[bytes], Any], Callable[[Any], bytes]]:  # type: ignore[explicit-any]  # each type has its own
    """Return how a value of a fixed layout is read from its bytes (22P03) and written."""
    form = struct.Struct(layout)

    def read(data: bytes) -> Any:  # type: ignore[explicit-any]  # each type has its own
        if len(data) != form.size:
            raise error("22P03", f"incorrect binary data format for type {name}")
        return form.unpack(data)[0]

    return read, form.pack


def integer_codec(bits: int, name: str, layout: str) -> Codec:
    """Return the codec of whole numbers of so many bits."""
    read, write = packed(layout, name)
    from_text = partial(integer_from_text, bits=bits, name=name)
    return Codec(from_text, str, read, write, from_texts=bulk.integers(bits))


def decode_text(data: bytes) -> str:
    """Read text in UTF-8 (22021 for a zero byte)."""
    if b"\0" in data:
        raise error("22021", 'invalid byte sequence for encoding "UTF8": 0x00')
    return data.decode()


def text_codec() -> Codec:
    """Return the codec of a type that is kept as its text."""
    return Codec(str, str, decode_text, str.encode)


def uuid_to_python(data: bytes) -> uuid.UUID:
    """Return the uuid of 16 bytes."""
    return uuid.UUID(bytes=data)


def uuid_from_python(value: uuid.UUID) -> bytes:
    """Return the 16 bytes of a uuid."""
    return value.bytes


def json_from_python(value: Any) -> str:  # type: ignore[explicit-any]  # each type has its own
    """Write a Python value as JSON."""
    return orjson.dumps(value).decode()


BOOLEAN_BINARY = packed(">?", "boolean")


def float_codec(
    layout: str, name: str, from_text: Callable[[str], float], to_text: Callable[[float | str], str]
) -> Codec:
    """Return the codec of a floating point type, whose NaN is stored as text."""
    read, write = packed(layout, name)
    return Codec(
        lambda text: floats.kept(from_text(text)),
        to_text,
        lambda data: floats.kept(read(data)),
        lambda value: write(float(value)),
        float,
        floats.kept,
    )


def single_from_text(text: str) -> float:
    """Read a real (22P02, 22003)."""
    value = floats.from_text(text, "real")
    try:
        short = floats.single(value)
    except PostgresError:
        short = 0.0
    if short == 0 and value != 0:
        raise error("22003", f'"{text.strip()}" is out of range for type real')
    return short


def boolean_text(value: int) -> str:
    """Write `t` or `f`."""
    return "t" if value else "f"


def bytea_to_text(value: bytes) -> str:
    """Write bytes in hex form."""
    return "\\x" + value.hex()


def uuid_text(value: bytes) -> str:
    """Write a uuid."""
    return str(uuid.UUID(bytes=value))


def jsonb_from_binary(data: bytes) -> str:
    """Read the binary form of jsonb."""
    return jsons.jsonb_from_text(data[1:].decode())


def jsonb_to_binary(stored: str) -> bytes:
    """Write the binary form of jsonb."""
    return b"\x01" + jsons.jsonb_to_text(stored).encode()


def boolean_from_binary(data: bytes) -> int:
    """Read a byte as a truth value."""
    return int(BOOLEAN_BINARY[0](data))


def oid_from_text(text: str) -> int:
    """Read an OID (22P02, 22003)."""
    return integer_from_text(text, 64, "oid")


def vector_codec(element: int) -> Codec:
    """Return the codec of int2vector and oidvector, kept as arrays are and written with spaces."""

    def from_text(text: str) -> str:
        return arrays.pack([int(part) for part in text.split()])

    def to_text(stored: str) -> str:
        return " ".join(map(str, arrays.unpack(stored)))

    def to_binary(stored: str) -> bytes:
        items = [int(str(item)) for item in arrays.unpack(stored)]
        form, size = (">ih", 2) if element == t.INT2 else (">iI", 4)
        head = struct.pack(">iiI", 1, 0, element) + struct.pack(">ii", len(items), 0)
        return head + b"".join(struct.pack(form, size, item) for item in items)

    return Codec(from_text, to_text, str.encode, to_binary, to_text, None)  # type: ignore[arg-type]  # nobody sends one


def reg_codec(oid: int, names: t.RegNames | None) -> Codec:
    """Return the codec of regclass or one of its kin, kept as OIDs.

    Args:
        oid: The type.
        names: How names resolve; those of the thread's statement by default.
    """

    def resolver() -> t.RegNames:
        found = names or t.reg_names()
        assert found is not None  # a statement is being planned or run
        return found

    def from_text(text: str) -> int:
        return resolver().read_reg(oid, text)

    def to_text(value: int) -> str:
        return resolver().write_reg(oid, value)

    return Codec(from_text, to_text, *packed(">I", "oid"), to_text, None)


_TID = re.compile(r"\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)\s*")


def tid_from_text(text: str) -> str:
    """Read the place of a row (22P02)."""
    match = _TID.fullmatch(text)
    if match is None or int(match[1]) >> 32 or int(match[2]) >> 63:
        raise error("22P02", f'invalid input syntax for type tid: "{text}"')
    return f"({int(match[1])},{int(match[2])})"
