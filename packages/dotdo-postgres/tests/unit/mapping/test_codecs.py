"""Codecs: text, binary and Python forms of each type agree."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of
from dotdo_postgres.mapping.datetimes import zone_named
from dotdo_postgres.mapping.numeric_codecs import numeric_scaled

FORMS = [
    (t.BOOL, "t", True),
    (t.INT2, "-5", -5),
    (t.INT8, "9223372036854775807", 9223372036854775807),
    (t.FLOAT8, "1e+20", 1e20),
    (t.NUMERIC, "-0.500", Decimal("-0.500")),
    (t.TEXT, "héllo", "héllo"),
    (t.DATE, "1999-01-08", date(1999, 1, 8)),
    (t.TIMESTAMP, "2024-02-29 10:11:12.5", datetime(2024, 2, 29, 10, 11, 12, 500000)),  # noqa: DTZ001 -- no zone
    (
        t.TIMESTAMPTZ,
        "2024-02-29 04:41:12.5+00",
        datetime(2024, 2, 29, 4, 41, 12, 500000, tzinfo=UTC),
    ),
    (t.BYTEA, "\\x00ff", b"\x00\xff"),
    (t.JSONB, '{"a": [1, 2], "b": 2}', {"a": [1, 2], "b": 2}),
    (1007, "{1,NULL,3}", [1, None, 3]),
    (1009, '{a,"b c",NULL,"NULL"}', ["a", "b c", None, "NULL"]),
]


@pytest.mark.parametrize(("oid", "text", "value"), FORMS)
def test_forms_of_a_value_agree(oid: int, text: str, value: object) -> None:
    codec = codec_of(oid)
    assert codec is not None
    stored = codec.from_text(text)
    assert codec.to_text(stored) == text
    assert codec.to_text(codec.from_binary(codec.to_binary(stored))) == text
    assert (stored if codec.to_python is None else codec.to_python(stored)) == value


@pytest.mark.parametrize(
    ("oid", "text", "sqlstate"),
    [
        (t.INT2, "40000", "22003"),
        (t.INT4, "x", "22P02"),
        (t.BOOL, "maybe", "22P02"),
        (t.DATE, "2024-02-30", "22008"),
        (t.DATE, "soon", "22007"),
        (t.UUID, "12", "22P02"),
        (t.BYTEA, "\\xzz", "22023"),
        (t.JSONB, "{", "22P02"),
        (t.INTERVAL, "1 fortnight", "22007"),
        (1007, "{1", "22P02"),
    ],
)
def test_text_that_is_no_value_is_the_error_of_postgresql(
    oid: int, text: str, sqlstate: str
) -> None:
    codec = codec_of(oid)
    assert codec is not None
    with pytest.raises(PostgresError) as failure:
        codec.from_text(text)
    assert failure.value.sqlstate == sqlstate


def test_scaled_numeric_shows_its_places() -> None:
    codec = numeric_scaled(2)
    assert codec.to_text(5) == "0.05"
    assert codec.to_python is not None
    assert codec.to_python(-1234) == Decimal("-12.34")


def test_instant_is_shown_in_the_zone_of_the_session() -> None:
    codec = codec_of(t.TIMESTAMPTZ, zone_named("America/New_York"))
    assert codec is not None
    assert codec.to_text(codec.from_text("2024-07-01 12:00:00+00")) == "2024-07-01 08:00:00-04"
