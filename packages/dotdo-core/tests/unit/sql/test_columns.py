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


def test_the_ends_of_time_are_told():
    assert codec_of("timestamptz").to_python(INFINITY) == "infinity"
    assert codec_of("date").to_python(-INFINITY) == "-infinity"
