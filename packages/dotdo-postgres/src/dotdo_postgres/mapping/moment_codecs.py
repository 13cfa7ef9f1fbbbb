"""Forms of dates, times, timestamps and intervals; what Python has no value for is refused to it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache, partial

from dotdo_postgres.mapping import (
    datetimes,
    interval,
    moments,
)
from dotdo_postgres.mapping.forms import Codec
from dotdo_postgres.mapping.scalar_codecs import packed

PG_EPOCH_DAYS = 10957
PG_EPOCH_US = PG_EPOCH_DAYS * datetimes.DAY_US


def _shifted(
    days_or_us: int, layout: str, name: str
) -> tuple[Callable[[bytes], int], Callable[[int], bytes]]:
    read, write = packed(layout, name)
    limits = (1 << 31) - 1 if layout == ">i" else (1 << 63) - 1

    def from_binary(data: bytes) -> int:
        value: int = read(data)
        if value >= limits or value <= -limits:
            return datetimes.INFINITY if value > 0 else -datetimes.INFINITY
        return value + days_or_us

    def to_binary(value: int) -> bytes:
        if abs(value) >= datetimes.INFINITY:
            return write(limits if value > 0 else -limits - 1)
        return write(value - days_or_us)

    return from_binary, to_binary


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- timestamps without zone
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)


def date_to_python(days: int) -> date:
    """Return the date of a number of days since 1970; one before the year 1 or after 9999 is an OverflowError."""
    try:
        return date.fromordinal(days + _EPOCH_ORDINAL)
    except (ValueError, OverflowError):
        raise _outside_python("date", datetimes.date_to_text(days)) from None


def _outside_python(kind: str, text: str) -> Exception:
    return OverflowError(f"{kind} out of Python's range: {text!r}")


def date_from_python(value: date) -> int:
    """Return the days since 1970."""
    return value.toordinal() - _EPOCH_ORDINAL


def time_to_python(us: int) -> time:
    """Return the time of day; 24:00:00 is an OverflowError."""
    if us >= datetimes.DAY_US:
        raise _outside_python("time", datetimes.time_to_text(us))
    return (_EPOCH + timedelta(microseconds=us)).time()


def time_from_python(value: time) -> int:
    """Return the microseconds since midnight."""
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def timestamp_to_python(us: int) -> datetime:
    """Return the timestamp; one before the year 1 or after 9999 is an OverflowError."""
    try:
        return _EPOCH + timedelta(microseconds=us)
    except OverflowError:
        raise _outside_python("timestamp", datetimes.timestamp_to_text(us)) from None


def timestamp_from_python(value: datetime) -> int:
    """Return the microseconds since 1970."""
    return (value - _EPOCH) // _MICROSECOND


def interval_to_python(data: bytes) -> timedelta:
    """Return a time span with months of 30 days and years of 365."""
    months, days, us = interval.decode(data)
    years, months = int(months / 12), months - int(months / 12) * 12
    return timedelta(days=days + 365 * years + 30 * months, microseconds=us)


def interval_from_python(value: timedelta) -> bytes:
    """Return the stored interval."""
    return interval.encode(
        interval.Interval(0, value.days, value.seconds * 1_000_000 + value.microseconds)
    )


DATE_BINARY = _shifted(PG_EPOCH_DAYS, ">i", "date")
TIMESTAMP_BINARY = _shifted(PG_EPOCH_US, ">q", "timestamp")
TIME_BINARY = packed(">q", "time")


@lru_cache(maxsize=64)
def timestamptz(zone: tzinfo) -> Codec:
    """Return the codec of instants shown in a time zone."""

    def to_python(us: int) -> datetime:
        try:
            return (_EPOCH_UTC + timedelta(microseconds=us)).astimezone(zone)
        except OverflowError:
            raise _outside_python("timestamptz", datetimes.timestamptz_to_text(us, zone)) from None

    def from_python(value: datetime) -> int:
        return (value - _EPOCH_UTC) // _MICROSECOND

    return Codec(
        partial(moments.timestamptz_from_text, zone=zone),
        partial(datetimes.timestamptz_to_text, zone=zone),
        *TIMESTAMP_BINARY,
        to_python,
        from_python,
    )
