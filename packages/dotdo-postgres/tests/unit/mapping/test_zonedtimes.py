"""time with time zone: kept in the order of the moments, then of the zones."""

from datetime import time, timedelta, timezone

import pytest

from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping import zonedtimes

HOUR_US = 3_600_000_000


def test_kept_bytes_order_by_moment_then_zone() -> None:
    east, west = zonedtimes.encode(10 * HOUR_US, -7200), zonedtimes.encode(9 * HOUR_US, -3600)
    later = zonedtimes.encode(9 * HOUR_US, 0)
    assert east < west < later
    assert zonedtimes.decode(west) == (9 * HOUR_US, -3600)


def test_python_value_keeps_its_offset() -> None:
    value = time(10, 30, tzinfo=timezone(timedelta(hours=2)))
    stored = zonedtimes.CODEC.from_python(value)
    assert zonedtimes.to_text(stored) == "10:30:00+02"
    assert zonedtimes.CODEC.to_python(stored) == value


def test_24_hours_are_beyond_python() -> None:
    with pytest.raises(OverflowError):
        zonedtimes.CODEC.to_python(zonedtimes.encode(24 * HOUR_US, 0))


def test_binary_value_out_of_range_is_refused() -> None:
    with pytest.raises(PostgresError) as failure:
        zonedtimes.CODEC.from_binary(bytes([127] * 12))
    assert failure.value.sqlstate == "22008"
