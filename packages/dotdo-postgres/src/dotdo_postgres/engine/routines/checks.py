"""Routines that compiled text calls by itself: raising errors, changing numeric's form, forcing type modifiers."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import math
import struct
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from dotdo.errors import NotNullViolation
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import (
    arrays,
    datetimes,
    floats,
    interval,
    jsons,
    numeric,
    ranges,
    zonedtimes,
)
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.bits import fit as fit_bits
from dotdo_postgres.mapping.bits import fit_number
from dotdo_postgres.mapping.codecs import codec_of
from dotdo_postgres.mapping.moment_codecs import PG_EPOCH_US
from dotdo_postgres.mapping.ranges import MULTIRANGES, RANGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts

_MAX_EXACT = 1 << 51


class NumericTooWide(Exception):
    """A scaled numeric left 64 bits: the statement is to run again with byte strings."""


def _routine(
    name: str, body: object, arguments: tuple[int, ...], result: int, **facts: object
) -> Routine:
    return Routine("function", name, arguments, result, body=body, sql_name=f"pg__{name}", **facts)  # type: ignore[arg-type]  # facts by name


def _run_wide(value: float) -> float:
    raise NumericTooWide


def _division_by_zero(*operands: object) -> None:
    raise error("22012", "division by zero")


def _in_range(type_name: str, bits: int) -> object:
    def check(value: float) -> float:
        if isinstance(value, int) and -(1 << bits - 1) <= value < 1 << bits - 1:
            return value
        raise error("22003", f"{type_name} out of range")

    return check


def at_scale(value: Decimal, scale: int) -> int | float:
    """Place a number on the axis of integers scaled by 10**scale: an integer when exact, else halfway to the next."""
    if not value.is_finite():
        return float("inf") if value.is_nan() or value > 0 else float("-inf")
    shifted = value.scaleb(scale, numeric.CONTEXT)
    whole = int(shifted.to_integral_value(rounding="ROUND_FLOOR"))
    if shifted == whole:
        return whole if -(2**63) <= whole < 2**63 else float(whole)
    return whole + 0.5 if abs(whole) < _MAX_EXACT else float(whole)


def _widen(value: Decimal) -> Decimal:
    return value


def _fit_text(value: str, length: int, is_explicit: int, type_name: str) -> str:
    if len(value) <= length:
        return value
    if is_explicit or not value[length:].strip(" "):
        return value[:length]
    raise error("22001", f"value too long for type {type_name}({length})")


def _fit_varchar(value: str, length: int, is_explicit: int) -> str:
    return _fit_text(value, length, is_explicit, "character varying")


def _fit_char(value: str, length: int, is_explicit: int) -> str:
    return _fit_text(value, length, is_explicit, "character").ljust(length)


def _fit_numeric(value: Decimal, precision: int, scale: int) -> Decimal:
    return numeric.fit(value, precision, scale)


def _fit_scaled(value: Decimal, precision: int, scale: int) -> int:
    if value.is_nan():
        raise not_supported(f"NaN of type numeric({precision},{scale})")
    return int(numeric.fit(value, precision, scale).scaleb(scale, numeric.CONTEXT))


def _fit_bit(bits: str, length: int, is_explicit: int) -> str:
    return fit_bits(bits, length, is_explicit=bool(is_explicit), is_varying=False)


def _fit_varbit(bits: str, length: int, is_explicit: int) -> str:
    return fit_bits(bits, length, is_explicit=bool(is_explicit), is_varying=True)


def _fit_time(us: int, precision: int) -> int:
    unit: int = 10 ** (6 - precision)
    return (us + unit // 2) // unit * unit


def _fit_moment(us: int, precision: int) -> int:
    """Round a timestamp; halves go away from the start of 2000, as PostgreSQL counts."""
    if abs(us) >= datetimes.INFINITY:
        return us
    unit: int = 10 ** (6 - precision)
    since = us - PG_EPOCH_US
    return PG_EPOCH_US + (abs(since) + unit // 2) // unit * unit * (1 if since > 0 else -1)


def span_us(value: interval.Interval) -> int:
    """Return the microseconds of an interval that a frame reaches by; months have no length (0A000), nor is it negative (22013)."""
    if value.months:
        raise not_supported("RANGE with an offset of months")
    us = value.days * interval.DAY_US + value.us
    if us < 0:
        raise error("22013", "invalid preceding or following size in window function")
    return us


def _interval_key(value: interval.Interval) -> bytes:
    return (value.key + (1 << 127)).to_bytes(16, "big")


def _check_limit(value: int | None) -> int:
    if value is None:
        return -1
    if value < 0:
        raise error("2201W", "LIMIT must not be negative")
    return value


def _check_offset(value: int | None) -> int:
    if value is not None and value < 0:
        raise error("2201X", "OFFSET must not be negative")
    return value or 0


def _too_many_rows(count: int) -> None:
    raise error("21000", "more than one row returned by a subquery used as an expression")


def null_key(table: str, column: str, number: int) -> Routine:
    """Return the routine that refuses NULL for a key that SQLite would otherwise number by itself."""

    def fail() -> None:
        message = f"NOT NULL constraint failed: {table}.{column}"
        raise NotNullViolation(message, table=table, columns=[column])

    return _routine(f"null_key_{number}", fail, (), t.INT8, is_volatile=True)


@cache
def array_cast(target: int) -> Routine:
    """Return the routine that reads the output texts of an array's elements as another array type."""

    def cast(facts: Facts, items: list[Any]) -> str:
        codec = codec_of(t.BY_OID[target].element, facts.zone)
        assert codec is not None
        return arrays.pack(arrays.mapped(items, codec.from_text))

    return _routine(
        f"array_cast_{target}", cast, (t.ANY,), target, is_array_text=True, takes_session=True
    )


