"""time with time zone: a time of day with its offset, kept as bytes that sort by the instant and then by the zone."""

import struct
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache, partial
from typing import NamedTuple

from dotdo_postgres.errors import error
from dotdo_postgres.mapping import datetimes, moments
from dotdo_postgres.mapping.forms import Codec

SECOND_US = 1_000_000
_STORED = struct.Struct(">QI")
_BINARY = struct.Struct(">qi")
_US_BIAS, _ZONE_BIAS = 1 << 62, 1 << 31
_MAX_WEST_S = 16 * 3600


class ZonedTime(NamedTuple):
    """A time of day on the clock of a zone.

    Args:
        us: microseconds since midnight.
        west_s: seconds that the zone is west of Greenwich, as PostgreSQL counts.
    """

    us: int
    west_s: int

    @property
    def utc_us(self) -> int:
        """The time of day at Greenwich, past midnight on either side."""
        return self.us + self.west_s * SECOND_US

    def moved_to(self, west_s: int) -> "ZonedTime":
        """Return the same moment on the clock of another zone."""
        us = (self.utc_us - west_s * SECOND_US) % datetimes.DAY_US
        return ZonedTime(us, west_s)


def encode(value: ZonedTime) -> bytes:
    """Return the bytes that keep it."""
    return _STORED.pack(value.utc_us + _US_BIAS, value.west_s + _ZONE_BIAS)


def decode(stored: bytes) -> ZonedTime:
    """Return what is kept."""
    utc_us, zone = _STORED.unpack(stored)
    west_s = zone - _ZONE_BIAS
    return ZonedTime(utc_us - _US_BIAS - west_s * SECOND_US, west_s)


def to_text(stored: bytes) -> str:
    """Write `04:05:06.789-08`."""
    value = decode(stored)
    hours, rest = divmod(abs(value.west_s), 3600)
    shown = f"{'-' if value.west_s > 0 else '+'}{hours:02d}"
    if rest:
        shown += f":{rest // 60:02d}" + (f":{rest % 60:02d}" if rest % 60 else "")
    return datetimes.time_to_text(value.us) + shown


def from_text(text: str, zone: tzinfo) -> bytes:
    """Read a time of day; without an offset, and without a date, today's clock of `zone` is meant.

    Raises:
        PostgresError: 22007, 22008, 22009.
    """
    moment = moments.read(text, "time with time zone")
    if moment.time_us is None or moment.special:
        raise error("22007", f'invalid input syntax for type time with time zone: "{text}"')
    clock = moment.zone or zone
    if moment.julian is not None:
        local = (moment.julian - 2440588) * datetimes.DAY_US + moment.time_us
        west_s = -datetimes.offset_at(clock, datetimes.local_to_utc(local, clock))
    else:
        west_s = -int((clock.utcoffset(_SOME_DAY) or timedelta()).total_seconds())
    return encode(ZonedTime(moment.time_us, west_s))


_SOME_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 -- a wall clock reading, for zones that know no summer


def from_binary(data: bytes) -> bytes:
    """Read microseconds and seconds west.

    Raises:
        PostgresError: 22P03, 22008, 22009.
    """
    if len(data) != _BINARY.size:
        raise error("22P03", "incorrect binary data format")
    us, west_s = _BINARY.unpack(data)
    if not 0 <= us <= datetimes.DAY_US:
        raise error("22008", "time out of range")
    if abs(west_s) >= _MAX_WEST_S:
        raise error("22009", "time zone displacement out of range")
    return encode(ZonedTime(us, west_s))


def to_binary(stored: bytes) -> bytes:
    """Write microseconds and seconds west."""
    return _BINARY.pack(*decode(stored))


def to_python(stored: bytes) -> time:
    """Return a time with an offset.

    Raises:
        OverflowError: 24:00, which Python's times do not reach.
    """
    value = decode(stored)
    if value.us >= datetimes.DAY_US:
        raise OverflowError(f"time not supported by Python: {to_text(stored)!r}")
    clock = (_SOME_DAY + timedelta(microseconds=value.us)).time()
    return clock.replace(tzinfo=timezone(timedelta(seconds=-value.west_s)))


def from_python(value: time) -> bytes:
    """Return the bytes that keep a time with an offset."""
    us = ((value.hour * 60 + value.minute) * 60 + value.second) * SECOND_US + value.microsecond
    offset = value.utcoffset() or timedelta()
    return encode(ZonedTime(us, -int(offset.total_seconds())))


def rounded(value: ZonedTime, precision: int) -> ZonedTime:
    """Return the time with so many decimal places of its seconds."""
    unit: int = 10 ** (6 - precision)
    return value._replace(us=(value.us + unit // 2) // unit * unit)


@lru_cache(maxsize=64)
def codec(zone: tzinfo = UTC) -> Codec:
    """Return the codec for text without an offset in a time zone."""
    return Codec(
        partial(from_text, zone=zone), to_text, from_binary, to_binary, to_python, from_python
    )
