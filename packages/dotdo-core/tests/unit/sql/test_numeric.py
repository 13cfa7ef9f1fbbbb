"""Numerics as blobs in numeric order."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotdo.errors import InvalidValue
from dotdo.sql.numeric import decode, encode

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)


@given(NUMBERS, NUMBERS)
def test_blobs_are_in_the_order_of_their_numbers(a, b):
    assert decode(encode(a)) == a
    if a != b:
        assert (encode(a) < encode(b)) == (a < b)


def test_the_scale_stays():
    assert str(decode(encode(Decimal("1.500")))) == "1.500"
    assert str(decode(encode(Decimal("0.00")))) == "0.00"


def test_what_is_beyond_numbers_has_its_place():
    order = [
        Decimal("-Infinity"),
        Decimal(-1),
        Decimal(0),
        Decimal(1),
        Decimal("Infinity"),
        Decimal("NaN"),
    ]
    blobs = [encode(n) for n in order]
    assert blobs == sorted(blobs)
    assert [str(decode(b)) for b in blobs] == [str(n) for n in order]


def test_too_many_digits_are_refused():
    with pytest.raises(InvalidValue):
        encode(Decimal(1).scaleb(-16_384))
    with pytest.raises(InvalidValue):
        encode("1e200000")
