"""numeric: order of the stored form, scales of quotients, limits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping import numeric

NUMBERS = st.decimals(
    allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12
)


@given(NUMBERS)
def test_stored_form_reads_back_with_its_scale(number: Decimal) -> None:
    back = numeric.decode(numeric.encode(number))
    assert numeric.to_text(back) == numeric.to_text(number)


@given(NUMBERS, NUMBERS)
def test_stored_forms_sort_as_the_numbers(a: Decimal, b: Decimal) -> None:
    if a != b:
        assert (a < b) == (numeric.encode(a) < numeric.encode(b))


@given(NUMBERS)
def test_binary_form_reads_back(number: Decimal) -> None:
    assert numeric.from_binary(numeric.to_binary(number)) == number


@pytest.mark.parametrize(
    ("dividend", "divisor", "quotient"),
    [
        ("1", "3", "0.33333333333333333333"),
        ("10", "3", "3.3333333333333333"),
        ("100000", "7", "14285.714285714286"),
        ("1", "7", "0.14285714285714285714"),
    ],
)
def test_quotient_has_the_digits_of_postgresql(dividend: str, divisor: str, quotient: str) -> None:
    assert str(numeric.divide(Decimal(dividend), Decimal(divisor))) == quotient


def test_division_by_zero_is_an_error() -> None:
    with pytest.raises(PostgresError) as failure:
        numeric.divide(Decimal(1), Decimal(0))
    assert failure.value.sqlstate == "22012"


def test_number_too_large_for_its_precision_is_an_error() -> None:
    with pytest.raises(PostgresError) as failure:
        numeric.fit(Decimal(1000), 4, 2)
    assert failure.value.sqlstate == "22003"
    assert (
        failure.value.detail
        == "A field with precision 4, scale 2 must round to an absolute value less than 10^2."
    )
