"""Dates in milliseconds since 1970, of all years that 64 bits hold: their parts in a timezone, and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotdo_mongo.errors import failure

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
SECOND_MS = 1000
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FIRST_MS = -62_135_596_800_000 + 2 * DAY_MS  # where datetime begins
_LAST_MS = 253_402_300_799_999 - 2 * DAY_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Zone(NamedTuple):
    """A timezone: a fixed offset in milliseconds, or rules."""

    offset_ms: int
    rules: tzinfo | None = None

    def offset_at(self, moment_ms: int) -> int:
        """Return the offset from UTC in force at a moment, in milliseconds."""
        if self.rules is None:
            return self.offset_ms
        bounded = min(max(moment_ms, _FIRST_MS), _LAST_MS)
        moment = (_EPOCH + timedelta(milliseconds=bounded)).astimezone(self.rules)
        offset = moment.utcoffset() or timedelta()
        return int(offset.total_seconds() * 1000)

    def to_utc(self, local_ms: int) -> int:
        """Return the moment at which the clock there shows a local time."""
        if self.rules is None:
            return local_ms - self.offset_ms
        before = self.offset_at(local_ms - DAY_MS)
        guess = local_ms - before
        offset = self.offset_at(guess)
        if offset == before:
            return guess
        later = local_ms - offset
        return later if self.offset_at(later) == offset else guess


UTC_ZONE = Zone(0)
_OFFSET = re.compile(r"([+-])(\d{2})(?::?(\d{2}))?")
_ABBREVIATIONS = {"UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "MST": -7, "HST": -10}


@lru_cache(maxsize=512)
def zone(name: str) -> Zone:
    """Return the timezone of an Olson name or an offset.

    Raises:
        CommandFailure: there is none of this name (40485).
    """
    if name in _ABBREVIATIONS:
        return Zone(_ABBREVIATIONS[name] * HOUR_MS)
    match = _OFFSET.fullmatch(name)
    if match:
        size = int(match[2]) * HOUR_MS + int(match[3] or 0) * MINUTE_MS
        return Zone(-size if match[1] == "-" else size)
    try:
        if name and name[0].isupper() and name not in {"localtime", "Factory"}:
            return Zone(0, ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise failure(40485, f'unrecognized time zone identifier: "{name}"')


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return days since 1970 of a date of the proleptic Gregorian calendar; months and days may overflow."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year + day - 1 - 719_468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Return year, month, day of days since 1970."""
    shifted = days + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (month <= 2), month, day


def is_leap(year: int) -> bool:
    """Whether a year has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """Return the length of a month."""
    return days_from_civil(year, month + 1, 1) - days_from_civil(year, month, 1)


class Parts(NamedTuple):
    """A moment as a clock and a calendar show it. `weekday` counts from Monday 0."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    millisecond: int
    weekday: int
    day_of_year: int
    offset_ms: int

    def iso_week(self) -> tuple[int, int]:
        """Return ISO 8601's year and week."""
        week = (self.day_of_year - self.weekday + 9) // 7
        if week < 1:
            return self.year - 1, weeks_in(self.year - 1)
        if week > weeks_in(self.year):
            return self.year + 1, 1
        return self.year, week

    def week(self) -> int:
        """Return the week of the year, weeks beginning on Sunday, 0 before the first."""
        sunday = (self.weekday + 1) % 7
        return (self.day_of_year + 6 - sunday) // 7


def weeks_in(year: int) -> int:
    """Return how many ISO weeks a year has."""
    first = (days_from_civil(year, 1, 1) + 3) % 7
    return 53 if first == 3 or (first == 2 and is_leap(year)) else 52


def parts_of(moment_ms: int, where: Zone) -> Parts:
    """Return what a moment is in a timezone."""
    offset = where.offset_at(moment_ms)
    days, rest = divmod(moment_ms + offset, DAY_MS)
    year, month, day = civil_from_days(days)
    hour, rest = divmod(rest, HOUR_MS)
    minute, rest = divmod(rest, MINUTE_MS)
    second, millisecond = divmod(rest, SECOND_MS)
    of_year = days - days_from_civil(year, 1, 1) + 1
    return Parts(
        year, month, day, hour, minute, second, millisecond, (days + 3) % 7, of_year, offset
    )


def local_ms(year: int, month: int, day: int, time_ms: int = 0) -> int:
    """Return milliseconds of a local date and time; months and days may overflow."""
    return days_from_civil(year, month, day) * DAY_MS + time_ms


def iso_week_start(year: int, week: int, day: int) -> int:
    """Return days since 1970 of an ISO year, week and day of the week."""
    fourth = days_from_civil(year, 1, 4)
    return fourth - (fourth + 3) % 7 + (week - 1) * 7 + day - 1


def iso_text(moment_ms: int) -> str:
    """Return a moment as `2024-01-31T12:00:00.000Z`. Code 18537 outside the years 0 to 9999."""
    parts = parts_of(moment_ms, UTC_ZONE)
    if not 0 <= parts.year <= 9999:
        raise failure(
            18537,
            f"Could not convert date to string: date component was outside the supported range of 0-9999: {parts.year}",
        )
    return (
        f"{parts.year:04d}-{parts.month:02d}-{parts.day:02d}T"
        f"{parts.hour:02d}:{parts.minute:02d}:{parts.second:02d}.{parts.millisecond:03d}Z"
    )
