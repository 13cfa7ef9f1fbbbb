"""DateStyle and IntervalStyle: what PostgreSQL 15.18 writes for the same values."""

from datetime import UTC

import pytest

from dotdo_postgres.mapping import codecs, interval
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.datetimes import zone_named
from dotdo_postgres.mapping.styles import Style, StyledZone, interval_to_text, read_date_style

INSTANT = 1_704_164_645_120_000  # 2024-01-02 03:04:05.12 UTC


@pytest.mark.parametrize(
    ("dates", "order", "date", "timestamp", "timestamptz"),
    [
        ("SQL", "MDY", "01/02/2024", "01/02/2024 03:04:05.12", "01/02/2024 04:04:05.12 CET"),
        ("SQL", "DMY", "02/01/2024", "02/01/2024 03:04:05.12", "02/01/2024 04:04:05.12 CET"),
        ("Postgres", "MDY", "01-02-2024", "Tue Jan 02 03:04:05.12 2024", "Tue Jan 02 04:04:05.12 2024 CET"),
        ("Postgres", "DMY", "02-01-2024", "Tue 02 Jan 03:04:05.12 2024", "Tue 02 Jan 04:04:05.12 2024 CET"),
        ("German", "DMY", "02.01.2024", "02.01.2024 03:04:05.12", "02.01.2024 04:04:05.12 CET"),
        ("ISO", "DMY", "2024-01-02", "2024-01-02 03:04:05.12", "2024-01-02 04:04:05.12+01"),
    ],
)  # fmt: skip
def test_times_are_written_in_the_style(
    dates: str, order: str, date: str, timestamp: str, timestamptz: str
) -> None:
    zone = StyledZone(zone_named("Europe/Berlin"), Style(dates, order))
    forms = [codecs.codec_of(oid, zone) for oid in (t.DATE, t.TIMESTAMP, t.TIMESTAMPTZ)]
    values = (19724, INSTANT, INSTANT)
    texts = (date, timestamp, timestamptz)
    for codec, value, text in zip(forms, values, texts, strict=True):
        assert codec is not None
        assert codec.to_text(value) == text


def test_numbers_are_read_in_the_order() -> None:
    for order, day in (("MDY", 19724), ("DMY", 19754)):
        codec = codecs.codec_of(t.DATE, StyledZone(UTC, Style("SQL", order)))
        assert codec is not None
        assert codec.from_text("01/02/2024") == day


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("postgres", "1 year 2 mons -3 days +04:05:06.7"),
        ("postgres_verbose", "@ 1 year 2 mons -3 days 4 hours 5 mins 6.7 secs"),
        ("sql_standard", "+1-2 -3 +4:05:06.7"),
        ("iso_8601", "P1Y2M-3DT4H5M6.7S"),
    ],
)
def test_intervals_are_written_in_the_style(style: str, text: str) -> None:
    value = interval.Interval(14, -3, 14_706_700_000)
    assert interval_to_text(value, Style(intervals=style)) == text


@pytest.mark.parametrize(
    ("given", "shown"),
    [("german", "German, DMY"), ("sql, euro", "SQL, DMY"), ("ymd", "ISO, YMD"), ("x", None)],
)
def test_words_of_datestyle_are_read(given: str, shown: str | None) -> None:
    assert read_date_style(given, "ISO, MDY") == shown
