"""Bit strings: forced into lengths, by casts of strings and of numbers."""

import pytest

from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping.bits import fit, fit_number


def test_explicit_cast_cuts_and_fills_up_on_the_right() -> None:
    assert fit("10111", 3, is_explicit=True, is_varying=False) == "101"
    assert fit("1", 3, is_explicit=True, is_varying=False) == "100"


@pytest.mark.parametrize(("is_varying", "sqlstate"), [(False, "22026"), (True, "22001")])
def test_assignment_of_another_length_is_refused(is_varying: bool, sqlstate: str) -> None:
    with pytest.raises(PostgresError) as failure:
        fit("10111", 3, is_explicit=False, is_varying=is_varying)
    assert failure.value.sqlstate == sqlstate


def test_number_keeps_its_lowest_bits_and_its_sign() -> None:
    assert fit_number("00000101", 4) == "0101"
    assert fit_number("11111011", 10) == "1111111011"
