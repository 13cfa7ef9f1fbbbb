"""Trigonometry of decimals."""

import math

import pytest
from bson import Decimal128

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.expressions import compile_expression


def _sine(text):
    return compile_expression({"$sin": Decimal128(text)}, Context())({}, {}).to_decimal()


@pytest.mark.parametrize("text", ["2", "1E+10", "1E+22"])
def test_a_sine_is_that_of_the_double_where_that_is_exact(text):
    assert math.isclose(float(_sine(text)), math.sin(float(text)), rel_tol=1e-12)


def test_the_greatest_decimals_have_a_sine():
    square = _sine("1E+6000") ** 2
    assert 0 < square < 1
