"""Casts between dates, times, timestamps and intervals."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.mapping import (
    datetimes,
    interval,
)
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("casts")
_DAY_US = 86_400_000_000


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
