"""Aggregation expressions."""

from typing import Any

import pytest
from bson import DatetimeMS, Decimal128, Int64

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.expressions import compile_expression
from dotdo_mongo.errors import CommandFailure

DOCUMENT = {"_id": 1, "a": [1, 2, 3], "n": 5, "s": "Straße", "d": DatetimeMS(1_700_000_000_000)}


def value_of(expression: Any) -> Any:
    return compile_expression(expression, Context(variables={"given": 7}))(DOCUMENT, {})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"$add": [2**31 - 1, 1]}, Int64(2**31)),
        ({"$add": ["$n", 0.5]}, 5.5),
        ({"$add": ["$n", None]}, None),
        ({"$divide": [1, 4]}, 0.25),
        ({"$mod": [-7, 3]}, -1),
        ({"$multiply": [Decimal128("0.10"), 3]}, Decimal128("0.30")),
        ({"$round": [2.5, 0]}, 2.0),
        ({"$map": {"input": "$a", "in": {"$multiply": ["$$this", 2]}}}, [2, 4, 6]),
        ({"$reduce": {"input": "$a", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}, 6),
        ({"$filter": {"input": "$a", "cond": {"$gt": ["$$this", 1]}, "limit": 1}}, [2]),
        ({"$let": {"vars": {"x": "$n"}, "in": {"$add": ["$$x", "$$given"]}}}, 12),
        ({"$cond": [{"$gt": ["$n", 9]}, "big", "small"]}, "small"),
        ({"$strLenCP": "$s"}, 6),
        ({"$strLenBytes": "$s"}, 7),
        ({"$dateToString": {"date": "$d", "format": "%Y-%m-%d"}}, "2023-11-14"),
        ({"$dateTrunc": {"date": "$d", "unit": "month"}}, DatetimeMS(1_698_796_800_000)),
        ({"$convert": {"input": "x", "to": "int", "onError": -1}}, -1),
        ({"$toLong": "12"}, Int64(12)),
        ({"$setUnion": [[3, 1], [1.0, 2]]}, [1, 2, 3]),
        ({"$sortArray": {"input": "$a", "sortBy": -1}}, [3, 2, 1]),
        ({"$regexMatch": {"input": "$s", "regex": "ß"}}, True),
        ({"$mergeObjects": [{"a": 1}, {"b": 2}]}, {"a": 1, "b": 2}),
    ],
)
def test_expressions_have_values_of_the_right_type(expression: Any, value: Any) -> None:
    found = value_of(expression)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ({"$nope": 1}, 168),
        ({"$add": ["$s", 1]}, 14),
        ({"$divide": [1, 0]}, 2),
        ({"$strLenCP": 1}, 34471),
        ({"$arrayElemAt": ["$n", 0]}, 28689),
        ("$$nope", 17276),
        ({"$toInt": "x"}, 241),
        ({"$abs": [1, 2]}, 16020),
        ({"$function": {"body": "f", "args": [], "lang": "js"}}, 31264),
    ],
)
def test_wrong_expressions_fail_with_their_codes(expression: Any, code: int) -> None:
    with pytest.raises(CommandFailure) as failure:
        value_of(expression)
    assert failure.value.code == code


def test_an_error_in_a_branch_not_taken_does_not_show() -> None:
    assert value_of({"$cond": [{"$eq": ["$n", 5]}, 1, {"$divide": ["$n", "$zero"]}]}) == 1
