"""date, time, timestamp and timestamptz: days and microseconds since 1970 written as text; zones; the proleptic Gregorian calendar."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from dotdo_postgres.errors import error
from dotdo_postgres.spec.zones import ABBREVIATIONS

INFINITY = 2**63 - 1
DAY_US = 86_400_000_000
FIRST_DAY = -2440588
LAST_DAY = 2145042905
LAST_TIMESTAMP_DAY = 106751990


def bounded(us: int) -> int:
    """Refuse a timestamp past the last or before the first (22008)."""
    if FIRST_DAY * DAY_US <= us < INFINITY or abs(us) == INFINITY:
        return us
    raise error("22008", "timestamp out of range")


def bounded_day(days: int) -> int:
    """Refuse a date past the last or before the first (22008)."""
    if FIRST_DAY <= days <= LAST_DAY or abs(days) == INFINITY:
        return days
    raise error("22008", "date out of range")


def midnight(days: int) -> int:
    """Return the timestamp at which a day starts (22008 when there is none)."""
    if abs(days) == INFINITY:
        return days
    if days > LAST_TIMESTAMP_DAY:
        raise error("22008", "date out of range for timestamp")
    return days * DAY_US


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return days since 1970-01-01 of a date; year 0 is 1 BC."""
    year -= month <= 2
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return (
        era * 146097
        + year_of_era * 365
        + year_of_era // 4
        - year_of_era // 100
        + day_of_year
        - 719468
    )


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Return year, month and day of days since 1970-01-01."""
    days += 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1


def days_in_month(year: int, month: int) -> int:
    """Return the number of days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


@lru_cache(maxsize=1)
def _zone_names() -> dict[str, str]:
    """Return the names of zones by what they are in small letters."""
    return {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=256)
def clock_named(name: str) -> tzinfo:
    """Return the time zone of an abbreviation (`EST`, `MSK`), of `UTC+3` or of anything `zone_named` knows.

    Raises:
        PostgresError: unknown (SQLSTATE 22023).
    """
    offset = ABBREVIATIONS.get(name.lower())
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    return zone_named(name)


_POSIX_ZONE = re.compile(r"(<[\w+-]+>|[A-Za-z]{3,})([+-]?)(\d{1,2})(?::(\d{2}))?")
"""An abbreviation and the hours west of Greenwich: `<-03>+03`, `EST5`."""


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo:
    """Return the time zone of that name or offset.

    Raises:
        PostgresError: unknown (SQLSTATE 22023).
    """
    if name.lower() in {"utc", "z", "zulu", "gmt"}:
        return UTC
    try:
        return ZoneInfo(_zone_names().get(name.lower(), name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    match = re.fullmatch(r"(?:<[^>]*>)?([+-]?)(\d{1,2})(?::?(\d{2}))?", name)
    if match:
        seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
        return timezone(
            timedelta(seconds=seconds if match[1] == "-" else -seconds)
        )  # POSIX: west is positive
    if match := _POSIX_ZONE.fullmatch(name):
        seconds = int(match[3]) * 3600 + int(match[4] or 0) * 60
        west = timedelta(seconds=seconds if match[2] == "-" else -seconds)
        return timezone(west, match[1].strip("<>"))
    raise error("22023", f'time zone "{name}" not recognized')


def offset_at(zone: tzinfo, utc_us: int) -> int:
    """Return the offset from UTC in seconds that holds in a zone at an instant."""
    if zone is UTC:
        return 0
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        microseconds=max(min(utc_us, 253370764800000000), -62135510400000000)
    )
    offset = moment.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def local_to_utc(local_us: int, zone: tzinfo) -> int:
    """Return the instant at which clocks of a zone show that local time."""
    if zone is UTC or abs(local_us) >= INFINITY:
        return local_us
    clamped = max(min(local_us, 253370764800000000), -62135510400000000)
    naive = datetime(1970, 1, 1) + timedelta(microseconds=clamped)  # noqa: DTZ001 -- a wall clock reading
    offsets = [naive.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)]
    standard = min(
        offset for offset in offsets if offset is not None
    )  # of two, PostgreSQL takes standard time
    return local_us - int(standard.total_seconds()) * 1_000_000


def utc_to_local(utc_us: int, zone: tzinfo) -> int:
    """Return what clocks of a zone show at an instant."""
    if abs(utc_us) >= INFINITY:
        return utc_us
    return utc_us + offset_at(zone, utc_us) * 1_000_000


def date_to_text(days: int) -> str:
    """Write a date: `2024-01-31`, `0044-03-15 BC`, `infinity`."""
    if abs(days) >= INFINITY:
        return "infinity" if days > 0 else "-infinity"
    year, month, day = civil_from_days(days)
    return (
        f"{year:04d}-{month:02d}-{day:02d}"
        if year > 0
        else f"{1 - year:04d}-{month:02d}-{day:02d} BC"
    )


def time_to_text(us: int) -> str:
    """Write a time of day, fraction without trailing zeros."""
    seconds, fraction = divmod(us, 1_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:06d}".rstrip("0") if fraction else text


def timestamp_to_text(us: int) -> str:
    """Write a timestamp without time zone."""
    if abs(us) >= INFINITY:
        return "infinity" if us > 0 else "-infinity"
    days, time_us = divmod(us, DAY_US)
    date, _, era = date_to_text(days).partition(" ")
    return f"{date} {time_to_text(time_us)}{' BC' if era else ''}"


def timestamptz_to_text(us: int, zone: tzinfo) -> str:
    """Write an instant as clocks of a zone show it, with the offset."""
    if abs(us) >= INFINITY:
        return "infinity" if us > 0 else "-infinity"
    offset = offset_at(zone, us)
    text = timestamp_to_text(us + offset * 1_000_000)
    hours, rest = divmod(abs(offset), 3600)
    shown = f"{'-' if offset < 0 else '+'}{hours:02d}"
    if rest:
        shown += f":{rest // 60:02d}" + (f":{rest % 60:02d}" if rest % 60 else "")
    return f"{text[:-3]}{shown} BC" if text.endswith(" BC") else text + shown
