"""The collation of text without case."""

import pytest

from dotdo.storage.collations import compare, lowered


@pytest.mark.parametrize(("left", "right"), [("Ärger", "ärGER"), ("ABC", "abc"), ("", "")])
def test_texts_that_differ_in_case_are_equal(left, right):
    assert compare(left, right) == 0


def test_texts_order_as_their_lower_case_forms():
    assert sorted(["Zebra", "apfel", "Ärger"], key=lowered) == ["apfel", "Zebra", "Ärger"]
    assert compare("b", "Ä") < 0 < compare("ß", "SS")


def test_a_character_without_one_lower_case_form_stays():
    assert lowered("İ") == "İ"
