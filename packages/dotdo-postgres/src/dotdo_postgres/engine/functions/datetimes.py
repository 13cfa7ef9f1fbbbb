"""Date and time functions and operators (9.9)."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping.interval import DAY_US, Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.ir import Expr

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
    return (days + span.days) * DAY_US + time_us + span.us


def _negated(span: Interval) -> Interval:
    return Interval(-span.months, -span.days, -span.us)


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
    return add_interval(us, _negated(span))


@FAMILY.operator("timestamptz + interval", returns="timestamptz", takes_session=True)
def instant_plus(facts: Facts, us: int, span: Interval) -> int:
    """Add an interval on the session's clock."""
    if not span.months and not span.days:
        return us + span.us
    local = add_interval(dt.utc_to_local(us, facts.zone), Interval(span.months, span.days, 0))
    return dt.local_to_utc(local, facts.zone) + span.us


@FAMILY.operator("interval + timestamptz", returns="timestamptz", takes_session=True)
def plus_instant(facts: Facts, span: Interval, us: int) -> int:
    """Add an interval on the session's clock."""
    return instant_plus(facts, us, span)


@FAMILY.operator("timestamptz - interval", returns="timestamptz", takes_session=True)
def instant_minus(facts: Facts, us: int, span: Interval) -> int:
    """Subtract an interval on the session's clock."""
    return instant_plus(facts, us, _negated(span))


@FAMILY.operator("date + interval", returns="timestamp")
def date_plus(days: int, span: Interval) -> int:
    """Add an interval to midnight."""
    return add_interval(days * DAY_US, span)


@FAMILY.operator("interval + date", returns="timestamp")
def plus_date(span: Interval, days: int) -> int:
    """Add an interval to midnight."""
    return add_interval(days * DAY_US, span)


@FAMILY.operator("date - interval", returns="timestamp")
def date_minus(days: int, span: Interval) -> int:
    """Subtract an interval from midnight."""
    return add_interval(days * DAY_US, _negated(span))


