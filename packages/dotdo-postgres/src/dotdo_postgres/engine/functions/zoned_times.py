"""Functions, operators and casts of time with time zone (9.9)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.date_fields import time_field
from dotdo_postgres.engine.functions.datetimes import offset_of_span, overlaps
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping import zoned_times
from dotdo_postgres.mapping.zoned_times import SECOND_US, ZonedTime, decode, encode

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.mapping.interval import Interval

FAMILY = Family("9.9")
_TYPE = "time with time zone"


def _moved(stored: bytes, us: int) -> bytes:
    value = decode(stored)
    return encode(value._replace(us=(value.us + us) % dt.DAY_US))


@FAMILY.operator("timetz + interval", returns="timetz")
def plus(stored: bytes, span: Interval) -> bytes:
    """Add, around midnight."""
    return _moved(stored, span.us)


@FAMILY.operator("interval + timetz", returns="timetz")
def plus_time(span: Interval, stored: bytes) -> bytes:
    """Add, around midnight."""
    return _moved(stored, span.us)


@FAMILY.operator("timetz - interval", returns="timetz")
def minus(stored: bytes, span: Interval) -> bytes:
    """Subtract, around midnight."""
    return _moved(stored, -span.us)


@FAMILY.operator("date + timetz", returns="timestamptz")
def at_date(date: int, stored: bytes) -> int:
    """Put a date and a time of day together."""
    start = dt.midnight(date)
    return start if abs(start) == dt.INFINITY else dt.bounded(start + decode(stored).utc_us)


@FAMILY.operator("timetz + date", returns="timestamptz")
def on_date(stored: bytes, date: int) -> int:
    """Put a date and a time of day together."""
    return at_date(date, stored)


# --- zones ---------------------------------------------------------------------------------


@FAMILY.function("timezone(text, timetz)", returns="timetz", takes_session=True)
def in_zone(facts: Facts, zone: str, stored: bytes) -> bytes:
    """Show it on a clock of a zone, as that is today."""
    west_s = -dt.offset_at(dt.clock_named(zone), facts.transaction_us)
    return encode(decode(stored).moved_to(west_s))


@FAMILY.function("timezone(interval, timetz)", returns="timetz")
def in_offset(span: Interval, stored: bytes) -> bytes:
    """Show it on a clock that is ahead of UTC."""
    return encode(decode(stored).moved_to(-dt.offset_at(offset_of_span(span), 0)))


# --- fields --------------------------------------------------------------------------------


@FAMILY.function("extract(text, timetz)", returns="numeric")
def extract(name: str, stored: bytes) -> Decimal:
    """Extract a field."""
    value = decode(stored)
    field = name.lower()
    if field == "timezone":
        return Decimal(-value.west_s)
    if field == "timezone_hour":
        return Decimal(int(-value.west_s / 3600))
    if field == "timezone_minute":
        return Decimal(int(-value.west_s / 60) - int(-value.west_s / 3600) * 60)
    if field == "epoch":
        return Decimal(value.utc_us).scaleb(-6)
    return time_field(name, value.us, _TYPE)


@FAMILY.function("date_part(text, timetz)", returns="double precision")
def date_part(name: str, stored: bytes) -> float:
    """Extract a field as a double."""
    return float(extract(name, stored))


@FAMILY.function("overlaps(timetz, timetz, timetz, timetz)", returns="boolean", is_strict=False)
def overlapping(start1: bytes, end1: bytes, start2: bytes, end2: bytes) -> int | None:
    """Return whether two periods share a moment."""
    if None in {start1, end1, start2, end2}:
        return None
    return overlaps(*[decode(one).utc_us for one in (start1, end1, start2, end2)])


# --- casts ---------------------------------------------------------------------------------


@FAMILY.cast("time as timetz", takes_session=True)
def from_time(facts: Facts, us: int) -> bytes:
    """Take it for a clock of the session's zone, as that is today."""
    return encode(ZonedTime(us, -dt.offset_at(facts.zone, facts.transaction_us)))


@FAMILY.cast("timestamptz as timetz", takes_session=True)
def from_instant(facts: Facts, us: int) -> bytes | None:
    """Keep the time of day on the session's clock; NULL for infinity."""
    if abs(us) >= dt.INFINITY:
        return None
    offset = dt.offset_at(facts.zone, us)
    return encode(ZonedTime((us + offset * SECOND_US) % dt.DAY_US, -offset))


@FAMILY.cast("timetz as time")
def to_time(stored: bytes) -> int:
    """Drop the zone."""
    return decode(stored).us


@FAMILY.cast("timetz as text")
def to_text(stored: bytes) -> str:
    """Write it."""
    return zoned_times.to_text(stored)


@FAMILY.cast("text as timetz", takes_session=True)
def from_text(facts: Facts, text: str) -> bytes:
    """Read it on the session's clock."""
    return zoned_times.from_text(text, facts.zone)
