"""Search indexes: made, listed, changed and dropped with their collection; without any, searches are refused."""

import pytest

STAGES = [
    {"$search": {"text": {"query": "a", "path": "t"}}},
    {"$searchMeta": {"count": {"type": "total"}}},
    {"$vectorSearch": {"queryVector": [1.0], "path": "v", "numCandidates": 1, "limit": 1, "index": "i"}},
    {"$listSearchIndexes": {}},
]  # fmt: skip


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("before", [[], [{"$match": {}}]])
def test_stages_of_search_need_a_search_index(engine, stage, before):
    engine({"insert": "c", "documents": [{"_id": 1}]})
    for name in ("missing",) if "$listSearchIndexes" in stage else ("c", "missing"):
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
def test_commands_on_search_indexes_need_a_collection(engine, command):
    assert engine(command)["codeName"] == "SearchNotEnabled"
    assert engine(command | {"bogus": 1})["code"] == 40415


def test_a_command_without_what_it_needs_is_refused_for_that(engine):
    assert engine({"createSearchIndexes": "c"})["code"] == 40414


TEXT = {"mappings": {"dynamic": True}}


def made(engine, *indexes):
    engine({"create": "c"})
    return engine({"createSearchIndexes": "c", "indexes": list(indexes)})


def names(engine, db="test"):
    return [one["name"] for one in engine.documents({"listSearchIndexes": "c"}, db)]


def test_indexes_are_made_listed_changed_and_dropped(engine):
    reply = made(engine, {"definition": TEXT}, {"name": "other", "definition": TEXT})
    assert [one["name"] for one in reply["indexesCreated"]] == ["default", "other"]
    number = reply["indexesCreated"][1]["id"]
    (found,) = engine.documents({"aggregate": "c", "pipeline": [{"$listSearchIndexes": {"id": number}}], "cursor": {}})  # fmt: skip
    assert (found["name"], found["type"], found["status"], found["queryable"]) == (
        "other",
        "search",
        "READY",
        True,
    )
    changed = {"mappings": {"dynamic": False}}
    assert engine({"updateSearchIndex": "c", "name": "other", "definition": changed})["ok"] == 1
    (found,) = engine.documents({"listSearchIndexes": "c", "name": "other"})
    assert found["latestDefinition"] == changed
    assert engine({"dropSearchIndex": "c", "id": number})["ok"] == 1
    assert names(engine) == ["default"]


def test_names_are_taken_once_and_must_be_there(engine):
    made(engine, {"definition": TEXT})
    assert made(engine, {"definition": TEXT})["code"] == 68
    assert made(engine, {"name": "a", "definition": TEXT}, {"name": "a", "definition": TEXT})["code"] == 68  # fmt: skip
    assert names(engine) == ["default"]
    assert engine({"dropSearchIndex": "c", "name": "x"})["codeName"] == "IndexNotFound"
    assert engine({"updateSearchIndex": "c", "name": "x", "definition": TEXT})["code"] == 27
    assert engine({"dropSearchIndex": "c"})["code"] == 9


@pytest.mark.parametrize(
    ("kind", "definition", "code"),
    [
        ("search", {}, 2),
        ("search", {"mappings": {"fields": {"a": {"type": "nothing"}}}}, 2),
        ("search", {"mappings": {}, "analyzer": "lucene.klingon"}, 2),
        ("search", {"mappings": {"fields": {"a": {"type": "geo"}}}}, 115),
        ("search", {"mappings": {}, "synonyms": [{"name": "s"}]}, 115),
        ("vectorSearch", {"fields": [{"type": "filter", "path": "a"}]}, 2),
        ("vectorSearch", {"fields": [{"type": "vector", "path": "a", "numDimensions": 0, "similarity": "cosine"}]}, 2),
        ("vectorSearch", {"fields": [{"type": "vector", "path": "a", "numDimensions": 2, "similarity": "near"}]}, 2),
    ],
)  # fmt: skip
def test_a_definition_is_checked_before_it_is_kept(engine, kind, definition, code):
    assert made(engine, {"type": kind, "definition": definition})["code"] == code
    assert names(engine) == []


def test_definitions_have_a_history(engine):
    made(engine, {"definition": TEXT})
    engine({"dropSearchIndex": "c", "name": "default"})
    assert names(engine) == []
    assert names(engine, "test@~1") == ["default"]
