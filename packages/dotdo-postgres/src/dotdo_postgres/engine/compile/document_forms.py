"""Expressions that read and write fields and ids of documents, by the forms that `documents.kinds` names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import document_values as c
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.routines.declare import Routine

Place = Callable[[str, str], n.Node]
"""Gives the node of a path below the field (`."$t"` or nothing) by an operator, `->` or `->>`."""
Read = Callable[["Compiler", Place], n.Node]
Write = Callable[["Compiler", n.Node], n.Node]
_INT32 = 1 << 31


def _plain(_compiler: Compiler, place: Place) -> n.Node:
    return place("", "->>")


def _below(tag: str) -> Read:
    return lambda _compiler, place: place(f'."{tag}"', "->>")


def _python(routine: Routine) -> Read:
    return lambda compiler, place: compiler.python(routine, [Sql(place("", "->"))], [t.TEXT])


def _either(tag: str) -> Read:
    return lambda _compiler, place: n.call("coalesce", place(f'."{tag}"', "->>"), place("", "->>"))


def _bytes(_compiler: Compiler, place: Place) -> n.Node:
    return n.call("unhex", place('."$b"', "->>"))


def _uuid(_compiler: Compiler, place: Place) -> n.Node:
    bare = n.call("replace", place('."$u"', "->>"), n.string("-"), n.string(""))
    return n.call("unhex", bare)


def _real(_compiler: Compiler, place: Place) -> n.Node:
    return n.cast(place("", "->>"), "real")


def _as_text(_compiler: Compiler, place: Place) -> n.Node:
    return n.cast(place("", "->>"), "text")


def _json_of(value: n.Node) -> n.Node:
    return n.call("json_quote", value)


def _quoted(_compiler: Compiler, value: n.Node) -> n.Node:
    return _json_of(value)


def _boolean(_compiler: Compiler, value: n.Node) -> n.Node:
    known = n.call("iif", value, n.string("true"), n.string("false"))
    return n.call("iif", n.is_null(value.copy()), n.string("null"), known)


def _long(_compiler: Compiler, value: n.Node) -> n.Node:
    """Write small numbers so that they stay 64-bit ones."""
    is_small = n.conjunction(
        "and",
        [n.binary(">=", value, n.integer(-_INT32)), n.binary("<", value.copy(), n.integer(_INT32))],
    )
    tagged = n.call("json_object", n.string("$long"), value.copy())
    return n.call("iif", is_small, tagged, _json_of(value.copy()))


def _tagging(oid: int) -> Write:
    def write(compiler: Compiler, value: n.Node) -> n.Node:
        text = n.call("json", value) if oid == t.JSONB else value
        made = compiler.python(c.writer_of(oid), [Sql(text)], [oid])
        return n.call("ifnull", made, n.string("null"))

    return write


def _oid_text(compiler: Compiler, value: n.Node) -> n.Node:
    made = compiler.python(c.OBJECT_ID_JSON, [Sql(value)], [t.TEXT])
    return n.call("ifnull", made, n.string("null"))


def _raw(compiler: Compiler, value: n.Node) -> n.Node:
    made = compiler.python(c.OF_RAW, [Sql(value)], [t.BYTEA])
    return n.call("ifnull", made, n.string("null"))


READ: dict[str, Read] = {
    "text": _plain, "boolean": _plain, "whole": _plain, "real": _plain, "whole or real": _real, "long": _either("$long"),
    "whole or long": _either("$long"), "number": _python(c.NUMERIC), "text or number": _as_text, "object id": _below("$oid"),
    "object id or text": _either("$oid"), "scalar": _python(c.SCALAR_TEXT), "moment": _below("$t"), "local": _python(c.TIMESTAMP),
    "day": _python(c.DATE), "hour": _python(c.TIME), "span": _python(c.INTERVAL), "uuid": _uuid, "bytes": _bytes,
    "json": _python(c.JSONB), "bytes or text": _python(c.RAW),
}  # fmt: skip
"""Form -> what writes the expression of a field's value."""

WRITE: dict[str, Write] = {
    "text": _quoted, "boolean": _boolean, "whole": _quoted, "long": _long, "whole or long": _quoted, "text or number": _quoted,
    "real": _tagging(t.FLOAT8), "whole or real": _tagging(t.FLOAT8), "number": _tagging(t.NUMERIC), "object id": _oid_text,
    "object id or text": _oid_text, "scalar": _oid_text, "moment": _tagging(t.TIMESTAMPTZ), "local": _tagging(t.TIMESTAMP),
    "day": _tagging(t.DATE), "hour": _tagging(t.TIME), "span": _tagging(t.INTERVAL), "uuid": _tagging(t.UUID),
    "bytes": _tagging(t.BYTEA), "json": _tagging(t.JSONB), "bytes or text": _raw,
}  # fmt: skip
"""Form -> what turns the expression of a value in stored form into one of JSON, `null` for NULL."""


# --- ids -----------------------------------------------------------------------------------------

OID_START, OID_LENGTH = 10, 24
"""Where the digits are in the key of an ObjectId."""


def _own_key(_compiler: Compiler, key: n.Node) -> n.Node:
    return key


def _digits(_compiler: Compiler, key: n.Node) -> n.Node:
    return n.call("substr", key, n.integer(OID_START), n.integer(OID_LENGTH))


def _key_routine(routine: Routine, oid: int) -> Write:
    return lambda compiler, value: compiler.python(
        routine, [Sql(n.call("json", value) if oid == t.JSONB else value)], [oid]
    )


_ANY_TEXT = _key_routine(c.KEY_TEXT, t.TEXT)
_TO_TEXT, _TO_OBJECT_ID = (
    _key_routine(c.KEY_OF_TEXT, t.TEXT),
    _key_routine(c.KEY_OF_OBJECT_ID, t.TEXT),
)

READ_KEY: dict[str, Write] = {
    "number": _own_key, "text": _own_key, "any text": _ANY_TEXT, "object id": _digits, "object id or text": _ANY_TEXT,
    "json": _key_routine(c.KEY_JSON, t.TEXT), "bytes or text": _key_routine(c.KEY_RAW, t.TEXT),
}  # fmt: skip
"""Form -> what turns the stored key into an id's value."""

WRITE_KEY: dict[str, Write] = {
    "number": _own_key, "text": _TO_TEXT, "any text": _TO_TEXT, "object id": _TO_OBJECT_ID, "object id or text": _TO_OBJECT_ID,
    "json": _key_routine(c.KEY_OF_JSON, t.JSONB), "bytes or text": _key_routine(c.KEY_OF_RAW, t.BYTEA),
}  # fmt: skip
"""Form -> what turns a value, not NULL, into the stored key."""
