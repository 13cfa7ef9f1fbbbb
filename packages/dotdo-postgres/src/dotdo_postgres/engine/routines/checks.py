"""Routines that compiled text calls by itself: raising errors, changing numeric's form, forcing type modifiers."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from dotdo.errors import NotNullViolation
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import (
    arrays,
    datetimes,
    interval,
    jsons,
    numeric,
    ranges,
    tsqueries,
    tsvectors,
    vectors,
    zonedtimes,
)
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.bits import fit as fit_bits
from dotdo_postgres.mapping.bits import fit_number
from dotdo_postgres.mapping.moment_codecs import PG_EPOCH_US
from dotdo_postgres.mapping.ranges import MULTIRANGES, RANGES

if TYPE_CHECKING:
    from collections.abc import Callable


_MAX_EXACT = 1 << 51


class NumericTooWide(Exception):
    """A scaled numeric left 64 bits: the statement is to run again with byte strings."""


def routine(
    name: str, body: object, arguments: tuple[int, ...], result: int, **facts: object
) -> Routine:
    """Return a routine that compiled SQL calls by itself."""
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


def interval_key(value: interval.Interval) -> bytes:
    """Return bytes that order as intervals do."""
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

    return routine(f"null_key_{number}", fail, (), t.INT8, is_volatile=True)


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
    return routine(f"zip_{count}", join, types, t.TEXT, is_strict=False)


def enum_cast(target: int) -> Routine:
    """Return the routine that reads a label of an enum."""

    def read(label: str) -> str:
        pg_type = t.BY_OID[target]
        if label not in pg_type.labels:
            message = f'invalid input value for enum {pg_type.sql_name}: "{label}"'
            raise error("22P02", message)
        return label

    return routine(f"enum_cast_{target}", read, (t.TEXT,), target)


def plain_routine(name: str, body: Callable[[Any], Any]) -> Routine:
    """Return a routine of one argument that makes bytes of it."""
    return routine(name, body, (t.TEXT,), t.BYTEA)


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


def _average(total: Decimal, count: int) -> Decimal:
    return numeric.divide(total, Decimal(count))


RUN_WIDE = routine("run_wide", _run_wide, (t.FLOAT8,), t.FLOAT8)
DIVISION_BY_ZERO = routine("division_by_zero", _division_by_zero, (t.INT8, t.INT8), t.INT8)
CHECK_SMALLINT = routine("check_smallint", _in_range("smallint", 16), (t.INT8,), t.INT2)
CHECK_INTEGER = routine("check_integer", _in_range("integer", 32), (t.INT8,), t.INT4)
CHECK_BIGINT = routine("check_bigint", _in_range("bigint", 64), (t.FLOAT8,), t.INT8)
WIDEN = routine("widen", _widen, (t.NUMERIC,), t.NUMERIC)
AT_SCALE = routine("at_scale", at_scale, (t.NUMERIC, t.INT4), t.INT8)
FIT_VARCHAR = routine("fit_varchar", _fit_varchar, (t.TEXT, t.INT4, t.INT4), t.VARCHAR)
FIT_CHAR = routine("fit_char", _fit_char, (t.TEXT, t.INT4, t.INT4), t.BPCHAR)
FIT_NUMERIC = routine("fit_numeric", _fit_numeric, (t.NUMERIC, t.INT4, t.INT4), t.NUMERIC)
FIT_SCALED = routine("fit_scaled", _fit_scaled, (t.NUMERIC, t.INT4, t.INT4), t.INT8)
FIT_NUMBER_BITS = routine("fit_number_bits", fit_number, (t.TEXT, t.INT4), t.BIT)
FIT_BIT = routine("fit_bit", _fit_bit, (t.TEXT, t.INT4, t.INT4), t.BIT)
FIT_VARBIT = routine("fit_varbit", _fit_varbit, (t.TEXT, t.INT4, t.INT4), t.VARBIT)
FIT_TIMETZ = routine("fit_timetz", zonedtimes.fit, (t.TIMETZ, t.INT4), t.TIMETZ)
FIT_TIME = routine("fit_time", _fit_time, (t.TIMESTAMP, t.INT4), t.TIMESTAMP)
MIDNIGHT = routine("midnight", datetimes.midnight, (t.DATE,), t.TIMESTAMP)
FIT_MOMENT = routine("fit_moment", _fit_moment, (t.TIMESTAMP, t.INT4), t.TIMESTAMP)
FIT_INTERVAL = routine("fit_interval", interval.fit, (t.INTERVAL, t.INT4), t.INTERVAL)
INTERVAL_KEY = routine("interval_key", interval_key, (t.INTERVAL,), t.BYTEA)
CHECK_LIMIT = routine("check_limit", _check_limit, (t.INT8,), t.INT8, is_strict=False)
CHECK_OFFSET = routine("check_offset", _check_offset, (t.INT8,), t.INT8, is_strict=False)
TOO_MANY_ROWS = routine("too_many_rows", _too_many_rows, (t.INT8,), t.INT8)
AVERAGE = routine("average", _average, (t.NUMERIC, t.INT8), t.NUMERIC)
TSVECTOR_KEY = routine("tsvector_key", tsvectors.sort_key, (t.TSVECTOR,), t.BYTEA)
VECTOR_KEY = routine("vector_key", vectors.sort_key, (t.VECTOR,), t.BYTEA)
FIT_VECTOR = routine("fit_vector", vectors.fit, (t.VECTOR, t.INT4), t.VECTOR)
TSQUERY_KEY = routine("tsquery_key", tsqueries.sort_key, (t.TSQUERY,), t.BYTEA)
JSONB_KEY = routine("jsonb_key", jsons.sort_key, (t.JSONB,), t.BYTEA)
LETTER = routine("letter", lambda text, at: text[at : at + 1], (t.TEXT, t.INT4), 18)  # "char"
