"""Array functions and operators (9.19), one dimension."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.expressions import array_item
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.ir import Call, Expr
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.compile.compiler import Compiler

FAMILY = Family("9.19")


@FAMILY.native("cardinality(anyarray)", returns="integer")
def cardinality(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Count the elements."""
    return Sql(n.call("json_array_length", args[0].node))


@FAMILY.function("array_length(anyarray, integer)", returns="integer")
def array_length(stored: str, dimension: int) -> int | None:
    """Return the length of a dimension, NULL for an empty array."""
    return len(orjson.loads(stored)) or None if dimension == 1 else None


@FAMILY.function("array_upper(anyarray, integer)", returns="integer")
def array_upper(stored: str, dimension: int) -> int | None:
    """Return the last index."""
    return array_length(stored, dimension)


@FAMILY.function("array_lower(anyarray, integer)", returns="integer")
def array_lower(stored: str, dimension: int) -> int | None:
    """Return the first index."""
    return 1 if array_length(stored, dimension) else None


def _load(stored: str | None) -> list[Any]:
    return [] if stored is None else list(orjson.loads(stored))


def _dump(items: list[Any]) -> str:
    return orjson.dumps(items).decode()


@FAMILY.function(
    "array_cat(anycompatiblearray, anycompatiblearray)", returns="anyarray", is_strict=False
)
@FAMILY.operator("anycompatiblearray || anycompatiblearray", returns="anyarray", is_strict=False)
def array_cat(left: str | None, right: str | None) -> str | None:
    """Join two arrays."""
    return None if left is None and right is None else _dump(_load(left) + _load(right))


def _with_item(name: str, signature: str, op: str, first: bool) -> None:
    def join(left: str | None, right: str | None) -> str:
        return _dump(_load(left) + _load(right))

    routine_kind = FAMILY.function(
        f"pg__{name}(anycompatiblearray, anycompatiblearray)", returns="anyarray", is_strict=False
    )
    routine_kind(join)
    routine = FAMILY.routines.pop()

    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        at = 1 if first else 0
        item = n.call("json_array", array_item(compiler, args[at], expr.args[at].type))
        parts = [args[0], Sql(item)] if first else [Sql(item), args[1]]
        types = [expr.type, expr.type]
        return Sql(compiler.python(routine, parts, types))

    FAMILY.native(signature, returns="anyarray")(build)
    FAMILY.native_operator(op, returns="anyarray")(build)


_with_item(
    "append",
    "array_append(anycompatiblearray, anycompatible)",
    "anycompatiblearray || anycompatible",
    first=True,
)
_with_item(
    "prepend",
    "array_prepend(anycompatible, anycompatiblearray)",
    "anycompatible || anycompatiblearray",
    first=False,
)


def _remove(stored: str, item: str) -> str:
    (gone,) = _load(item)
    return _dump([have for have in _load(stored) if have != gone])


def _position(stored: str, item: str) -> int | None:
    items, (wanted,) = _load(stored), _load(item)
    return items.index(wanted) + 1 if wanted in items else None


def _replace(stored: str, old: str, new: str) -> str:
    (gone,), (put,) = _load(old), _load(new)
    return _dump([put if have == gone else have for have in _load(stored)])


def _searching(signature: str, returns: str, body: Callable[..., Any]) -> None:
    """Declare a function of an array and elements of it, which come as arrays of one element."""
    count = signature.count(",")
    FAMILY.function(
        f"pg__{body.__name__}({', '.join(['anyarray'] * (count + 1))})", returns=returns
    )(body)
    routine = FAMILY.routines.pop()

    @FAMILY.native(signature, returns=returns)
    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        array_type = expr.args[0].type
        if t.BY_OID[array_type].element in {t.NUMERIC, t.INTERVAL}:
            raise not_supported(f"{expr.routine.name} of {t.format_type(array_type)}")
        items = [
            Sql(n.call("json_array", array_item(compiler, sql, arg.type)))
            for sql, arg in zip(args[1:], expr.args[1:], strict=True)
        ]
        types = [array_type] * len(args)
        return Sql(compiler.python(routine, [args[0], *items], types))


_searching("array_remove(anycompatiblearray, anycompatible)", "anyarray", _remove)
_searching("array_position(anycompatiblearray, anycompatible)", "integer", _position)
_searching("array_replace(anycompatiblearray, anycompatible, anycompatible)", "anyarray", _replace)


def _key(item: Any) -> bytes:
    return orjson.dumps(item)


@FAMILY.operator("anyarray @> anyarray", returns="boolean")
def contains(left: str, right: str) -> int:
    """Return whether all elements of the right are in the left."""
    have = {_key(item) for item in _load(left) if item is not None}
    return int(all(item is not None and _key(item) in have for item in _load(right)))


@FAMILY.operator("anyarray <@ anyarray", returns="boolean")
def is_contained(left: str, right: str) -> int:
    """Return whether all elements of the left are in the right."""
    return contains(right, left)


@FAMILY.operator("anyarray && anyarray", returns="boolean")
def overlaps(left: str, right: str) -> int:
    """Return whether both share an element."""
    have = {_key(item) for item in _load(left) if item is not None}
    return int(any(item is not None and _key(item) in have for item in _load(right)))


@FAMILY.function("array_to_string(anyarray, text)", returns="text", is_array_text=True)
def array_to_string(items: list[str | None], delimiter: str) -> str:
    """Join the texts of the elements that are not NULL."""
    return delimiter.join([item for item in items if item is not None])


@FAMILY.function(
    "array_to_string(anyarray, text, text)", returns="text", is_array_text=True, is_strict=False
)
def array_to_string_with_null(
    items: list[str | None] | None, delimiter: str | None, null_text: str | None
) -> str | None:
    """Join the texts of the elements, NULLs as a text."""
    if items is None or delimiter is None:
        return None
    shown = [null_text if item is None else item for item in items]
    return delimiter.join([item for item in shown if item is not None])


@FAMILY.function("string_to_array(text, text)", returns="text[]", is_strict=False)
def string_to_array(text: str | None, delimiter: str | None) -> str | None:
    """Split at a delimiter; NULL splits into characters."""
    if text is None:
        return None
    if delimiter is None:
        return _dump(list(text))
    if not text:
        return "[]"
    return _dump(text.split(delimiter) if delimiter else [text])


@FAMILY.series("unnest(anyarray)", returns="anyelement")
def unnest(stored: str) -> list[Any]:
    """Return the elements as rows."""
    return _load(stored)
