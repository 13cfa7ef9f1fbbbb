"""Clustered collections: `_id` is the order of their documents."""

from datetime import UTC, datetime

import pytest
from bson import Decimal128, ObjectId

CLUSTERED = {"create": "c", "clusteredIndex": {"key": {"_id": 1}, "unique": True}}
IN_ORDER = [
    -2.5, 3, Decimal128("3.5"), 10, "", "A", "a", "{", {"a": 1}, b"x", ObjectId("0" * 24), False, True,
    datetime(1960, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC),
]  # fmt: skip


@pytest.fixture
def clustered(engine):
    assert engine(CLUSTERED)["ok"] == 1.0
    documents = [{"_id": value, "n": n} for n, value in enumerate(IN_ORDER)]
    engine({"insert": "c", "documents": [*documents[::2], *documents[-2::-2]]})
    return engine


def numbers(engine, command):
    return [document["n"] for document in engine.documents(command)]


def test_documents_are_found_in_the_order_of_their_identities(clustered):
    every = list(range(len(IN_ORDER)))
    assert numbers(clustered, {"find": "c"}) == every
    assert numbers(clustered, {"find": "c", "sort": {"$natural": -1}}) == every[::-1]
    assert numbers(clustered, {"find": "c", "hint": {"$natural": -1}, "limit": 2}) == every[:-3:-1]
    assert numbers(clustered, {"find": "c", "filter": {"n": {"$gt": 3}}, "limit": 3}) == [4, 5, 6]
    assert numbers(clustered, {"find": "c", "skip": 12}) == every[12:]


@pytest.mark.parametrize(
    "make", [int, lambda n: n / 8, lambda n: f"{n:05}", lambda n: ObjectId(f"{n:024}")]
)
def test_many_identities_of_one_type_are_read_in_order(engine, make):
    engine(CLUSTERED)
    shuffled = [n * 7 % 2003 for n in range(2003)]
    engine({"insert": "c", "documents": [{"_id": make(n), "n": n} for n in shuffled]})
    every = list(range(2003))
    command = {"find": "c", "batchSize": 5000}
    assert numbers(engine, command) == every
    assert numbers(engine, command | {"hint": {"$natural": -1}}) == every[::-1]
    assert numbers(engine, command | {"filter": {"n": {"$mod": [3, 0]}}}) == every[::3]


def test_pipelines_read_them_in_that_order(clustered):
    every = list(range(len(IN_ORDER)))
    pipelines = ([], [{"$match": {"n": {"$gte": 0}}}], [{"$skip": 0}], [{"$set": {"x": 1}}])
    for pipeline in pipelines:
        command = {"aggregate": "c", "pipeline": pipeline, "cursor": {}}
        assert numbers(clustered, command) == every, pipeline
    first = {"$group": {"_id": None, "n": {"$first": "$n"}}}
    assert numbers(clustered, {"aggregate": "c", "pipeline": [first], "cursor": {}}) == [0]
    clustered({"create": "v", "viewOn": "c"})
    assert numbers(clustered, {"find": "v"}) == every


def test_the_first_that_matches_is_that_of_the_least_identity(clustered):
    reply = clustered({"findAndModify": "c", "query": {"n": {"$gte": 0}}, "remove": True})
    assert reply["value"]["n"] == 0
    clustered({"delete": "c", "deletes": [{"q": {}, "limit": 1}]})
    assert numbers(clustered, {"find": "c", "limit": 1}) == [2]


def test_the_clustered_index_can_be_neither_dropped_nor_hidden_nor_modified(clustered):
    for wanted in ("_id_", {"_id": 1}):
        assert clustered({"dropIndexes": "c", "index": wanted})["code"] == 5979800
    for change, code in (({"hidden": True}, 6011800), ({"expireAfterSeconds": 1}, 27)):
        index = {"keyPattern": {"_id": 1}, **change}
        assert clustered({"collMod": "c", "index": index})["code"] == code


@pytest.mark.parametrize("direction", [1, 1.0, Decimal128("1.0")])
def test_the_direction_of_a_clustered_index_is_one_in_any_type(engine, direction):
    assert (
        engine({"create": "c", "clusteredIndex": {"key": {"_id": direction}, "unique": True}})["ok"]
        == 1.0
    )


@pytest.mark.parametrize(
    ("others", "code"),
    [({"capped": True, "size": 4096}, 6049200), ({"max": 9}, 6049204), ({"viewOn": "x"}, 6026500)],
)
def test_neither_capped_collections_nor_views_are_clustered(engine, others, code):
    assert engine(CLUSTERED | others)["code"] == code
    assert engine.documents({"listCollections": 1}) == []


def test_other_collections_keep_the_order_of_insertion(engine):
    engine({"insert": "c", "documents": [{"_id": n} for n in (3, 1, 2)]})
    assert [document["_id"] for document in engine.documents({"find": "c"})] == [3, 1, 2]
