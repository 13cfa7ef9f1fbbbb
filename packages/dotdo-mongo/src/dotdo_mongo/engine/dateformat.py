"""Dates written and read by formats of % codes, and read from free text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.calendar import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    MONTHS,
    SECOND_MS,
    WEEKDAYS,
    Parts,
    Zone,
    days_from_civil,
    days_in_month,
    is_leap,
    iso_week_start,
    parts_of,
    weeks_in,
    zone,
)
from dotdo_mongo.errors import CommandFailure, failure

if TYPE_CHECKING:
    from collections.abc import Callable


class BadDate(Exception):
    """The text is no date; its own text says why."""


def _offset_text(parts: Parts) -> str:
    sign = "-" if parts.offset_ms < 0 else "+"
    hours, minutes = divmod(abs(parts.offset_ms) // MINUTE_MS, 60)
    return f"{sign}{hours:02d}{minutes:02d}"


def _minutes(parts: Parts) -> str:
    return str(parts.offset_ms // MINUTE_MS)


def _four(year: int) -> str:
    if not 0 <= year <= 9999:
        raise failure(
            18537,
            f"Could not convert date to string: date component was outside the supported range of 0-9999: {year}",
        )
    return f"{year:04d}"


_WRITERS: dict[str, Callable[[Parts], str]] = {
    "%": lambda _: "%",
    "b": lambda parts: MONTHS[parts.month - 1][:3].title(),
    "B": lambda parts: MONTHS[parts.month - 1].title(),
    "d": lambda parts: f"{parts.day:02d}",
    "G": lambda parts: _four(parts.iso_week()[0]),
    "H": lambda parts: f"{parts.hour:02d}",
    "j": lambda parts: f"{parts.day_of_year:03d}",
    "L": lambda parts: f"{parts.millisecond:03d}",
    "m": lambda parts: f"{parts.month:02d}",
    "M": lambda parts: f"{parts.minute:02d}",
    "S": lambda parts: f"{parts.second:02d}",
    "u": lambda parts: str(parts.weekday + 1),
    "U": lambda parts: f"{parts.week():02d}",
    "V": lambda parts: f"{parts.iso_week()[1]:02d}",
    "w": lambda parts: str((parts.weekday + 1) % 7 + 1),
    "Y": lambda parts: _four(parts.year),
    "z": _offset_text,
    "Z": _minutes,
}
_READABLE = "%bBdGHjLmMSuVYzZ"


def check_format(text: str, allowed: str = "".join(_WRITERS)) -> str:
    """Return a format if it is one. Codes 18535 unfinished, 18536 unknown."""
    index = 0
    while (index := text.find("%", index)) >= 0:
        if index + 1 >= len(text):
            raise failure(18535, "Unmatched '%' at end of format string")
        if text[index + 1] not in allowed:
            raise failure(18536, f"Invalid format character '%{text[index + 1]}' in format string")
        index += 2
    return text


def check_readable(text: str) -> str:
    """Return a format if dates can be read by it. Codes 18535, 18536."""
    return check_format(text, _READABLE)


def write(moment_ms: int, text: str, where: Zone) -> str:
    """Return a moment by a format."""
    parts = parts_of(moment_ms, where)
    return re.sub(r"%(.)", lambda match: _WRITERS[match[1]](parts), text, flags=re.DOTALL)


_READERS: dict[str, str] = {
    "%": "%",
    "b": r"(?P<b>[A-Za-z]{3})",
    "B": r"(?P<B>[A-Za-z]+)",
    "d": r"(?P<d>\d{1,2})",
    "G": r"(?P<G>\d{4})",
    "H": r"(?P<H>\d{1,2})",
    "j": r"(?P<j>\d{1,3})",
    "L": r"(?P<L>\d{1,3})",
    "m": r"(?P<m>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "u": r"(?P<u>\d)",
    "V": r"(?P<V>\d{1,2})",
    "Y": r"(?P<Y>\d{4})",
    "z": r"(?P<z>[+-]\d{2}:?\d{2}|[+-]\d{2}|Z|[A-Za-z][A-Za-z_]*(?:/[A-Za-z_]+)*)",
    "Z": r"(?P<Z>[+-]\d{1,3})",
}


def read(text: str, form: str, where: Zone | None) -> int:
    """Return the moment that a text tells by a format.

    Raises:
        BadDate: it does not.
    """
    pattern = re.sub(
        r"%(.)|(.)",
        lambda match: _READERS[match[1]] if match[1] else re.escape(match[2]),
        form,
        flags=re.DOTALL,
    )
    try:
        match = re.fullmatch(pattern, text, re.DOTALL)
    except re.error as error:
        raise BadDate(f"Error parsing date string '{text}'; repeated format: {error}") from error
    if match is None:
        raise BadDate(f"Error parsing date string '{text}'; does not match format '{form}'")
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    own = _own_zone(found)
    if own is not None and where is not None:
        raise BadDate(
            "you cannot pass in a date/time string with GMT offset together with a timezone argument"
        )
    days = _days(found, text)
    time = (
        int(found.get("H", 0)) * HOUR_MS
        + int(found.get("M", 0)) * MINUTE_MS
        + int(found.get("S", 0)) * SECOND_MS
        + (int(found["L"].ljust(3, "0")) if "L" in found else 0)
    )
    _check_time(int(found.get("H", 0)), int(found.get("M", 0)), int(found.get("S", 0)), text)
    return (own or where or Zone(0)).to_utc(days * DAY_MS + time)


def _check_time(hour: int, minute: int, second: int, text: str) -> None:
    if hour > 24 or minute > 59 or second > 59:
        raise BadDate(f"Error parsing date string '{text}'; time out of range")


def _own_zone(found: dict[str, str]) -> Zone | None:
    if "z" in found:
        try:
            return zone(found["z"])
        except CommandFailure as error:
            raise BadDate(error.message) from error
    if "Z" in found:
        return Zone(int(found["Z"]) * MINUTE_MS)
    return None


def _days(found: dict[str, str], text: str) -> int:
    if "G" in found or "V" in found or "u" in found:
        if "G" not in found:
            raise BadDate(
                f"an incomplete date/time string has been found, with elements missing: '{text}'"
            )
        year, week, day = int(found["G"]), int(found.get("V", 1)), int(found.get("u", 1))
        if not (1 <= week <= weeks_in(year) and 1 <= day <= 7):
            raise BadDate(f"Error parsing date string '{text}'; week out of range")
        return iso_week_start(year, week, day)
    if "Y" not in found:
        raise BadDate(
            f"an incomplete date/time string has been found, with elements missing: '{text}'"
        )
    year = int(found["Y"])
    if "j" in found:
        return _day_of_year(year, int(found["j"]), text)
    return checked_days(year, _month(found, text), int(found.get("d", 1)), text)


def _day_of_year(year: int, day: int, text: str) -> int:
    if not 1 <= day <= 365 + is_leap(year):
        raise BadDate(f"Error parsing date string '{text}'; day of year out of range")
    return days_from_civil(year, 1, 1) + day


def _month(found: dict[str, str], text: str) -> int:
    if "m" in found:
        return int(found["m"])
    name = (found.get("B") or found.get("b") or "").lower()
    if not name:
        return 1
    month = month_number(name)
    if month is None:
        raise BadDate(f"Error parsing date string '{text}'; unknown month")
    return month


def month_number(name: str) -> int | None:
    """Return the month of an English name or its first three letters."""
    for index, full in enumerate(MONTHS):
        if name == full or name == full[:3] or (name == "sept" and index == 8):
            return index + 1
    return None


def checked_days(year: int, month: int, day: int, text: str) -> int:
    """Return days since 1970 of a date that exists.

    Raises:
        BadDate: it does not exist.
    """
    if not (1 <= month <= 12 and 1 <= day <= days_in_month(year, month)):
        raise BadDate(f"Error parsing date string '{text}'; the parsed date was invalid")
    return days_from_civil(year, month, day)


_TIME = r"(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.:,](?P<f>\d{1,9}))?)?(?:\s*(?P<ap>[ap]\.?m\.?))?"
_ZONE = r"(?:\s*(?P<z>(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?|Z|z|[A-Za-z]{2,5}|[A-Z][A-Za-z_]+/[A-Za-z_/]+))?"
_NAMES = "|".join([*MONTHS, "sept", *(name[:3] for name in MONTHS)])
_WEEK = "(?:" + "|".join([*WEEKDAYS, *(name[:3] for name in WEEKDAYS)]) + r")\.?,?\s+"
_DATES = (
    r"(?P<Y>[+-]?\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
    r"(?P<Y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
    r"(?P<Y>\d{4})\.(?P<m>\d{2})\.(?P<d>\d{2})",
    r"(?P<Y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<Y>\d{4})",
    r"(?P<d>\d{1,2})[-.](?P<m>\d{1,2})[-.](?P<Y>\d{4})",
    r"(?P<Y>\d{4})-?W(?P<V>\d{2})(?:-?(?P<u>\d))?",
    r"(?P<Y>\d{4})-(?P<j>\d{3})",
    rf"(?:{_WEEK})?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s.-]+(?P<b>{_NAMES})[\s.,-]+(?P<Y>\d{{4}})",
    rf"(?:{_WEEK})?(?P<b>{_NAMES})[\s.-]+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s,.-]+(?P<Y>\d{{4}})",
    rf"(?P<Y>\d{{4}})-(?P<b>{_NAMES})-(?P<d>\d{{1,2}})",
)
_FREE = tuple(
    re.compile(rf"{date}(?:(?:\s*[Tt]\s*|\s+|\s*,\s*){_TIME}{_ZONE}|\s*(?P<zz>Z))?", re.IGNORECASE)
    for date in _DATES
)
_BLANK = "\0\t\n\v\f\r \u00a0"


def read_free(text: str, where: Zone | None) -> int:
    """Return the moment that a free text tells, ISO 8601 above all.

    Raises:
        BadDate: it tells none.
    """
    stripped = text.strip(_BLANK)
    for pattern in _FREE:
        match = pattern.fullmatch(stripped)
        if match:
            return _free_moment(match.groupdict(), where, text)
    raise BadDate(
        f"Error parsing date string '{text}'; passing a time zone identifier as part of the string is not allowed"
    )


def _free_moment(found: dict[str, Any], where: Zone | None, text: str) -> int:
    name = found.get("z") or found.get("zz")
    own = _free_zone(name, text) if name else None
    if own is not None and where is not None:
        raise BadDate(
            "you cannot pass in a date/time string with time zone information ('Z') together with a timezone argument"
        )
    hour, minute, second = (int(found.get(part) or 0) for part in "HMS")
    _check_time(hour, minute, second, text)
    if found.get("ap"):
        hour = hour % 12 + (12 if found["ap"][0] in "pP" else 0)
    fraction = int((found.get("f") or "0")[:3].ljust(3, "0"))
    time = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + fraction
    return (own or where or Zone(0)).to_utc(_free_days(found, text) * DAY_MS + time)


def _free_zone(name: str, text: str) -> Zone:
    upper = name.upper()
    if "/" in name:
        raise BadDate(
            f"Error parsing date string '{text}'; passing a time zone identifier as part of the string is not allowed"
        )
    if upper in {"Z", "UTC", "GMT"}:
        return Zone(0)
    match = re.fullmatch(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?", upper)
    if match:
        size = int(match[2]) * HOUR_MS + int(match[3] or 0) * MINUTE_MS
        return Zone(-size if match[1] == "-" else size)
    hours = {
        "EST": -5,
        "EDT": -4,
        "CST": -6,
        "CDT": -5,
        "MST": -7,
        "MDT": -6,
        "PST": -8,
        "PDT": -7,
        "CET": 1,
        "CEST": 2,
    }
    if upper in hours:
        return Zone(hours[upper] * HOUR_MS)
    raise BadDate(f"Error parsing date string '{text}'; unknown time zone '{name}'")


def _free_days(found: dict[str, Any], text: str) -> int:
    year = int(found["Y"])
    if found.get("V"):
        return iso_week_start(year, int(found["V"]), int(found.get("u") or 1))
    if found.get("j"):
        return _day_of_year(year, int(found["j"]), text)
    month = month_number(found["b"].lower()) if found.get("b") else int(found["m"])
    return checked_days(year, month or 0, int(found["d"]), text)
