"""interval: months, days and microseconds in 16 bytes; reading, writing and comparing them."""

import struct
from typing import NamedTuple

from dotdo_postgres.errors import error

_LAYOUT = struct.Struct(">iiq")
_BINARY = struct.Struct(">qii")
DAY_US = 86_400_000_000
MONTH_US = 30 * DAY_US
FULL_RANGE = 0x7FFF
FULL_PRECISION = 0xFFFF


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


_SCALES = {1 << 12: 1, 1 << 11: 60_000_000, 1 << 10: 3_600_000_000}


def fit(span: Interval, typmod: int) -> Interval:
    """Cut an interval to the fields of its type and round its seconds.

    Args:
        span: The value.
        typmod: Type modifier: fields and digits of seconds.

    Returns:
        What is kept.
    """
    fields, precision = typmod >> 16 & FULL_RANGE, typmod & FULL_PRECISION
    months, days, us = span
    if fields != FULL_RANGE:
        if not fields & ~(1 << 1 | 1 << 2):
            size = 1 if fields & 1 << 1 else 12
            return Interval(abs(months) // size * size * (1 if months > 0 else -1), 0, 0)
        size = next((size for bit, size in _SCALES.items() if fields & bit), 0)
        us = 0 if not size else abs(us) // size * size * (1 if us > 0 else -1)
    if precision < 6:
        unit = 10 ** (6 - precision)
        us = (abs(us) + unit // 2) // unit * unit * (1 if us > 0 else -1)
    return Interval(months, days, us)


_FIELD_NAMES = (
    (1 << 2, "year"),
    (1 << 1, "month"),
    (1 << 3, "day"),
    (1 << 10, "hour"),
    (1 << 11, "minute"),
    (1 << 12, "second"),
)


def type_text(typmod: int) -> str:
    """Write the type with its modifier: `interval year to month`, `interval second(2)`."""
    fields, precision = typmod >> 16 & FULL_RANGE, typmod & FULL_PRECISION
    names = [] if fields == FULL_RANGE else [name for bit, name in _FIELD_NAMES if fields & bit]
    shown = " " + " to ".join(dict.fromkeys((names[0], names[-1]))) if names else ""
    return f"interval{shown}{'' if precision == FULL_PRECISION else f'({precision})'}"
