"""Date and time functions and operators (9.9)."""

from __future__ import annotations

import math
from datetime import timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.functions.spans import negated
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping import floats, interval, moment_fields
from dotdo_postgres.mapping.interval import DAY_US, Interval

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.9")
_SECOND = 1_000_000


def add_months(days: int, months: int) -> int:
    """Move a date by months, to the last day where the month is shorter."""
    year, month, day = dt.civil_from_days(days)
    total = year * 12 + month - 1 + months
    year, month = total // 12, total % 12 + 1
    return dt.days_from_civil(year, month, min(day, dt.days_in_month(year, month)))


def add_interval(us: int, span: Interval) -> int:
    """Add an interval to a timestamp: months, then days, then time."""
    if abs(us) >= dt.INFINITY:
        return us
    days, time_us = divmod(us, DAY_US)
    if span.months:
        days = add_months(days, span.months)
    return dt.bounded((days + span.days) * DAY_US + time_us + span.us)


@FAMILY.operator("timestamp + interval", returns="timestamp")
def timestamp_plus(us: int, span: Interval) -> int:
    """Add an interval."""
    return add_interval(us, span)


@FAMILY.operator("interval + timestamp", returns="timestamp")
def plus_timestamp(span: Interval, us: int) -> int:
    """Add an interval."""
    return add_interval(us, span)


@FAMILY.operator("timestamp - interval", returns="timestamp")
def timestamp_minus(us: int, span: Interval) -> int:
    """Subtract an interval."""
    return add_interval(us, negated(span))


@FAMILY.operator("timestamptz + interval", returns="timestamptz", takes_session=True)
def instant_plus(facts: Facts, us: int, span: Interval) -> int:
    """Add an interval on the session's clock."""
    if not span.months and not span.days:
        return us if abs(us) >= dt.INFINITY else dt.bounded(us + span.us)
    local = add_interval(dt.utc_to_local(us, facts.zone), Interval(span.months, span.days, 0))
    if abs(local) >= dt.INFINITY:
        return local
    return dt.bounded(dt.local_to_utc(local, facts.zone) + span.us)


@FAMILY.operator("interval + timestamptz", returns="timestamptz", takes_session=True)
def plus_instant(facts: Facts, span: Interval, us: int) -> int:
    """Add an interval on the session's clock."""
    return instant_plus(facts, us, span)


@FAMILY.operator("timestamptz - interval", returns="timestamptz", takes_session=True)
def instant_minus(facts: Facts, us: int, span: Interval) -> int:
    """Subtract an interval on the session's clock."""
    return instant_plus(facts, us, negated(span))


@FAMILY.operator("date + interval", returns="timestamp")
def date_plus(days: int, span: Interval) -> int:
    """Add an interval to midnight."""
    return add_interval(dt.midnight(days), span)


@FAMILY.operator("interval + date", returns="timestamp")
def plus_date(span: Interval, days: int) -> int:
    """Add an interval to midnight."""
    return add_interval(dt.midnight(days), span)


@FAMILY.operator("date - interval", returns="timestamp")
def date_minus(days: int, span: Interval) -> int:
    """Subtract an interval from midnight."""
    return add_interval(dt.midnight(days), negated(span))


@FAMILY.operator("date + integer", returns="date")
def date_plus_days(date: int, days: int) -> int:
    """Add days."""
    return date if abs(date) == dt.INFINITY else dt.bounded_day(date + days)


@FAMILY.operator("integer + date", returns="date")
def days_plus_date(days: int, date: int) -> int:
    """Add days."""
    return date_plus_days(date, days)


@FAMILY.operator("date - integer", returns="date")
def date_minus_days(date: int, days: int) -> int:
    """Subtract days."""
    return date_plus_days(date, -days)


@FAMILY.operator("date - date", returns="integer")
def days_between(later: int, earlier: int) -> int:
    """Return the number of days.

    Raises:
        PostgresError: one of them is infinite (22008).
    """
    if dt.INFINITY in {abs(later), abs(earlier)}:
        raise error("22008", "cannot subtract infinite dates")
    return later - earlier


@FAMILY.operator("date + time", returns="timestamp")
def date_plus_time(date: int, us: int) -> int:
    """Put a date and a time of day together."""
    start = dt.midnight(date)
    return start if abs(start) == dt.INFINITY else dt.bounded(start + us)


@FAMILY.operator("time + date", returns="timestamp")
def time_plus_date(us: int, date: int) -> int:
    """Put a date and a time of day together."""
    return date_plus_time(date, us)


