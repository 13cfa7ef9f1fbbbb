"""Index filters: they bind the planner."""

import pytest


@pytest.fixture
def filtered(engine):
    keys = [{"a": 1}, {"b": 1}, {"a": 1, "b": 1}]
    indexes = [{"key": key, "name": "_".join(key)} for key in keys]
    engine({"createIndexes": "c", "indexes": indexes})
    engine({"insert": "c", "documents": [{"_id": n, "a": n % 3, "b": n % 5} for n in range(30)]})
    return engine


def planned(engine, query, **others):
    inner = {"find": "c", "filter": query, **others}
    planner = engine({"explain": inner, "verbosity": "queryPlanner"})["queryPlanner"]
    stage = planner["winningPlan"]
    return planner["indexFilterSet"], stage.get("inputStage", stage).get("indexName")


@pytest.mark.parametrize("index", ["b", {"b": 1}])
def test_a_query_of_the_shape_uses_the_index_of_the_filter_only(filtered, index):
    query = {"a": 1, "b": {"$gt": 2}}
    assert planned(filtered, query) == (False, "a_b")
    command = {"planCacheSetFilter": "c", "query": {"b": {"$gt": 0}, "a": 7}, "indexes": [index]}
    assert filtered(command)["ok"] == 1.0
    assert planned(filtered, query) == (True, "b")
    assert planned(filtered, query, hint="a") == (True, "b")
    assert planned(filtered, {"a": 1, "b": 2}) == (False, "a_b")
    assert planned(filtered, query, sort={"_id": 1})[0] is False
    found = filtered.documents({"find": "c", "filter": query, "hint": "a"})
    assert sorted(each["_id"] for each in found) == [4, 13, 19, 28]
    filtered({"planCacheClearFilters": "c", "query": {"a": 0, "b": {"$gt": 9}}})
    assert planned(filtered, query) == (False, "a_b")


def test_a_filter_of_an_index_that_is_not_there_leaves_none(filtered):
    filtered({"planCacheSetFilter": "c", "query": {"a": 1}, "indexes": ["gone"]})
    assert planned(filtered, {"a": 2}) == (True, None)
    assert len(filtered.documents({"find": "c", "filter": {"a": 2}})) == 10


def test_a_second_filter_of_a_shape_replaces_the_first(filtered):
    for index in ("a", "a_b"):
        filtered({"planCacheSetFilter": "c", "query": {"a": {"$in": [1]}}, "indexes": [index]})
    shown = filtered({"planCacheListFilters": "c"})["filters"]
    assert [each["indexes"] for each in shown] == [["a_b"]]
    assert planned(filtered, {"a": {"$in": [1, 2]}}) == (True, "a_b")


def test_filters_end_with_their_collection(filtered):
    filtered({"planCacheSetFilter": "c", "query": {"a": 1}, "indexes": ["b"]})
    filtered({"drop": "c"})
    filtered({"create": "c"})
    assert filtered({"planCacheListFilters": "c"})["filters"] == []


def test_the_order_of_a_sort_counts(filtered):
    one, other = {"a": 1, "b": 1}, {"b": 1, "a": 1}
    filtered({"planCacheSetFilter": "c", "query": {"a": 1}, "sort": one, "indexes": ["b"]})
    assert planned(filtered, {"a": 1}, sort=one)[0] is True
    assert planned(filtered, {"a": 1}, sort=other)[0] is False
