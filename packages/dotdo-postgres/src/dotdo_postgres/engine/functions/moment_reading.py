"""to_date and to_timestamp (9.8): text read by a pattern, field by field, then put together into a moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.moment_patterns import (
    DAYS,
    MONTHS,
    ROMAN,
    Token,
    kind_of,
    read_pattern,
)
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping.interval import DAY_US

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.8")
_LENGTHS = {
    "HH24": 2, "HH12": 2, "HH": 2, "MI": 2, "SS": 2, "MS": 3, "US": 6, "SSSS": 5, "SSSSS": 5, "MM": 2, "DDD": 3, "IDDD": 3,
    "DD": 2, "D": 1, "ID": 1, "WW": 2, "IW": 2, "W": 1, "CC": 2, "J": 1, "YYYY": 4, "YYY": 3, "YY": 2, "Y": 1, "IYYY": 4,
    "IYY": 3, "IY": 2, "I": 1, "TZH": 2, "TZM": 2,
}  # fmt: skip
_SAME = {
    "HH12": "HH",
    "HH24": "HH",
    "SSSSS": "SSSS",
    "YYY": "YYYY",
    "YY": "YYYY",
    "Y": "YYYY",
    "IYY": "IYYY",
    "IY": "IYYY",
    "I": "IYYY",
}
_ISO = frozenset({"IYYY", "IYY", "IY", "I", "IW", "IDDD", "ID"})
_GREGORIAN = frozenset({
    "MM", "MON", "MONTH", "RM", "DD", "DDD", "D", "WW", "W", "CC", "YYYY", "YYY", "YY", "Y", "Y,YYY", "Q", "DAY", "DY",
})  # fmt: skip


@dataclass(slots=True)
class _Reader:
    """What has been read so far.

    Args:
        text: The text.
        at: Place in it.
        values: Fields by name.
        extra: Spaces skipped in the text beyond those of the pattern.
    """

    text: str
    is_exact: bool = False
    at: int = 0
    values: dict[str, int] = field(default_factory=dict)
    digits: int = 0
    year_digits: int = 4
    mode: str = ""
    is_12h: bool = False
    is_pm: bool | None = None
    is_bc: bool = False
    extra: int = 0

    def set(self, name: str, value: int, token: Token) -> None:
        """Keep a field.

        Raises:
            PostgresError: another value was read for it (SQLSTATE 22007).
        """
        if self.values.setdefault(name, value) != value:
            detail = "This value contradicts a previous setting for the same field type."
            message = f'conflicting values for "{token.text}" field in formatting string'
            raise error("22007", message, detail=detail)

    def set_mode(self, name: str) -> None:
        """Note that ISO week dates or Gregorian dates are read.

        Raises:
            PostgresError: both (SQLSTATE 22007).
        """
        mode = "iso" if name in _ISO else "gregorian" if name in _GREGORIAN else ""
        if mode and self.mode and mode != self.mode:
            hint = "Do not mix Gregorian and ISO week date conventions in a formatting template."
            raise error("22007", "invalid combination of date conventions", hint=hint)
        self.mode = self.mode or mode

    def skip_spaces(self) -> int:
        """Pass spaces; return how many."""
        start = self.at
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at - start

    def integer(self, length: int, token: Token, *, is_bounded: bool) -> int:
        """Read a whole number.

        Raises:
            PostgresError: none there, too few digits (22007), too large (22008).
        """
        self.skip_spaces()
        start = self.at
        end = min(start + length, len(self.text)) if is_bounded else len(self.text)
        at = start + (self.text[start : start + 1] in {"+", "-"} and end > start)
        while at < end and self.text[at].isascii() and self.text[at].isdigit():
            at += 1
        found = self.text[start:at]
        if is_bounded and len(self.text) - start < length:
            detail = (
                f"Field requires {length} characters, but only {len(self.text) - start} remain."
            )
            hint = 'If your source string is not fixed-width, try using the "FM" modifier.'
            raise error(
                "22007",
                f'source string too short for "{token.text}" formatting field',
                detail=detail,
                hint=hint,
            )
        if not found.lstrip("+-"):
            shown = self.text[start : start + length]
            raise error(
                "22007",
                f'invalid value "{shown}" for "{token.text}"',
                detail="Value must be an integer.",
            )
        if is_bounded and at - start < length:
            detail = f"Field requires {length} characters, but only {at - start} could be parsed."
            hint = 'If your source string is not fixed-width, try using the "FM" modifier.'
            shown = self.text[start : start + length]
            raise error(
                "22007", f'invalid value "{shown}" for "{token.text}"', detail=detail, hint=hint
            )
        if not -(1 << 31) <= int(found) < 1 << 31:
            detail = "Value must be in the range -2147483648 to 2147483647."
            raise error(
                "22008", f'value for "{token.text}" in source string is out of range', detail=detail
            )
        self.at = at
        self.digits = at - start
        return int(found)

    def word(self, words: tuple[str, ...], token: Token) -> int:
        """Read one of some words, in any case; return which.

        Raises:
            PostgresError: none of them is there (SQLSTATE 22007).
        """
        rest = self.text[self.at :].upper()
        for at, candidate in enumerate(words):
            if rest.startswith(candidate.upper()):
                self.at += len(candidate)
                return at
        shown = self.text[self.at :].split(" ")[0]
        detail = "The given value did not match any of the allowed values for this field."
        raise error("22007", f'invalid value "{shown}" for "{token.text}"', detail=detail)


def read_fields(text: str, pattern: str) -> _Reader:
    """Read the fields of a pattern out of a text."""
    tokens = read_pattern(pattern)
    reader = _Reader(text)
    for at, token in enumerate(tokens):
        if reader.at >= len(text):
            break
        if token.text == "FX" and token.kind == "field":
            reader.is_exact = True
            continue
        if not reader.is_exact and (token.kind == "field" or at == 0):
            reader.extra += reader.skip_spaces()
        if token.kind != "field":
            _pass_over(reader, token)
            continue
        _read_field(reader, token, tokens[at + 1] if at + 1 < len(tokens) else None)
        if not reader.is_exact:
            reader.extra = reader.skip_spaces()
    return reader


_WITHOUT_DIGITS = frozenset({"TZH"})


def _is_number(token: Token) -> bool:
    name = token.text.upper()
    return name == "Y,YYY" or (name in _LENGTHS and name not in _WITHOUT_DIGITS)


def _pass_over(reader: _Reader, token: Token) -> None:
    """Let a character of the pattern stand for one of the text."""
    char = reader.text[reader.at : reader.at + 1]
    if reader.is_exact:
        reader.at += 1
        return
    if token.kind in {"space", "separator"}:
        reader.extra -= 1
        if char and kind_of(char) in {"space", "separator"}:
            reader.at += 1
            if kind_of(char) == "space":
                reader.extra += 1
        elif reader.extra < 0:
            reader.extra = 0
        return
    # a character stands for any one, unless spaces of the text were passed for it
    if reader.extra > 0:
        reader.extra -= 1
    else:
        reader.at += 1


def _read_field(reader: _Reader, token: Token, following: Token | None) -> None:
    name = token.text.upper()
    is_bounded = not token.is_filled and _is_followed_by_number(token, following)
    reader.set_mode(name)
    if name in _WORD_READERS:
        _WORD_READERS[name](reader, token)
        return
    if name in {"TZ", "OF"}:
        raise error("0A000", f'formatting field "{token.text}" is only supported in to_char')
    if name == "Y,YYY":
        _read_grouped_year(reader, token)
    elif name in {"MS", "US"} or name.startswith("FF"):
        _read_fraction(reader, token, name, is_bounded)
    elif name == "Q":
        reader.integer(1, token, is_bounded=False)
    elif name in {"TZH", "TZM"}:
        _read_zone(reader, token, name, is_bounded)
    else:
        length = _LENGTHS[name]
        value = reader.integer(length, token, is_bounded=is_bounded)
        if name in {"YYYY", "YYY", "YY", "Y"}:
            reader.year_digits = len(name)
        if name in {"YYY", "YY", "Y", "IYY", "IY", "I"} and reader.digits < 4:
            value = _near_2020(value)
        reader.is_12h = reader.is_12h or name in {"HH", "HH12"}
        reader.set(_SAME.get(name, name), value, token)
    if token.suffix:
        reader.at += 2


def _is_followed_by_number(token: Token, following: Token | None) -> bool:
    if following is None or token.suffix:
        return False
    if following.kind == "field":
        return _is_number(following)
    return following.text.isdigit()


def _near_2020(year: int) -> int:
    """Place a year of fewer than four digits near 2020."""
    if year < 70:
        return year + 2000
    if year < 100:
        return year + 1900
    if year < 520:
        return year + 2000
    return year + 1000 if year < 1000 else year


def _read_grouped_year(reader: _Reader, token: Token) -> None:
    rest = reader.text[reader.at :]
    thousands, comma, tail = rest.partition(",")
    digits = tail[:3]
    if not comma or not thousands.strip().lstrip("-").isdigit() or not digits.isdigit():
        raise error("22007", 'invalid input string for "Y,YYY"')
    reader.at += len(thousands) + 1 + len(digits)
    reader.set("YYYY", int(thousands) * 1000 + int(digits), token)


def _read_fraction(reader: _Reader, token: Token, name: str, is_bounded: bool) -> None:
    width = 3 if name == "MS" else 6 if name == "US" else int(name[2])
    value = reader.integer(width, token, is_bounded=is_bounded)
    missing = max((3 if name == "MS" else 6) - reader.digits, 0)
    reader.set("MS" if name == "MS" else "US", value * 10**missing, token)


def _read_zone(reader: _Reader, token: Token, name: str, is_bounded: bool) -> None:
    if name == "TZM":
        reader.set("TZM", reader.integer(2, token, is_bounded=is_bounded), token)
        return
    char = reader.text[reader.at : reader.at + 1]
    if char in {"+", "-", " "}:
        reader.values["TZ sign"] = -1 if char == "-" else 1
        reader.at += 1
    else:
        before = reader.text[reader.at - 1 : reader.at]
        reader.values["TZ sign"] = -1 if before == "-" else 1
    reader.set("TZH", reader.integer(2, token, is_bounded=is_bounded), token)


def _read_half(reader: _Reader, token: Token) -> None:
    words = ("A.M.", "P.M.") if "." in token.text else ("AM", "PM")
    reader.is_pm = reader.word(words, token) == 1
    reader.is_12h = True


def _read_era(reader: _Reader, token: Token) -> None:
    words = ("A.D.", "B.C.") if "." in token.text else ("AD", "BC")
    reader.is_bc = reader.word(words, token) == 1


def _read_month(reader: _Reader, token: Token) -> None:
    is_long = token.text.upper() == "MONTH"
    words = MONTHS if is_long else tuple(name[:3] for name in MONTHS)
    reader.set("MM", reader.word(words, token) + 1, token)


def _read_day(reader: _Reader, token: Token) -> None:
    is_long = token.text.upper() == "DAY"
    words = DAYS if is_long else tuple(name[:3] for name in DAYS)
    reader.set("D", reader.word(words, token) + 1, token)


def _read_roman(reader: _Reader, token: Token) -> None:
    longest = sorted(ROMAN, key=len, reverse=True)
    reader.set("MM", ROMAN.index(longest[reader.word(tuple(longest), token)]) + 1, token)


_WORD_READERS = {
    "AM": _read_half, "PM": _read_half, "A.M.": _read_half, "P.M.": _read_half, "AD": _read_era, "BC": _read_era,
    "A.D.": _read_era, "B.C.": _read_era, "MONTH": _read_month, "MON": _read_month, "DAY": _read_day, "DY": _read_day,
    "RM": _read_roman,
}  # fmt: skip


# --- putting together ----------------------------------------------------------------------


def _moment(text: str, pattern: str) -> tuple[int, int | None]:
    """Return microseconds since 1970 by the clock, and the offset in seconds when one was read."""
    reader = read_fields(text, pattern)
    values = reader.values
    days = _days(reader, text)
    us = _time_us(reader, text)
    offset = None
    if "TZH" in values or "TZM" in values:
        hours, minutes = values.get("TZH", 0), values.get("TZM", 0)
        if not 0 <= hours <= 15 or not 0 <= minutes < 60:
            raise error("22009", f'time zone displacement out of range: "{text}"')
        offset = values.get("TZ sign", 1) * (hours * 3600 + minutes * 60)
    return days * DAY_US + us, offset


def _time_us(reader: _Reader, text: str) -> int:
    values = reader.values
    hour, minute, second = values.get("HH", 0), values.get("MI", 0), values.get("SS", 0)
    if "SSSS" in values:
        whole = values["SSSS"]
        hour, minute, second = whole // 3600, whole // 60 % 60, whole % 60
    if reader.is_12h:
        if not 1 <= hour <= 12:
            hint = "Use the 24-hour clock, or give an hour between 1 and 12."
            raise error("22007", f'hour "{hour}" is invalid for the 12-hour clock', hint=hint)
        hour = hour % 12 + (12 if reader.is_pm else 0)
    us = values.get("MS", 0) * 1000 + values.get("US", 0)
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60 and 0 <= us < 1_000_000):
        raise error("22008", f'date/time field value out of range: "{text}"')
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + us


def _year(reader: _Reader) -> int:
    values = reader.values
    year = values.get("YYYY", 0)
    if year or "YYYY" in values:
        if "CC" in values and reader.year_digits <= 2:
            century = -values["CC"] if reader.is_bc else values["CC"]
            year %= 100
            if year:
                year = (
                    year + (century - 1) * 100 if century >= 0 else (century + 1) * 100 - year + 1
                )
            else:
                year = century * 100 + (0 if century >= 0 else 1)
            return year
        if reader.is_bc and year > 0:
            return 1 - year
        return year + 1 if year < 0 else year
    if "CC" in values:
        century = -values["CC"] if reader.is_bc else values["CC"]
        return (century - 1) * 100 + 1 if century >= 0 else century * 100 + 1
    return 0


def _days(reader: _Reader, text: str) -> int:
    """Count the days to the date read; a field of 0 is as one that is not there."""
    values = {name: value for name, value in reader.values.items() if value}
    year = _year(reader)
    month, day = 1, 1
    if "J" in values:
        year, month, day = dt.civil_from_days(values["J"] - 2440588)
    day_of_year = values.get("DDD", values.get("IDDD", 0))
    if "WW" in values:
        day_of_year = (values["WW"] - 1) * 7 + 1
    if reader.mode == "iso":
        year = values.get("IYYY", 0)
        if "IW" in values:
            return _iso_monday(year, values["IW"]) + _weekday(reader.values)
    if "W" in values:
        day = (values["W"] - 1) * 7 + 1
    day, month = values.get("DD", day), values.get("MM", month)
    if day_of_year and (month <= 1 or day <= 1):
        if not year and not reader.is_bc:
            raise error("22007", "cannot calculate day of year without year information")
        if reader.mode == "iso":
            return _iso_monday(year, 1) + day_of_year - 1
        month, day = _from_day_of_year(year, day_of_year, month, day)
    if not 1 <= month <= 12 or not 1 <= day <= dt.days_in_month(year, month):
        raise error("22008", f'date/time field value out of range: "{text}"')
    return dt.days_from_civil(year, month, day)


def _from_day_of_year(year: int, number: int, month: int, day: int) -> tuple[int, int]:
    """Fill in month and day that are not given; past the year's end the 13th month says so."""
    before, found = 0, 1
    while found <= 12 and number > before + dt.days_in_month(year, found):
        before += dt.days_in_month(year, found)
        found += 1
    return found if month <= 1 else month, number - before if day <= 1 else day


