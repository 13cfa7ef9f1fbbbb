"""time with time zone: a time of day and an offset, kept as bytes that order by the moment, then by the zone."""

import struct
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from dotdo.clock import system_clock
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import moments
from dotdo_postgres.mapping.datetimes import DAY_US, time_to_text
from dotdo_postgres.mapping.forms import Codec

_LAYOUT = struct.Struct(">QI")
_BIAS, _ZONE_BIAS = 1 << 63, 1 << 31
_SECOND_US = 1_000_000
_MAX_WEST_S = 16 * 3600


def encode(us: int, west_s: int) -> bytes:
    """Keep a time of day and its zone in seconds west of Greenwich."""
    return _LAYOUT.pack(us + west_s * _SECOND_US + _BIAS, west_s + _ZONE_BIAS)


def decode(stored: bytes) -> tuple[int, int]:
    """Return microseconds since midnight, and seconds west of Greenwich."""
    moment, zone = _LAYOUT.unpack(stored)
    west_s = zone - _ZONE_BIAS
    return moment - _BIAS - west_s * _SECOND_US, west_s


def from_text(text: str, zone: tzinfo = UTC) -> bytes:
    """Read a time with time zone; without one the zone of the session is meant.

    Raises:
        PostgresError: 22007, 22008, 22009.
    """
    us, found, day = moments.zoned_time(text)
    offset = offset_at(found or zone, day)
    return encode(us, -offset)


def offset_at(zone: tzinfo, day: tuple[int, int, int] | None) -> int:
    """Return the offset of a zone in seconds east, on a day; today's where none is told."""
    when = (
        datetime(*day, tzinfo=zone) if day else datetime.fromtimestamp(system_clock() / 1e6, zone)
    )
    offset = when.utcoffset() or timedelta()
    return int(offset.total_seconds())


def to_text(stored: bytes) -> str:
    """Write time and offset."""
    us, west_s = decode(stored)
    return time_to_text(us) + zone_text(west_s)


def zone_text(west_s: int) -> str:
    """Write an offset as `-08` or `+05:30`."""
    sign = "-" if west_s > 0 else "+"
    hours, rest = divmod(abs(west_s), 3600)
    minutes, seconds = divmod(rest, 60)
    text = f"{sign}{hours:02d}"
    if minutes or seconds:
        text += f":{minutes:02d}"
    return text + (f":{seconds:02d}" if seconds else "")


def fit(stored: bytes, precision: int) -> bytes:
    """Round to so many digits of a second."""
    us, west_s = decode(stored)
    unit = 10 ** (6 - precision)
    return encode((us + unit // 2) // unit * unit, west_s)


def shifted(stored: bytes, west_s: int) -> bytes:
    """Return the same moment in another zone."""
    us, before = decode(stored)
    return encode((us + (before - west_s) * _SECOND_US) % DAY_US, west_s)


def _from_binary(data: bytes) -> bytes:
    if len(data) != 12:
        raise error("22P03", "incorrect binary data format")
    us, west_s = struct.unpack(">qi", data)
    if not 0 <= us <= DAY_US:
        raise error("22008", "time out of range")
    if abs(west_s) >= _MAX_WEST_S:
        raise error("22009", "time zone displacement out of range")
    return encode(us, west_s)


def _to_python(stored: bytes) -> time:
    us, west_s = decode(stored)
    if us >= DAY_US:
        raise OverflowError(f"time not supported by Python: {to_text(stored)!r}")
    moment = datetime(1970, 1, 1, tzinfo=timezone(timedelta(seconds=-west_s)))
    return (moment + timedelta(microseconds=us)).timetz()


def _from_python(value: time) -> bytes:
    offset = value.utcoffset() or timedelta()
    us = ((value.hour * 60 + value.minute) * 60 + value.second) * _SECOND_US + value.microsecond
    return encode(us, -int(offset.total_seconds()))


CODEC = Codec(
    from_text,
    to_text,
    _from_binary,
    lambda stored: struct.pack(">qi", *decode(stored)),
    _to_python,
    _from_python,
)
