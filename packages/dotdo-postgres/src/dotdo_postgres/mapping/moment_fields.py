"""The fields of dates and times as typed: in many orders, with names of months, zones, Julian days; what does not fit is a `BadMoment`."""

import re
from dataclasses import dataclass, field
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping.datetimes import (
    DAY_US,
    clock_named,
    days_from_civil,
    days_in_month,
)
from dotdo_postgres.spec.zones import ABBREVIATIONS

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), start=1)
    for name in names.split()
}  # fmt: skip
_DAYS = frozenset({
    "sun", "sunday", "mon", "monday", "tue", "tues", "tuesday", "wed", "weds", "wednesday", "thu",
    "thur", "thurs", "thursday", "fri", "friday", "sat", "saturday",
})  # fmt: skip
SPECIALS = frozenset({"now", "today", "tomorrow", "yesterday"})
_WORDS = frozenset({
    "am", "pm", "ad", "bc", "epoch", "infinity", "at", "on", "t", "j", "jd", "julian", "allballs",
    "dst",
})  # fmt: skip
_YEAR, _MONTH, _DAY = "year", "month", "day"
_FIELD = re.compile(
    r"(?P<time>\d+:[\d:.]*)"
    r"|(?P<date>\d+(?P<delim>[-/.])(?:\d+(?P=delim)[\d]*(?:(?P=delim)\d*)*|[A-Za-z][A-Za-z0-9]*(?:(?P=delim)[A-Za-z0-9]*)*)|\d+[-/]\d+)"
    r"|(?P<named>[A-Za-z]+[-/.]\d+(?:[-/.]\d+)+)"
    r"|(?P<number>\d+\.?\d*|\.\d+)"
    r"|(?P<zone>[+-]\s*\d[\d:.]*)"
    r"|(?P<signed>[+-]\s*[A-Za-z]+)"
    r"|(?P<word>[A-Za-z]+)"
)


class BadMoment(Exception):
    """A field that does not fit: `format`, `range`, `order` or `zone`."""


@dataclass(slots=True)
class Moment:
    """What was read.

    Args:
        order: Order of numeric dates.
        is_time: A time of day is meant.
        fields: Year, month and day.
        time_us: Microseconds since midnight.
        zone: Zone or offset.
        special: `epoch`, `infinity`, `now` ...
        sign: -1 for `-infinity`.
        is_bc: The year is before Christ.
        is_short: The year has two digits.
        has_name: The month has a name.
        half: `am`, `pm`.
        julian: Day of the Julian calendar.
        day_of_year: Day from 1.
        expects: `j` when a Julian day is to follow.
    """

    order: str = "MDY"
    is_time: bool = False
    fields: dict[str, int] = field(default_factory=dict)
    time_us: int | None = None
    zone: tzinfo | None = None
    special: str = ""
    sign: int = 1
    is_bc: bool = False
    is_short: bool = False
    has_name: bool = False
    half: str = ""
    julian: int | None = None
    day_of_year: int | None = None
    expects: str = ""

    @property
    def has_date(self) -> bool:
        """A whole date was read."""
        if self.julian is not None:
            return True
        return len(self.fields) == 3 or (_YEAR in self.fields and self.day_of_year is not None)

    def days(self) -> int:
        """Return days since 1970.

        Raises:
            _Bad: no such date.
        """
        if self.julian is not None:
            return self.julian - 2440588
        year = self.fields[_YEAR]
        if self.is_bc:
            if year <= 0:
                raise BadMoment("range")
            year = 1 - year
        elif self.is_short:
            year += 2000 if year < 70 else 1900 if year < 100 else 0
        elif year <= 0:
            raise BadMoment("range")
        if self.day_of_year is not None:
            return days_from_civil(year, 1, 1) + self.day_of_year - 1
        month, day = self.fields[_MONTH], self.fields[_DAY]
        if not 1 <= month <= 12 or not 1 <= day <= 31:
            raise BadMoment("order")
        if day > days_in_month(year, month):
            raise BadMoment("range")
        return days_from_civil(year, month, day)


def _set(moment: Moment, name: str, value: int) -> None:
    if name in moment.fields:
        raise BadMoment("format")
    moment.fields[name] = value


