"""Columns of texts read at once give what each text's own reading gives, or nothing."""

import pytest

from dotdo_postgres.mapping import bulk
from dotdo_postgres.mapping.codecs import CODECS
from dotdo_postgres.mapping.numeric_codecs import numeric_scaled


@pytest.mark.parametrize(("bits", "oid"), [(16, 21), (32, 23), (64, 20)])
@pytest.mark.parametrize("texts", [["1", "-7", "0"], ["9999"], ["-0", "007"]])
def test_whole_numbers_are_read_as_their_codec_reads_them(
    bits: int, oid: int, texts: list[str]
) -> None:
    assert bulk.integers(bits)(texts) == [CODECS[oid].from_text(text) for text in texts]


@pytest.mark.parametrize("text", ["", " 1", "+1", "1e3", "1_0", "99999", "٣", "1\n2", "1.0"])
def test_what_is_no_plain_number_is_left_to_the_codec(text: str) -> None:
    assert bulk.integers(16)(["1", text]) is None


@pytest.mark.parametrize("texts", [["12.50", "-0.01", "0.00"], ["99.99", "1.00"]])
def test_decimals_with_all_their_places_are_scaled(texts: list[str]) -> None:
    codec = numeric_scaled(2)
    assert bulk.scaled(4, 2)(texts) == [codec.from_text(text) for text in texts]


@pytest.mark.parametrize(
    "text", ["1", "1.5", "100.00", "NaN", ".50", "1.005", "1e2", "+1.00", "", "1.00\n2.00"]
)
def test_other_decimals_are_left_to_the_codec(text: str) -> None:
    assert bulk.scaled(4, 2)(["1.00", text]) is None


def test_texts_are_taken_only_when_all_are_short_enough() -> None:
    assert bulk.short_texts(3)(["abc", "", "äöü"]) == ["abc", "", "äöü"]
    assert bulk.short_texts(3)(["abc", "abcd"]) is None
