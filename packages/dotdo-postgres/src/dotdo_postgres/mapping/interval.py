"""interval: months, days and microseconds in 16 bytes; reading, writing and comparing them."""

import re
import struct
from typing import NamedTuple

from dotdo_postgres.errors import PostgresError, error

_LAYOUT = struct.Struct(">iiq")
_BINARY = struct.Struct(">qii")
DAY_US = 86_400_000_000
MONTH_US = 30 * DAY_US


class Interval(NamedTuple):
    """A span of time: months, days and microseconds, kept apart as PostgreSQL does."""

    months: int
    days: int
    us: int

    @property
    def key(self) -> int:
        """Microseconds with months of 30 days, what comparison uses."""
        return self.months * MONTH_US + self.days * DAY_US + self.us


def encode(interval: Interval) -> bytes:
    """Return the 16 bytes kept in a row.

    Raises:
        PostgresError: a field does not fit (SQLSTATE 22008).
    """
    try:
        return _LAYOUT.pack(*interval)
    except struct.error:
        raise error("22008", "interval out of range") from None


def decode(data: bytes) -> Interval:
    """Read the 16 bytes back."""
    return Interval(*_LAYOUT.unpack(data))


def to_binary(data: bytes) -> bytes:
    """Turn stored bytes into PostgreSQL's binary form."""
    months, days, us = _LAYOUT.unpack(data)
    return _BINARY.pack(us, days, months)


def from_binary(data: bytes) -> bytes:
    """Turn PostgreSQL's binary form into stored bytes."""
    us, days, months = _BINARY.unpack(data)
    return _LAYOUT.pack(months, days, us)


_UNITS: dict[str, tuple[str, float]] = {}
for _names, _field, _factor in (
    ("microsecond microseconds us usec usecs usecond useconds microsecon", "us", 1),
    ("millisecond milliseconds ms msec msecs msecond mseconds", "us", 1000),
    ("second seconds s sec secs", "us", 1_000_000),
    ("minute minutes m min mins", "us", 60_000_000),
    ("hour hours h hr hrs", "us", 3_600_000_000),
    ("day days d", "days", 1),
    ("week weeks w", "days", 7),
    ("month months mon mons", "months", 1),
    ("year years y yr yrs", "months", 12),
    ("decade decades dec decs", "months", 120),
    ("century centuries c cent", "months", 1200),
    ("millennium millennia mil mils", "months", 12000),
):
    for _name in _names.split():
        _UNITS[_name] = (_field, _factor)

_TOKEN = re.compile(
    r"\s*(?:(?P<time>[+-]?\d+:\d+(?::\d+(?:\.\d*)?)?)|(?P<ym>[+-]?\d+-\d+(?![\d.]))"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))\s*(?P<unit>[A-Za-z]+)?|(?P<word>[A-Za-z]+))",
)
_ISO = re.compile(
    r"P(?:(-?[\d.]+)Y)?(?:(-?[\d.]+)M)?(?:(-?[\d.]+)W)?(?:(-?[\d.]+)D)?(?:T(?:(-?[\d.]+)H)?(?:(-?[\d.]+)M)?(?:(-?[\d.]+)S)?)?$",
)


def from_text(text: str, default_unit: str = "second") -> Interval:  # noqa: C901 one step for each form of the grammar
    """Read an interval: `1 day 02:00`, `3 mons ago`, `P1Y2M`, `1-2`.

    Args:
        text: As typed.
        default_unit: Unit of a bare number (`interval '3' day` gives `day`).

    Returns:
        The span.

    Raises:
        PostgresError: not an interval (SQLSTATE 22007).
    """
    iso = _ISO.match(text.strip())
    if iso and len(text.strip()) > 1:
        units = ("year", "month", "week", "day", "hour", "minute", "second")
        parts = [
            (float(number), unit)
            for number, unit in zip(iso.groups(), units, strict=True)
            if number
        ]
        return _sum(parts)
    bad = error("22007", f'invalid input syntax for type interval: "{text}"')
    parts, ago, at = [], False, 0
    source = text.strip()
    if source.startswith("@"):
        source = source[1:].strip()
    if not source:
        raise bad
    while at < len(source):
        match = _TOKEN.match(source, at)
        if not match or match.end() == at:
            raise bad
        at = match.end()
        if match["time"]:
            parts.extend(_clock(match["time"]))
        elif match["ym"]:
            sign = -1 if match["ym"].startswith("-") else 1
            years, months = match["ym"].lstrip("+-").split("-")
            parts += [(sign * int(years), "year"), (sign * int(months), "month")]
        elif match["word"]:
            if match["word"].lower() != "ago" or not parts:
                raise bad
            ago = True
        else:
            unit = (match["unit"] or _unit_before(source[at:], default_unit)).lower()
            if unit not in _UNITS:
                raise bad
            parts.append(
                (float(match["number"]) if "." in match["number"] else int(match["number"]), unit)
            )
        while at < len(source) and source[at] in " ,\t\n":
            at += 1
    result = _sum(parts)
    return Interval(-result.months, -result.days, -result.us) if ago else result


def _unit_before(rest: str, default_unit: str) -> str:
    """Return the unit of a bare number: days where a time of day follows it (`1 02:03:04`)."""
    following = _TOKEN.match(rest.lstrip())
    return "day" if following and following["time"] else default_unit


def _clock(text: str) -> list[tuple[float, str]]:
    sign = -1 if text.startswith("-") else 1
    fields = text.lstrip("+-").split(":")
    hours, minutes = int(fields[0]), int(fields[1])
    us = round(float(fields[2]) * 1_000_000) if len(fields) > 2 else 0
    return [(sign * hours, "hour"), (sign * minutes, "minute"), (sign * us, "microsecond")]


def _sum(parts: list[tuple[float, str]]) -> Interval:
    months, days, us = 0, 0, 0
    for number, unit in parts:
        field, factor = _UNITS[unit]
        amount = number * factor
        whole = int(amount)
        rest = amount - whole
        if field == "months":
            months += whole
            extra_days = rest * 30
            days += int(extra_days) if factor == 1 else 0
            if factor == 1:
                us += round((extra_days - int(extra_days)) * DAY_US)
            else:
                months += round(rest) if abs(rest) >= 0.5 else 0
        elif field == "days":
            days += whole
            us += round(rest * DAY_US)
        else:
            us += round(amount)
    return Interval(months, days, us)


def to_text(interval: Interval) -> str:
    """Write an interval in the style `postgres`: `1 year 2 mons -3 days +04:05:06.7`."""
    months, days, us = interval
    parts, previous_negative = [], False
    years, months = int(months / 12), months - int(months / 12) * 12
    for number, unit in ((years, "year"), (months, "mon"), (days, "day")):
        if number:
            plus = "+" if previous_negative and number > 0 else ""
            parts.append(f"{plus}{number} {unit}{'' if number == 1 else 's'}")
            previous_negative = number < 0
    if us or not parts:
        sign = "-" if us < 0 else "+" if previous_negative else ""
        seconds, fraction = divmod(abs(us), 1_000_000)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        parts.append(sign + clock + (f".{fraction:06d}".rstrip("0") if fraction else ""))
    return " ".join(parts)


def read_stored(text: str) -> bytes:
    """Read text into stored bytes."""
    return encode(from_text(text))


__all__ = [
    "DAY_US",
    "MONTH_US",
    "Interval",
    "PostgresError",
    "decode",
    "encode",
    "from_binary",
    "from_text",
    "read_stored",
    "to_binary",
    "to_text",
]