@cache
def zipped(count: int) -> Routine:
    """Return the routine that puts rows of several set-returning calls side by side.

    Args:
        count: Number of arguments: the widths of the calls, then their rows as JSON text.
    """

    def join(widths: str, *stored: str | None) -> str:
        lists = [arrays.loads(text or "[]") for text in stored]
        blanks = [[None] * int(width) for width in widths.split(",")]
        rows = []
        for at in range(max(map(len, lists))):
            row: list[object] = []
            for items, blank in zip(lists, blanks, strict=True):
                if at >= len(items):
                    row += blank
                elif len(blank) == 1:
                    row.append(items[at])
                else:
                    row += items[at]
            rows.append(row)
        return arrays.pack(rows)

    types = (t.TEXT,) * count
    return _routine(f"zip_{count}", join, types, t.TEXT, is_strict=False)


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

    return _routine(f"array_fit_{element}", fit_all, (t.TEXT, t.INT4, t.INT4), t.TEXT)


def enum_cast(target: int) -> Routine:
    """Return the routine that reads a label of an enum."""

    def read(label: str) -> str:
        pg_type = t.BY_OID[target]
        if label not in pg_type.labels:
            message = f'invalid input value for enum {pg_type.sql_name}: "{label}"'
            raise error("22P02", message)
        return label

    return _routine(f"enum_cast_{target}", read, (t.TEXT,), target)


def element_key(element: int) -> Callable[[Any], Any]:
    """Return what makes of an element of that type something that is equal where the elements are."""
    return _ELEMENT_KEYS.get(element, _itself)


def _itself(item: Any) -> Any:
    return item


def _numeric_key(item: bytes | None) -> Any:
    return None if item is None else item[:-2] if len(item) > 2 else item


def _interval_element_key(item: bytes | None) -> Any:
    return None if item is None else _interval_key(interval.decode(item))


def _jsonb_element_key(item: str | None) -> Any:
    return None if item is None else jsons.sort_key(item)


def _padded_key(item: str | None) -> Any:
    return None if item is None else item.rstrip(" ")


