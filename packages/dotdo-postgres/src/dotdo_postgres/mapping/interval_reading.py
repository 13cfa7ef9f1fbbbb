"""Intervals read as PostgreSQL reads them: units, SQL's fields, ISO 8601; what overflows or repeats is refused."""

import re
from dataclasses import dataclass

from dotdo_postgres.errors import error
from dotdo_postgres.mapping.interval import DAY_US, FULL_RANGE, Interval, encode

YEAR, MONTH, DAY, HOUR, MINUTE, SECOND = 1 << 2, 1 << 1, 1 << 3, 1 << 10, 1 << 11, 1 << 12
_RIGHTMOST = (
    (SECOND, "second"),
    (MINUTE, "minute"),
    (HOUR, "hour"),
    (DAY, "day"),
    (MONTH, "month"),
    (YEAR, "year"),
)
_MONTHS = {"year": 12, "decade": 120, "century": 1200, "millennium": 12000}
_DAYS = {"day": 1, "week": 7}
_US = {
    "microsecond": 1,
    "millisecond": 1000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
}
_CLOCK = frozenset({"hour", "minute", "second", "millisecond", "microsecond"})
_UNITS = {
    name: unit
    for unit, names in {
        "microsecond": "microsecon us usec usecond useconds usecs",
        "millisecond": "millisecon ms msec msecond mseconds msecs",
        "second": "s sec second seconds secs",
        "minute": "m min mins minute minutes",
        "hour": "h hour hours hr hrs",
        "day": "d day days",
        "week": "w week weeks",
        "month": "mon mons month months",
        "year": "y year years yr yrs",
        "decade": "dec decade decades decs",
        "century": "c cent centuries century",
        "millennium": "mil mils millennia millennium",
        "ago": "ago",
    }.items()
    for name in names.split()
}
_TOKEN_SIZE = 10  # PostgreSQL looks no further into a word
_FIELD = re.compile(
    r"(?P<time>\d+:[\d:.]*)"
    r"|(?P<number>\d+[-/.]\d[-/.\d]*|\d+\.?|\.\d*)"
    r"|(?P<signed>[+-]\s*\d[\d:.-]*)"
    r"|(?P<word>[A-Za-z]+)"
)
_NUMBER = re.compile(r"(?P<whole>[+-]?\d*)(?P<rest>(?:[-.].*)?)$", re.DOTALL)
_ISO_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


class _Bad(Exception):
    """Not an interval."""


class _Overflow(Exception):
    """A field does not fit."""


