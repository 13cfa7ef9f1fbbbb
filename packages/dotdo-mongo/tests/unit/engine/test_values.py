"""The order, equality and names of BSON values."""

from itertools import pairwise

import pytest
from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from dotdo_mongo.engine.values import compare, sort_key, type_name

ASCENDING = [
    MinKey(),
    None,
    float("nan"),
    -1,
    Int64(0),
    0.5,
    Decimal128("0.75"),
    1,
    Int64(2**53 + 1),
    "a",
    "b",
    {},
    {"a": 1},
    {"a": 1, "b": 0},
    [],
    [1],
    Binary(b"z"),
    Binary(b"aa"),
    ObjectId("000000000000000000000001"),
    False,
    True,
    DatetimeMS(0),
    Timestamp(0, 1),
    Regex("a"),
    MaxKey(),
]


def test_values_of_all_types_have_one_order() -> None:
    mixed = ASCENDING[1::2] + ASCENDING[::2]
    assert sorted(mixed, key=sort_key) == ASCENDING
    assert all(compare(a, b) < 0 for a, b in pairwise(ASCENDING))


def test_numbers_are_equal_across_types() -> None:
    keys = {sort_key(one) for one in (1, Int64(1), 1.0, Decimal128("1.00"))}
    assert len(keys) == 1


def test_a_long_beyond_doubles_is_compared_exactly() -> None:
    assert compare(Int64(2**53 + 1), float(2**53)) > 0


@pytest.mark.parametrize(
    ("value", "name"),
    [(1, "int"), (Int64(1), "long"), (1.0, "double"), (Decimal128("1"), "decimal"), (None, "null")],
)
def test_types_have_names(value: object, name: str) -> None:
    assert type_name(value) == name
