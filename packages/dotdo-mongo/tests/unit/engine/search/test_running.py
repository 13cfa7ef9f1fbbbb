"""$search, $searchMeta and $vectorSearch on a collection with search indexes."""

import pytest

FILMS = [
    {"_id": 1, "title": "The Godfather", "plot": "The aging patriarch of an organized crime dynasty hands it on", "year": 1972, "tags": ["Crime", "Drama"], "v": [1.0, 0.0]},
    {"_id": 2, "title": "Godzilla", "plot": "A monster attacks the city: crime, crime everywhere", "year": 1998, "tags": ["Action"], "v": [0.0, 2.0]},
    {"_id": 3, "title": "Goodfellas", "plot": "The story of his life in the mob", "year": 1990, "tags": ["Crime"], "v": [0.6, 0.8]},
    {"_id": 4, "title": None, "year": "1990", "v": [1.0]},
]  # fmt: skip
TEXT = {
    "mappings": {
        "dynamic": True,
        "fields": {
            "title": [{"type": "string"}, {"type": "autocomplete", "minGrams": 3}],
            "tags": {"type": "token"},
        },
    }
}
VECTORS = {
    "fields": [
        {"type": "vector", "path": "v", "numDimensions": 2, "similarity": "euclidean"},
        {"type": "filter", "path": "year"},
    ]
}


@pytest.fixture
def films(engine):
    engine({"insert": "films", "documents": FILMS})
    indexes = [{"definition": TEXT}, {"name": "near", "type": "vectorSearch", "definition": VECTORS}]  # fmt: skip
    assert engine({"createSearchIndexes": "films", "indexes": indexes})["ok"] == 1
    return engine


def asked(engine, *stages):
    return engine({"aggregate": "films", "pipeline": list(stages), "cursor": {}})


def ids(engine, spec):
    found = engine.documents({"aggregate": "films", "pipeline": [{"$search": spec}], "cursor": {}})
    return [one["_id"] for one in found]


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"text": {"query": "CRIME", "path": "plot"}}, [2, 1]),
        ({"text": {"query": "crime mob", "path": ["plot", "title"]}}, [3, 2, 1]),
        ({"text": {"query": "crime city", "path": "plot", "matchCriteria": "all"}}, [2]),
        ({"text": {"query": "crme", "path": "plot", "fuzzy": {"maxEdits": 1}}}, [2, 1]),
        ({"text": {"query": "crime", "path": {"wildcard": "pl*"}}}, [2, 1]),
        ({"phrase": {"query": "organized crime", "path": "plot"}}, [1]),
        ({"phrase": {"query": "crime organized", "path": "plot"}}, []),
        ({"phrase": {"query": "patriarch crime", "path": "plot", "slop": 3}}, [1]),
        ({"autocomplete": {"query": "god", "path": "title"}}, [2, 1]),
        ({"autocomplete": {"query": "go", "path": "title"}}, []),
        ({"equals": {"path": "tags", "value": "Crime"}}, [1, 3]),
        ({"equals": {"path": "year", "value": 1998}}, [2]),
        ({"equals": {"path": "title", "value": None}}, [4]),
        ({"in": {"path": "year", "value": [1972, 1990]}}, [1, 3]),
        ({"range": {"path": "year", "gte": 1990}}, [2, 3]),
        ({"range": {"path": "year", "gt": 1972, "lt": 1998}}, [3]),
        ({"exists": {"path": "plot"}}, [1, 2, 3]),
        ({"wildcard": {"query": "Cri?e", "path": "tags"}}, []),
        ({"wildcard": {"query": "god*", "path": "title", "allowAnalyzedField": True}}, [1, 2]),
        ({"regex": {"query": "good.+", "path": "title", "allowAnalyzedField": True}}, [3]),
        ({"exists": {"path": "year"}, "sort": {"title": -1}}, [1, 3, 2, 4]),
    ],
)
def test_an_operator_finds_documents_the_best_first(films, spec, wanted):
    found = ids(films, spec)
    if "wildcard" in spec and spec["wildcard"]["path"] == "tags":
        wanted = [1, 3]  # tokens are whole texts
    assert found == wanted


