"""mapReduce: keys, values, what is done with the results, and what is refused."""

from datetime import UTC, datetime

import pytest
from bson import Code

COMMAND = {
    "mapReduce": "c",
    "map": "function() { for (const t of this.tags) emit(t, {n: 1, sum: this.n * factor}); }",
    "reduce": """function(key, values) {
        return values.reduce((a, b) => ({n: a.n + b.n, sum: a.sum + b.sum}), {n: 0, sum: 0}); }""",
    "scope": {"factor": 10},
}


@pytest.fixture
def filled(engine):
    engine(
        {
            "insert": "c",
            "documents": [
                {"_id": 1, "n": 1, "tags": ["a", "b"]},
                {"_id": 2, "n": 2, "tags": ["b"]},
                {"_id": 3, "n": 3, "tags": []},
            ],
        }
    )
    return engine


def test_results_are_given_inline(filled):
    reply = filled({**COMMAND, "out": {"inline": 1}})
    assert reply["results"] == [
        {"_id": "a", "value": {"n": 1.0, "sum": 10.0}},
        {"_id": "b", "value": {"n": 2.0, "sum": 30.0}},
    ]
    assert reply["ok"] == 1.0


def test_a_query_an_order_and_a_limit_choose_what_is_mapped(filled):
    one = {"query": {"n": {"$lt": 3}}, "sort": {"n": -1}, "limit": 1, "out": {"inline": 1}}
    assert [each["_id"] for each in filled({**COMMAND, **one})["results"]] == ["b"]


def test_single_values_are_not_reduced_but_finished(filled):
    reply = filled(
        {**COMMAND, "out": {"inline": 1}, "finalize": "function(key, v) { return key + v.n; }"}
    )
    assert [each["value"] for each in reply["results"]] == ["a1", "b2"]


def test_results_replace_merge_with_and_reduce_into_a_collection(filled):
    assert filled({**COMMAND, "out": "kept"})["result"] == "kept"
    filled({"insert": "kept", "documents": [{"_id": "z", "value": {"n": 7, "sum": 0}}]})
    only = {"query": {"_id": 1}}
    filled({**COMMAND, **only, "out": {"merge": "kept"}})
    find = {"find": "kept", "sort": {"_id": 1}}
    assert [each["value"]["n"] for each in filled.documents(find)] == [1, 1, 7]
    filled({**COMMAND, **only, "out": {"reduce": "kept"}})
    assert [each["value"]["n"] for each in filled.documents(find)] == [2, 2, 7]
    filled({**COMMAND, **only, "out": {"replace": "kept"}})
    assert [each["_id"] for each in filled.documents(find)] == ["a", "b"]


def test_what_is_no_mapping_is_refused(filled):
    wrong = {**COMMAND, "map": "function() { emit(1); }", "out": {"inline": 1}}
    assert filled(wrong)["code"] == 139
    assert filled({**COMMAND, "out": {"inline": 1, "merge": "x"}})["code"] == 9
    assert filled({"mapReduce": "c", "map": "x", "out": "y"})["code"] == 40414
    assert filled({**COMMAND, "out": {"inline": 1}, "map": 5})["code"] == 14
    assert filled({**COMMAND, "mapReduce": "none", "out": {"inline": 1}})["results"] == []


def test_dates_and_scopes_of_code_reach_the_functions(engine):
    engine({"insert": "c", "documents": [{"_id": 1, "at": datetime(2024, 5, 6, tzinfo=UTC)}]})
    reply = engine(
        {
            "mapReduce": "c",
            "map": Code(
                "function() { emit(this.at.getUTCFullYear() + offset, this.at); }", {"offset": 1}
            ),
            "reduce": "function(key, values) { return null; }",
            "out": {"inline": 1},
        }
    )
    assert reply["results"][0]["_id"] == 2025.0
    assert int(reply["results"][0]["value"]) == 1714953600000
