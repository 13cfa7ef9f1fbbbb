"""Casts between types: native where the values allow it, by text for the rest."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.functions.arithmetic import in_range
from dotdo_postgres.engine.ir import Call, Expr
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import (
    codecs,
    datetimes,
    floats,
    interval,
    interval_reading,
    jsons,
    numeric,
    styles,
)
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import CODECS, codec_of
from dotdo_postgres.mapping.ranges import MULTIRANGES, RANGES

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("casts")
_DAY_US = 86_400_000_000


@FAMILY.native_cast(
    "smallint as integer",
    "smallint as bigint",
    "integer as bigint",
    "integer as oid",
    "bigint as oid",
    "oid as bigint",
)
@FAMILY.native_cast("bool as integer", "name as text")
def widen_integer(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Keep the value."""
    return args[0]


@FAMILY.native_cast("integer as bool")
def integer_to_boolean(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return whether it is not zero."""
    return Sql(n.binary("<>", args[0].node, n.integer(0)))


@FAMILY.native_cast("integer as smallint", "bigint as smallint", "bigint as integer")
def narrow_integer(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Keep the value if it is in range (22003)."""
    return in_range(compiler, args[0].node, expr.type)


@FAMILY.native_cast("smallint as numeric", "integer as numeric", "bigint as numeric")
def integer_to_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """See it as a numeric without decimal places."""
    assert isinstance(expr, Call)
    return numerics.narrowed_for_wide(compiler, numerics.from_integer(args[0], expr.args[0].type))


@FAMILY.native_cast(
    "smallint as double precision", "integer as double precision", "bigint as double precision"
)
@FAMILY.native_cast("smallint as real")
def integer_to_float(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Convert to floating point."""
    if isinstance(args[0].value, int):
        return Sql(n.real(float(args[0].value)), value=float(args[0].value))
    return Sql(n.cast(args[0].node, "real"))


@FAMILY.cast("integer as real", "bigint as real")
def integer_to_single(value: int) -> float:
    """Convert to single precision."""
    return floats.single(float(value))


@FAMILY.native_cast("real as double precision")
def real_to_double(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Keep the value."""
    return args[0]


@FAMILY.cast("double precision as real")
def double_to_real(value: float) -> float:
    """Round to single precision."""
    return floats.single(value)


def _float_to_integer(value: float, bits: int, name: str) -> int:
    if math.isinf(value):
        raise error("22003", f"{name} out of range")
    whole = round(value)
    if not -(1 << bits - 1) <= whole < 1 << bits - 1:
        raise error("22003", f"{name} out of range")
    return whole


@FAMILY.cast("double precision as smallint", "real as smallint")
def float_to_smallint(value: float) -> int:
    """Round half to even."""
    return _float_to_integer(value, 16, "smallint")


@FAMILY.cast("double precision as integer", "real as integer")
def float_to_integer(value: float) -> int:
    """Round half to even."""
    return _float_to_integer(value, 32, "integer")


@FAMILY.cast("double precision as bigint", "real as bigint")
def float_to_bigint(value: float) -> int:
    """Round half to even."""
    return _float_to_integer(value, 64, "bigint")


@FAMILY.cast("double precision as numeric")
def double_to_numeric(value: float) -> Decimal:
    """Keep 15 significant digits."""
    return numeric.from_float(value, 15)


@FAMILY.cast("real as numeric")
def real_to_numeric(value: float) -> Decimal:
    """Keep 6 significant digits."""
    return numeric.from_float(value, 6)


_NUMERIC_BITS = {t.INT2: ("smallint", 16), t.INT4: ("integer", 32), t.INT8: ("bigint", 64)}


def _numeric_to_whole(oid: int) -> None:
    name, bits = _NUMERIC_BITS[oid]

    def convert(value: Decimal) -> int:
        return numeric.to_integer(value, bits, name)

    FAMILY.cast(f"numeric as {name}")(convert)
    python = FAMILY.routines.pop()

    @FAMILY.native_cast(f"numeric as {name}")
    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        (arg,) = args
        if arg.scale == 0:
            return in_range(compiler, arg.node, expr.type) if arg.digits > 4 else Sql(arg.node)
        if isinstance(arg.value, Decimal):
            return Sql(n.integer(convert(arg.value)), value=convert(arg.value))
        return Sql(compiler.python(python, args, [t.NUMERIC]))


for _oid in _NUMERIC_BITS:
    _numeric_to_whole(_oid)


@FAMILY.cast("numeric as real")
def numeric_to_real(value: Decimal) -> float:
    """Round to single precision."""
    return floats.single(float(value))


def _numeric_to_float(value: Decimal) -> float:
    if value.is_nan():
        raise not_supported("NaN of type double precision")
    result = float(value)
    if math.isinf(result) and value.is_finite():
        shown = numeric.to_text(value)
        raise error("22003", f'"{shown}" is out of range for type double precision')
    return result


FAMILY.cast("numeric as double precision")(_numeric_to_float)
_NUMERIC_TO_FLOAT = FAMILY.routines.pop()


@FAMILY.native_cast("numeric as double precision")
def numeric_to_double(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Convert; a division of two exact doubles is rounded correctly."""
    (arg,) = args
    if isinstance(arg.value, Decimal):
        literal = _numeric_to_float(arg.value)
        return Sql(n.real(literal), value=literal)
    if arg.scale is not None and arg.digits <= 15:
        real = n.cast(arg.node, "real")
        return Sql(real if arg.scale == 0 else n.binary("/", real, n.real(float(10**arg.scale))))
    return Sql(compiler.python(_NUMERIC_TO_FLOAT, args, [t.NUMERIC]))


# --- to text -------------------------------------------------------------------------------


@FAMILY.native_cast("smallint as text", "integer as text", "bigint as text", "oid as text")
def integer_to_text(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Write the digits."""
    return Sql(n.cast(args[0].node, "text"))


@FAMILY.native_cast("bool as text")
def boolean_to_text(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Write `true` or `false`."""
    return Sql(
        n.case(
            [
                (n.binary("=", args[0].node, n.integer(1)), n.string("true")),
                (n.binary("=", args[0].node.copy(), n.integer(0)), n.string("false")),
            ]
        )
    )


@FAMILY.native_cast("bpchar as text", "bpchar as varchar")
def padded_to_text(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Drop the trailing spaces."""
    return Sql(n.call("rtrim", args[0].node, n.string(" ")))


@FAMILY.cast("numeric as text")
def numeric_to_text(value: Decimal) -> str:
    """Write all digits of the scale."""
    return numeric.to_text(value)


@FAMILY.cast("interval as text", takes_session=True)
def interval_to_text(facts: Facts, value: interval.Interval) -> str:
    """Write it in the style `postgres`."""
    zone = facts.zone
    if isinstance(zone, styles.StyledZone):
        return styles.interval_to_text(value, zone.style)
    return interval.to_text(value)


def _to_text(oid: int) -> None:
    codec = CODECS[oid]

    @FAMILY.cast(f"{t.BY_OID[oid].name} as text")
    def write(value: object) -> str:
        return codec.to_text(value)


for _oid in (
    t.FLOAT4,
    t.FLOAT8,
    t.TIME,
    t.UUID,
    t.BYTEA,
    t.JSON,
    t.JSONB,
    t.JSONPATH,
    t.REGTYPE,
):
    _to_text(_oid)


@FAMILY.cast("timestamptz as text", takes_session=True)
def timestamptz_to_text(facts: Facts, value: int) -> str:
    """Write it as the session's zone shows it."""
    return _written(t.TIMESTAMPTZ, facts, value)


def _written(oid: int, facts: Facts, value: int) -> str:
    codec = codecs.codec_of(oid, facts.zone)
    assert codec is not None
    text: str = codec.to_text(value)
    return text


@FAMILY.cast("timestamp as text", takes_session=True)
def timestamp_to_text(facts: Facts, value: int) -> str:
    """Write it in the session's style."""
    return _written(t.TIMESTAMP, facts, value)


@FAMILY.cast("date as text", takes_session=True)
def date_to_text(facts: Facts, value: int) -> str:
    """Write it in the session's style."""
    return _written(t.DATE, facts, value)


# --- from text -----------------------------------------------------------------------------


def _from_text(oid: int) -> None:
    codec = CODECS[oid]

    @FAMILY.cast(f"text as {t.BY_OID[oid].name}")
    def read(value: str) -> object:
        return codec.from_text(value)


for _oid in (
    t.BOOL,
    t.INT2,
    t.INT4,
    t.INT8,
    t.FLOAT4,
    t.FLOAT8,
    t.TIME,
    t.UUID,
    t.BYTEA,
    t.JSON,
    t.JSONB,
    t.JSONPATH,
    t.OID,
):
    _from_text(_oid)


@FAMILY.cast("text as tid")
def text_to_tid(value: str) -> str:
    """Read the place of a row."""
    found: str = CODECS[t.TID].from_text(value)
    return found


@FAMILY.cast("tid as text")
def tid_to_text(value: str) -> str:
    """Write the place of a row."""
    return value


@FAMILY.cast("text as numeric")
def text_to_numeric(value: str) -> Decimal:
    """Read a numeric."""
    return numeric.from_text(value)


@FAMILY.cast("text as interval")
def text_to_interval(value: str) -> interval.Interval:
    """Read an interval."""
    return interval_reading.from_text(value)


def _read(oid: int, facts: Facts, value: str) -> int:
    codec = codecs.codec_of(oid, facts.zone)
    assert codec is not None
    stored: int = codec.from_text(value)
    return stored


@FAMILY.cast("text as timestamptz", takes_session=True)
def text_to_timestamptz(facts: Facts, value: str) -> int:
    """Read an instant in the session's zone."""
    return _read(t.TIMESTAMPTZ, facts, value)


@FAMILY.cast("text as timestamp", takes_session=True)
def text_to_timestamp(facts: Facts, value: str) -> int:
    """Read a timestamp in the session's order of dates."""
    return _read(t.TIMESTAMP, facts, value)


@FAMILY.cast("text as date", takes_session=True)
def text_to_date(facts: Facts, value: str) -> int:
    """Read a date in the session's order of dates."""
    return _read(t.DATE, facts, value)


@FAMILY.cast("json as jsonb")
def json_to_jsonb(value: str) -> str:
    """Make it canonical."""
    return jsons.jsonb_from_text(value)


@FAMILY.cast("jsonb as json")
def jsonb_to_json(value: str) -> str:
    """Write jsonb's text."""
    return jsons.jsonb_to_text(value)


def _spans_by_text(oid: int) -> None:
    name = t.BY_OID[oid].name

    @FAMILY.cast(f"text as {name}", takes_session=True)
    def read(facts: Facts, value: str) -> object:
        codec = codec_of(oid, facts.zone)
        assert codec is not None  # ranges have one
        return codec.from_text(value)

    @FAMILY.cast(f"{name} as text", takes_session=True, is_text_form=True)
    def write(facts: Facts, value: str) -> str:
        return value


for _oid in (*RANGES, *MULTIRANGES):
    _spans_by_text(_oid)


# --- dates and times -----------------------------------------------------------------------


@FAMILY.native_cast("date as timestamp")
def date_to_timestamp(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Take midnight."""
    if isinstance(args[0].value, int):
        us = datetimes.midnight(args[0].value)
        return Sql(n.integer(us), value=us)
    checked = compiler.python(checks.MIDNIGHT, args, [t.DATE])
    if not args[0].is_simple:
        return Sql(checked)
    day = args[0].node
    is_near = n.binary("<", n.call("abs", day.copy()), n.integer(datetimes.LAST_TIMESTAMP_DAY))
    return Sql(n.call("iif", is_near, n.binary("*", day.copy(), n.integer(_DAY_US)), checked))


@FAMILY.cast("timestamp as date")
def timestamp_to_date(value: int) -> int:
    """Drop the time of day."""
    return value if abs(value) >= datetimes.INFINITY else value // _DAY_US


@FAMILY.cast("timestamp as time")
def timestamp_to_time(value: int) -> int:
    """Keep the time of day."""
    return value % _DAY_US


@FAMILY.cast("date as timestamptz", takes_session=True)
def date_to_timestamptz(facts: Facts, value: int) -> int:
    """Take midnight of the session's zone."""
    return datetimes.bounded(datetimes.local_to_utc(datetimes.midnight(value), facts.zone))


@FAMILY.cast("timestamp as timestamptz", takes_session=True)
def timestamp_to_timestamptz(facts: Facts, value: int) -> int:
    """Take it for a clock of the session's zone."""
    return value if abs(value) >= datetimes.INFINITY else datetimes.local_to_utc(value, facts.zone)


@FAMILY.cast("timestamptz as timestamp", takes_session=True)
def timestamptz_to_timestamp(facts: Facts, value: int) -> int:
    """Show it on a clock of the session's zone."""
    return value if abs(value) >= datetimes.INFINITY else datetimes.utc_to_local(value, facts.zone)


@FAMILY.cast("timestamptz as date", takes_session=True)
def timestamptz_to_date(facts: Facts, value: int) -> int:
    """Take the date of the session's zone."""
    local = datetimes.utc_to_local(value, facts.zone)
    return local if abs(local) >= datetimes.INFINITY else local // _DAY_US


@FAMILY.cast("timestamptz as time", takes_session=True)
def timestamptz_to_time(facts: Facts, value: int) -> int:
    """Take the clock of the session's zone."""
    return datetimes.utc_to_local(value, facts.zone) % _DAY_US


@FAMILY.cast("time as interval")
def time_to_interval(value: int) -> interval.Interval:
    """See a time of day as a span."""
    return interval.Interval(0, 0, value)


@FAMILY.cast("interval as time")
def interval_to_time(value: interval.Interval) -> int:
    """Keep the time of day."""
    return value.us % _DAY_US


# --- out of jsonb --------------------------------------------------------------------------


def _scalar(stored: str, name: str) -> object:
    value = jsons.parse(stored)
    wanted = bool if name == "boolean" else jsons.Number
    if isinstance(value, wanted):
        return value
    kind = jsons.kind_of(value)
    raise error(
        "22023", f"cannot cast jsonb {'numeric' if kind == 'number' else kind} to type {name}"
    )


@FAMILY.cast("jsonb as boolean")
def jsonb_to_boolean(stored: str) -> int:
    """Take a truth value."""
    return int(bool(_scalar(stored, "boolean")))


@FAMILY.cast("jsonb as numeric")
def jsonb_to_numeric(stored: str) -> Decimal:
    """Take a number."""
    return Decimal(str(_scalar(stored, "numeric")))


def _jsonb_to_number(type_name: str, bits: int) -> None:
    @FAMILY.cast(f"jsonb as {type_name}")
    def read(stored: str) -> int:
        return numeric.to_integer(Decimal(str(_scalar(stored, type_name))), bits, type_name)


_jsonb_to_number("smallint", 16)
_jsonb_to_number("integer", 32)
_jsonb_to_number("bigint", 64)


@FAMILY.cast("jsonb as double precision")
def jsonb_to_double(stored: str) -> float:
    """Take a number."""
    return _numeric_to_float(Decimal(str(_scalar(stored, "double precision"))))


@FAMILY.cast("jsonb as real")
def jsonb_to_real(stored: str) -> float:
    """Take a number."""
    return floats.single(float(str(_scalar(stored, "real"))))


# --- names ---------------------------------------------------------------------------------

_NAME_BYTES = 63


@FAMILY.cast("text as name", "varchar as name")
def text_to_name(value: str) -> str:
    """Cut it to the length of a name, at a whole character."""
    return value.encode()[:_NAME_BYTES].decode(errors="ignore")


@FAMILY.cast("bpchar as name")
def padded_to_name(value: str) -> str:
    """Drop the trailing spaces, too."""
    return text_to_name(value.rstrip(" "))
