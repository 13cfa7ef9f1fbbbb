"""time with time zone (9.9): casts, arithmetic, fields, other zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.datetimes import overlaps
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping import numeric, zonedtimes
from dotdo_postgres.mapping.interval import Interval

if TYPE_CHECKING:
    from datetime import tzinfo
    from decimal import Decimal

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.9")
_SECOND = 1_000_000


def _west(zone: tzinfo, utc_us: int) -> int:
    """Return a zone's offset in seconds west at an instant."""
    return -((dt.utc_to_local(utc_us, zone) - utc_us) // _SECOND)


@FAMILY.cast("text as timetz", takes_session=True)
def read(facts: Facts, text: str) -> bytes:
    """Read a time with time zone, in the session's zone by default."""
    return zonedtimes.from_text(text, facts.zone)


@FAMILY.cast("timetz as text")
def write(stored: bytes) -> str:
    """Write time and offset."""
    return zonedtimes.to_text(stored)


@FAMILY.cast("timetz as time")
def to_time(stored: bytes) -> int:
    """Drop the zone."""
    return zonedtimes.decode(stored)[0]


@FAMILY.cast("time as timetz", takes_session=True)
def from_time(facts: Facts, us: int) -> bytes:
    """Take the session's zone."""
    return zonedtimes.encode(us, _west(facts.zone, facts.transaction_us))


@FAMILY.cast("timestamptz as timetz", takes_session=True)
def from_instant(facts: Facts, us: int) -> bytes | None:
    """Take the clock of the session's zone."""
    if abs(us) >= dt.INFINITY:
        return None
    return zonedtimes.encode(dt.utc_to_local(us, facts.zone) % dt.DAY_US, _west(facts.zone, us))


@FAMILY.operator("timetz + interval", returns="timetz")
def plus(stored: bytes, span: Interval) -> bytes:
    """Move the clock on; days and months do not matter."""
    us, west = zonedtimes.decode(stored)
    return zonedtimes.encode((us + span.us) % dt.DAY_US, west)


@FAMILY.operator("interval + timetz", returns="timetz")
def added_to(span: Interval, stored: bytes) -> bytes:
    """Move the clock on."""
    return plus(stored, span)


@FAMILY.operator("timetz - interval", returns="timetz")
def minus(stored: bytes, span: Interval) -> bytes:
    """Move the clock back."""
    return plus(stored, Interval(0, 0, -span.us))


@FAMILY.operator("date + timetz", returns="timestamptz")
def on_day(days: int, stored: bytes) -> int:
    """Return the instant of a time on a day."""
    if abs(days) >= dt.INFINITY:
        return days
    us, west = zonedtimes.decode(stored)
    return dt.bounded(days * dt.DAY_US + us + west * _SECOND)


@FAMILY.operator("timetz + date", returns="timestamptz")
def day_with(stored: bytes, days: int) -> int:
    """Return the instant of a time on a day."""
    return on_day(days, stored)


@FAMILY.function("timezone(text, timetz)", returns="timetz", takes_session=True)
def in_zone(facts: Facts, name: str, stored: bytes) -> bytes:
    """Show the moment on a clock of another zone."""
    zone = dt.zone_named(name)
    return zonedtimes.shifted(stored, _west(zone, facts.transaction_us))


@FAMILY.function("timezone(interval, timetz)", returns="timetz")
def at_offset(span: Interval, stored: bytes) -> bytes:
    """Show the moment on a clock with an offset."""
    if span.months or span.days:
        shown = f'interval time zone "{span}" must not include months or days'
        raise error("22023", shown)
    return zonedtimes.shifted(stored, -(span.us // _SECOND))


def _field(name: str, stored: bytes) -> Decimal:
    us, west = zonedtimes.decode(stored)
    word = name.lower()
    seconds, micros = divmod(us, _SECOND)
    if word in {"timezone", "timezone_h", "timezone_hour", "timezone_m", "timezone_minute"}:
        east = -west
        sign = 1 if east >= 0 else -1
        if word == "timezone":
            return numeric.from_text(str(east))
        hours, rest = divmod(abs(east), 3600)
        return numeric.from_text(str(sign * (hours if "h" in word[8:] else rest // 60)))
    if word == "epoch":
        total = us + west * _SECOND
        return numeric.from_text(str(total)).scaleb(-6, numeric.CONTEXT)
    if word in {"hour", "hours", "hr", "hrs", "h"}:
        return numeric.from_text(str(seconds // 3600))
    if word in {"minute", "minutes", "min", "mins", "m"}:
        return numeric.from_text(str(seconds // 60 % 60))
    part = numeric.from_text(str(seconds % 60 * _SECOND + micros))
    places = {"second": 6, "seconds": 6, "sec": 6, "secs": 6, "s": 6, "millisecond": 3, "milliseconds": 3, "msec": 3,
              "microsecond": 0, "microseconds": 0, "usec": 0}  # fmt: skip
    if word in places:
        return part.scaleb(-places[word], numeric.CONTEXT)
    known = {"day", "days", "month", "months", "year", "years", "decade", "century", "millennium", "dow", "isodow", "doy",
             "week", "quarter", "julian", "isoyear"}  # fmt: skip
    if word in known:
        message = f'unit "{name}" not supported for type time with time zone'
        raise error("0A000", message)
    raise error("22023", f'unit "{name}" not recognized for type time with time zone')


@FAMILY.function("extract(text, timetz)", returns="numeric")
def extract(name: str, stored: bytes) -> Decimal:
    """Return a field (22023 unknown, 0A000 not of this type)."""
    return _field(name, stored)


@FAMILY.function("date_part(text, timetz)", returns="double precision")
def date_part(name: str, stored: bytes) -> float:
    """Return a field as floating point."""
    return float(_field(name, stored))


@FAMILY.function("overlaps(timetz, timetz, timetz, timetz)", returns="boolean", is_strict=False)
def overlapping(start1: bytes, end1: bytes, start2: bytes, end2: bytes) -> int | None:
    """Return whether two periods share a moment."""
    return overlaps(start1, end1, start2, end2)
