"""date, time, timestamp and timestamptz: days and microseconds since 1970 in both directions of text; the proleptic Gregorian calendar."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotdo_postgres.errors import PostgresError, error

INFINITY = 2**63 - 1
DAY_US = 86_400_000_000
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), start=1)
    for name in names.split()
}  # fmt: skip
_DAY_NAMES = frozenset(
    [
        "mon",
        "monday",
        "tue",
        "tues",
        "tuesday",
        "wed",
        "weds",
        "wednesday",
        "thu",
        "thur",
        "thurs",
        "thursday",
        "fri",
        "friday",
        "sat",
        "saturday",
        "sun",
        "sunday",
    ]
)
_TOKENS = re.compile(
    r"\s*(?:(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d*)?)?)|(?P<offset>[+-]\d{1,2}(?::?\d{2}){0,2}(?![\d-]))"
    r"|(?P<numeric>\d+[-/.]\d+(?:[-/.]\d+)?|\d+[-/][A-Za-z]+[-/]\d+)|(?P<digits>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]+(?:/[A-Za-z_]+)*)|[,T])",
)


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
        return ZoneInfo(name)
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
    if zone is UTC:
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


class Moment:
    """What was read of a date or time: date, time of day, offset, each None when absent."""

    __slots__ = ("date", "is_bc", "special", "time_us", "zone")

    def __init__(self) -> None:
        self.date: tuple[int, int, int] | None = None
        self.time_us: int | None = None
        self.zone: tzinfo | None = None
        self.special: str | None = None
        self.is_bc = False


def _invalid(kind: str, text: str) -> PostgresError:
    return error("22007", f'invalid input syntax for type {kind}: "{text}"')


def out_of_range(text: str) -> PostgresError:
    """Make the error for a field beyond its range (22008)."""
    return error("22008", f'date/time field value out of range: "{text}"')


def read_moment(text: str, kind: str, order: str = "MDY") -> Moment:  # noqa: C901, PLR0912 one step for each form of the grammar
    """Read date, time and zone in the orders PostgreSQL takes (ISO, `Jan 8, 1999`, `1/8/1999` as month/day/year).

    Args:
        text: As typed.
        kind: Name of the type for messages.
        order: Of day, month and year where numbers alone are given.

    Returns:
        The parts found.

    Raises:
        PostgresError: 22007 for what cannot be read, 22008 for fields out of range.
    """
    moment, at, numbers, month = Moment(), 0, [], None
    source = text.strip()
    if not source:
        raise _invalid(kind, text)
    while at < len(source):
        match = _TOKENS.match(source, at)
        if not match:
            raise _invalid(kind, text)
        at = match.end()
        if match["clock"]:
            moment.time_us = _read_clock(match["clock"], text)
        elif match["offset"]:
            if moment.time_us is None:
                raise _invalid(kind, text)
            moment.zone = _read_offset(match["offset"])
        elif match["numeric"]:
            moment.date = _read_numeric_date(match["numeric"], kind, text, order)
        elif match["digits"]:
            digits = match["digits"]
            if moment.date is None and month is None and len(digits) == 8:
                moment.date = int(digits[:4]), int(digits[4:6]), int(digits[6:])
            elif (
                len(digits.partition(".")[0]) == 6
                and moment.date is not None
                and moment.time_us is None
            ):
                moment.time_us = _read_clock(f"{digits[:2]}:{digits[2:4]}:{digits[4:]}", text)
            else:
                numbers.append(digits)
        elif match["word"]:
            month = _read_word(match["word"], moment, month, kind, text)
    if month is not None:
        if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
            raise _invalid(kind, text)
        first, second = numbers
        day, year = (second, first) if len(first) > 2 else (first, second)
        moment.date = _full_year(year, moment), month, int(day)
    elif numbers:
        raise _invalid(kind, text)
    _check_date(moment, text)
    return moment


def _full_year(year: str, moment: Moment | None = None) -> int:
    """Take a year of one or two digits for one near the present."""
    if len(year) > 2 or (moment is not None and moment.is_bc):
        return int(year)
    return int(year) + (2000 if int(year) < 70 else 1900)


def _read_word(word: str, moment: Moment, month: int | None, kind: str, text: str) -> int | None:
    lower = word.lower()
    if lower in _MONTHS:
        return _MONTHS[lower]
    if lower in {"infinity", "inf", "epoch", "now", "today", "tomorrow", "yesterday"}:
        moment.special = "infinity" if lower == "inf" else lower
    elif lower in {"am", "pm"} and moment.time_us is not None:
        hours = moment.time_us // 3_600_000_000
        if hours > 12:
            raise out_of_range(text)
        shift = 12 if lower == "pm" and hours != 12 else -12 if lower == "am" and hours == 12 else 0
        moment.time_us += shift * 3_600_000_000
    elif lower in {"bc", "ad"}:
        moment.is_bc = lower == "bc"
    elif lower == "t" or lower in _DAY_NAMES:
        pass
    elif moment.date is not None or moment.time_us is not None:
        try:
            moment.zone = zone_named(word)
        except PostgresError:
            raise _invalid(kind, text) from None
    else:
        raise _invalid(kind, text)
    return month


def _read_clock(clock: str, text: str) -> int:
    hours, minutes, *rest = clock.split(":")
    seconds, _, fraction = (rest[0] if rest else "0").partition(".")
    us = round(float(f"0.{fraction or 0}") * 1_000_000)
    if int(minutes) > 59 or int(seconds) > 60 or int(hours) > 24:
        raise out_of_range(text)
    total = (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1_000_000 + us
    if total > DAY_US:
        raise out_of_range(text)
    return total


def _read_offset(offset: str) -> tzinfo:
    digits = offset[1:].replace(":", "")
    if len(digits) <= 2:
        hours, minutes, seconds = int(digits), 0, 0
    else:
        digits = digits.rjust(len(digits) + len(digits) % 2, "0")
        hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:6] or 0)
    total = hours * 3600 + minutes * 60 + seconds
    return timezone(timedelta(seconds=-total if offset[0] == "-" else total)) if total else UTC


def _read_numeric_date(date: str, kind: str, text: str, order: str) -> tuple[int, int, int]:
    fields = re.split(r"[-/.]", date)
    if len(fields) != 3:
        raise _invalid(kind, text)
    if fields[1].isalpha():
        month = _MONTHS.get(fields[1].lower())
        if month is None:
            raise _invalid(kind, text)
        day, year = (fields[2], fields[0]) if len(fields[0]) > 2 else (fields[0], fields[2])
        return _full_year(year), month, int(day)
    if len(fields[0]) > 2:
        return int(fields[0]), int(fields[1]), int(fields[2])
    numbers = dict(zip(order, fields, strict=True))
    return _full_year(numbers["Y"]), int(numbers["M"]), int(numbers["D"])


def _check_date(moment: Moment, text: str) -> None:
    if moment.date is None:
        return
    year, month, day = moment.date
    if (
        year == 0
        or not 1 <= month <= 12
        or not 1 <= day <= days_in_month(year if not moment.is_bc else 1 - year, month)
    ):
        hint = 'Perhaps you need a different "datestyle" setting.' if not 1 <= month <= 12 else None
        failure = out_of_range(text)
        failure.hint = hint
        raise failure
    if moment.is_bc:
        moment.date = 1 - year, month, day


def _special(moment: Moment, text: str) -> int | None:
    if moment.special == "infinity":
        return -INFINITY if text.strip().startswith("-") else INFINITY
    if moment.special == "epoch":
        return 0
    if moment.special:
        raise error("0A000", f'the date/time input "{moment.special}" is not supported')
    return None


def _strip_infinity(text: str) -> str:
    stripped = text.strip()
    return (
        stripped[1:]
        if stripped[:1] in {"-", "+"} and stripped[1:].lower() in {"infinity", "inf"}
        else stripped
    )


def date_from_text(text: str, order: str = "MDY") -> int:
    """Read a date into days since 1970.

    Raises:
        PostgresError: 22007, 22008.
    """
    moment = read_moment(_strip_infinity(text), "date", order)
    special = _special(moment, text)
    if special is not None:
        return special
    if moment.date is None:
        raise _invalid("date", text)
    return days_from_civil(*moment.date)


def time_from_text(text: str) -> int:
    """Read a time of day into microseconds.

    Raises:
        PostgresError: 22007, 22008.
    """
    moment = read_moment(text, "time")
    if moment.time_us is None:
        raise _invalid("time", text)
    return moment.time_us


def timestamp_from_text(text: str, order: str = "MDY") -> int:
    """Read a timestamp without time zone into microseconds since 1970; a zone in the text is ignored.

    Raises:
        PostgresError: 22007, 22008.
    """
    moment = read_moment(_strip_infinity(text), "timestamp", order)
    special = _special(moment, text)
    if special is not None:
        return special
    if moment.date is None:
        raise _invalid("timestamp", text)
    return _bounded(days_from_civil(*moment.date) * DAY_US + (moment.time_us or 0))


def _bounded(us: int) -> int:
    """Refuse what is past the last timestamp or before the first (22008)."""
    if not -210866803200000000 <= us < INFINITY:
        raise error("22008", "timestamp out of range")
    return us


def timestamptz_from_text(text: str, zone: tzinfo, order: str = "MDY") -> int:
    """Read an instant into microseconds since 1970 UTC; without an offset the clock of `zone` is meant.

    Raises:
        PostgresError: 22007, 22008.
    """
    moment = read_moment(_strip_infinity(text), "timestamp with time zone", order)
    special = _special(moment, text)
    if special is not None:
        return special
    if moment.date is None:
        raise _invalid("timestamp with time zone", text)
    local = days_from_civil(*moment.date) * DAY_US + (moment.time_us or 0)
    return _bounded(local_to_utc(local, moment.zone or zone))
