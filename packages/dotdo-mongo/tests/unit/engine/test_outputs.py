"""$merge into other collections."""

import pytest
from pymongo.errors import OperationFailure


@pytest.mark.parametrize("mode", ["replace", "merge", [{"$set": {"_id": 5}}]])
def test_a_merge_cannot_change_the_id_of_what_it_matches(mongo, mode):
    mongo.t.c.insert_one({"_id": 1, "k": 1})
    mongo.t.d.insert_one({"_id": 9, "k": 1})
    mongo.t.d.create_index("k", unique=True)
    merge = {"into": "d", "on": "k", "whenMatched": mode}
    with pytest.raises(OperationFailure) as error:
        mongo.t.c.aggregate([{"$merge": merge}])
    assert error.value.code == 66
    mongo.t.c.aggregate([{"$project": {"_id": 0}}, {"$merge": merge | {"whenMatched": "merge"}}])
    assert list(mongo.t.d.find()) == [{"_id": 9, "k": 1}]


def _merged(mongo, **merge):
    try:
        mongo.t.c.aggregate([{"$merge": {"into": "d", **merge}}])
    except OperationFailure as error:
        return error.code
    return 0


def test_a_merge_writes_what_does_not_fail(mongo):
    mongo.t.c.insert_many([{"_id": n} for n in range(3)])
    mongo.t.d.insert_one({"_id": 1, "x": 1})
    assert _merged(mongo, whenMatched="fail") == 11000
    assert list(mongo.t.d.find(sort=[("_id", 1)])) == [{"_id": 0}, {"_id": 1, "x": 1}, {"_id": 2}]


def test_an_empty_pipeline_changes_nothing_and_new_may_replace(mongo):
    mongo.t.c.insert_one({"_id": 1, "a": 1})
    mongo.t.d.insert_one({"_id": 1, "x": 1})
    assert _merged(mongo, whenMatched=[]) == 0
    assert mongo.t.d.find_one() == {"_id": 1, "x": 1}
    assert _merged(mongo, whenMatched=[{"$replaceWith": "$$new"}]) == 0
    assert mongo.t.d.find_one() == {"_id": 1, "a": 1}


@pytest.mark.parametrize(("sparse", "code"), [(False, 0), (True, 51132)])
def test_null_is_merged_on_where_the_index_is_not_sparse(mongo, sparse, code):
    mongo.t.c.insert_one({"_id": 1, "v": 1})
    mongo.t.d.create_index("k", unique=True, sparse=sparse)
    assert _merged(mongo, on="k") == code
    assert list(mongo.t.d.find()) == ([] if code else [{"_id": 1, "k": None, "v": 1}])


@pytest.mark.parametrize(
    ("kind", "told", "code"),
    [
        ({}, {"timeField": "t"}, 7268700),
        ({"timeseries": {"timeField": "t"}}, {"timeField": "u"}, 7406103),
        ({"timeseries": {"timeField": "t"}}, {"timeField": "t", "metaField": "m"}, 7406103),
    ],
)
def test_out_takes_no_time_series_for_another(mongo, kind, told, code):
    mongo.t.create_collection("d", **kind)
    mongo.t.c.insert_one({"_id": 1})
    with pytest.raises(OperationFailure) as error:
        mongo.t.c.aggregate([{"$out": {"db": "t", "coll": "d", "timeseries": told}}])
    assert error.value.code == code


def test_a_merge_goes_by_an_index_of_its_own_collation(mongo):
    mongo.t.c.insert_one({"_id": 5, "k": "APPLE", "v": 1})
    mongo.t.d.create_index("k", unique=True, collation={"locale": "en", "strength": 2})
    mongo.t.d.insert_one({"_id": 1, "k": "apple"})
    assert _merged(mongo, on="k") == 51183
    stages = [{"$project": {"_id": 0}}, {"$merge": {"into": "d", "on": "k"}}]
    mongo.t.c.aggregate(stages, collation={"locale": "en", "strength": 2})
    assert list(mongo.t.d.find()) == [{"_id": 1, "k": "APPLE", "v": 1}]