def _number(moment: Moment, text: str) -> None:
    """Take a number for the part of the date that is due."""
    fields, size, value = moment.fields, len(text), int(text)
    if size == 3 and fields.keys() == {_YEAR} and 1 <= value <= 366:
        moment.day_of_year = value
        return
    have = fields.keys()
    if not have:
        is_year = size >= 3 or moment.order == "YMD"
        name = _YEAR if is_year else _DAY if moment.order == "DMY" else _MONTH
    elif have == {_YEAR}:
        name = _MONTH
    elif have == {_MONTH}:
        is_year = moment.has_name and (size >= 3 or moment.order == "YMD")
        name = _YEAR if is_year else _DAY
    elif have == {_YEAR, _MONTH}:
        if moment.has_name and size >= 3 and moment.is_short:
            fields[_DAY], fields[_YEAR] = fields[_YEAR], value
            moment.is_short = False
            return
        name = _DAY
    elif have == {_DAY}:
        name = _MONTH
    elif have == {_MONTH, _DAY}:
        name = _YEAR
    else:
        raise BadMoment("format")
    if name == _YEAR:
        moment.is_short = size <= 2
    _set(moment, name, value)


def _run_together(moment: Moment, text: str) -> None:
    """Take digits without separators: YYYYMMDD, YYMMDD, HHMMSS, HHMM."""
    whole, point, fraction = text.partition(".")
    if (
        not point
        and not moment.is_time
        and len(moment.fields) < 3
        and len(whole) >= 6
        and moment.julian is None
    ):
        if moment.fields:
            raise BadMoment("format")
        moment.fields = {_DAY: int(whole[-2:]), _MONTH: int(whole[-4:-2]), _YEAR: int(whole[:-4])}
        moment.is_short = len(whole) == 6
        return
    if moment.time_us is None and len(whole) in {4, 6}:
        parts = [int(whole[at : at + 2]) for at in range(0, len(whole), 2)]
        hour, minute, second = (*parts, 0)[:3]
        _set_time(moment, hour, minute, second, fraction)
        return
    raise BadMoment("format")


def _set_time(moment: Moment, hour: int, minute: int, second: int = 0, fraction: str = "") -> None:
    if moment.time_us is not None:
        raise BadMoment("format")
    us = round(float(f"0.{fraction}") * 1_000_000) if fraction else 0
    if minute > 59 or second > 60:
        raise BadMoment("range")
    moment.time_us = ((hour * 60 + minute) * 60 + second) * 1_000_000 + us


def _time(moment: Moment, text: str) -> None:
    match = re.fullmatch(r"(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?", text)
    if match is None:
        short = re.fullmatch(r"(\d+):(\d{1,2})\.(\d*)", text)
        if short is None:
            raise BadMoment("format")
        _set_time(moment, 0, int(short[1]), int(short[2]), short[3])
        return
    if len(match[1]) > 9:
        raise BadMoment("range")
    _set_time(moment, int(match[1]), int(match[2]), int(match[3] or 0), match[4] or "")


def _date(moment: Moment, text: str) -> None:
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", text) if part]
    parts = [piece for part in parts for piece in re.findall(r"\d+|[A-Za-z]+", part)]
    if moment.fields and len(parts) == 3:
        raise BadMoment("format")
    rest = []
    for part in parts:
        if part[0].isdigit():
            rest.append(part)
        else:
            month = _MONTHS.get(part.lower())
            if month is None:
                raise BadMoment("format")
            _set(moment, _MONTH, month)
            moment.has_name = True
    for part in rest:
        _number(moment, part)
    if len(moment.fields) != 3 and moment.day_of_year is None:
        raise BadMoment("format")


def offset_of(text: str) -> tzinfo:
    """Read `+05`, `-0830`, `+05:30:15`.

    Raises:
        _Bad: too large.
    """
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].strip()
    if ":" in digits:
        parts = [int(part or 0) for part in digits.split(":")]
    elif len(digits) > 2:
        digits = digits.rjust(len(digits) + len(digits) % 2, "0")
        parts = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    else:
        parts = [int(digits)]
    hours, minutes, seconds = (*parts, 0, 0)[:3]
    if hours > 15 or minutes > 59 or seconds > 59:
        raise BadMoment("zone")
    total = sign * (hours * 3600 + minutes * 60 + seconds)
    return timezone(timedelta(seconds=total))


def _digits(moment: Moment, text: str) -> None:
    if moment.expects == "j":
        whole, _, fraction = text.partition(".")
        moment.julian, moment.expects = int(whole), ""
        if fraction:
            moment.time_us = round(float(f"0.{fraction}") * DAY_US)
        return
    whole, point, _ = text.partition(".")
    has_date = moment.has_date
    if moment.is_time and not has_date:
        _run_together(moment, text)
    elif point and not has_date:
        _date(moment, text)
    elif (
        (point and len(whole) > 2)
        or (len(text) >= 6 and (not has_date or moment.time_us is None))
        or has_date
    ):
        _run_together(moment, text)
    else:
        _number(moment, text)


