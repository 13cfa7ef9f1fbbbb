"""Intervals: arithmetic, justify_*, make_interval, age (9.9)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping.interval import DAY_US, Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.9")
_SECOND = 1_000_000


def negated(span: Interval) -> Interval:
    """Turn every field around."""
    return Interval(-span.months, -span.days, -span.us)


@FAMILY.operator("interval + interval", returns="interval")
def interval_plus(left: Interval, right: Interval) -> Interval:
    """Add field by field."""
    return Interval(left.months + right.months, left.days + right.days, left.us + right.us)


@FAMILY.operator("interval - interval", returns="interval")
def interval_minus(left: Interval, right: Interval) -> Interval:
    """Subtract field by field."""
    return interval_plus(left, negated(right))


@FAMILY.operator("- interval", returns="interval")
def interval_negative(span: Interval) -> Interval:
    """Turn every field around."""
    return negated(span)


@FAMILY.operator("interval * double precision", returns="interval")
def interval_times(span: Interval, factor: float) -> Interval:
    """Multiply; fractions of months become days, those of days time."""
    return _scaled(span, lambda field: field * factor)


def _scaled(span: Interval, by: Callable[[float], float]) -> Interval:
    months, days, us = by(span.months), by(span.days), by(span.us)
    if not all(math.isfinite(field) for field in (months, days, us)):
        raise error("22008", "interval out of range")
    whole_months, whole_days = int(months), int(days)
    month_days = round((months - whole_months) * 30, 6)
    seconds = round((days - whole_days + month_days - int(month_days)) * 86400, 6)
    if abs(seconds) >= 86400:
        whole_days += int(seconds / 86400)
        seconds -= int(seconds / 86400) * 86400
    return Interval(whole_months, whole_days + int(month_days), round(us + seconds * _SECOND))


@FAMILY.operator("double precision * interval", returns="interval")
def times_interval(factor: float, span: Interval) -> Interval:
    """Multiply."""
    return interval_times(span, factor)


@FAMILY.operator("interval / double precision", returns="interval")
def interval_divided(span: Interval, divisor: float) -> Interval:
    """Divide.

    Raises:
        PostgresError: division by zero (22012).
    """
    if divisor == 0:
        raise error("22012", "division by zero")
    return _scaled(span, lambda field: field / divisor)


@FAMILY.function("justify_days(interval)", returns="interval")
def justify_days(span: Interval) -> Interval:
    """Turn 30 days into a month."""
    months, days = int(span.days / 30), span.days - int(span.days / 30) * 30
    months += span.months
    if months > 0 > days:
        months, days = months - 1, days + 30
    elif months < 0 < days:
        months, days = months + 1, days - 30
    return Interval(months, days, span.us)


@FAMILY.function("justify_hours(interval)", returns="interval")
def justify_hours(span: Interval) -> Interval:
    """Turn 24 hours into a day."""
    whole = abs(span.us) // DAY_US * (1 if span.us > 0 else -1)
    days, us = span.days + whole, span.us - whole * DAY_US
    if days > 0 > us:
        days, us = days - 1, us + DAY_US
    elif days < 0 < us:
        days, us = days + 1, us - DAY_US
    return Interval(span.months, days, us)


@FAMILY.function("justify_interval(interval)", returns="interval")
def justify_interval(span: Interval) -> Interval:
    """Turn 24 hours into a day and 30 days into a month."""
    months, days, us = span
    if (days > 0 and us > 0) or (days < 0 and us < 0):
        whole = abs(us) // DAY_US * (1 if us > 0 else -1)
        days, us = days + whole, us - whole * DAY_US
    if months * days > 0:
        months, days = months + int(days / 30), days - int(days / 30) * 30
    whole = abs(us) // DAY_US * (1 if us > 0 else -1)
    days, us = days + whole, us - whole * DAY_US
    months, days = months + int(days / 30), days - int(days / 30) * 30
    if months > 0 and (days < 0 or (days == 0 and us < 0)):
        months, days = months - 1, days + 30
    elif months < 0 and (days > 0 or (days == 0 and us > 0)):
        months, days = months + 1, days - 30
    if days > 0 > us:
        days, us = days - 1, us + DAY_US
    elif days < 0 < us:
        days, us = days + 1, us - DAY_US
    return Interval(months, days, us)


@FAMILY.function(
    "make_interval(integer, integer, integer, integer, integer, integer, double precision)",
    returns="interval",
)
def make_interval(  # noqa: PLR0917 one step for each form of the grammar
    years: int = 0,
    months: int = 0,
    weeks: int = 0,
    days: int = 0,
    hours: int = 0,
    minutes: int = 0,
    seconds: float = 0.0,
) -> Interval:
    """Make an interval.

    Raises:
        PostgresError: it does not fit (22008).
    """
    if not math.isfinite(seconds):
        raise error("22008", "interval out of range")
    return Interval(
        years * 12 + months,
        weeks * 7 + days,
        (hours * 3600 + minutes * 60) * _SECOND + round(seconds * _SECOND),
    )


def _age(later: int, earlier: int) -> Interval:
    if later < earlier:
        return negated(_age(earlier, later))
    days1, us1 = divmod(later, DAY_US)
    days2, us2 = divmod(earlier, DAY_US)
    year1, month1, day1 = dt.civil_from_days(days1)
    year2, month2, day2 = dt.civil_from_days(days2)
    months, days, us = (year1 - year2) * 12 + month1 - month2, day1 - day2, us1 - us2
    if us < 0:
        us += DAY_US
        days -= 1
    while days < 0:
        days += dt.days_in_month(year2, month2)
        months -= 1
    return Interval(months, days, us)


@FAMILY.function("age(timestamp, timestamp)", returns="interval")
def age(later: int, earlier: int) -> Interval:
    """Subtract in years, months and days."""
    return _age(later, earlier)


@FAMILY.function("age(timestamptz, timestamptz)", returns="interval", takes_session=True)
def age_instant(facts: Facts, later: int, earlier: int) -> Interval:
    """Subtract in years, months and days of the session's clock."""
    return _age(dt.utc_to_local(later, facts.zone), dt.utc_to_local(earlier, facts.zone))


@FAMILY.function("age(timestamp)", returns="interval", takes_session=True)
def age_today(facts: Facts, earlier: int) -> Interval:
    """Subtract from today's midnight."""
    return _age(dt.utc_to_local(facts.transaction_us, facts.zone) // DAY_US * DAY_US, earlier)


@FAMILY.function("age(timestamptz)", returns="interval", takes_session=True)
def age_today_instant(facts: Facts, earlier: int) -> Interval:
    """Subtract from today's midnight in the session's time zone."""
    return age_today(facts, dt.utc_to_local(earlier, facts.zone))
