"""Array functions and operators (9.19), of any number of dimensions, counted from 1."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.array_values import array_item
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.ir import Call, Expr
from dotdo_postgres.engine.routines.array_checks import element_key
from dotdo_postgres.engine.routines.declare import Family, Routine
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.compile.compiler import Compiler

FAMILY = Family("9.19")


@FAMILY.function("cardinality(anyarray)", returns="integer")
def cardinality(stored: str) -> int:
    """Count the elements of all dimensions."""
    return len(arrays.flat(stored))


@FAMILY.function("array_ndims(anyarray)", returns="integer")
def dimension_count(stored: str) -> int | None:
    """Count the dimensions, NULL for an empty array."""
    return len(arrays.dimensions(arrays.unpack(stored))) or None


@FAMILY.function("array_dims(anyarray)", returns="text")
def dimension_text(stored: str) -> str | None:
    """Write the bounds of every dimension, NULL for an empty array."""
    sizes = arrays.dimensions(arrays.unpack(stored))
    return "".join(f"[1:{size}]" for size in sizes) or None


@FAMILY.function("array_length(anyarray, integer)", returns="integer")
def array_length(stored: str, dimension: int) -> int | None:
    """Return the length of a dimension, NULL where there is none."""
    sizes = arrays.dimensions(arrays.unpack(stored))
    return sizes[dimension - 1] if 1 <= dimension <= len(sizes) else None


@FAMILY.function("array_upper(anyarray, integer)", returns="integer")
def array_upper(stored: str, dimension: int) -> int | None:
    """Return the last index."""
    return array_length(stored, dimension)


@FAMILY.function("array_lower(anyarray, integer)", returns="integer")
def array_lower(stored: str, dimension: int) -> int | None:
    """Return the first index."""
    return 1 if array_length(stored, dimension) else None


def _load(stored: str | None) -> list[Any]:
    return [] if stored is None else arrays.unpack(stored)


# --- joining -------------------------------------------------------------------------------


@FAMILY.function(
    "array_cat(anycompatiblearray, anycompatiblearray)",
    returns="anycompatiblearray",
    is_strict=False,
)
@FAMILY.operator(
    "anycompatiblearray || anycompatiblearray", returns="anycompatiblearray", is_strict=False
)
def array_cat(left: str | None, right: str | None) -> str | None:
    """Join two arrays; one of fewer dimensions is an element of the other.

    Raises:
        PostgresError: they do not fit (SQLSTATE 2202E).
    """
    if left is None or right is None:
        return left if right is None else right
    first, second = _load(left), _load(right)
    if not first or not second:
        return right if not first else left
    deep, wide = arrays.dimensions(first), arrays.dimensions(second)
    if len(deep) == len(wide) and deep[1:] == wide[1:]:
        return arrays.pack(first + second)
    if len(deep) == len(wide) + 1 and deep[1:] == wide:
        return arrays.pack([*first, second])
    if len(wide) == len(deep) + 1 and wide[1:] == deep:
        return arrays.pack([first, *second])
    if abs(len(deep) - len(wide)) > 1:
        what = f"Arrays of {len(deep)} and {len(wide)} dimensions are not compatible for concatenation."
    elif len(deep) == len(wide):
        what = "Arrays with differing element dimensions are not compatible for concatenation."
    else:
        what = "Arrays with differing dimensions are not compatible for concatenation."
    raise error("2202E", "cannot concatenate incompatible arrays", detail=what)


def _with_item(name: str, signature: str, op: str, first: bool) -> None:
    def join(left: str | None, right: str | None) -> str:
        one, other = _load(left), _load(right)
        if any(len(arrays.dimensions(items)) > 1 for items in (one, other)):
            raise error("22000", "argument must be empty or one-dimensional array")
        return arrays.pack(one + other)

    types = (t.ANYCOMPATIBLEARRAY, t.ANYCOMPATIBLEARRAY)
    routine = Routine(
        "function", name, types, t.ANYCOMPATIBLEARRAY, body=join, is_strict=False, sql_name=f"pg__{name}"
    )  # fmt: skip

    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        at = 1 if first else 0
        item = n.call("json_array", array_item(compiler, args[at], expr.args[at].type))
        parts = [args[0], Sql(item)] if first else [Sql(item), args[1]]
        return Sql(compiler.python(routine, parts, [expr.type, expr.type]))

    FAMILY.native(signature, returns="anycompatiblearray")(build)
    FAMILY.native_operator(op, returns="anycompatiblearray")(build)


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


# --- searching: equality is the element type's ---------------------------------------------

Key = "Callable[[Any], Any]"


def _plain(items: list[Any], doing: str) -> list[Any]:
    if len(arrays.dimensions(items)) > 1:
        raise error(
            "0A000", f"{doing} elements {_OF[doing]} multidimensional arrays is not supported"
        )
    return items


_OF = {"removing": "from", "searching for": "in"}


def _remove(key: Callable[[Any], Any], stored: str | None, item: str) -> str | None:
    if stored is None:
        return None
    items, (gone,) = _plain(_load(stored), "removing"), _load(item)
    return arrays.pack([have for have in items if key(have) != key(gone)])


def _position(
    key: Callable[[Any], Any], stored: str | None, item: str | None, start: str | None = "[1]"
) -> int | None:
    if stored is None or item is None:
        return None
    items, (wanted,) = _plain(_load(stored), "searching for"), _load(item)
    (first,) = _load(start)
    if first is None:
        raise error("22004", "initial position must not be null")
    for at, have in enumerate(items, start=1):
        if at >= first and key(have) == key(wanted):
            return at
    return None


def _positions(key: Callable[[Any], Any], stored: str | None, item: str | None) -> str | None:
    if stored is None or item is None:
        return None
    items, (wanted,) = _plain(_load(stored), "searching for"), _load(item)
    return arrays.pack([at for at, have in enumerate(items, start=1) if key(have) == key(wanted)])


def _replace(key: Callable[[Any], Any], stored: str | None, old: str, new: str) -> str | None:
    if stored is None:
        return None
    (gone,), (put,) = _load(old), _load(new)

    def changed(items: list[Any]) -> list[Any]:
        return [
            changed(have) if isinstance(have, list) else put if key(have) == key(gone) else have
            for have in items
        ]

    return arrays.pack(changed(_load(stored)))


@cache
def _keyed(body: Callable[..., Any], element: int, result: int, count: int) -> Routine:
    """Return a routine that compares elements as their type does."""
    key = element_key(element)

    def run(*args: Any) -> Any:
        return body(key, *args)

    name = f"pg_{body.__name__}_{element}_{count}"
    is_strict = body in {_contains, _overlaps}
    return Routine(
        "function", name, (t.TEXT,) * count, result, body=run, is_strict=is_strict, sql_name=name
    )


def _searching(returns: str, body: Callable[..., Any], *signatures: str) -> None:
    """Declare a function of an array and elements of it, which come as arrays of one element."""

    @FAMILY.native(*signatures, returns=returns)
    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        items = [
            Sql(n.call("json_array", array_item(compiler, sql, arg.type)))
            for sql, arg in zip(args[1:], expr.args[1:], strict=True)
        ]
        element = t.BY_OID[expr.args[0].type].element
        routine = _keyed(body, element, expr.type, len(args))
        return Sql(compiler.python(routine, [args[0], *items], [t.TEXT] * len(args)))


_searching("anycompatiblearray", _remove, "array_remove(anycompatiblearray, anycompatible)")
_searching(
    "integer",
    _position,
    "array_position(anycompatiblearray, anycompatible)",
    "array_position(anycompatiblearray, anycompatible, integer)",
)
_searching("integer[]", _positions, "array_positions(anycompatiblearray, anycompatible)")
_searching(
    "anycompatiblearray",
    _replace,
    "array_replace(anycompatiblearray, anycompatible, anycompatible)",
)


def _contains(key: Callable[[Any], Any], left: str, right: str) -> int:
    have = {key(item) for item in arrays.flat(left) if item is not None}
    return int(all(item is not None and key(item) in have for item in arrays.flat(right)))


def _overlaps(key: Callable[[Any], Any], left: str, right: str) -> int:
    have = {key(item) for item in arrays.flat(left) if item is not None}
    return int(any(item is not None and key(item) in have for item in arrays.flat(right)))


def _comparing(op: str, body: Callable[..., Any], *, is_turned: bool = False) -> None:
    @FAMILY.native_operator(f"anyarray {op} anyarray", returns="boolean")
    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        assert isinstance(expr, Call)
        routine = _keyed(body, t.BY_OID[expr.args[0].type].element, t.BOOL, 2)
        return Sql(compiler.python(routine, args[::-1] if is_turned else args, [t.TEXT] * 2))


_comparing("@>", _contains)
_comparing("<@", _contains, is_turned=True)
_comparing("&&", _overlaps)


# --- making --------------------------------------------------------------------------------


def _fill(item: str, sizes: str | None, bounds: str | None = None) -> str:
    (value,) = _load(item)
    if sizes is None:
        raise error("22004", "dimension array or low bound array cannot be null")
    lengths = _load(sizes)
    if None in lengths:
        raise error("22004", "dimension values cannot be null")
    if any(isinstance(length, list) for length in lengths):
        raise error(
            "2202E",
            "wrong number of array subscripts",
            detail="Dimension array must be one dimensional.",
        )
    if bounds is not None and len(_load(bounds)) != len(lengths):
        raise error(
            "2202E",
            "wrong number of array subscripts",
            detail="Low bound array has different size than dimensions array.",
        )
    if bounds is not None and any(bound != 1 for bound in _load(bounds)):
        raise not_supported("an array with bounds of its own")
    filled: Any = value
    for length in reversed(lengths):
        filled = [filled] * length
    return arrays.pack(filled if isinstance(filled, list) and 0 not in lengths else [])


_FILL = Routine("function", "array_fill", (t.TEXT, t.TEXT), t.TEXT, body=_fill, is_strict=False, sql_name="pg__fill")  # fmt: skip


@FAMILY.native(
    "array_fill(anyelement, integer[])",
    "array_fill(anyelement, integer[], integer[])",
    returns="anyarray",
)
def array_fill(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Make an array of given lengths of one value."""
    assert isinstance(expr, Call)
    item = Sql(n.call("json_array", array_item(compiler, args[0], expr.args[0].type)))
    return Sql(compiler.python(_FILL, [item, *args[1:]], [t.TEXT] * len(args)))


