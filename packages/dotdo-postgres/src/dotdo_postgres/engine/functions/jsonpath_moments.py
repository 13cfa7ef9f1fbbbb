"""Dates and times in jsonpath: `.datetime()` without a template, comparisons, and ISO 8601 text; templates are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import datetimes as dt

if TYPE_CHECKING:
    from datetime import tzinfo

DATE, TIME, TIMETZ = "date", "time without time zone", "time with time zone"
TIMESTAMP, TIMESTAMPTZ = "timestamp without time zone", "timestamp with time zone"
_SHORT = {
    DATE: "date",
    TIME: "time",
    TIMETZ: "timetz",
    TIMESTAMP: "timestamp",
    TIMESTAMPTZ: "timestamptz",
}
_SECOND = 1_000_000
_LAST_YEAR = 5874897


@dataclass(frozen=True, slots=True)
class JsonMoment:
    """A date or time that a path has read.

    Args:
        kind: Name of its type.
        us: Microseconds since 1970, or since midnight, on its own clock.
        offset_s: Seconds east of Greenwich, None without a zone.
    """

    kind: str
    us: int
    offset_s: int | None = None

    def __str__(self) -> str:
        day, time_us = divmod(self.us, dt.DAY_US)
        parts = [] if self.kind in {TIME, TIMETZ} else [dt.date_to_text(day)]
        if self.kind != DATE:
            parts.append(dt.time_to_text(time_us if parts else self.us))
        return "T".join(parts) + _offset(self.offset_s)


def _offset(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(abs(seconds), 60)
    tail = f":{rest:02d}" if rest else ""
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}{tail}"


_FORM = re.compile(
    r"\s*(?:(?P<year>\d{1,7})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:\s*$|(?:T|\s+)(?=\d)))?"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?:\.(?P<fraction>\d{1,6}))?"
    r"(?:\s*(?P<sign>[+-])(?P<tzh>\d{1,2})(?::(?P<tzm>\d{1,2}))?)?)?\s*"
)
_FIELDS = {
    "yyyy": r"(?P<year>\d{4})", "mm": r"(?P<month>\d{2})", "dd": r"(?P<day>\d{2})", "hh24": r"(?P<hour>\d{2})",
    "mi": r"(?P<minute>\d{2})", "ss": r"(?P<second>\d{2})", "us": r"(?P<fraction>\d{6})",
    "tzh": r"(?P<sign>[+-])(?P<tzh>\d{2})", "tzm": r"(?P<tzm>\d{2})",
}  # fmt: skip
_TEMPLATE = re.compile(
    r"(yyyy|mm|dd|hh24|mi|ss|us|tzh|tzm)|\"([^\"\\]*)\"|([-./,:; ])|(.)", re.IGNORECASE
)


@lru_cache(maxsize=64)
def _pattern(template: str) -> re.Pattern[str] | None:
    """Return what reads texts of a template, None for one that is not supported."""
    parts: list[str] = []
    seen: set[str] = set()
    for field, quoted, separator, other in _TEMPLATE.findall(template):
        name = field.lower()
        if other or name in seen:
            return None
        if name:
            seen.add(name)
        parts.append(_FIELDS[name] if name else re.escape(quoted or separator))
    needs = {
        "mm": "yyyy",
        "dd": "mm",
        "mi": "hh24",
        "ss": "mi",
        "us": "ss",
        "tzh": "hh24",
        "tzm": "tzh",
    }
    is_whole = ("dd" in seen or not {"yyyy", "mm"} & seen) and all(
        before in seen for name, before in needs.items() if name in seen
    )
    return re.compile("".join(parts)) if is_whole and seen else None


def read_as(text: str, template: str) -> JsonMoment:
    """Read a text as a template of plain fields says.

    Raises:
        PostgresError: another template, or a text that does not have its very form (0A000); a field is out of range (22008).
    """
    pattern = _pattern(template)
    match = pattern.fullmatch(text) if pattern is not None else None
    if match is None:
        raise not_supported("the item method datetime() with this template and text")
    return _moment(match)


def read(text: str) -> JsonMoment:
    """Read a text in one of the forms of ISO 8601.

    Raises:
        PostgresError: in none of them, or a field is out of range (22031).
    """
    match = _FORM.fullmatch(text)
    if match is None or not (match["year"] or match["hour"]):
        if re.search(r"\.\d{7}", text):
            raise not_supported("the item method datetime() for less than microseconds")
        raise _unrecognized(text)
    return _moment(match)


def _moment(match: re.Match[str]) -> JsonMoment:
    found = {
        name: int(value) for name, value in match.groupdict().items() if value and name != "sign"
    }
    us = 0
    if "year" in found:
        year, month, day = found["year"], found["month"], found["day"]
        if (
            not 1 <= year <= _LAST_YEAR
            or not 1 <= month <= 12
            or not 1 <= day <= dt.days_in_month(year, month)
        ):
            raise _out_of_range(match)
        us = dt.days_from_civil(year, month, day) * dt.DAY_US
    if "hour" not in found:
        return JsonMoment(DATE, us)
    hour, minute, second = found["hour"], found.get("minute", 0), found.get("second", 0)
    if hour > 23 or minute > 59 or second > 59:
        raise _out_of_range(match)
    us += ((hour * 60 + minute) * 60 + second) * _SECOND
    if "fraction" in found:
        us += int(match["fraction"].ljust(6, "0"))
    if "tzh" not in found:
        return JsonMoment(TIMESTAMP if "year" in found else TIME, us)
    if found["tzh"] > 15 or found.get("tzm", 0) > 59:
        raise _out_of_range(match)
    offset = (found["tzh"] * 60 + found.get("tzm", 0)) * 60
    kind = TIMESTAMPTZ if "year" in found else TIMETZ
    return JsonMoment(kind, us, -offset if match["sign"] == "-" else offset)


def _out_of_range(match: re.Match[str]) -> PostgresError:
    if match.re is _FORM:
        return _unrecognized(match.string)
    return error("22008", f'date/time field value out of range: "{match.string}"')


def _unrecognized(text: str) -> PostgresError:
    hint = "Use a datetime template argument to specify the input data format."
    return error("22031", f'datetime format is not recognized: "{text}"', hint=hint)


def order(one: JsonMoment, other: JsonMoment, zone: tzinfo | None) -> int | None:
    """Return -1, 0 or 1 as one is before, at or after the other; None where they cannot be compared.

    Args:
        one: A moment.
        other: Another.
        zone: Zone of the session, None where the function knows of none.

    Raises:
        PostgresError: one has a zone and the other has none, and the function knows of none (0A000).
    """
    days = {DATE, TIMESTAMP, TIMESTAMPTZ}
    if (one.kind in days) != (other.kind in days):
        return None
    if (one.offset_s is None) == (other.offset_s is None):
        left, right = _instant(one), _instant(other)
        if left == right and TIMETZ == one.kind == other.kind:
            left, right = -int(one.offset_s or 0), -int(other.offset_s or 0)
    else:
        left, right = _zoned(one, other, zone), _zoned(other, one, zone)
    return (left > right) - (left < right)


def _instant(moment: JsonMoment) -> int:
    return moment.us - (moment.offset_s or 0) * _SECOND


def _zoned(moment: JsonMoment, other: JsonMoment, zone: tzinfo | None) -> int:
    if moment.offset_s is not None:
        return _instant(moment)
    if zone is None:
        message = f"cannot convert value from {_SHORT[moment.kind]} to {_SHORT[other.kind]} without time zone usage"
        raise error("0A000", message, hint="Use *_tz() function for time zone support.")
    if moment.kind == TIME:
        raise error(
            "0A000", "comparing a time with a time with time zone in jsonpath is not supported"
        )
    return dt.local_to_utc(moment.us, zone)
