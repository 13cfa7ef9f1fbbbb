"""Intervals as PostgreSQL reads them."""

import pytest

from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping.interval import Interval
from dotdo_postgres.mapping.interval_reading import from_text

HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2:00", Interval(0, 1, 2 * HOUR_US)),
        ("-1 02:00", Interval(0, -1, 2 * HOUR_US)),
        ("1-2 3 04:00", Interval(14, 3, 4 * HOUR_US)),
        ("1 day 02:00", Interval(0, 1, 2 * HOUR_US)),
        ("5", Interval(0, 0, 5_000_000)),
        ("P1Y2M", Interval(14, 0, 0)),
        ("3 mons ago", Interval(-3, 0, 0)),
    ],
)
def test_a_text_is_read(text, expected):
    assert from_text(text) == expected


def test_what_is_no_interval_is_refused():
    with pytest.raises(PostgresError, match="invalid input syntax for type interval"):
        from_text("soon")
