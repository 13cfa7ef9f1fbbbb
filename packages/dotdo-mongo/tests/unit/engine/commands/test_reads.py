"""Reading commands: find with its cursor, count, distinct, aggregate, views."""

import pytest
from bson import Decimal128, Int64


@pytest.fixture(autouse=True)
def _numbers(engine):
    engine({"insert": "c", "documents": [{"_id": n, "a": n % 3} for n in range(300)]})


def test_a_cursor_gives_its_documents_in_batches(engine):
    reply = engine({"find": "c", "batchSize": 2})["cursor"]
    assert len(reply["firstBatch"]) == 2
    rest = engine({"getMore": reply["id"], "collection": "c", "batchSize": 1000})["cursor"]
    assert (len(rest["nextBatch"]), rest["id"]) == (298, 0)
    assert engine({"getMore": reply["id"], "collection": "c"})["code"] == 43


def test_a_killed_cursor_is_gone(engine):
    number = engine({"find": "c", "batchSize": 2})["cursor"]["id"]
    reply = engine({"killCursors": "c", "cursors": [number, Int64(5)]})
    assert (reply["cursorsKilled"], reply["cursorsNotFound"]) == ([number], [5])


def test_sort_skip_and_limit(engine):
    found = engine.documents({"find": "c", "sort": {"a": -1, "_id": 1}, "skip": 1, "limit": 2})
    assert [d["_id"] for d in found] == [5, 8]


def test_count_and_distinct(engine):
    assert engine({"count": "c", "query": {"a": 1}, "skip": 10})["n"] == 90
    assert engine({"distinct": "c", "key": "a"})["values"] == [0, 1, 2]


def test_a_view_is_read_through_its_pipeline(engine):
    engine(
        {"create": "v", "viewOn": "c", "pipeline": [{"$match": {"a": 2}}, {"$project": {"a": 0}}]}
    )
    assert engine.documents({"find": "v", "limit": 1}) == [{"_id": 2}]
    assert engine({"count": "v"})["n"] == 100
    assert engine({"insert": "v", "documents": [{}]})["code"] == 166


def test_out_and_merge_write(engine):
    engine(
        {
            "aggregate": "c",
            "pipeline": [{"$match": {"_id": {"$lt": 2}}}, {"$out": "d"}],
            "cursor": {},
        }
    )
    merge = {"$merge": {"into": "d", "whenMatched": "merge"}}
    stages = [{"$match": {"_id": {"$in": [1, 2]}}}, {"$project": {"b": "$a"}}, merge]
    assert engine({"aggregate": "c", "pipeline": stages, "cursor": {}})["ok"] == 1.0
    assert engine.documents({"find": "d"}) == [
        {"_id": 0, "a": 0},
        {"_id": 1, "a": 1, "b": 1},
        {"_id": 2, "b": 2},
    ]


def test_an_unknown_database_is_empty(engine):
    assert engine.documents({"find": "c"}, "nowhere") == []
    assert engine({"count": "c"}, "nowhere")["n"] == 0


def test_keys_of_the_index_and_ids_of_rows_are_given_where_asked_for(mongo):
    mongo.t.c.insert_many([{"_id": n, "a": [n, 9], "b": n} for n in (1, 2)])
    mongo.t.c.create_index([("b", 1), ("a", 1)])
    found = mongo.t.c.find({"b": {"$gt": 0}}, return_key=True, hint="b_1_a_1")
    assert list(found) == [{"b": 1, "a": 1}, {"b": 2, "a": 2}]
    assert list(mongo.t.c.find({}, return_key=True)) == [{}, {}]
    [first, second] = mongo.t.c.find({}, {"b": 1}, show_record_id=True)
    assert list(first) == ["_id", "b", "$recordId"]
    assert first["$recordId"] < second["$recordId"]


def test_the_clock_is_not_there_for_the_filters_of_count_and_distinct(engine):
    query = {"$expr": {"$lt": ["$a", "$$NOW"]}}
    assert engine({"count": "c", "query": query})["code"] == 51144
    assert engine({"distinct": "c", "key": "a", "query": query})["code"] == 51144
    assert engine({"find": "c", "filter": query})["ok"] == 1.0


def test_a_limit_of_any_whole_number_ends_a_sorted_search(engine):
    stages = [{"$sort": {"_id": 1}}, {"$limit": Decimal128("2.0")}]
    found = engine.documents({"aggregate": "c", "pipeline": stages, "cursor": {}})
    assert [one["_id"] for one in found] == [0, 1]
    assert engine({"find": "c", "sort": {"$natural": [1]}})["code"] == 2
