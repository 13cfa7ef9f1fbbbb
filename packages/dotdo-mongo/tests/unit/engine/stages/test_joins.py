"""$lookup and $unionWith: their pipelines stand in the other collection."""

import pytest


@pytest.fixture(autouse=True)
def _texts_and_places(engine):
    engine({"insert": "c", "documents": [{"_id": 1, "a": 5}]})
    documents = [
        {"_id": 1, "t": "one apple", "loc": [1, 1]},
        {"_id": 2, "t": "pear", "loc": [0, 0]},
    ]
    engine({"insert": "f", "documents": documents})
    keys = [{"t": "text"}, {"loc": "2dsphere"}]
    engine(
        {
            "createIndexes": "f",
            "indexes": [{"key": key, "name": f"i{n}"} for n, key in enumerate(keys)],
        }
    )


def _aggregated(engine, *stages):
    return engine.documents({"aggregate": "c", "pipeline": list(stages), "cursor": {}})


def test_text_is_looked_for_in_the_index_of_the_other_collection(engine):
    inner = [
        {"$match": {"$text": {"$search": "apple"}}},
        {"$project": {"s": {"$meta": "textScore"}}},
    ]
    (found,) = _aggregated(engine, {"$lookup": {"from": "f", "pipeline": inner, "as": "j"}})
    assert [one["_id"] for one in found["j"]] == [1]
    assert found["j"][0]["s"] > 0


def test_the_nearest_come_first_in_a_union(engine):
    near = {"$geoNear": {"near": [0, 0], "distanceField": "d", "spherical": True}}
    found = _aggregated(engine, {"$unionWith": {"coll": "f", "pipeline": [near]}})
    assert [one["_id"] for one in found] == [1, 2, 1]


def test_what_is_made_of_a_variable_is_no_constant(engine):
    inner = [{"$replaceRoot": {"newRoot": {"q": {"$divide": [10, "$$x"]}}}}, {"$limit": 1}]
    lookup = {"from": "f", "let": {"x": "$a"}, "pipeline": inner, "as": "j"}
    (found,) = _aggregated(engine, {"$lookup": lookup})
    assert found["j"] == [{"q": 2.0}]


def test_a_change_stream_may_not_stand_in_a_lookup(engine):
    lookup = {"from": "f", "pipeline": [{"$changeStream": {}}], "as": "j"}
    reply = engine({"aggregate": "c", "pipeline": [{"$lookup": lookup}], "cursor": {}})
    assert reply["code"] == 51047


def test_scores_of_a_text_search_are_there_after_its_match(engine):
    stages = [
        {"$match": {"$text": {"$search": "pear"}}},
        {"$sort": {"s": {"$meta": "textScore"}}},
        {"$project": {"s": {"$meta": "textScore"}}},
    ]
    (found,) = engine.documents({"aggregate": "f", "pipeline": stages, "cursor": {}})
    assert (found["_id"], found["s"] > 0) == (2, True)


def test_a_view_of_another_collation_is_not_joined(engine):
    engine({"create": "v", "viewOn": "f", "collation": {"locale": "fr"}})
    for stage in ({"$unionWith": "v"}, {"$lookup": {"from": "v", "pipeline": [], "as": "j"}}):
        assert engine({"aggregate": "c", "pipeline": [stage], "cursor": {}})["code"] == 167
