"""Routines that make, change and order arrays inside compiled SQL; declared functions of SQL are not among them."""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import TYPE_CHECKING, Any

from dotdo.storage.collations import lowered
from dotdo_postgres.engine.routines.checks import FIT_CHAR, FIT_VARCHAR, interval_key, routine
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import arrays, floats, interval, jsons, numeric
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.routines.declare import Routine


@cache
def array_cast(target: int) -> Routine:
    """Return the routine that reads the output texts of an array's elements as another array type."""

    def cast(facts: Facts, items: list[Any]) -> str:
        codec = codec_of(t.BY_OID[target].element, facts.zone)
        assert codec is not None
        return arrays.pack(arrays.mapped(items, codec.from_text))

    return routine(
        f"array_cast_{target}", cast, (t.ANY,), target, is_array_text=True, takes_session=True
    )


@cache
def array_fit(element: int) -> Routine:
    """Return the routine that forces each element of an array into a type modifier."""

    def fit_text(text: str, typmod: int, is_explicit: int) -> str:
        body = (FIT_VARCHAR if element == t.VARCHAR else FIT_CHAR).body
        assert body is not None
        return str(body(text, typmod - 4, is_explicit))

    def fit_number(stored: bytes, typmod: int, _: int) -> bytes:
        return numeric.encode(numeric.fit(numeric.decode(stored), *t.numeric_limits(typmod)))

    fit: Callable[[Any, int, int], Any] = fit_number if element == t.NUMERIC else fit_text

    def fit_all(stored: str, typmod: int, is_explicit: int) -> str:
        items = arrays.mapped(arrays.unpack(stored), lambda item: fit(item, typmod, is_explicit))
        return arrays.pack(items)

    return routine(f"array_fit_{element}", fit_all, (t.TEXT, t.INT4, t.INT4), t.TEXT)


def element_key(element: int) -> Callable[[Any], Any]:
    """Return what makes of an element of that type something that is equal where the elements are."""
    return _ELEMENT_KEYS.get(element, _itself)


def _itself(item: Any) -> Any:
    return item


def _numeric_key(item: bytes | None) -> Any:
    return None if item is None else item[:-2] if len(item) > 2 else item


def _interval_element_key(item: bytes | None) -> Any:
    return None if item is None else interval_key(interval.decode(item))


def _jsonb_element_key(item: str | None) -> Any:
    return None if item is None else jsons.sort_key(item)


def _padded_key(item: str | None) -> Any:
    return None if item is None else item.rstrip(" ")


def _folded_key(item: str | None) -> Any:
    return None if item is None else lowered(item)


_ELEMENT_KEYS: dict[int, Callable[[Any], Any]] = {
    t.NUMERIC: _numeric_key, t.INTERVAL: _interval_element_key, t.JSONB: _jsonb_element_key, t.BPCHAR: _padded_key, t.CITEXT: _folded_key,
}  # fmt: skip


def ordered_element(item: object) -> bytes:
    """Return bytes that order as elements do; NULL comes last."""
    if item is None:
        return b"\2"
    if isinstance(item, int):
        return b"\1" + struct.pack(">Q", item + 2**63)
    if isinstance(item, float):
        (bits,) = struct.unpack(">Q", struct.pack(">d", item + 0.0))
        return b"\1" + struct.pack(">Q", bits ^ 2**64 - 1 if bits >> 63 else bits | 2**63)
    data = item if isinstance(item, bytes) else str(item).encode()
    return b"\1" + data.replace(b"\0", b"\0\xff") + b"\0\0"


def _float_order(item: Any) -> float | None:
    return None if item is None else math.nan if item == floats.NAN else float(item)


@cache
def array_key(element: int) -> Routine:
    """Return the routine whose results order as arrays of that element type do: by elements, then by dimensions."""
    key = _float_order if element in {t.FLOAT4, t.FLOAT8} else element_key(element)

    def order(stored: str) -> bytes:
        items = arrays.unpack(stored)
        sizes = arrays.dimensions(items)
        shape = struct.pack(f">B{len(sizes)}I", len(sizes), *sizes)
        cells = [ordered_element(key(item)) for item in arrays.leaves(items)]
        return b"".join(cells) + b"\0" + shape

    return routine(f"array_key_{element}", order, (t.ANY,), t.BYTEA)


