"""Formatting functions (9.8): to_char, to_date, to_timestamp, to_number with the common patterns; others are refused."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.datetimes import iso_week
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import datetimes as dt
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping.interval import DAY_US, Interval

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.8")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_PATTERN = re.compile(
    r'"((?:[^"\\]|\\.)*)"'
    r"|(FM|TM)?(HH24|HH12|HH|MI|SSSSS|SSSS|SS|MS|US|FF[1-6]|A\.M\.|P\.M\.|a\.m\.|p\.m\.|AM|PM|am|pm|Y,YYY|YYYY|YYY|YY|Y"
    r"|IYYY|IYY|IY|IW|IDDD|ID|I|B\.C\.|A\.D\.|b\.c\.|a\.d\.|BC|AD|bc|ad|MONTH|Month|month|MON|Mon|mon|MM|DAY|Day|day|DY|Dy|dy|DDD|IDDD|DD|ID|D"
    r"|WW|IW|W|CC|J|Q|RM|rm|TZH|TZM|TZ|tz|OF)(TH|th)?|(FX)|(FM)|(.)",
    re.DOTALL,
)


@lru_cache(maxsize=256)
def _tokens(pattern: str) -> tuple[tuple[str, str, bool, str], ...]:
    found = []
    for match in _PATTERN.finditer(pattern):
        if match[1] is not None:
            found.append(("text", re.sub(r"\\(.)", r"\1", match[1]), False, ""))
        elif match[3]:
            if match[2] == "TM":
                raise not_supported("to_char with TM")
            found.append(("field", match[3], match[2] == "FM", match[4] or ""))
        elif match[5] or match[6]:
            raise not_supported(f"a format with {match[5] or match[6]} here")
        else:
            found.append(("text", match[7], False, ""))
    return tuple(found)


class _Parts:
    """A moment taken apart for formatting."""

    def __init__(self, us: int, offset: int | None = None, zone_name: str = "") -> None:
        days, self.time_us = divmod(us, DAY_US)
        self.days = days
        self.year, self.month, self.day = dt.civil_from_days(days)
        self.hour = self.time_us // 3_600_000_000
        self.minute = self.time_us // 60_000_000 % 60
        self.second = self.time_us // 1_000_000 % 60
        self.us = self.time_us % 1_000_000
        self.day_of_year = days - dt.days_from_civil(self.year, 1, 1) + 1
        self.iso_year, self.iso_week = iso_week(days)
        self.weekday = (days + 4) % 7
        self.offset = offset
        self.zone_name = zone_name

    @property
    def shown_year(self) -> int:
        return self.year if self.year > 0 else 1 - self.year


def _ordinal(text: str, suffix: str) -> str:
    if not suffix:
        return text
    number = int(text) % 100
    word = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return text + (word.upper() if suffix == "TH" else word)


def _offset(parts: _Parts, form: str) -> str:
    if parts.offset is None:
        if form in {"TZ", "tz"}:
            return ""
        return "+00" if form in {"OF", "TZH"} else "00"
    sign = "-" if parts.offset < 0 else "+"
    hours, rest = divmod(abs(parts.offset), 3600)
    if form == "TZH":
        return f"{sign}{hours:02d}"
    if form == "TZM":
        return f"{rest // 60:02d}"
    if form in {"TZ", "tz"}:
        return parts.zone_name.upper() if form == "TZ" else parts.zone_name.lower()
    return f"{sign}{hours:02d}" + (f":{rest // 60:02d}" if rest else "")


def _number(parts: _Parts, form: str) -> tuple[int, int] | None:
    """Return value and width of a numeric field."""
    year = parts.shown_year
    return {
        "HH24": (parts.hour, 2), "HH12": (parts.hour % 12 or 12, 2), "HH": (parts.hour % 12 or 12, 2), "MI": (parts.minute, 2),
        "SS": (parts.second, 2), "MS": (parts.us // 1000, 3), "US": (parts.us, 6), "SSSS": (parts.time_us // 1_000_000, 1),
        "SSSSS": (parts.time_us // 1_000_000, 1), "YYYY": (year, 4), "YYY": (year % 1000, 3), "YY": (year % 100, 2), "Y": (year % 10, 1),
        "IYYY": (parts.iso_year, 4), "IYY": (parts.iso_year % 1000, 3), "IY": (parts.iso_year % 100, 2), "I": (parts.iso_year % 10, 1),
        "MM": (parts.month, 2), "DDD": (parts.day_of_year, 3), "DD": (parts.day, 2), "D": (parts.weekday + 1, 1),
        "IDDD": ((parts.iso_week - 1) * 7 + (parts.weekday or 7), 3), "ID": (parts.weekday or 7, 1),
        "WW": ((parts.day_of_year - 1) // 7 + 1, 2), "W": ((parts.day - 1) // 7 + 1, 1), "IW": (parts.iso_week, 2),
        "CC": ((parts.year + 99) // 100, 2), "J": (parts.days + 2440588, 1), "Q": ((parts.month + 2) // 3, 1),
    }.get(form) or ((parts.us // 10 ** (6 - int(form[2])), int(form[2])) if form.startswith("FF") else None)  # fmt: skip


def _cased(name: str, form: str) -> str:
    return name.upper() if form.isupper() else name.lower() if form.islower() else name


def _word(parts: _Parts, form: str, is_filled: bool) -> str:
    upper = form.upper()
    if upper in {"AM", "PM", "A.M.", "P.M."}:
        word = "PM" if parts.hour >= 12 else "AM"
        word = f"{word[0]}.{word[1]}." if "." in form else word
        return word if form.isupper() else word.lower()
    if upper in {"BC", "AD", "B.C.", "A.D."}:
        word = "AD" if parts.year > 0 else "BC"
        word = f"{word[0]}.{word[1]}." if "." in form else word
        return word if form.isupper() else word.lower()
    if upper == "RM":
        word = _cased(_ROMAN[parts.month - 1], form)
        return word if is_filled else word.ljust(4)
    if upper in {"MONTH", "DAY"}:
        word = _cased(_MONTHS[parts.month - 1] if upper == "MONTH" else _DAYS[parts.weekday], form)
        return word if is_filled else word.ljust(9)
    if upper in {"MON", "DY"}:
        return _cased(
            (_MONTHS[parts.month - 1] if upper == "MON" else _DAYS[parts.weekday])[:3], form
        )
    return _offset(parts, form)


def format_moment(parts: _Parts, pattern: str) -> str:
    """Write a moment by a pattern."""
    out = []
    for kind, text, is_filled, suffix in _tokens(pattern):
        if kind == "text":
            out.append(text)
            continue
        number = _number(parts, text)
        if text == "Y,YYY":
            out.append(f"{parts.shown_year // 1000},{parts.shown_year % 1000:03d}")
        elif number is not None:
            value, width = number
            out.append(_ordinal(str(value) if is_filled else f"{value:0{width}d}", suffix))
        else:
            out.append(_word(parts, text, is_filled))
    return "".join(out)


@FAMILY.function("to_char(timestamp, text)", returns="text")
def format_timestamp(us: int, pattern: str) -> str | None:
    """Write a timestamp by a pattern."""
    if abs(us) >= dt.INFINITY:
        return None
    return format_moment(_Parts(us), pattern) if pattern else None


@FAMILY.function("to_char(timestamptz, text)", returns="text", takes_session=True)
def format_instant(facts: Facts, us: int, pattern: str) -> str | None:
    """Write an instant by a pattern in the session's zone."""
    if abs(us) >= dt.INFINITY or not pattern:
        return None
    offset = dt.offset_at(facts.zone, us)
    from datetime import UTC, datetime, timedelta

    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return format_moment(
        _Parts(us + offset * 1_000_000, offset, moment.astimezone(facts.zone).tzname() or ""),
        pattern,
    )