@FAMILY.operator("timestamp - timestamp", "timestamptz - timestamptz", returns="interval")
def difference(later: int, earlier: int) -> Interval:
    """Return the span in days and time.

    Raises:
        PostgresError: one of them is infinite (22008).
    """
    if dt.INFINITY in {abs(later), abs(earlier)}:
        raise error("22008", "cannot subtract infinite timestamps")
    gap = later - earlier
    days = (
        int(gap / DAY_US) if abs(gap) < 1 << 52 else (abs(gap) // DAY_US) * (1 if gap > 0 else -1)
    )
    return Interval(0, days, gap - days * DAY_US)


@FAMILY.operator("time - time", returns="interval")
def time_difference(later: int, earlier: int) -> Interval:
    """Return the span."""
    return Interval(0, 0, later - earlier)


@FAMILY.operator("time + interval", returns="time")
def time_plus(us: int, span: Interval) -> int:
    """Add, around midnight."""
    return (us + span.us) % DAY_US


@FAMILY.operator("time - interval", returns="time")
def time_minus(us: int, span: Interval) -> int:
    """Subtract, around midnight."""
    return (us - span.us) % DAY_US


@FAMILY.function("make_date(integer, integer, integer)", returns="date")
def make_date(year: int, month: int, day: int) -> int:
    """Make a date.

    Raises:
        PostgresError: out of range (22008).
    """
    shown = f"{year}-{month:02d}-{day:02d}"
    if year == 0 or not 1 <= month <= 12 or not 1 <= day <= dt.days_in_month(year, month):
        raise error("22008", f"date field value out of range: {shown}")
    return dt.days_from_civil(year if year > 0 else year + 1, month, day)


@FAMILY.function("make_time(integer, integer, double precision)", returns="time")
def make_time(hour: int, minute: int, second: float) -> int:
    """Make a time of day.

    Raises:
        PostgresError: out of range (22008).
    """
    if not (0 <= hour <= 24 and 0 <= minute <= 59 and 0 <= second <= 60):
        raise error("22008", f"time field value out of range: {hour}:{minute:02d}:{second:02g}")
    us = (hour * 3600 + minute * 60) * _SECOND + round(second * _SECOND)
    if us > DAY_US:
        raise error("22008", f"time field value out of range: {hour}:{minute:02d}:{second:g}")
    return us


@FAMILY.function(
    "make_timestamptz(integer, integer, integer, integer, integer, double precision)",
    returns="timestamptz", takes_session=True,
)  # fmt: skip
def make_timestamptz(  # noqa: PLR0917 -- one argument for each field
    facts: Facts, year: int, month: int, day: int, hour: int, minute: int, second: float
) -> int:
    """Make an instant on the session's clock."""
    local = make_timestamp(year, month, day, hour, minute, second)
    return dt.bounded(dt.local_to_utc(local, facts.zone))


@FAMILY.function(
    "make_timestamptz(integer, integer, integer, integer, integer, double precision, text)",
    returns="timestamptz",
)
def make_timestamptz_at(  # noqa: PLR0917 -- one argument for each field
    year: int, month: int, day: int, hour: int, minute: int, second: float, zone: str
) -> int:
    """Make an instant on the clock of a zone."""
    local = make_timestamp(year, month, day, hour, minute, second)
    try:
        clock = moment_fields.offset_of(zone) if zone[:1] in {"+", "-"} else dt.clock_named(zone)
    except moment_fields.BadMoment:
        raise error("22023", f'numeric time zone "{zone}" out of range') from None
    return dt.bounded(dt.local_to_utc(local, clock))


@FAMILY.function(
    "make_timestamp(integer, integer, integer, integer, integer, double precision)",
    returns="timestamp",
)
def make_timestamp(year: int, month: int, day: int, hour: int, minute: int, second: float) -> int:  # noqa: PLR0917 one step for each form of the grammar
    """Make a timestamp."""
    return make_date(year, month, day) * DAY_US + make_time(hour, minute, second)


@FAMILY.function("to_timestamp(double precision)", returns="timestamptz")
def to_timestamp(seconds: float) -> int:
    """Return the instant so many seconds after 1970.

    Raises:
        PostgresError: out of range (22008).
    """
    if math.isnan(seconds):
        raise error("22008", "timestamp cannot be NaN")
    if math.isinf(seconds):
        return dt.INFINITY if seconds > 0 else -dt.INFINITY
    us = round(seconds * _SECOND)
    if not dt.FIRST_DAY * DAY_US <= us < dt.INFINITY:
        raise error("22008", f'timestamp out of range: "{floats.to_text(seconds)}"')
    return us


@FAMILY.function("timezone(text, timestamp)", returns="timestamptz")
def at_zone(zone: str, us: int) -> int:
    """Take a timestamp for a clock of a zone."""
    return dt.local_to_utc(us, dt.clock_named(zone))


@FAMILY.function("timezone(text, timestamptz)", returns="timestamp")
def in_zone(zone: str, us: int) -> int:
    """Show an instant on a clock of a zone."""
    return dt.utc_to_local(us, dt.clock_named(zone))


def offset_of_span(span: Interval) -> tzinfo:
    """Return the clock that is ahead of UTC by a span.

    Raises:
        PostgresError: it has months or days (22023).
    """
    if span.months or span.days:
        shown = interval.to_text(span)
        raise error("22023", f'interval time zone "{shown}" must not include months or days')
    return timezone(timedelta(microseconds=span.us // _SECOND * _SECOND))


@FAMILY.function("timezone(interval, timestamp)", returns="timestamptz")
def at_offset(span: Interval, us: int) -> int:
    """Take a timestamp for a clock that is ahead of UTC."""
    return dt.local_to_utc(us, offset_of_span(span))


@FAMILY.function("timezone(interval, timestamptz)", returns="timestamp")
def in_offset(span: Interval, us: int) -> int:
    """Show an instant on a clock that is ahead of UTC."""
    return dt.utc_to_local(us, offset_of_span(span))


@FAMILY.function(
    "isfinite(date)", "isfinite(timestamp)", "isfinite(timestamptz)", returns="boolean"
)
def is_finite(value: int) -> int:
    """Return whether it is not infinity."""
    return int(abs(value) < dt.INFINITY)


@FAMILY.function("date_bin(interval, timestamptz, timestamptz)", returns="timestamptz")
@FAMILY.function("date_bin(interval, timestamp, timestamp)", returns="timestamp")
def date_bin(stride: Interval, us: int, origin: int) -> int:
    """Cut to the bin of a stride.

    Raises:
        PostgresError: months in the stride (0A000), not positive (22008).
    """
    if abs(us) >= dt.INFINITY:
        return us
    if abs(origin) >= dt.INFINITY:
        raise error("22008", "origin out of range")
    if stride.months:
        raise error(
            "0A000", "timestamps cannot be binned into intervals containing months or years"
        )
    if stride.key <= 0:
        raise error("22008", "stride must be greater than zero")
    return dt.bounded(origin + (us - origin) // stride.key * stride.key)


@FAMILY.function(
    "overlaps(timestamp, timestamp, timestamp, timestamp)",
    "overlaps(timestamptz, timestamptz, timestamptz, timestamptz)",
    "overlaps(time, time, time, time)",
    returns="boolean",
    is_strict=False,
)
def overlaps(start1: Any, end1: Any, start2: Any, end2: Any) -> int | None:
    """Return whether two periods share a moment; one end that is NULL leaves it open where it does not matter."""
    first, second = _period(start1, end1), _period(start2, end2)
    if first is None or second is None:
        return None
    (early, early_end), (late, late_end) = sorted((first, second), key=lambda period: period[0])
    if early == late:
        return None if early_end is None or late_end is None else 1
    if early_end is None:
        return None
    return 1 if late < early_end else None if late_end is None else 0


def _period(start: Any, end: Any) -> tuple[Any, Any] | None:
    if start is None or end is None:
        known = end if start is None else start
        return None if known is None else (known, None)
    return min(start, end), max(start, end)


def _end(
    add: Callable[[int, Interval], int], start: int | None, end: int | Interval | None
) -> int | None:
    if not isinstance(end, Interval):
        return end
    return None if start is None else add(start, end)


def _ends(add: Callable[[int, Interval], int]) -> Callable[..., int | None]:
    """Return `overlaps` for periods that are given by their length."""

    def compute(
        start1: int | None,
        end1: int | Interval | None,
        start2: int | None,
        end2: int | Interval | None,
    ) -> int | None:
        return overlaps(start1, _end(add, start1, end1), start2, _end(add, start2, end2))

    return compute


for _type, _add in (("timestamp", timestamp_plus), ("time", time_plus)):
    for _ends_of in (("interval", "interval"), ("interval", _type), (_type, "interval")):
        FAMILY.function(
            f"overlaps({_type}, {_ends_of[0]}, {_type}, {_ends_of[1]})",
            returns="boolean",
            is_strict=False,
        )(_ends(_add))


@FAMILY.function(
    "overlaps(timestamptz, interval, timestamptz, interval)",
    "overlaps(timestamptz, timestamptz, timestamptz, interval)",
    "overlaps(timestamptz, interval, timestamptz, timestamptz)",
    returns="boolean", takes_session=True, is_strict=False,
)  # fmt: skip
def overlaps_instants(
    facts: Facts,
    start1: int | None,
    end1: int | Interval | None,
    start2: int | None,
    end2: int | Interval | None,
) -> int | None:
    """Return whether two periods share a moment."""
    add = partial(instant_plus, facts)
    return overlaps(start1, _end(add, start1, end1), start2, _end(add, start2, end2))
