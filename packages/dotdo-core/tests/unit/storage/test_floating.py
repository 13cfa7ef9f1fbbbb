"""Columns of floating point numbers: NaN is kept beside them as text."""

import pytest

from dotdo.storage.types import declared_of, storage_of


@pytest.mark.parametrize("type_name", ["real", "double"])
def test_a_floating_column_may_hold_text_but_counts_as_real(type_name):
    assert declared_of(type_name) == "ANY"
    assert storage_of(type_name) == "REAL"


@pytest.mark.parametrize("type_name", ["integer", "text", "numeric", "numeric(10,2)"])
def test_other_columns_are_declared_as_they_are_stored(type_name):
    assert declared_of(type_name) == storage_of(type_name)
