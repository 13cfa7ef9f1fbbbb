"""Column codecs: values as SQLite stores them, and back."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest

from dotdo.errors import InvalidValue
from dotdo.sql import codec_of
from dotdo.sql.columns import INFINITY

ROUND_TRIPS = [
    ("boolean", True), ("integer", 5), ("double", 1.5), ("text", "é\0"), ("bytes", b"\0"), ("uuid", UUID(int=7)),
    ("numeric", Decimal("-12.3400")), ("numeric", Decimal("1E+3")), ("numeric(10,2)", Decimal("12.34")), ("date", date(1, 1, 1)),
    ("time", time(23, 59, 59, 999999)), ("timestamp", datetime.fromisoformat("0001-01-01")), ("timestamptz", datetime(2026, 1, 1, tzinfo=UTC)),
    ("json", {"a": [1, None]}), ("jsonb", [b"x"]), ("any", "x"), ("any", {"a": 1}), ("any", 5), ("any", "{"), ("any", 1.5), ("any", b"x"),
]  # fmt: skip


@pytest.mark.parametrize(("type_name", "value"), ROUND_TRIPS)
def test_a_value_comes_back(type_name, value):
    codec = codec_of(type_name)
    stored = value if codec.to_storage is None else codec.to_storage(value)
    found = stored if codec.to_python is None else codec.to_python(stored)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("type_name", "value"),
    [("integer", True), ("integer", "5"), ("boolean", 2), ("double", "x"), ("double", float("nan")), ("text", 5), ("uuid", "x"),
     ("date", "x"), ("timestamp", 5), ("time", "25:00"), ("numeric", "x"), ("numeric(10,2)", "x"), ("bytes", "x"), ("json", object())],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(type_name, value):
    with pytest.raises(InvalidValue):
        codec_of(type_name).to_storage(value)


@pytest.mark.parametrize("type_name", ["real", "double"])
def test_nan_that_another_door_stored_is_read(type_name):
    assert str(codec_of(type_name).to_python("NaN")) == "nan"


def test_the_ends_of_time_are_told():
    assert codec_of("timestamptz").to_python(INFINITY) == "infinity"
    assert codec_of("date").to_python(-INFINITY) == "-infinity"


@pytest.mark.parametrize(
    ("type_name", "value", "stored"),
    [
        ("smallint", -(2**15), -(2**15)), ("integer", 2**31 - 1, 2**31 - 1), ("bigint", -(2**63), -(2**63)), ("real", 0.1, 0.10000000149011612),
        ("numeric(4,2)", 12.345, 1235), ("numeric(4,2)", "-99.994", -9999), ("numeric(2,0)", Decimal("1E1"), 10), ("varchar(3)", "abc", "abc"),
        ("varchar(3)", "abc  ", "abc"), ("char(3)", "a", "a  "), ("char(3)", "abc   ", "abc"), ("timestamptz", "infinity", INFINITY),
        ("date", "-infinity", -INFINITY),
    ],
)  # fmt: skip
def test_what_a_limited_type_can_hold_is_fitted(type_name, value, stored):
    assert codec_of(type_name).to_storage(value) == stored


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("smallint", 2**15), ("integer", -(2**31) - 1), ("bigint", 2**63), ("real", 1e39), ("numeric(4,2)", 100), ("numeric(4,2)", 99.995),
        ("numeric(30,5)", 10**25), ("numeric(3,5)", "0.01"), ("numeric(3,-2)", 99_950), ("numeric(4,2)", float("nan")), ("varchar(3)", "abcd"), ("char(3)", "a  b"),
        ("text", "\ud800"), ("double", 10**400), ("double", Decimal("1e400")), ("boolean", "t"), ("time", "10:00+01:00"),
    ],
)  # fmt: skip
def test_what_a_limited_type_cannot_hold_is_refused(type_name, value):
    with pytest.raises(InvalidValue):
        codec_of(type_name).to_storage(value)


@pytest.mark.parametrize(
    ("type_name", "value", "below", "above"),
    [("numeric(4,2)", Decimal("1.005"), 100, 101), ("numeric(4,2)", Decimal("-1.005"), -101, -100), ("numeric(4,2)", 10**30, 9999, INFINITY), ("smallint", 2**40, 2**40 - 1, 2**40 + 1)],
)  # fmt: skip
def test_a_value_beyond_what_is_stored_is_compared_exactly(type_name, value, below, above):
    assert below < codec_of(type_name).to_compared(value)
    assert codec_of(type_name).to_compared(value) < above or above == INFINITY
