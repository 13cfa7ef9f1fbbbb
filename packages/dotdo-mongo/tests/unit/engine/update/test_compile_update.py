"""Updates: operators, positions, pipelines and replacements."""

from typing import Any

import pytest
from bson import Int64

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.update import compile_update
from dotdo_mongo.errors import CommandFailure

CONTEXT = Context()


def updated(
    document: dict[str, Any], update: Any, query: Any = None, filters: Any = None
) -> dict[str, Any]:
    change = compile_update(update, array_filters=filters or [], query=query or {}, context=CONTEXT)
    return change(document)


@pytest.mark.parametrize(
    ("document", "update", "result"),
    [
        ({"_id": 1}, {"$set": {"a.b": 1}}, {"_id": 1, "a": {"b": 1}}),
        ({"_id": 1, "a": 2}, {"$inc": {"a": 1.5}}, {"_id": 1, "a": 3.5}),
        ({"_id": 1, "a": 2**31 - 1}, {"$inc": {"a": 1}}, {"_id": 1, "a": Int64(2**31)}),
        ({"_id": 1, "a": [1]}, {"$push": {"a": {"$each": [3, 2], "$sort": 1, "$slice": -2}}}, {"_id": 1, "a": [2, 3]}),
        ({"_id": 1, "a": [1, 2, 1]}, {"$pull": {"a": 1}}, {"_id": 1, "a": [2]}),
        ({"_id": 1, "a": [1]}, {"$addToSet": {"a": {"$each": [1, 2]}}}, {"_id": 1, "a": [1, 2]}),
        ({"_id": 1, "a": [1, 2]}, {"$pop": {"a": -1}}, {"_id": 1, "a": [2]}),
        ({"_id": 1, "a": 1}, {"$rename": {"a": "b"}}, {"_id": 1, "b": 1}),
        ({"_id": 1, "a": 1, "b": 1}, {"$unset": {"a": ""}}, {"_id": 1, "b": 1}),
        ({"_id": 1, "a": 5}, {"$bit": {"a": {"xor": 1}}}, {"_id": 1, "a": 4}),
        ({"_id": 1, "a": [1, 2]}, {"$mul": {"a.$[]": 2}}, {"_id": 1, "a": [2, 4]}),
        ({"_id": 1, "a": 2}, [{"$set": {"b": {"$add": ["$a", 1]}}}], {"_id": 1, "a": 2, "b": 3}),
        ({"_id": 1, "a": 2}, {"c": 1}, {"_id": 1, "c": 1}),
    ],
)  # fmt: skip
def test_documents_are_changed(document: Any, update: Any, result: Any) -> None:
    found = updated(document, update)
    assert found == result
    assert [type(one) for one in found.values()] == [type(one) for one in result.values()]


def test_the_document_that_is_given_stays_as_it_is() -> None:
    document = {"_id": 1, "a": [{"b": 1}]}
    updated(document, {"$set": {"a.0.b": 2}})
    assert document == {"_id": 1, "a": [{"b": 1}]}


def test_a_position_is_that_of_the_member_that_matched() -> None:
    assert updated({"_id": 1, "a": [1, 5, 7]}, {"$set": {"a.$": 0}}, {"a": {"$gt": 4}})["a"] == [1, 0, 7]  # fmt: skip


def test_array_filters_choose_members() -> None:
    found = updated({"_id": 1, "a": [1, 5]}, {"$set": {"a.$[big]": 0}}, filters=[{"big": {"$gt": 2}}])  # fmt: skip
    assert found["a"] == [1, 0]


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({"$nope": {"a": 1}}, 9),
        ({"$set": {"a": 1, "a.b": 1}}, 40),
        ({"$set": {"_id": 2}}, 66),
        ({"$inc": {"s": 1}}, 14),
        ({"$push": {"s": 1}}, 2),
        ({"$set": {"s.x": 1}}, 28),
        ({"$set": {"a.$[x]": 1}}, 2),
    ],
)
def test_wrong_updates_are_refused(update: Any, code: int) -> None:
    with pytest.raises(CommandFailure) as failure:
        updated({"_id": 1, "s": "text", "a": [1]}, update)
    assert failure.value.code == code