def _iso_monday(year: int, week: int) -> int:
    first = dt.days_from_civil(year, 1, 4)
    return first - (first + 3) % 7 + (week - 1) * 7


def _weekday(values: dict[str, int]) -> int:
    """Return days after Monday; a weekday past 7 is taken for Sunday."""
    wanted = values.get("ID")
    return 0 if wanted is None else wanted - 1 if wanted < 7 else 6


_FIRST_DAY, _LAST_DAY = -2440588, 2145042540
_FIRST_US, _LAST_US = -210866803200000000, 9224318016000000000


@FAMILY.function("to_date(text, text)", returns="date")
def to_date(text: str, pattern: str) -> int:
    """Read a date by a pattern.

    Raises:
        PostgresError: text that the pattern does not fit (22007), a date that is none (22008).
    """
    days = _moment(text, pattern)[0] // DAY_US
    if not _FIRST_DAY <= days <= _LAST_DAY:
        raise error("22008", f'date out of range: "{text}"')
    return days


@FAMILY.function("to_timestamp(text, text)", returns="timestamptz", takes_session=True)
def to_timestamp(facts: Facts, text: str, pattern: str) -> int:
    """Read an instant by a pattern, in the session's zone unless one is read.

    Raises:
        PostgresError: as for `to_date`.
    """
    us, offset = _moment(text, pattern)
    if not _FIRST_US <= us < _LAST_US:
        raise error("22008", "timestamp out of range")
    return dt.local_to_utc(us, facts.zone) if offset is None else us - offset * 1_000_000