def test_a_compound_joins_its_clauses(films):
    clauses = {
        "must": [{"text": {"query": "crime", "path": "plot"}}],
        "mustNot": [{"range": {"path": "year", "gt": 1990}}],
        "filter": [{"equals": {"path": "tags", "value": "Crime"}}],
    }
    assert ids(films, {"compound": clauses}) == [1]
    should = [{"exists": {"path": "plot"}}, {"equals": {"path": "year", "value": 1990, "score": {"constant": {"value": 5}}}}]  # fmt: skip
    assert ids(films, {"compound": {"should": should}}) == [3, 1, 2]
    assert ids(films, {"compound": {"should": should, "minimumShouldMatch": 2}}) == [3]
    assert ids(films, {"compound": {"mustNot": should[:1]}}) == [4]


def test_scores_are_those_of_bm25(films):
    stages = [{"$search": {"text": {"query": "crime", "path": "plot"}}}, {"$project": {"s": {"$meta": "searchScore"}}}]  # fmt: skip
    found = {one["_id"]: one["s"] for one in asked_documents(films, *stages)}
    # idf = ln(1 + (3 - 2 + 0.5) / (2 + 0.5)), lengths 11, 8 and 8
    assert found[2] == pytest.approx(0.470004 * 2 / (2 + 1.2 * (0.25 + 0.75 * 8 / 9)))
    assert found[1] == pytest.approx(0.470004 * 1 / (1 + 1.2 * (0.25 + 0.75 * 11 / 9)))


def asked_documents(engine, *stages):
    return engine.documents({"aggregate": "films", "pipeline": list(stages), "cursor": {}})


def test_what_is_written_is_found_at_once(films):
    spec = {"text": {"query": "crime", "path": "plot"}}
    assert ids(films, spec) == [2, 1]
    films({"update": "films", "updates": [{"q": {"_id": 3}, "u": {"$set": {"plot": "crime"}}}]})
    films({"delete": "films", "deletes": [{"q": {"_id": 2}, "limit": 1}]})
    films({"insert": "films", "documents": [{"_id": 5, "plot": "no crime at all in it"}]})
    assert ids(films, spec) == [3, 5, 1]


def test_the_past_is_searched_as_it_was(films):
    films({"delete": "films", "deletes": [{"q": {"_id": 2}, "limit": 1}]})
    command = {"aggregate": "films", "pipeline": [{"$search": {"text": {"query": "crime", "path": "plot"}}}], "cursor": {}}  # fmt: skip
    assert [one["_id"] for one in films.documents(command, "test@~1")] == [2, 1]
    assert [one["_id"] for one in films.documents(command)] == [1]


def test_meta_counts_and_makes_buckets(films):
    (found,) = asked_documents(films, {"$searchMeta": {"exists": {"path": "plot"}, "count": {"type": "total"}}})  # fmt: skip
    assert found == {"count": {"total": 3}}
    facets = {
        "tags": {"type": "string", "path": "tags", "numBuckets": 1},
        "years": {"type": "number", "path": "year", "boundaries": [1970, 1990, 1995], "default": "rest"},
    }  # fmt: skip
    spec = {"facet": {"operator": {"exists": {"path": "plot"}}, "facets": facets}}
    (found,) = asked_documents(films, {"$searchMeta": spec})
    assert found["facet"] == {
        "tags": {"buckets": [{"_id": "Crime", "count": 2}]},
        "years": {"buckets": [{"_id": 1970, "count": 1}, {"_id": 1990, "count": 1}, {"_id": "rest", "count": 1}]},
    }  # fmt: skip