@FAMILY.function("trim_array(anyarray, integer)", returns="anyarray")
def trim_array(stored: str, count: int) -> str:
    """Drop elements at the end.

    Raises:
        PostgresError: fewer than none, or more than there are (SQLSTATE 2202E).
    """
    items = _load(stored)
    if not 0 <= count <= len(items):
        raise error("2202E", f"number of elements to trim must be between 0 and {len(items)}")
    return arrays.pack(items[: len(items) - count])


@FAMILY.function("array_to_string(anyarray, text)", returns="text", is_array_text=True)
def array_to_string(items: list[Any], delimiter: str) -> str:
    """Join the texts of the elements that are not NULL."""
    return delimiter.join([item for item in arrays.leaves(items) if isinstance(item, str)])


@FAMILY.function(
    "array_to_string(anyarray, text, text)", returns="text", is_array_text=True, is_strict=False
)
def array_to_string_with_null(
    items: list[Any] | None, delimiter: str | None, null_text: str | None
) -> str | None:
    """Join the texts of the elements, NULLs as a text."""
    if items is None or delimiter is None:
        return None
    shown = [null_text if item is None else str(item) for item in arrays.leaves(items)]
    return delimiter.join([item for item in shown if item is not None])


def _split(text: str, delimiter: str | None, null_text: str | None) -> list[str | None]:
    if delimiter is None:
        parts = list(text)
    elif not text:
        parts = []
    else:
        parts = text.split(delimiter) if delimiter else [text]
    return [None if part == null_text else part for part in parts]


