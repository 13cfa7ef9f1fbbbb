"""Which type of SQL a field or id of documents has, by the kinds of values seen in it; it writes no expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.graph import Kinds


class FieldType(NamedTuple):
    """How a field looks in SQL.

    Args:
        form: Names the expressions that read and write it.
        oid: Its type.
        is_plain: Its value in SQL is what `->>` gives, so that an index over that serves.
    """

    form: str
    oid: int
    is_plain: bool = False


OWN_BYTES = frozenset({"bytes or text"})
"""In place of text and bytes where an engine tells them apart by what they hold (Redis): all of them are bytes."""
_JSON = FieldType("json", t.JSONB)
_FIELDS: tuple[tuple[frozenset[str], FieldType], ...] = (
    (frozenset({"text"}), FieldType("text", t.TEXT, is_plain=True)),
    (frozenset({"boolean"}), FieldType("boolean", t.BOOL, is_plain=True)),
    (frozenset({"integer", "bigint"}), FieldType("whole", t.INT8, is_plain=True)),
    (frozenset({"bigint", "$long"}), FieldType("long", t.INT8)),
    (frozenset({"integer", "bigint", "$long"}), FieldType("whole or long", t.INT8)),
    (frozenset({"real"}), FieldType("real", t.FLOAT8, is_plain=True)),
    (frozenset({"integer", "real"}), FieldType("whole or real", t.FLOAT8)),
    (
        frozenset({"integer", "bigint", "$long", "real", "$f", "$i", "$n"}),
        FieldType("number", t.NUMERIC),
    ),
    (frozenset({"text", "integer", "bigint", "real"}), FieldType("text or number", t.TEXT)),
    (frozenset({"$oid"}), FieldType("object id", t.TEXT)),
    (frozenset({"$oid", "text"}), FieldType("object id or text", t.TEXT)),
    (
        frozenset({"text", "integer", "bigint", "real", "boolean", "$long", "$n", "$oid"}),
        FieldType("scalar", t.TEXT),
    ),
    (frozenset({"$t"}), FieldType("moment", t.TIMESTAMPTZ)),
    (frozenset({"$l"}), FieldType("local", t.TIMESTAMP)),
    (frozenset({"$d"}), FieldType("day", t.DATE)),
    (frozenset({"$c"}), FieldType("hour", t.TIME)),
    (frozenset({"$s"}), FieldType("span", t.INTERVAL)),
    (frozenset({"$u"}), FieldType("uuid", t.UUID)),
    (frozenset({"$b"}), FieldType("bytes", t.BYTEA)),
    (OWN_BYTES, FieldType("bytes or text", t.BYTEA)),
)
"""The first whose kinds are all that a field holds; a field of any others is jsonb."""
_TEXTS = frozenset({"text", "$oid"})
"""One of them makes a mixture of scalars text; without it that is jsonb."""


def field_type(kinds: Kinds) -> FieldType:
    """Return how a field with values of these kinds looks in SQL; null and missing are NULL."""
    seen = kinds - {"null"}
    found = next((field for known, field in _FIELDS if seen <= known), _JSON)
    return _JSON if found.oid == t.TEXT and seen and not seen & _TEXTS else found


class KeyType(NamedTuple):
    """How the ids of documents look in SQL.

    Args:
        form: Names the expressions that read and write them.
        oid: Their type.
    """

    form: str
    oid: int


_JSON_KEYS = KeyType("json", t.JSONB)
_KEYS: tuple[tuple[frozenset[str], KeyType], ...] = (
    (frozenset({"integer"}), KeyType("number", t.INT8)),
    (frozenset({"real"}), KeyType("number", t.FLOAT8)),
    (frozenset({"text"}), KeyType("text", t.TEXT)),
    (frozenset({"text", "json"}), KeyType("any text", t.TEXT)),
    (OWN_BYTES, KeyType("bytes or text", t.BYTEA)),
    (frozenset({"$oid"}), KeyType("object id", t.TEXT)),
    (frozenset({"$oid", "text", "json"}), KeyType("object id or text", t.TEXT)),
)


def key_type(kinds: Kinds, *, is_collection: bool) -> KeyType:
    """Return how ids of these kinds look in SQL.

    Args:
        kinds: Those seen.
        is_collection: MongoDB's clients made the noun: where there are no ids yet, ObjectIds are expected.
    """
    if not kinds:
        return KeyType("object id or text" if is_collection else "text", t.TEXT)
    return next((key for known, key in _KEYS if kinds <= known), _JSON_KEYS)


def as_owned(kinds: Kinds) -> Kinds:
    """Return the kinds of a field or id of a noun whose owner writes bytes as text where they are text."""
    return OWN_BYTES if "$b" in kinds and kinds <= _OWNED else kinds


_OWNED = frozenset({"null", "text", "json", "$b"})
