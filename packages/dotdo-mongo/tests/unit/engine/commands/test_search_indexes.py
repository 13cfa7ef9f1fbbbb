"""Search: without a search service beside the server, everything of it is refused."""

import pytest

STAGES = [
    {"$search": {"text": {"query": "a", "path": "t"}}},
    {"$searchMeta": {"count": {"type": "total"}}},
    {"$vectorSearch": {"queryVector": [1.0], "path": "v", "numCandidates": 1, "limit": 1, "index": "i"}},
    {"$listSearchIndexes": {}},
]  # fmt: skip


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("before", [[], [{"$match": {}}]])
def test_stages_of_search_need_a_search_service(engine, stage, before):
    engine({"insert": "c", "documents": [{"_id": 1}]})
    for name in ("c", "missing"):
        reply = engine({"aggregate": name, "pipeline": [*before, stage], "cursor": {}})
        assert (reply["code"], reply["codeName"]) == (31082, "SearchNotEnabled")
        assert "requires additional configuration" in reply["errmsg"]


@pytest.mark.parametrize(
    "command",
    [
        {"createSearchIndexes": "c", "indexes": [{"name": "i", "definition": {"mappings": {}}}]},
        {"updateSearchIndex": "c", "name": "i", "definition": {}},
        {"dropSearchIndex": "c", "name": "i"},
        {"listSearchIndexes": "c"},
    ],
)
def test_commands_on_search_indexes_need_a_search_service(engine, command):
    assert engine(command)["codeName"] == "SearchNotEnabled"
    assert engine(command | {"bogus": 1})["code"] == 40415


def test_a_command_without_what_it_needs_is_refused_for_that(engine):
    assert engine({"createSearchIndexes": "c"})["code"] == 40414
