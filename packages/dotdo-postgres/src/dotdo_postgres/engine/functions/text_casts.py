"""Casts from and to text, json and names."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.mapping import (
    codecs,
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
    from decimal import Decimal

    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("casts")
_DAY_US = 86_400_000_000


# --- to text -------------------------------------------------------------------------------


@FAMILY.native_cast(
    "smallint as text", "integer as text", "bigint as text", "oid as text", "xid as text"
)
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
    t.XID,
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
