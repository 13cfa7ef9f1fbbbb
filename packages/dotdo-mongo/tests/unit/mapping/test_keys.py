"""Identities as keys of rows."""

import pytest
from bson import Decimal128, Int64, ObjectId

from dotdo_mongo.mapping.keys import identity_of, is_exact, key_of


@pytest.mark.parametrize(
    "same",
    [
        (1, Int64(1), 1.0, Decimal128("1"), Decimal128("1.00")),
        (0, 0.0, -0.0, Decimal128("-0")),
        (0.5, Decimal128("0.50")),
        ({"a": 1}, {"a": 1.0}),
        (2**40, float(2**40), Int64(2**40)),
    ],
)
def test_values_equal_in_bson_have_one_key(same):
    assert len({(type(key_of(value)), key_of(value)) for value in same}) == 1


@pytest.mark.parametrize(
    "different",
    [
        (1, True, "1"),
        (None, "null"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([1], {"0": 1}),
        ("{}", {}),
    ],
)
def test_values_that_differ_have_different_keys(different):
    assert len({key_of(value) for value in different if not isinstance(value, list)}) == len(
        [value for value in different if not isinstance(value, list)]
    )


def test_a_key_gives_the_identity_back():
    for identity in (7, "x", '{"a"', ObjectId(), None, True, 1.5):
        assert identity_of(key_of(identity)) == identity
        assert is_exact(identity)
    assert not is_exact(Int64(7))
    assert not is_exact(7.0)