@FAMILY.function("to_char(interval, text)", returns="text")
def format_interval(span: Interval, pattern: str) -> str:
    """Write an interval by a pattern of numbers."""
    years, months = divmod(span.months, 12)
    out = []
    for kind, text, is_filled, _ in _tokens(pattern):
        if kind == "text":
            out.append(text)
            continue
        seconds = abs(span.us) // 1_000_000
        found = {
            "HH24": (seconds // 3600, 2), "HH": (seconds // 3600 % 12 or 12, 2), "HH12": (seconds // 3600 % 12 or 12, 2),
            "MI": (seconds // 60 % 60, 2), "SS": (seconds % 60, 2), "MS": (abs(span.us) // 1000 % 1000, 3), "US": (abs(span.us) % 1_000_000, 6),
            "DD": (span.days, 2), "MM": (months, 2), "YYYY": (years, 4),
        }.get(text)  # fmt: skip
        if found is None or span.us < 0:
            raise not_supported(f"to_char of an interval with {text}")
        out.append(str(found[0]) if is_filled else f"{found[0]:0{found[1]}d}")
    return "".join(out)


# --- numbers -------------------------------------------------------------------------------

_NUMBER_PATTERN = re.compile(r"(FM)?([09.,DGLSMIPRB$V]*?)(EEEE|TH|th|PL|SG|RN|rn)?")


def format_number(value: Decimal, pattern: str) -> str:  # noqa: PLR0914 one step for each form of the grammar
    """Write a number by a pattern of 9, 0, point, comma, FM, S, MI, PR, L, $.

    Raises:
        PostgresError: a pattern that is not covered (0A000).
    """
    body, is_filled = pattern, False
    if "FM" in body:
        is_filled, body = True, body.replace("FM", "", 1)
    sign_style = next((style for style in ("PR", "MI", "SG", "PL", "S") if style in body), "")
    leading = body.startswith(("S", "MI", "SG", "PL")) if sign_style else False
    body = body.replace(sign_style, "", 1) if sign_style else body
    currency = "L" in body or "$" in body
    literal_prefix = re.match(r'"([^"]*)"', body)
    prefix = literal_prefix[1] if literal_prefix else ""
    body = body[literal_prefix.end() :] if literal_prefix else body
    if (
        not re.fullmatch(r"[L$]?[09,G]*(?:[.D][09]*)?(?:TH|th|%)?", body)
        or currency
        or sign_style in {"SG", "PL"}
    ):
        raise not_supported(f'to_char with the pattern "{pattern}"')
    suffix = ""
    if body.endswith(("TH", "th")):
        suffix, body = body[-2:], body[:-2]
    if body.endswith("%"):
        suffix, body = "%", body[:-1]
    whole_pattern, _, fraction_pattern = body.replace("D", ".").replace("G", ",").partition(".")
    has_point = "." in body.replace("D", ".")
    if not value.is_finite():
        raise not_supported("to_char of NaN or infinity")
    number = numeric.rounded(value, len(fraction_pattern))
    is_negative = number < 0
    whole, _, fraction = f"{abs(number):f}".partition(".")
    digits_wanted = sum(char in "09" for char in whole_pattern)
    if whole == "0" and has_point and not whole_pattern.rstrip(",").endswith("0"):
        whole = ""
    if len(whole) > digits_wanted:
        return _overflowed(whole_pattern, fraction_pattern, has_point, is_filled)
    text, width = _fill_whole(whole, whole_pattern)
    if has_point:
        if is_filled:
            keep = max(
                (at + 1 for at, char in enumerate(fraction_pattern) if char == "0"), default=0
            )
            fraction = fraction[:keep] + fraction[keep:].rstrip("0")
        text += "." + fraction
        width += 1 + len(fraction_pattern)
    return prefix + _signed(text, width, is_negative, sign_style, leading, is_filled, suffix)


def _overflowed(whole_pattern: str, fraction_pattern: str, has_point: bool, is_filled: bool) -> str:
    text = re.sub("[09]", "#", whole_pattern) + (
        "." + "#" * len(fraction_pattern) if has_point else ""
    )
    return text if is_filled else " " + text


def _fill_whole(whole: str, pattern: str) -> tuple[str, int]:
    digits = list(whole.rjust(sum(char in "09" for char in pattern)))
    first_zero = next((at for at, char in enumerate(pattern) if char == "0"), None)
    out, started, at = [], False, 0
    for place, char in enumerate(pattern):
        if char == ",":
            out.append("," if started else " ")
            continue
        digit = digits[at]
        at += 1
        if digit == " " and (started or (first_zero is not None and place >= first_zero)):
            digit = "0"
        started = started or digit != " "
        out.append(digit)
    return "".join(out).lstrip(" "), len(pattern)


def _signed(  # noqa: PLR0917 one step for each form of the grammar
    text: str,
    width: int,
    is_negative: bool,
    style: str,
    leading: bool,
    is_filled: bool,
    suffix: str,
) -> str:
    if suffix in {"TH", "th"}:
        extra = "" if is_negative else _ordinal(text, suffix)[len(text) :]
        text, width, suffix = text + extra, width + len(extra), ""
    text += suffix
    width += len(suffix) if suffix == "%" else 0
    if style == "PR":
        shown = f"<{text}>" if is_negative else (text if is_filled else f" {text} ")
        return shown if is_filled else shown.rjust(width + 2)
    if style in {"S", "MI"}:
        mark = "-" if is_negative else "+" if style == "S" else "" if is_filled else " "
        if leading:
            return (
                mark + text
                if is_filled
                else (mark + text).rjust(width + 1)
                if style == "S"
                else mark + text.rjust(width)
            )
        return (text if is_filled else text.rjust(width)) + mark
    signed = f"-{text}" if is_negative else text
    return signed if is_filled else signed.rjust(width + 1)


@FAMILY.function("to_char(numeric, text)", returns="text")
def format_numeric(value: Decimal, pattern: str) -> str:
    """Write a number by a pattern."""
    return format_number(value, pattern)


@FAMILY.function("to_char(integer, text)", "to_char(bigint, text)", returns="text")
def format_integer(value: int, pattern: str) -> str:
    """Write a number by a pattern."""
    return format_number(Decimal(value), pattern)


@FAMILY.function("to_char(double precision, text)", "to_char(real, text)", returns="text")
def format_float(value: float, pattern: str) -> str:
    """Write a number by a pattern."""
    return format_number(numeric.from_float(value, 15), pattern)


@FAMILY.function("to_number(text, text)", returns="numeric")
def to_number(text: str, pattern: str) -> Decimal:
    """Read a number, separators of the pattern dropped."""
    digits = re.sub(r"[^0-9.\-]", "", text)
    places = (
        len(re.split(r"[.D]", pattern.replace("FM", ""))[1]) if re.search(r"[.D]", pattern) else 0
    )
    if not re.search(r"\d", digits):
        raise error("22P02", f'invalid input syntax for type numeric: "{text}"')
    if digits.endswith("-"):
        digits = "-" + digits[:-1]
    whole = numeric.from_text(digits)
    return numeric.truncated(whole, places) if numeric.scale_of(whole) > places else whole


_FIELDS = {
    "YYYY": r"(\d{1,4})", "MM": r"(\d{1,2})", "DD": r"(\d{1,2})", "HH24": r"(\d{1,2})", "HH12": r"(\d{1,2})", "HH": r"(\d{1,2})",
    "MI": r"(\d{1,2})", "SS": r"(\d{1,2})", "MS": r"(\d{1,3})", "US": r"(\d{1,6})", "YY": r"(\d{2})", "DDD": r"(\d{1,3})",
    "MON": r"([A-Za-z]{3})", "MONTH": r"([A-Za-z]+)\s*", "AM": r"([AaPp][Mm])", "PM": r"([AaPp][Mm])", "DY": r"[A-Za-z]{3}", "DAY": r"[A-Za-z]+\s*",
}  # fmt: skip


def _read(text: str, pattern: str) -> int:
    expression, names = r"\s*", []
    for kind, token, _, _ in _tokens(pattern):
        if kind == "text":
            expression += r"[^\w]*" if not token.isalnum() else "."
            continue
        part = _FIELDS.get(token.upper())
        if part is None:
            raise not_supported(f"reading a date with {token}")
        expression += part
        if "(" in part:
            names.append(token.upper())
    match = re.match(expression, text)
    if match is None:
        raise error("22007", f'invalid value "{text[:4]}" for "{names[0] if names else pattern}"')
    found = dict(zip(names, match.groups(), strict=True))
    return _assembled(found, text)


def _assembled(found: dict[str, str], text: str) -> int:
    year = int(found.get("YYYY", 0)) or (
        2000 + int(found["YY"])
        if int(found.get("YY", 99)) < 70
        else 1900 + int(found["YY"])
        if "YY" in found
        else 1
    )
    month = int(found.get("MM", 1))
    word = found.get("MON") or found.get("MONTH", "").strip()
    if word:
        names = [name.lower()[:3] for name in _MONTHS]
        if word.lower()[:3] not in names:
            raise error("22007", f'invalid value "{word}" for "MON"')
        month = names.index(word.lower()[:3]) + 1
    day = int(found.get("DD", 1))
    if not 1 <= month <= 12 or not 1 <= day <= dt.days_in_month(year, month):
        raise error("22008", f'date/time field value out of range: "{text}"')
    hour = int(found.get("HH24") or found.get("HH12") or found.get("HH") or 0)
    half = (found.get("AM") or found.get("PM") or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    seconds = (hour * 60 + int(found.get("MI", 0))) * 60 + int(found.get("SS", 0))
    us = int(found.get("MS", "0").ljust(3, "0")) * 1000 + int(found.get("US", "0").ljust(6, "0"))
    days = dt.days_from_civil(year, month, day) + (int(found["DDD"]) - 1 if "DDD" in found else 0)
    return days * DAY_US + seconds * 1_000_000 + us


@FAMILY.function("to_date(text, text)", returns="date")
def to_date(text: str, pattern: str) -> int:
    """Read a date by a pattern."""
    return _read(text, pattern) // DAY_US


@FAMILY.function("to_timestamp(text, text)", returns="timestamptz", takes_session=True)
def to_timestamp(facts: Facts, text: str, pattern: str) -> int:
    """Read an instant by a pattern in the session's zone."""
    return dt.local_to_utc(_read(text, pattern), facts.zone)