def test_vectors_are_ranked_by_their_distance(films):
    spec = {"index": "near", "path": "v", "queryVector": [1, 0], "numCandidates": 10, "limit": 2}
    score = {"$project": {"s": {"$meta": "vectorSearchScore"}}}
    found = asked_documents(films, {"$vectorSearch": spec}, score)
    assert [(one["_id"], one["s"]) for one in found] == [(1, 1.0), (3, pytest.approx(1 / 1.8))]
    exact = {"index": "near", "path": "v", "queryVector": [1, 0], "exact": True, "limit": 5}
    found = asked_documents(films, {"$vectorSearch": exact | {"filter": {"year": {"$gt": 1980}}}})
    assert [one["_id"] for one in found] == [3, 2]


@pytest.mark.parametrize(
    "stage",
    [
        {"$search": {"text": {"path": "plot"}}},
        {"$search": {"text": {"query": "", "path": "plot"}}},
        {"$search": {"text": {"query": "a"}}},
        {"$search": {}},
        {"$search": {"text": {"query": "a", "path": "plot"}, "exists": {"path": "a"}}},
        {"$search": {"near": {"path": "year", "origin": 1, "pivot": 1}}},
        {"$search": {"text": {"query": "a", "path": "plot"}, "highlight": {"path": "plot"}}},
        {"$search": {"wildcard": {"query": "g*", "path": "title"}}},
        {"$search": {"equals": {"path": "title", "value": "Godzilla"}}},
        {"$search": {"autocomplete": {"query": "god", "path": "plot"}}},
        {"$search": {"compound": {}}},
        {"$search": {"index": "near", "exists": {"path": "plot"}}},
        {"$vectorSearch": {"index": "near", "path": "v", "queryVector": [1], "exact": True, "limit": 1}},
        {"$vectorSearch": {"index": "near", "path": "v", "queryVector": [1, 0], "limit": 1}},
        {"$vectorSearch": {"index": "near", "path": "v", "queryVector": [1, 0], "numCandidates": 1, "limit": 2}},
        {"$vectorSearch": {"index": "near", "path": "x", "queryVector": [1, 0], "exact": True, "limit": 1}},
        {"$vectorSearch": {"index": "near", "path": "v", "queryVector": [1, 0], "exact": True, "limit": 1, "filter": {"tags": "a"}}},
    ],
)  # fmt: skip
def test_what_is_malformed_or_not_there_is_refused(films, stage):
    reply = asked(films, stage)
    assert (reply["code"], reply["codeName"]) == (8, "UnknownError")
    assert reply["errmsg"].startswith("PlanExecutor error during aggregation :: caused by :: ")


def test_an_index_of_no_such_name_finds_nothing(films):
    assert ids(films, {"index": "other", "exists": {"path": "plot"}}) == []


def test_a_search_begins_a_pipeline_or_that_of_a_lookup(films):
    search = {"$search": {"text": {"query": "crime", "path": "plot"}}}
    assert asked(films, {"$match": {}}, search)["code"] == 40602
    assert asked(films, {"$facet": {"a": [search]}})["code"] == 40600
    films({"insert": "other", "documents": [{"_id": 1}]})
    lookup = {"$lookup": {"from": "films", "pipeline": [search], "as": "found"}}
    (found,) = films.documents({"aggregate": "other", "pipeline": [lookup], "cursor": {}})
    assert [one["_id"] for one in found["found"]] == [2, 1]


def test_rankings_are_joined(films):
    text = [{"$search": {"text": {"query": "crime", "path": "plot"}}}]
    near = [{"$vectorSearch": {"index": "near", "path": "v", "queryVector": [1, 0], "exact": True, "limit": 2}}]  # fmt: skip
    found = asked_documents(films, {"$rankFusion": {"input": {"pipelines": {"t": text, "n": near}}}})  # fmt: skip
    assert [one["_id"] for one in found] == [1, 2, 3]
