"""Rows as single values: kept as JSON text of pairs of type and value, shown as PostgreSQL's `(1,"a b",)`."""

import struct
from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Any

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.forms import Codec

_QUOTED = frozenset('(),"\\ \t\n\r\v\f')


Find = Callable[[int, tzinfo], Codec | None]
"""Finds the codec of a type; that of numeric is for the form of parameters."""


def to_text(stored: str, find: Find, zone: tzinfo = UTC) -> str:
    """Write a row."""
    parts = []
    for oid, value in arrays.unpack(stored):
        codec = find(oid, zone)
        if value is None:
            parts.append("")
            continue
        item = _item(value, oid)
        parts.append(quoted(str(item) if codec is None else codec.to_text(item)))
    return f"({','.join(parts)})"


def _item(value: Any, oid: int) -> Any:  # type: ignore[explicit-any]  # of any type
    if value is not None and oid in {t.FLOAT4, t.FLOAT8}:
        return float(value)
    return arrays.pack(value) if isinstance(value, list) else value


def quoted(text: str) -> str:
    """Quote a field where the syntax of rows needs it."""
    if text and not any(char in _QUOTED for char in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def parts_of(text: str) -> list[str | None]:
    """Read the fields of `(a,"b",)`; an empty one is NULL.

    Raises:
        PostgresError: malformed (SQLSTATE 22P02).
    """
    stripped = text.strip()
    if not stripped.startswith("("):
        raise _malformed(text, "Missing left parenthesis.")
    found: list[str | None] = []
    at, part, is_null, is_quoted = 1, "", True, False
    while at < len(stripped):
        char = stripped[at]
        if char == "\\" and at + 1 < len(stripped):
            at += 1
            part, is_null = part + stripped[at], False
        elif char == '"':
            if is_quoted and stripped[at + 1 : at + 2] == '"':
                part += '"'
                at += 1
            else:
                is_quoted = not is_quoted
            is_null = False
        elif not is_quoted and char in ",)":
            found.append(None if is_null else part)
            part, is_null = "", True
            if char == ")":
                if stripped[at + 1 :].strip():
                    raise _malformed(text, "Junk after right parenthesis.")
                return found
        else:
            part, is_null = part + char, False
        at += 1
    raise _malformed(text, "Unexpected end of input.")


def _malformed(text: str, detail: str) -> PostgresError:
    return error("22P02", f'malformed record literal: "{text}"', detail=detail)


def row_codec(pg_type: t.PgType, zone: tzinfo, find: Find) -> Codec:
    """Return the codec of a row type."""

    def from_text(text: str) -> str:
        if not pg_type.fields:
            raise error("0A000", f"reading a value of type {pg_type.sql_name} is not supported")
        parts = parts_of(text)
        if len(parts) != len(pg_type.fields):
            detail = "Too few columns." if len(parts) < len(pg_type.fields) else "Too many columns."
            raise _malformed(text, detail)
        pairs: list[Any] = []  # type: ignore[explicit-any]  # of any type
        for part, (_, oid, _) in zip(parts, pg_type.fields, strict=True):
            codec = find(oid, zone)
            pairs.append([oid, part if part is None or codec is None else codec.from_text(part)])
        return arrays.pack(pairs)

    return _made(from_text, zone, find)


def _made(from_text: Any, zone: tzinfo, find: Find, load: Any = None) -> Codec:  # type: ignore[explicit-any]  # a reader, a loader
    def show(stored: str) -> str:
        return to_text(stored, find, zone)

    def to_binary(stored: str) -> bytes:
        pairs = arrays.unpack(stored)
        out = [struct.pack(">i", len(pairs))]
        for oid, value in pairs:
            codec = find(oid, zone)
            item = _item(value, oid)
            data = None if item is None or codec is None else codec.to_binary(item)
            out.append(struct.pack(">Ii", oid, -1 if data is None else len(data)) + (data or b""))
        return b"".join(out)

    return Codec(
        from_text, show, lambda data: from_text(data.decode()), to_binary, load or show, None
    )


def record_codec(zone: tzinfo, find: Find) -> Codec:
    """Return the codec of rows without a type of their own.

    Raises:
        PostgresError: when one is to be read (SQLSTATE 0A000).
    """

    def refuse(_: str) -> str:
        raise error("0A000", "input of anonymous composite types is not implemented")

    return _made(refuse, zone, find, lambda stored: tuple(parts_of(to_text(stored, find, zone))))
