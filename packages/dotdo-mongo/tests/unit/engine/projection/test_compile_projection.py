"""Projections of find."""

from typing import Any

import pytest

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.projection import compile_projection
from dotdo_mongo.errors import CommandFailure

DOCUMENT = {"_id": 1, "a": {"b": 1, "c": 2}, "l": [1, 2, 3], "o": [{"x": 1}, {"x": 2, "y": 3}]}


@pytest.mark.parametrize(
    ("spec", "result"),
    [
        ({"a.b": 1}, {"_id": 1, "a": {"b": 1}}),
        ({"_id": 0, "a": {"c": 1}}, {"a": {"c": 2}}),
        ({"a": 0, "o": 0}, {"_id": 1, "l": [1, 2, 3]}),
        ({"_id": 0, "l": {"$slice": [1, 1]}, "a": 1}, {"a": {"b": 1, "c": 2}, "l": [2]}),
        ({"_id": 0, "o": {"$elemMatch": {"x": 2}}}, {"o": [{"x": 2, "y": 3}]}),
        ({"_id": 0, "n": {"$size": "$l"}}, {"n": 3}),
        ({"_id": 0, "o.x": 1}, {"o": [{"x": 1}, {"x": 2}]}),
    ],
)
def test_documents_are_shaped(spec: dict[str, Any], result: dict[str, Any]) -> None:
    assert compile_projection(spec, Context())(DOCUMENT) == result


def test_a_position_shows_the_member_that_matched() -> None:
    project = compile_projection({"_id": 0, "l.$": 1}, Context(), {"l": {"$gt": 1}})
    assert project(DOCUMENT) == {"l": [2]}


@pytest.mark.parametrize(
    ("spec", "code"),
    [({"a": 1, "l": 0}, 31254), ({"a": 1, "a.b": 1}, 31249), ({"l.$": 1}, 51246), ({"": 1}, 40352)],
)
def test_wrong_projections_are_refused(spec: dict[str, Any], code: int) -> None:
    with pytest.raises(CommandFailure) as failure:
        compile_projection(spec, Context(), {})(DOCUMENT)
    assert failure.value.code == code
