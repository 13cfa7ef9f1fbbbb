"""Pipelines: stages one after the other."""

from typing import Any

import pytest

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.errors import CommandFailure

ROWS: list[dict[str, Any]] = [
    {"_id": 1, "k": "a", "v": 3, "t": [1, 2]},
    {"_id": 2, "k": "b", "v": 1, "t": []},
    {"_id": 3, "k": "a", "v": 2},
]
OTHER = [{"_id": 7, "k": "a", "name": "A"}]
CONTEXT = Context(lookup=lambda *_: OTHER, collection="c", db="d")


def out(*stages: dict[str, Any]) -> list[dict[str, Any]]:
    return list(compile_pipeline(list(stages), CONTEXT)(iter(ROWS)))


def test_group_gathers_by_key() -> None:
    found = out(
        {"$group": {"_id": "$k", "sum": {"$sum": "$v"}, "all": {"$push": "$_id"}}},
        {"$sort": {"_id": 1}},
    )
    assert found == [{"_id": "a", "sum": 5, "all": [1, 3]}, {"_id": "b", "sum": 1, "all": [2]}]


def test_unwind_makes_one_document_of_each_member() -> None:
    found = out({"$unwind": {"path": "$t", "includeArrayIndex": "i"}}, {"$project": {"t": 1, "i": 1}})  # fmt: skip
    assert found == [{"_id": 1, "t": 1, "i": 0}, {"_id": 1, "t": 2, "i": 1}]


def test_lookup_joins() -> None:
    stage = {"$lookup": {"from": "o", "localField": "k", "foreignField": "k", "as": "o"}}
    assert [len(one["o"]) for one in out(stage)] == [1, 0, 1]


def test_windows_run_over_sorted_partitions() -> None:
    stage = {
        "$setWindowFields": {
            "partitionBy": "$k",
            "sortBy": {"v": 1},
            "output": {
                "run": {"$sum": "$v", "window": {"documents": ["unbounded", "current"]}},
                "rank": {"$rank": {}},
            },
        }
    }
    assert [(one["_id"], one["run"], one["rank"]) for one in out(stage)] == [(3, 2, 1), (1, 5, 2), (2, 1, 1)]  # fmt: skip


def test_facets_see_the_same_documents() -> None:
    [found] = out({"$facet": {"n": [{"$count": "n"}], "one": [{"$limit": 1}]}})
    assert found == {"n": [{"n": 3}], "one": [ROWS[0]]}


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ([{"$nope": {}}], 40324),
        ([{"$limit": 0}], 15958),
        ([{"$limit": 1, "$skip": 1}], 40323),
        ([{"$match": {}}, {"$documents": []}], 40602),
        ([{"$group": {"v": {"$sum": 1}}}], 15955),
        ([{"$facet": {"a": [{"$out": "x"}]}}], 40600),
        ([{"$project": {}}], 51272),
    ],
)
def test_wrong_pipelines_are_refused(stages: list[dict[str, Any]], code: int) -> None:
    with pytest.raises(CommandFailure) as failure:
        out(*stages)
    assert failure.value.code == code
