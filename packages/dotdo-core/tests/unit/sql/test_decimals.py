"""Numbers of any kind in documents sort as numbers."""

import math
import random
from decimal import Decimal

import pytest

from dotdo.sql import order_of
from dotdo.values import encode

NUMBERS = [
    -(2**80),
    -1.5,
    Decimal("-1.25"),
    -1,
    0,
    Decimal("0.000001"),
    1,
    Decimal("1.1"),
    1.5,
    2,
    9,
    Decimal("10.5"),
    2**63,
    2**80,
    math.inf,
]


def test_their_order_is_that_of_their_bytes():
    shuffled = random.Random(7).sample(NUMBERS, len(NUMBERS))
    assert sorted(shuffled, key=lambda n: order_of(encode(n))) == NUMBERS


def test_equal_numbers_of_different_kinds_are_equal():
    kinds = [5, 5.0, Decimal(5)]
    assert len({order_of(encode(n))[:-2] for n in kinds}) == 1  # but for the scale at the end


@pytest.mark.parametrize("value", ["5", None, True, [5], {"a": 5}, b"5"])
def test_what_is_no_number_has_no_place(value):
    assert order_of(encode(value)) is None
    assert order_of(None) is None