@FAMILY.native_operator("date + integer", "integer + date", returns="date")
def date_plus_days(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Add days."""
    return Sql(n.binary("+", args[0].node, args[1].node))


@FAMILY.native_operator("date - integer", returns="date")
@FAMILY.native_operator("date - date", returns="integer")
def date_minus_days(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Subtract days."""
    return Sql(n.binary("-", args[0].node, args[1].node))


@FAMILY.native_operator("date + time", returns="timestamp")
def date_plus_time(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Put a date and a time of day together."""
    return Sql(n.binary("+", n.binary("*", args[0].node, n.integer(DAY_US)), args[1].node))


@FAMILY.operator("timestamp - timestamp", "timestamptz - timestamptz", returns="interval")
def difference(later: int, earlier: int) -> Interval:
    """Return the span in days and time."""
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


@FAMILY.operator("interval + interval", returns="interval")
def interval_plus(left: Interval, right: Interval) -> Interval:
    """Add field by field."""
    return Interval(left.months + right.months, left.days + right.days, left.us + right.us)


@FAMILY.operator("interval - interval", returns="interval")
def interval_minus(left: Interval, right: Interval) -> Interval:
    """Subtract field by field."""
    return interval_plus(left, _negated(right))


@FAMILY.operator("- interval", returns="interval")
def interval_negative(span: Interval) -> Interval:
    """Turn every field around."""
    return _negated(span)


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


# --- extract and date_part -----------------------------------------------------------------


def iso_week(days: int) -> tuple[int, int]:
    """Return ISO year and week of a date."""
    thursday = days - (days + 3) % 7 + 3
    year, _, _ = dt.civil_from_days(thursday)
    return year, (thursday - dt.days_from_civil(year, 1, 1)) // 7 + 1


def _fraction(us: int, scale: int) -> Decimal:
    return Decimal(us).scaleb(-6) if scale else Decimal(us // _SECOND)


def _date_field(field: str, days: int) -> Decimal | None:
    year, month, day = dt.civil_from_days(days)
    shown = year if year > 0 else year - 1
    iso_year, week = iso_week(days)
    found = {
        "year": shown, "month": month, "day": day, "quarter": (month + 2) // 3, "week": week, "dow": (days + 4) % 7,
        "isodow": (days + 3) % 7 + 1, "doy": days - dt.days_from_civil(year, 1, 1) + 1,
        "isoyear": iso_year if iso_year > 0 else iso_year - 1, "decade": year // 10, "julian": days + 2440588,
        "century": (year + 99) // 100 if year > 0 else -((100 - year) // 100),
        "millennium": (year + 999) // 1000 if year > 0 else -((1000 - year) // 1000),
    }.get(field)  # fmt: skip
    return None if found is None else Decimal(found)


def _time_field(field: str, us: int) -> Decimal | None:
    if field == "hour":
        return Decimal(us // 3_600_000_000)
    if field == "minute":
        return Decimal(us // 60_000_000 % 60)
    if field == "second":
        return Decimal(us % 60_000_000).scaleb(-6)
    if field == "milliseconds":
        return Decimal(us % 60_000_000).scaleb(-3)
    if field == "microseconds":
        return Decimal(us % 60_000_000)
    return None


_ALIASES = {
    "years": "year", "y": "year", "yr": "year", "yrs": "year", "months": "month", "mon": "month", "mons": "month", "days": "day", "d": "day",
    "hours": "hour", "h": "hour", "hr": "hour", "hrs": "hour", "minutes": "minute", "m": "minute", "min": "minute", "mins": "minute",
    "seconds": "second", "s": "second", "sec": "second", "secs": "second", "millisecond": "milliseconds", "ms": "milliseconds",
    "msec": "milliseconds", "microsecond": "microseconds", "us": "microseconds", "usec": "microseconds", "weeks": "week",
    "w": "week", "quarters": "quarter", "qtr": "quarter", "decades": "decade", "centuries": "century", "millennia": "millennium",
}  # fmt: skip
_TIME_FIELDS = frozenset({"hour", "minute", "second", "milliseconds", "microseconds"})
_KNOWN = frozenset({
    "year", "month", "day", "quarter", "week", "dow", "isodow", "doy", "isoyear", "decade", "julian", "century", "millennium", "epoch",
    "timezone", "timezone_hour", "timezone_minute",
}) | _TIME_FIELDS  # fmt: skip


def _field(text: str) -> str:
    word = text.lower()
    return _ALIASES.get(word, word)


def _bad_field(field: str, type_name: str) -> Exception:
    if _field(field) in _KNOWN:
        return error("0A000", f'unit "{field}" not supported for type {type_name}')
    return error("22023", f'unit "{field}" not recognized for type {type_name}')


def timestamp_field(name: str, us: int, type_name: str = "timestamp without time zone") -> Decimal:
    """Extract a field of a timestamp.

    Raises:
        PostgresError: unknown (22023) or unsupported (0A000) field.
    """
    field = _field(name)
    if field == "epoch":
        return Decimal(us).scaleb(-6)
    days, time_us = divmod(us, DAY_US)
    if field == "julian":
        whole = Decimal(days + 2440588)
        return whole if not time_us else whole + Decimal(time_us) / Decimal(DAY_US)
    found = _time_field(field, time_us) if field in _TIME_FIELDS else _date_field(field, days)
    if found is None:
        raise _bad_field(name, type_name)
    return found


def _extract_date(name: str, days: int) -> Decimal:
    field = _field(name)
    if field == "epoch":
        return Decimal(days * 86400)
    found = None if field in _TIME_FIELDS else _date_field(field, days)
    if found is None:
        raise _bad_field(name, "date")
    return found


def _extract_instant(facts: Facts, name: str, us: int) -> Decimal:
    field = _field(name)
    if field == "epoch":
        return Decimal(us).scaleb(-6)
    offset = dt.offset_at(facts.zone, us)
    if field == "timezone":
        return Decimal(offset)
    if field in {"timezone_hour", "timezone_minute"}:
        return Decimal(int(offset / 3600) if field.endswith("hour") else int(offset / 60) % 60)
    return timestamp_field(name, us + offset * _SECOND, "timestamp with time zone")


def _extract_time(name: str, us: int) -> Decimal:
    field = _field(name)
    if field == "epoch":
        return Decimal(us).scaleb(-6)
    found = _time_field(field, us)
    if found is None:
        raise _bad_field(name, "time without time zone")
    return found


def _extract_interval(name: str, span: Interval) -> Decimal:
    field = _field(name)
    years, months = int(span.months / 12), span.months - int(span.months / 12) * 12
    if field == "epoch":
        seconds = years * 31557600 + (months * 30 + span.days) * 86400
        return Decimal(seconds * _SECOND + span.us).scaleb(-6)
    found: int | None = {
        "year": years, "month": months, "day": span.days, "quarter": months // 3 + 1, "decade": int(years / 10),
        "century": int(years / 100), "millennium": int(years / 1000),
    }.get(field)  # fmt: skip
    if found is not None:
        return Decimal(found)
    sign = -1 if span.us < 0 else 1
    time_field = _time_field(field, abs(span.us))
    if time_field is None:
        raise _bad_field(name, "interval")
    return sign * time_field


def _infinite(name: str, us: int) -> Decimal | None:
    grows = _field(name) in {
        "year",
        "decade",
        "century",
        "millennium",
        "epoch",
        "julian",
        "isoyear",
    }
    return Decimal("Infinity" if us > 0 else "-Infinity") if grows else None


@FAMILY.function("extract(text, timestamp)", returns="numeric")
def extract_timestamp(name: str, us: int) -> Decimal | None:
    """Extract a field."""
    return _infinite(name, us) if abs(us) >= dt.INFINITY else timestamp_field(name, us)


@FAMILY.function("extract(text, timestamptz)", returns="numeric", takes_session=True)
def extract_instant(facts: Facts, name: str, us: int) -> Decimal | None:
    """Extract a field in the session's zone."""
    return _infinite(name, us) if abs(us) >= dt.INFINITY else _extract_instant(facts, name, us)


@FAMILY.function("extract(text, date)", returns="numeric")
def extract_date(name: str, days: int) -> Decimal | None:
    """Extract a field."""
    return _infinite(name, days) if abs(days) >= dt.INFINITY else _extract_date(name, days)


@FAMILY.function("extract(text, time)", returns="numeric")
def extract_time(name: str, us: int) -> Decimal:
    """Extract a field."""
    return _extract_time(name, us)


@FAMILY.function("extract(text, interval)", returns="numeric")
def extract_interval(name: str, span: Interval) -> Decimal:
    """Extract a field."""
    return _extract_interval(name, span)


@FAMILY.function("date_part(text, timestamp)", returns="double precision")
def date_part_timestamp(name: str, us: int) -> float | None:
    """Extract a field as a double."""
    found = extract_timestamp(name, us)
    return None if found is None else float(found)


@FAMILY.function("date_part(text, timestamptz)", returns="double precision", takes_session=True)
def date_part_instant(facts: Facts, name: str, us: int) -> float | None:
    """Extract a field as a double."""
    found = extract_instant(facts, name, us)
    return None if found is None else float(found)


@FAMILY.function("date_part(text, date)", returns="double precision")
def date_part_date(name: str, days: int) -> float:
    """Extract a field as a double, time fields of midnight included."""
    return float(timestamp_field(name, days * DAY_US))


@FAMILY.function("date_part(text, time)", returns="double precision")
def date_part_time(name: str, us: int) -> float:
    """Extract a field as a double."""
    return float(_extract_time(name, us))


@FAMILY.function("date_part(text, interval)", returns="double precision")
def date_part_interval(name: str, span: Interval) -> float:
    """Extract a field as a double."""
    return float(_extract_interval(name, span))


# --- date_trunc, age, make_* ---------------------------------------------------------------

_UNIT_US = {
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": _SECOND,
    "milliseconds": 1000,
    "microseconds": 1,
}
_YEAR_UNITS = {"year": 1, "decade": 10, "century": 100, "millennium": 1000}


def truncate(name: str, us: int, type_name: str = "timestamp without time zone") -> int:
    """Cut a timestamp to a unit.

    Raises:
        PostgresError: unknown unit (22023).
    """
    if abs(us) >= dt.INFINITY:
        return us
    unit = _field(name)
    if unit in _UNIT_US:
        return us // _UNIT_US[unit] * _UNIT_US[unit]
    days = us // DAY_US
    year, month, _ = dt.civil_from_days(days)
    if unit == "day":
        pass
    elif unit == "week":
        days -= (days + 3) % 7
    elif unit == "month":
        days = dt.days_from_civil(year, month, 1)
    elif unit == "quarter":
        days = dt.days_from_civil(year, (month - 1) // 3 * 3 + 1, 1)
    elif unit in _YEAR_UNITS:
        span = _YEAR_UNITS[unit]
        first = (
            year if span == 1 else year // 10 * 10 if span == 10 else (year - 1) // span * span + 1
        )
        days = dt.days_from_civil(first, 1, 1)
    else:
        raise _bad_field(name, type_name)
    return days * DAY_US


@FAMILY.function("date_trunc(text, timestamp)", returns="timestamp")
def date_trunc(name: str, us: int) -> int:
    """Cut to a unit."""
    return truncate(name, us)


@FAMILY.function("date_trunc(text, timestamptz)", returns="timestamptz", takes_session=True)
def date_trunc_instant(facts: Facts, name: str, us: int) -> int:
    """Cut to a unit on the session's clock."""
    local = truncate(name, dt.utc_to_local(us, facts.zone), "timestamp with time zone")
    return dt.local_to_utc(local, facts.zone)


@FAMILY.function("date_trunc(text, interval)", returns="interval")
def date_trunc_interval(name: str, span: Interval) -> Interval:
    """Cut to a unit."""
    unit = _field(name)
    if unit in _UNIT_US:
        size = _UNIT_US[unit]
        return Interval(
            span.months,
            span.days,
            int(span.us / size) * size if abs(span.us) < 1 << 52 else span.us // size * size,
        )
    if unit == "day":
        return Interval(span.months, span.days, 0)
    sizes = {
        "month": 1,
        "quarter": 3,
        "year": 12,
        "decade": 120,
        "century": 1200,
        "millennium": 12000,
    }
    if unit not in sizes:
        raise _bad_field(name, "interval")
    return Interval(int(span.months / sizes[unit]) * sizes[unit], 0, 0)


def _age(later: int, earlier: int) -> Interval:
    if later < earlier:
        return _negated(_age(earlier, later))
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
    return (hour * 3600 + minute * 60) * _SECOND + round(second * _SECOND)


@FAMILY.function(
    "make_timestamp(integer, integer, integer, integer, integer, double precision)",
    returns="timestamp",
)
def make_timestamp(year: int, month: int, day: int, hour: int, minute: int, second: float) -> int:  # noqa: PLR0917 one step for each form of the grammar
    """Make a timestamp."""
    return make_date(year, month, day) * DAY_US + make_time(hour, minute, second)


@FAMILY.function("to_timestamp(double precision)", returns="timestamptz")
def to_timestamp(seconds: float) -> int:
    """Return the instant so many seconds after 1970."""
    return round(seconds * _SECOND)


@FAMILY.function("timezone(text, timestamp)", returns="timestamptz")
def at_zone(zone: str, us: int) -> int:
    """Take a timestamp for a clock of a zone."""
    return dt.local_to_utc(us, dt.zone_named(zone))


@FAMILY.function("timezone(text, timestamptz)", returns="timestamp")
def in_zone(zone: str, us: int) -> int:
    """Show an instant on a clock of a zone."""
    return dt.utc_to_local(us, dt.zone_named(zone))


@FAMILY.function(
    "isfinite(date)", "isfinite(timestamp)", "isfinite(timestamptz)", returns="boolean"
)
def is_finite(value: int) -> int:
    """Return whether it is not infinity."""
    return int(abs(value) < dt.INFINITY)


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


@FAMILY.function("date_bin(interval, timestamp, timestamp)", returns="timestamp")
def date_bin(stride: Interval, us: int, origin: int) -> int:
    """Cut to the bin of a stride.

    Raises:
        PostgresError: months in the stride (0A000), not positive (22008).
    """
    if stride.months:
        raise error(
            "0A000", "timestamps cannot be binned into intervals containing months or years"
        )
    if stride.key <= 0:
        raise error("22008", "stride must be greater than zero")
    return origin + (us - origin) // stride.key * stride.key


@FAMILY.function(
    "overlaps(timestamp, timestamp, timestamp, timestamp)",
    "overlaps(timestamptz, timestamptz, timestamptz, timestamptz)",
    returns="boolean",
)
def overlaps(start1: int, end1: int, start2: int, end2: int) -> int:
    """Return whether two periods share a moment."""
    (a, b), (c, d) = sorted((start1, end1)), sorted((start2, end2))
    return int((a < d or a == c) and (c < b or a == c))