def _nested(*stored: str | None) -> str:
    lists = [[] if text is None else arrays.unpack(text) for text in stored]
    if any(arrays.dimensions(items) != arrays.dimensions(lists[0]) for items in lists):
        message = "multidimensional arrays must have array expressions with matching dimensions"
        raise error("2202E", message)
    return arrays.pack(lists if lists[0] else [])


@cache
def nested(count: int) -> Routine:
    """Return the routine that makes an array of arrays."""
    return routine(f"nested_{count}", _nested, (t.TEXT,) * count, t.TEXT, is_strict=False)


def _subscript(stored: str, *indexes: int) -> Any:
    found: Any = arrays.unpack(stored)
    for index in indexes:
        if not isinstance(found, list) or not 1 <= index <= len(found):
            return None
        found = found[index - 1]
    return None if isinstance(found, list) else found


@cache
def subscript(count: int, result: int) -> Routine:
    """Return the routine that takes an element by its indexes."""
    types = (t.TEXT, *(t.INT4,) * count)
    return routine(f"subscript_{count}_{result}", _subscript, types, t.TEXT)


def _slice(stored: str, *bounds: int | None) -> str:
    pairs = list(zip(bounds[::2], bounds[1::2], strict=True))

    def cut(items: Any, depth: int) -> Any:
        if depth >= len(pairs) or not isinstance(items, list):
            return items
        low, high = pairs[depth]
        first, last = 1 if low is None else low, len(items) if high is None else high
        return [cut(item, depth + 1) for item in items[max(first, 1) - 1 : max(last, 0)]]

    items = arrays.unpack(stored)
    if len(pairs) > len(arrays.dimensions(items)):
        return "[]"
    found = cut(items, 0)
    return arrays.pack(found if any(True for _ in arrays.leaves(found)) else [])


@cache
def array_slice(count: int) -> Routine:
    """Return the routine that takes a part of an array: lower and upper bound of each dimension."""

    def take(stored: str | None, *given: int | None) -> str | None:
        flags, bounds = given[0], given[1:]
        is_open = [bool(int(flags or 0) >> at & 1) for at in range(len(bounds))]
        missing = any(b is None and not o for b, o in zip(bounds, is_open, strict=True))
        return None if stored is None or missing else _slice(stored, *bounds)

    types = (t.TEXT, t.INT4, *(t.INT4,) * (2 * count))
    return routine(f"slice_{count}", take, types, t.TEXT, is_strict=False)


def _put(stored: str | None, item: str, *indexes: int | None) -> str:
    if None in indexes:
        raise error("22004", "array subscript in assignment must not be null")
    items = [] if stored is None else arrays.unpack(stored)
    (value,) = arrays.unpack(item)
    sizes = arrays.dimensions(items)
    if not sizes and len(indexes) == 1:
        if indexes[0] != 1:
            raise not_supported("an array with bounds of its own")
        return arrays.pack([value])
    if len(indexes) != len(sizes):
        raise error("2202E", "wrong number of array subscripts")
    if len(sizes) == 1:
        index = int(indexes[0] or 0)
        if index < 1:
            raise not_supported("an array with bounds of its own")
        items += [None] * (index - len(items))
        items[index - 1] = value
        return arrays.pack(items)
    return _put_deep(items, value, indexes)


def _put_deep(items: list[Any], value: Any, indexes: tuple[int | None, ...]) -> str:
    inner = items
    for index in indexes[:-1]:
        if not 1 <= int(index or 0) <= len(inner):
            raise error("2202E", "array subscript out of range")
        inner = inner[int(index or 0) - 1]
    if not 1 <= int(indexes[-1] or 0) <= len(inner):
        raise error("2202E", "array subscript out of range")
    inner[int(indexes[-1] or 0) - 1] = value
    return arrays.pack(items)


@cache
def put_element(count: int) -> Routine:
    """Return the routine that changes an element: array, array of the new value, indexes."""
    types = (t.TEXT, t.TEXT, *(t.INT4,) * count)
    return routine(f"put_element_{count}", _put, types, t.TEXT, is_strict=False)


def _has(stored: str, item: Any) -> int | None:
    found = [*arrays.flat(stored)]
    return 1 if item in found else None if None in found else 0


HAS = routine("array_has", _has, (t.TEXT, t.ANY), t.BOOL)
"""Whether an array holds a value: in expressions that may not hold a subquery."""
FLAT = routine("flat", lambda stored: arrays.pack([*arrays.flat(stored)]), (t.TEXT,), t.TEXT)


ARRAY_TEXT = routine("array_text", str, (t.ANY,), t.TEXT, is_text_form=True)
