"""Collations: how strings compare."""

from typing import Any

import pytest

from dotdo_mongo.engine.collation import parse_collation
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.errors import CommandFailure


def equal(a: str, b: str, **options: Any) -> bool:
    context = Context(collation=parse_collation({"locale": "en", **options}))
    return compile_match({"s": a}, context)({"s": b})


@pytest.mark.parametrize(
    ("a", "b", "strength", "is_equal"),
    [
        ("a", "A", 3, False),
        ("a", "A", 2, True),
        ("a", "á", 2, False),
        ("a", "á", 1, True),
        ("a", "b", 1, False),
    ],
)
def test_strengths_tell_letters_apart(a: str, b: str, strength: int, is_equal: bool) -> None:
    assert equal(a, b, strength=strength) is is_equal


def test_punctuation_may_be_shifted_away() -> None:
    assert equal("a-b", "ab", alternate="shifted", strength=1)


@pytest.mark.parametrize("spec", [{}, {"locale": "xx_nope"}, {"locale": "en", "strength": 9}])
def test_wrong_collations_are_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(CommandFailure):
        parse_collation(spec)
