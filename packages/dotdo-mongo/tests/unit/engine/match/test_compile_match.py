"""Queries: which documents match, and what is no query."""

from typing import Any

import pytest
from bson import Int64, Regex

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.errors import CommandFailure

CONTEXT = Context()


def matches(query: dict[str, Any], document: dict[str, Any]) -> bool:
    return compile_match(query, CONTEXT)(document)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ({"a": 1}, {"a": 1.0}),
        ({"a": 1}, {"a": [3, 1]}),
        ({"a": [3, 1]}, {"a": [3, 1]}),
        ({"a.b": 1}, {"a": [{"b": 2}, {"b": 1}]}),
        ({"a.1": 5}, {"a": [4, 5]}),
        ({"a": None}, {}),
        ({"a": {"$ne": 1}}, {"a": [2]}),
        ({"a": {"$gt": 1, "$lt": 3}}, {"a": [0, 4]}),
        ({"a": {"$elemMatch": {"$gt": 1, "$lt": 3}}}, {"a": [0, 2]}),
        ({"a": {"$all": [1, 2]}}, {"a": [2, 1, 0]}),
        ({"a": {"$size": Int64(2)}}, {"a": [1, 2]}),
        ({"a": {"$type": ["string", "array"]}}, {"a": [1]}),
        ({"a": {"$mod": [4, 1]}}, {"a": 5.5}),
        ({"a": {"$bitsAllSet": [0, 2]}}, {"a": 5}),
        ({"a": {"$regex": "^A", "$options": "i"}}, {"a": "abc"}),
        ({"a": {"$in": [Regex("^x"), 3]}}, {"a": "xy"}),
        ({"a": {"$not": {"$gt": 2}}}, {"a": "text"}),
        ({"$nor": [{"a": 1}, {"b": 1}]}, {"a": 2}),
        ({"$expr": {"$gt": ["$a", "$b"]}}, {"a": 2, "b": 1}),
        ({"$jsonSchema": {"required": ["a"], "properties": {"a": {"minimum": 3}}}}, {"a": 3}),
    ],
)
def test_documents_match(query: dict[str, Any], document: dict[str, Any]) -> None:
    assert matches(query, document)


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 1}}),
        ({"a": {"$gt": 1}}, {"a": "z"}),
        ({"a": {"$ne": 1}}, {"a": [1, 2]}),
        ({"a": {"$elemMatch": {"$gt": 1, "$lt": 3}}}, {"a": 2}),
        ({"a": {"$exists": False}}, {"a": None}),
        ({"a.b": {"$exists": True}}, {"a": [1]}),
    ],
)
def test_documents_do_not_match(query: dict[str, Any], document: dict[str, Any]) -> None:
    assert not matches(query, document)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"a": {"$nope": 1}}, 2),
        ({"$nope": 1}, 2),
        ({"$or": []}, 2),
        ({"a": {"$size": -1}}, 2),
        ({"a": {"$size": Int64(2**40)}}, 2),
        ({"a": {"$regex": "("}}, 51091),
        ({"$where": 1}, 2),
        ({"$where": "true"}, 31264),
        ({"$text": {"$search": "a"}}, 27),
        ({"$expr": {"$nope": 1}}, 168),
    ],
)
def test_wrong_queries_are_refused(query: dict[str, Any], code: int) -> None:
    with pytest.raises(CommandFailure) as failure:
        compile_match(query, CONTEXT)
    assert failure.value.code == code
