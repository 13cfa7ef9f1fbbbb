"""$text in a whole query."""

from typing import Any

import pytest

from dotdo_mongo.engine.match.texts import check_text_query, has_text
from dotdo_mongo.errors import CommandFailure

TEXT = {"$text": {"$search": "a"}}


def test_a_search_is_found_below_and_and_or() -> None:
    assert has_text({"$and": [{"$or": [{"a": 1}, TEXT]}]})
    assert not has_text({"a": TEXT})


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"$and": [TEXT, TEXT]}, 2),
        ({**TEXT, "p": {"$near": [0, 0]}}, 2),
        ({"$or": [TEXT, {"b": 1}]}, 291),
    ],
)
def test_a_search_that_no_index_answers_is_refused(query: dict[str, Any], code: int) -> None:
    with pytest.raises(CommandFailure) as failure:
        check_text_query(query, [{"a": 1}])
    assert failure.value.code == code


def test_clauses_beside_a_search_may_use_an_index() -> None:
    check_text_query({"$or": [TEXT, {"a": 1}]}, [{"a": 1}])