_ELEMENT_KEYS: dict[int, Callable[[Any], Any]] = {
    t.NUMERIC: _numeric_key, t.INTERVAL: _interval_element_key, t.JSONB: _jsonb_element_key, t.BPCHAR: _padded_key,
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

    return _routine(f"array_key_{element}", order, (t.ANY,), t.BYTEA)


def _nested(*stored: str | None) -> str:
    lists = [[] if text is None else arrays.unpack(text) for text in stored]
    if any(arrays.dimensions(items) != arrays.dimensions(lists[0]) for items in lists):
        message = "multidimensional arrays must have array expressions with matching dimensions"
        raise error("2202E", message)
    return arrays.pack(lists if lists[0] else [])


@cache
def nested(count: int) -> Routine:
    """Return the routine that makes an array of arrays."""
    return _routine(f"nested_{count}", _nested, (t.TEXT,) * count, t.TEXT, is_strict=False)


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
    return _routine(f"subscript_{count}_{result}", _subscript, types, t.TEXT)


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
    return _routine(f"slice_{count}", take, types, t.TEXT, is_strict=False)


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
    return _routine(f"put_element_{count}", _put, types, t.TEXT, is_strict=False)


def plain_routine(name: str, body: Callable[[Any], Any]) -> Routine:
    """Return a routine of one argument that makes bytes of it."""
    return _routine(name, body, (t.TEXT,), t.BYTEA)


@cache
def span_key(oid: int) -> Routine:
    """Return the routine whose results order as ranges or multiranges of that type do."""
    if oid in RANGES:
        subtype = RANGES[oid][0]
        return plain_routine(
            f"span_key_{oid}", lambda text: ranges.sort_key(ranges.decode(text, subtype))
        )
    bound = RANGES[MULTIRANGES[oid]][0]
    return plain_routine(
        f"span_key_{oid}",
        lambda text: ranges.multirange_key(ranges.decode_multirange(text, bound)),
    )


FLAT = _routine("flat", lambda stored: arrays.pack([*arrays.flat(stored)]), (t.TEXT,), t.TEXT)


def _average(total: Decimal, count: int) -> Decimal:
    return numeric.divide(total, Decimal(count))


RUN_WIDE = _routine("run_wide", _run_wide, (t.FLOAT8,), t.FLOAT8)
DIVISION_BY_ZERO = _routine("division_by_zero", _division_by_zero, (t.INT8, t.INT8), t.INT8)
CHECK_SMALLINT = _routine("check_smallint", _in_range("smallint", 16), (t.INT8,), t.INT2)
CHECK_INTEGER = _routine("check_integer", _in_range("integer", 32), (t.INT8,), t.INT4)
CHECK_BIGINT = _routine("check_bigint", _in_range("bigint", 64), (t.FLOAT8,), t.INT8)
WIDEN = _routine("widen", _widen, (t.NUMERIC,), t.NUMERIC)
AT_SCALE = _routine("at_scale", at_scale, (t.NUMERIC, t.INT4), t.INT8)
FIT_VARCHAR = _routine("fit_varchar", _fit_varchar, (t.TEXT, t.INT4, t.INT4), t.VARCHAR)
FIT_CHAR = _routine("fit_char", _fit_char, (t.TEXT, t.INT4, t.INT4), t.BPCHAR)
FIT_NUMERIC = _routine("fit_numeric", _fit_numeric, (t.NUMERIC, t.INT4, t.INT4), t.NUMERIC)
FIT_SCALED = _routine("fit_scaled", _fit_scaled, (t.NUMERIC, t.INT4, t.INT4), t.INT8)
FIT_NUMBER_BITS = _routine("fit_number_bits", fit_number, (t.TEXT, t.INT4), t.BIT)
FIT_BIT = _routine("fit_bit", _fit_bit, (t.TEXT, t.INT4, t.INT4), t.BIT)
FIT_VARBIT = _routine("fit_varbit", _fit_varbit, (t.TEXT, t.INT4, t.INT4), t.VARBIT)
FIT_TIMETZ = _routine("fit_timetz", zonedtimes.fit, (t.TIMETZ, t.INT4), t.TIMETZ)
FIT_TIME = _routine("fit_time", _fit_time, (t.TIMESTAMP, t.INT4), t.TIMESTAMP)
MIDNIGHT = _routine("midnight", datetimes.midnight, (t.DATE,), t.TIMESTAMP)
FIT_MOMENT = _routine("fit_moment", _fit_moment, (t.TIMESTAMP, t.INT4), t.TIMESTAMP)
FIT_INTERVAL = _routine("fit_interval", interval.fit, (t.INTERVAL, t.INT4), t.INTERVAL)
INTERVAL_KEY = _routine("interval_key", _interval_key, (t.INTERVAL,), t.BYTEA)
CHECK_LIMIT = _routine("check_limit", _check_limit, (t.INT8,), t.INT8, is_strict=False)
CHECK_OFFSET = _routine("check_offset", _check_offset, (t.INT8,), t.INT8, is_strict=False)
TOO_MANY_ROWS = _routine("too_many_rows", _too_many_rows, (t.INT8,), t.INT8)
ARRAY_TEXT = _routine("array_text", str, (t.ANY,), t.TEXT, is_text_form=True)
AVERAGE = _routine("average", _average, (t.NUMERIC, t.INT8), t.NUMERIC)
JSONB_KEY = _routine("jsonb_key", jsons.sort_key, (t.JSONB,), t.BYTEA)
