"""to_char of timestamps and intervals (9.8): each field of a pattern written out of a moment taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.date_fields import iso_week
from dotdo_postgres.engine.functions.moment_patterns import DAYS, MONTHS, ROMAN, Token, read_pattern
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping.interval import DAY_US, Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.8")


@dataclass(slots=True)
class Parts:
    """A timestamp or interval taken apart; the last fields mean nothing for intervals."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    us: int
    is_interval: bool = False
    days: int = 0
    day_of_year: int = 0
    offset_s: int | None = None
    zone_name: str = ""

    @property
    def shown_year(self) -> int:
        """Year as people count: there is no year 0."""
        return self.year if self.is_interval or self.year > 0 else 1 - self.year

    @property
    def weekday(self) -> int:
        """Days since Sunday."""
        return (self.days + 4) % 7

    @property
    def seconds(self) -> int:
        """Seconds since midnight."""
        return self.hour * 3600 + self.minute * 60 + self.second


def parts_of(us: int, offset_s: int | None = None, zone_name: str = "") -> Parts:
    """Take a timestamp apart."""
    days, time_us = divmod(us, DAY_US)
    year, month, day = dt.civil_from_days(days)
    seconds = time_us // 1_000_000
    return Parts(
        year, month, day, seconds // 3600, seconds // 60 % 60, seconds % 60, time_us % 1_000_000,
        days=days, day_of_year=days - dt.days_from_civil(year, 1, 1) + 1, offset_s=offset_s, zone_name=zone_name,
    )  # fmt: skip