@FAMILY.function(
    "string_to_array(text, text)",
    "string_to_array(text, text, text)",
    returns="text[]",
    is_strict=False,
)
def string_to_array(
    text: str | None, delimiter: str | None, null_text: str | None = None
) -> str | None:
    """Split at a delimiter; NULL splits into characters."""
    return None if text is None else arrays.pack([*_split(text, delimiter, null_text)])


@FAMILY.series(
    "string_to_table(text, text)",
    "string_to_table(text, text, text)",
    returns="text",
    is_strict=False,
)
def string_to_table(
    text: str | None, delimiter: str | None, null_text: str | None = None
) -> list[str | None]:
    """Split at a delimiter into rows; NULL splits into characters."""
    return [] if text is None else _split(text, delimiter, null_text)


@FAMILY.series("unnest(anyarray)", returns="anyelement")
def unnest(stored: str) -> list[Any]:
    """Return the elements of all dimensions as rows."""
    return arrays.flat(stored)


@FAMILY.series(
    "generate_subscripts(anyarray, integer)",
    "generate_subscripts(anyarray, integer, boolean)",
    returns="integer",
)
def generate_subscripts(stored: str, dimension: int, is_reversed: int = 0) -> list[int]:
    """Return the indexes of a dimension."""
    found = list(range(1, (array_length(stored, dimension) or 0) + 1))
    return found[::-1] if is_reversed else found
