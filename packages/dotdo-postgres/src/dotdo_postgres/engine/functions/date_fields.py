"""extract, date_part and date_trunc (9.9)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping.interval import DAY_US, Interval

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.9")
_SECOND = 1_000_000


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
    if _field(name) == "epoch":
        return Decimal(us).scaleb(-6)
    return time_field(name, us, "time without time zone")


def time_field(name: str, us: int, type_name: str) -> Decimal:
    """Extract a field of a time of day.

    Raises:
        PostgresError: unknown (22023) or unsupported (0A000) field.
    """
    found = _time_field(_field(name), us)
    if found is None:
        raise _bad_field(name, type_name)
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
def date_part_date(name: str, days: int) -> float | None:
    """Extract a field as a double, time fields of midnight included."""
    if abs(days) >= dt.INFINITY:
        found = _infinite(name, days)
        return None if found is None else float(found)
    return float(timestamp_field(name, days * DAY_US))


@FAMILY.function("date_part(text, time)", returns="double precision")
def date_part_time(name: str, us: int) -> float:
    """Extract a field as a double."""
    return float(_extract_time(name, us))


@FAMILY.function("date_part(text, interval)", returns="double precision")
def date_part_interval(name: str, span: Interval) -> float:
    """Extract a field as a double."""
    return float(_extract_interval(name, span))


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


@FAMILY.function("date_trunc(text, timestamptz, text)", returns="timestamptz")
def date_trunc_in_zone(name: str, us: int, zone: str) -> int:
    """Cut to a unit on the clock of a zone."""
    clock = dt.clock_named(zone)
    local = truncate(name, dt.utc_to_local(us, clock), "timestamp with time zone")
    return dt.local_to_utc(local, clock)


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