def parts_of_interval(span: Interval) -> Parts:
    """Take an interval apart; every field has its sign."""
    years = int(span.months / 12)
    sign = -1 if span.us < 0 else 1
    seconds, us = divmod(abs(span.us), 1_000_000)
    months = span.months - years * 12
    return Parts(
        years,
        months,
        span.days,
        sign * (seconds // 3600),
        sign * (seconds // 60 % 60),
        sign * (seconds % 60),
        sign * us,
        is_interval=True,
        days=_days_of(years, months, span.days),
        day_of_year=years * 360 + months * 30 + span.days,
    )


def _days_of(year: int, month: int, day: int) -> int:
    """Count days to a date whose month may be 0 or negative, as PostgreSQL's day numbers do."""
    year, month = (year + 4800, month + 1) if month > 2 else (year + 4799, month + 13)
    century = year // 100
    return (
        year * 365
        - 32167
        + year // 4
        - century
        + century // 4
        + 7834 * month // 256
        + day
        - 2440588
    )


# Fields that only a date has.
_DATES_ONLY = frozenset({
    "A.D.", "AD", "B.C.", "BC", "MONTH", "MON", "DAY", "DY", "D", "ID", "TZ", "TZH", "TZM", "OF",
})  # fmt: skip


def write(parts: Parts, pattern: str) -> str:
    """Write a moment by a pattern.

    Raises:
        PostgresError: a field that an interval does not have (SQLSTATE 22007).
    """
    return "".join(
        [
            token.text if token.kind != "field" else _field(parts, token)
            for token in read_pattern(pattern)
        ]
    )


_FRACTIONS = frozenset({"MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6"})


def _field(parts: Parts, token: Token) -> str:
    upper = token.text.upper()
    if parts.is_interval and upper in _DATES_ONLY:
        hint = "Intervals are not tied to specific calendar dates."
        message = "invalid format specification for an interval value"
        raise error("22007", message, hint=hint)
    if upper == "FX":
        return ""
    number = _number(parts, upper)
    if number is not None:
        value, width = number
        is_tight = token.is_filled and upper not in _FRACTIONS
        return _ordinal(_padded(value, 0 if is_tight else width), token.suffix)
    if upper == "Y,YYY":
        year = parts.shown_year
        thousands = int(year / 1000)
        return _ordinal(f"{thousands},{year - thousands * 1000:03d}", token.suffix)
    return _word(parts, token, upper)


def _padded(value: int, width: int) -> str:
    return f"{value:0{width + (value < 0)}d}" if width else str(value)


def _ordinal(text: str, suffix: str) -> str:
    if not suffix:
        return text
    tail = int(text[-2:].lstrip("-,") or 0)
    word = "th" if 10 < tail < 20 else {1: "st", 2: "nd", 3: "rd"}.get(tail % 10, "th")
    return text + (word.upper() if suffix == "TH" else word)


def _number(parts: Parts, field: str) -> tuple[int, int] | None:
    """Return value and width of a numeric field, None for words."""
    if field in _CLOCK:
        return _CLOCK[field](parts)
    if field.startswith("FF"):
        digits = int(field[2])
        return int(parts.us / 10 ** (6 - digits)), digits
    if field in {"YYYY", "YYY", "YY", "Y"}:
        return _year(parts.shown_year, len(field))
    if field in {"IYYY", "IYY", "IY", "I"}:
        year = iso_week(parts.days)[0]
        value, width = _year(year if year > 0 or parts.is_interval else 1 - year, len(field))
        return value, width - (value < 0) + (parts.shown_year < 0)
    if field == "CC":
        return _century(parts), 2
    if field in {"IDDD", "ID", "IW"}:
        week, weekday = iso_week(parts.days)[1], parts.weekday or 7
        return {"IDDD": ((week - 1) * 7 + weekday, 3), "ID": (weekday, 1), "IW": (week, 2)}[field]
    if field == "Q":
        return None if parts.month == 0 else (int((parts.month - 1) / 3) + 1, 1)
    return None


def _year(year: int, width: int) -> tuple[int, int]:
    limit = 10**width
    value = year if width == 4 else int(abs(year) % limit) * (-1 if year < 0 else 1)
    return value, width


def _century(parts: Parts) -> int:
    if parts.is_interval:
        return int(parts.year / 100)
    return (parts.year - 1) // 100 + 1 if parts.year > 0 else int(parts.year / 100) - 1


_CLOCK: dict[str, Callable[[Parts], tuple[int, int]]] = {
    "HH24": lambda p: (p.hour, 2),
    "HH12": lambda p: (_half_day(p.hour), 2),
    "HH": lambda p: (_half_day(p.hour), 2),
    "MI": lambda p: (p.minute, 2),
    "SS": lambda p: (p.second, 2),
    "MS": lambda p: (int(p.us / 1000), 3),
    "US": lambda p: (p.us, 6),
    "SSSS": lambda p: (p.seconds, 1),
    "SSSSS": lambda p: (p.seconds, 1),
    "MM": lambda p: (p.month, 2),
    "DD": lambda p: (p.day, 2 - (p.day < 0)),
    "DDD": lambda p: (p.day_of_year, 3),
    "D": lambda p: (p.weekday + 1, 1),
    "WW": lambda p: (int((p.day_of_year - 1) / 7) + 1, 2),
    "W": lambda p: (int((p.day - 1) / 7) + 1, 1),
    "J": lambda p: (p.days + 2440588, 1),
}


def _half_day(hour: int) -> int:
    rest = abs(hour) % 12
    return 12 if rest == 0 else -rest if hour < 0 else rest


def _cased(name: str, form: str) -> str:
    return name.upper() if form.isupper() else name.lower() if form.islower() else name


def _word(parts: Parts, token: Token, upper: str) -> str:
    form, is_tight = token.text, token.is_filled or token.is_localized
    letters = upper.replace(".", "")
    if letters in {"AM", "PM", "AD", "BC"}:
        is_later = (
            parts.hour > 0 and parts.hour % 24 >= 12 if letters[1] == "M" else parts.year <= 0
        )
        name = ("PM" if is_later else "AM") if letters[1] == "M" else "BC" if is_later else "AD"
        shown = f"{name[0]}.{name[1]}." if "." in form else name
        return shown if form.isupper() else shown.lower()
    if upper == "RM":
        return _roman(parts, form, token.is_filled)
    if upper in {"MONTH", "DAY"}:
        name = _cased(MONTHS[parts.month - 1] if upper == "MONTH" else DAYS[parts.weekday], form)
        return name if is_tight else name.ljust(9)
    if upper in {"MON", "DY"}:
        return _cased(
            (MONTHS[parts.month - 1] if upper == "MON" else DAYS[parts.weekday])[:3], form
        )
    return _zone(parts, form, token.is_filled) if upper in {"TZ", "TZH", "TZM", "OF"} else ""


def _roman(parts: Parts, form: str, is_tight: bool) -> str:
    if parts.month == 0 and parts.year == 0:
        return ""
    if parts.month == 0:
        month = 12 if parts.year >= 0 else 1
    else:
        month = parts.month if parts.month > 0 else 13 + parts.month
    name = _cased(ROMAN[month - 1], form)
    return name if is_tight else name.ljust(4)


def _zone(parts: Parts, form: str, is_filled: bool) -> str:
    if form.upper() == "TZ":
        return parts.zone_name.lower() if form == "tz" else parts.zone_name
    offset = parts.offset_s or 0
    sign, (hours, rest) = "-" if offset < 0 else "+", divmod(abs(offset), 3600)
    if form == "TZH":
        return f"{sign}{hours:02d}"
    if form == "TZM":
        return f"{rest // 60:02d}"
    return f"{sign}{hours if is_filled else f'{hours:02d}'}" + (
        f":{rest // 60:02d}" if rest // 60 else ""
    )


@FAMILY.function("to_char(timestamp, text)", returns="text")
def format_timestamp(us: int, pattern: str) -> str | None:
    """Write a timestamp by a pattern; NULL for infinity and without a pattern."""
    if abs(us) >= dt.INFINITY or not pattern:
        return None
    return write(parts_of(us), pattern)


@FAMILY.function("to_char(timestamptz, text)", returns="text", takes_session=True)
def format_instant(facts: Facts, us: int, pattern: str) -> str | None:
    """Write an instant by a pattern in the session's zone."""
    if abs(us) >= dt.INFINITY or not pattern:
        return None
    offset = dt.offset_at(facts.zone, us)
    return write(parts_of(us + offset * 1_000_000, offset, _zone_name(facts, us)), pattern)


def _zone_name(facts: Facts, us: int) -> str:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
        return moment.astimezone(facts.zone).tzname() or ""
    except OverflowError:  # years Python does not have
        return datetime(1970, 1, 1, tzinfo=facts.zone).tzname() or ""


@FAMILY.function("to_char(interval, text)", returns="text")
def format_interval(span: Interval, pattern: str) -> str | None:
    """Write an interval by a pattern of numbers."""
    return write(parts_of_interval(span), pattern) if pattern else None