@dataclass(slots=True)
class _Span:
    years: int = 0
    months: int = 0
    days: int = 0
    us: int = 0

    def add(self, value: int, fraction: float, unit: str) -> None:
        """Add so many of a unit; fractions go to smaller fields."""
        if unit in _US:
            self.us += value * _US[unit]
            self._part_us(fraction, _US[unit])
        elif unit in _DAYS:
            self.days += value * _DAYS[unit]
            if unit == "week":
                self._part_days(fraction, 7)
            else:
                self._part_us(fraction, DAY_US)
        elif unit == "month":
            self.months += value
            self._part_days(fraction, 30)
        else:
            self.years += value * (_MONTHS[unit] // 12)
            self.months += round(fraction * (_MONTHS[unit] // 12) * 12)
        if not -(1 << 63) <= self.us < 1 << 63:
            raise _Overflow
        if any(not -(1 << 31) <= field < 1 << 31 for field in (self.days, self.months, self.years)):
            raise _Overflow

    def _part_us(self, fraction: float, scale: int) -> None:
        if fraction:
            exact = fraction * scale
            whole = int(exact)
            rest = exact - whole
            self.us += whole + (1 if rest > 0.5 else -1 if rest < -0.5 else 0)

    def _part_days(self, fraction: float, scale: int) -> None:
        if fraction:
            exact = fraction * scale
            self.days += int(exact)
            self._part_us(exact - int(exact), DAY_US)


def from_text(text: str, fields: int = FULL_RANGE) -> Interval:
    """Read an interval: `1 day 02:00`, `3 mons ago`, `P1Y2M`, `1-2`.

    Args:
        text: As typed.
        fields: Fields of its type (`year to month`); a bare number is of the last one.

    Returns:
        The span.

    Raises:
        PostgresError: 22007 not an interval, 22015 a field does not fit, 22008 the whole does not fit.
    """
    try:
        try:
            span = _by_fields(text, fields)
        except _Bad:
            span = _Span()
            _iso(text, span)
    except _Bad:
        raise error("22007", f'invalid input syntax for type interval: "{text}"') from None
    except _Overflow:
        raise error("22015", f'interval field value out of range: "{text}"') from None
    months = span.years * 12 + span.months
    if not -(1 << 31) <= months < 1 << 31:
        raise error("22008", "interval out of range")
    return Interval(months, span.days, span.us)


def _split(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _FIELD.match(text, at)
        if match is None:
            if text[at].isspace() or (not text[at].isalnum() and text[at] not in "+-_"):
                at += 1
                continue
            raise _Bad
        kind = match.lastgroup or ""
        found.append((kind, re.sub(r"\s", "", match[0])))
        at = match.end()
    return found


def _by_fields(text: str, fields: int) -> _Span:
    span, unit, is_ago = _Span(), "", False
    seen: set[str] = set()
    for kind, field in reversed(_split(text)):
        taken: frozenset[str] = frozenset()
        if kind == "word":
            unit = _UNITS.get(field.lower()[:_TOKEN_SIZE], "")
            is_ago = is_ago or unit == "ago"
            if not unit:
                raise _Bad
            continue
        if kind == "time" or (kind == "signed" and ":" in field):
            span.us += _clock(field, fields)
            taken, unit = _CLOCK, "day"
        else:
            if not unit:
                unit = next((name for bit, name in _RIGHTMOST if fields & bit), "second")
            taken, unit = _amount(field, unit, span)
        if taken & seen:
            raise _Bad
        seen |= taken
    if not seen:
        raise _Bad
    if is_ago:
        span = _Span(-span.years, -span.months, -span.days, -span.us)
        if span.us >= 1 << 63 or max(span.years, span.months, span.days) >= 1 << 31:
            raise _Overflow
    return span


def _amount(field: str, unit: str, span: _Span) -> tuple[frozenset[str], str]:
    """Add a number; return the fields it was for and the unit of the number before it."""
    match = _NUMBER.match(field)
    if match is None:
        raise _Bad
    whole, rest = match["whole"], match["rest"]
    value = int(whole) if whole.strip("+-") else 0
    if not -(1 << 63) <= value < 1 << 63:
        raise _Overflow
    fraction = 0.0
    if rest.startswith("-"):
        if not rest[1:].isdigit():
            raise _Bad
        months = int(rest[1:])
        if months >= 12:
            raise _Overflow
        value, unit = value * 12 + (-months if field.startswith("-") else months), "month"
    elif rest:
        if rest[1:] and not rest[1:].isdigit():
            raise _Bad
        fraction = float(f"0{rest}0") * (-1 if field.startswith("-") else 1)
    if unit == "ago":
        raise _Bad
    span.add(value, fraction, unit)
    if unit == "second" and fraction:
        return frozenset({"second", "millisecond", "microsecond"}), unit
    return frozenset({unit}), "day" if unit == "hour" else unit


def _clock(text: str, fields: int) -> int:
    match = re.fullmatch(r"[+-]?(\d*):(\d*)(?:\.(\d*)|:(\d+)(?:\.(\d*))?)?", text)
    if match is None:
        raise _Bad
    hours, minutes, seconds, fraction = (
        int(match[1] or 0),
        int(match[2] or 0),
        int(match[4] or 0),
        match[5] or "",
    )
    if match[3] is not None or (match[4] is None and fields == MINUTE | SECOND):
        hours, minutes, seconds, fraction = 0, hours, minutes, match[3] or ""
    if minutes > 59 or seconds > 60:
        raise _Bad if text[0] in "+-" else _Overflow
    us = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000
    us += round(float(f"0.{fraction}0") * 1_000_000)
    if us >= 1 << 63:
        raise _Bad if text[0] in "+-" else _Overflow
    return -us if text.startswith("-") else us


class _Iso:
    """What is left of an ISO 8601 text."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def number(self) -> tuple[int, float, int]:
        """Take a number; return whole part, fraction and the digits it has before the point."""
        match = _ISO_NUMBER.match(self.text, self.at)
        if match is None:
            raise _Bad
        value = float(match[0])
        if value in {float("inf"), float("-inf")}:
            raise _Bad
        self.at = match.end()
        whole = int(value)
        digits = re.match(r"-?(\d*)", match[0])
        return whole, value - whole, len(digits[1]) if digits else 0

    def take(self) -> str:
        """Take a character; nothing at the end."""
        self.at += 1
        return self.text[self.at - 1 : self.at]


def _iso(text: str, span: _Span) -> None:
    if len(text) < 2 or text[0] != "P":
        raise _Bad
    rest, is_date, has_field = _Iso(text[1:]), True, False
    units = {"Y": "year", "M": "month", "W": "week", "D": "day"}
    while rest.at < len(rest.text):
        if rest.text[rest.at] == "T":
            rest.at += 1
            is_date, has_field = False, False
            units = {"H": "hour", "M": "minute", "S": "second"}
            continue
        value, fraction, width = rest.number()
        mark = rest.take()
        if mark in units:
            span.add(value, fraction, units[mark])
            has_field = True
            continue
        if has_field or mark not in ({"", "T", "-"} if is_date else {"", ":"}):
            raise _Bad
        names = ("year", "month", "day") if is_date else ("hour", "minute", "second")
        if width == (8 if is_date else 6) and mark in {"", "T"}:
            sign, digits = (-1 if value < 0 else 1), abs(value)
            parts = (digits // 10000, digits // 100 % 100, digits % 100)
            for part, name in zip(parts, names, strict=True):
                span.add(sign * part, fraction if name in {"day", "second"} else 0.0, name)
        else:
            mark = _extended(rest, span, (value, fraction), names, mark)
        if not mark:
            return
        rest.at -= 1


def _extended(
    rest: _Iso, span: _Span, first: tuple[int, float], names: tuple[str, ...], mark: str
) -> str:
    """Read `Y-M-D` or `H:M:S`; return what ended it."""
    separator = "-" if names[0] == "year" else ":"
    span.add(*first, names[0])
    for name in names[1:]:
        if mark != separator:
            break
        value, fraction, _ = rest.number()
        span.add(value, fraction, name)
        mark = rest.take()
    if mark == separator or mark not in ({"", "T"} if separator == "-" else {""}):
        raise _Bad
    return mark


def read_stored(text: str) -> bytes:
    """Read text into stored bytes."""
    return encode(from_text(text))
