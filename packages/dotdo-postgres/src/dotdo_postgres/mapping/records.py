"""Rows as values: JSON text of their fields, of an anonymous row with their types; `(1,"a b",)` as PostgreSQL writes them."""

import struct
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any

import orjson

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.forms import Codec

_SPECIAL = frozenset('(),"\\ \t\n\r\v\f')

Find = Callable[[int, tzinfo], Codec | None]


def types_of(oid: int, stored: str) -> list[int]:
    """Return the types of the fields of a row: those of its type, or those that it brings along."""
    if oid == t.RECORD:
        found: list[int] = arrays.loads(stored)["t"]
        return found
    return [kind for _, kind, _ in t.BY_OID[oid].fields]


def unpack(oid: int, stored: str) -> list[Any]:  # type: ignore[explicit-any]  # each field has its own type
    """Return the fields of a row."""
    if oid == t.RECORD:
        return arrays.unpacked(arrays.loads(stored)["v"])
    items = arrays.unpack(stored)
    return items + [None] * (len(t.BY_OID[oid].fields) - len(items))


def pack_record(types: Sequence[int], values: Sequence[Any]) -> str:  # type: ignore[explicit-any]  # each field has its own type
    """Keep an anonymous row."""
    listed = orjson.Fragment(arrays.pack(list(values)))
    return orjson.dumps({"t": list(types), "v": listed}).decode()


def split(text: str) -> list[str | None]:
    """Read the fields of a row's text.

    Raises:
        PostgresError: it is none (22P02).
    """

    def fail(detail: str) -> PostgresError:
        return error("22P02", f'malformed record literal: "{text}"', detail=detail)

    at = len(text) - len(text.lstrip())
    if text[at : at + 1] != "(":
        raise fail("Missing left parenthesis.")
    at += 1
    fields: list[str | None] = []
    while True:
        if text[at : at + 1] in {",", ")"}:
            fields.append(None)
        else:
            value, at = _field(text, at, fail)
            fields.append(value)
        if at >= len(text):
            raise fail("Unexpected end of input.")
        at += 1
        if text[at - 1] == ")":
            break
    if text[at:].strip():
        raise fail("Junk after right parenthesis.")
    return fields


def _field(text: str, at: int, fail: Any) -> tuple[str, int]:  # type: ignore[explicit-any]  # makes an error
    out: list[str] = []
    is_quoted = False
    while is_quoted or text[at : at + 1] not in {",", ")"}:
        char = text[at : at + 1]
        if not char:
            raise fail("Unexpected end of input.")
        at += 1
        if char == "\\":
            if at >= len(text):
                raise fail("Unexpected end of input.")
            out.append(text[at])
            at += 1
        elif char == '"':
            if is_quoted and text[at : at + 1] == '"':
                out.append('"')
                at += 1
            else:
                is_quoted = not is_quoted
        else:
            out.append(char)
    return "".join(out), at


def shown(texts: Sequence[str | None]) -> str:
    """Write fields as the text of a row."""
    return "(" + ",".join("" if text is None else quoted(text) for text in texts) + ")"


def quoted(text: str) -> str:
    """Quote a field where the syntax of rows needs it."""
    if text and not any(char in _SPECIAL for char in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def codec(oid: int, zone: tzinfo, find: Find) -> Codec:  # noqa: C901 -- the forms of one codec
    """Return the codec of a composite type, or of anonymous rows; `find` gives those of fields."""

    def field_codec(kind: int) -> Codec:
        found = find(kind, zone)
        if found is None:
            raise error("0A000", f"a field of type {t.format_type(kind)} is not supported")
        return found

    def texts(stored: str) -> list[str | None]:
        pairs = zip(types_of(oid, stored), unpack(oid, stored), strict=True)
        return [None if item is None else field_codec(kind).to_text(item) for kind, item in pairs]

    def from_text(text: str) -> str:
        if oid == t.RECORD:
            raise error("0A000", "input of anonymous composite types is not implemented")
        fields, given = t.BY_OID[oid].fields, split(text)
        if given == [None] and not fields:
            given = []
        if len(given) != len(fields):
            detail = "Too few columns." if len(given) < len(fields) else "Too many columns."
            raise error("22P02", f'malformed record literal: "{text}"', detail=detail)
        return arrays.pack(
            [
                None if item is None else field_codec(kind).from_text(item)
                for item, (_, kind, _) in zip(given, fields, strict=True)
            ]
        )

    def to_binary(stored: str) -> bytes:
        kinds, items = types_of(oid, stored), unpack(oid, stored)
        parts = [struct.pack(">i", len(items))]
        for kind, item in zip(kinds, items, strict=True):
            data = None if item is None else field_codec(kind).to_binary(item)
            parts.append(struct.pack(">Ii", kind, -1 if data is None else len(data)))
            parts.append(data or b"")
        return b"".join(parts)

    def from_binary(data: bytes) -> str:
        (count,) = struct.unpack_from(">i", data)
        at, kinds, items = 4, [], []
        for _ in range(count):
            kind, size = struct.unpack_from(">Ii", data, at)
            at += 8
            kinds.append(kind)
            items.append(None if size < 0 else field_codec(kind).from_binary(data[at : at + size]))
            at += max(size, 0)
        return pack_record(kinds, items) if oid == t.RECORD else arrays.pack(items)

    def to_python(stored: str) -> Any:  # type: ignore[explicit-any]  # what psycopg's loaders give
        return tuple(texts(stored)) if oid == t.RECORD else shown(texts(stored))

    return Codec(from_text, lambda stored: shown(texts(stored)), from_binary, to_binary, to_python)