def _word(moment: Moment, word: str) -> None:  # noqa: C901 -- one clause for each kind of word
    if word in _MONTHS:
        if _MONTH in moment.fields and not moment.has_name and moment.fields.keys() == {_MONTH}:
            moment.fields = {_DAY: moment.fields[_MONTH]}
        _set(moment, _MONTH, _MONTHS[word])
        moment.has_name = True
    elif word in _DAYS or word in {"at", "on", "t", "dst"}:
        return
    elif word in {"am", "pm"}:
        moment.half = word
    elif word in {"ad", "bc"}:
        moment.is_bc = word == "bc"
    elif word in SPECIALS or word in {"epoch", "infinity"}:
        moment.special = word
    elif word == "allballs":
        moment.time_us, moment.zone = 0, UTC
    elif word in {"j", "jd", "julian"}:
        moment.expects = "j"
    elif word in {"z", "zulu", "utc", "gmt", "ut"}:
        moment.zone = UTC
    elif word in ABBREVIATIONS:
        moment.zone = timezone(timedelta(seconds=ABBREVIATIONS[word]))
    else:
        raise BadMoment("format")


_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z_]*(?:[/+\-_:.]?[A-Za-z0-9_]+)*")


def read_fields(moment: Moment, source: str) -> None:
    """Read every field of a text into a moment (BadMoment)."""
    at = 0
    if not source.strip():
        raise BadMoment("format")
    while at < len(source):
        char = source[at]
        if char.isspace() or (char in ",;()[]{}'\""):
            at += 1
            continue
        named = _ZONE_NAME.match(source, at)
        if (
            named
            and re.search(r"[/_]|[A-Za-z]\d|^[A-Za-z]+[+-]\d", named[0])
            and _known(named[0]) is None
        ):
            moment.zone = _zone(named[0])
            at = named.end()
            continue
        match = _FIELD.match(source, at)
        if match is None:
            raise BadMoment("format")
        _field(moment, match)
        at = match.end()


def _known(text: str) -> str | None:
    """Return the word that a text begins with when that is no zone: `t` of `T04:05`, a month of `Jan-08`."""
    word = re.match(r"[A-Za-z]+", text)
    found = word[0].lower() if word else ""
    is_word = found in _MONTHS or found in _DAYS or found in _WORDS
    return found if is_word else None


def _zone(name: str) -> tzinfo:
    try:
        return clock_named(name)
    except PostgresError:
        raise error("22023", f'time zone "{name.lower()}" not recognized') from None


def _field(moment: Moment, match: re.Match[str]) -> None:
    kind = next(
        name
        for name in ("time", "date", "named", "number", "zone", "signed", "word")
        if match[name]
    )
    text = match[kind]
    if kind == "time":
        _time(moment, text)
    elif kind in {"date", "named"}:
        if moment.has_date and moment.time_us is None:
            raise BadMoment("format")
        _date(moment, text)
    elif kind == "number":
        _digits(moment, text)
    elif kind == "zone":
        if moment.time_us is None and not moment.has_date:
            raise BadMoment("format")
        moment.zone = offset_of(text)
    elif kind == "signed":
        word = text[1:].strip().lower()
        if word != "infinity" or text[0] == "+":
            raise BadMoment("format")
        moment.special, moment.sign = "infinity", -1
    else:
        _word(moment, text.lower())


def finish(moment: Moment) -> None:
    """Check that the fields make a moment, and count its days (BadMoment)."""
    if moment.half:
        hours = (moment.time_us or 0) // 3_600_000_000
        if moment.time_us is None or hours > 12:
            raise BadMoment("range")
        shift = (
            12
            if moment.half == "pm" and hours != 12
            else -12
            if moment.half == "am" and hours == 12
            else 0
        )
        moment.time_us += shift * 3_600_000_000
    if moment.is_time and isinstance(moment.zone, ZoneInfo) and not moment.has_date:
        raise BadMoment("format")
    if moment.time_us is not None and moment.time_us > DAY_US:
        raise BadMoment("range")
    if moment.expects or (moment.fields and not moment.has_date):
        raise BadMoment("format")
    if moment.has_date:
        moment.julian = moment.days() + 2440588
