"""Plans: an index is used, and what SQL leaves out could not match."""

from datetime import UTC, datetime

import pytest
from bson import Decimal128, Int64, ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(-3, 3).map(Int64),
    st.sampled_from([0.5, -0.0, float("nan"), float("inf"), -float("inf"), 1e300]),
    st.sampled_from([Decimal128("1"), Decimal128("0.5"), Decimal128("NaN")]),
    st.sampled_from(["", "a", "b", '{"$n":"1"}', "é"]),
    st.sampled_from([datetime(y, 1, 1, tzinfo=UTC) for y in (1960, 1999, 2020, 2300)]),
    st.sampled_from([ObjectId(b"0" * 12), ObjectId(b"1" * 12), b"x", b""]),
)
FIELD = (
    VALUES
    | st.lists(VALUES, max_size=2)
    | st.fixed_dictionaries({"b": VALUES | st.lists(VALUES, max_size=2)})
)
DOCUMENTS = st.lists(st.fixed_dictionaries({}, optional={"a": FIELD, "c": FIELD}), max_size=8)
OPERATORS = st.sampled_from(["$eq", "$gt", "$gte", "$lt", "$lte"])
CONDITIONS = (
    VALUES
    | st.builds(lambda o, v: {o: v}, OPERATORS, VALUES)
    | st.builds(lambda v: {"$in": v}, st.lists(VALUES, max_size=3))
)
QUERIES = st.dictionaries(st.sampled_from(["a", "a.b", "c"]), CONDITIONS, min_size=1, max_size=2)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(DOCUMENTS, QUERIES, st.booleans())
def test_sql_and_indexes_find_what_the_filter_finds(engine, documents, query, is_indexed):
    engine({"drop": "c"})
    if is_indexed:
        keys = [{"a": 1}, {"a.b": -1}, {"c": 1, "a": 1}]
        specs = [{"key": key, "name": "_".join(key)} for key in keys]
        assert engine({"createIndexes": "c", "indexes": specs})["ok"] == 1.0
    for n, document in enumerate(documents):
        reply = engine({"insert": "c", "documents": [{"_id": n, **document}]})
        if reply["n"] == 0:  # parallel arrays cannot be in one index
            assert reply["writeErrors"][0]["code"] == 171
    everything = engine.documents({"find": "c"})
    matches = compile_match(query, Context())
    wanted = [d["_id"] for d in everything if matches(d)]
    assert [d["_id"] for d in engine.documents({"find": "c", "filter": query})] == wanted


def test_explain_names_the_index(engine):
    engine({"insert": "c", "documents": [{"a": 1}]})
    engine({"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a_1"}]})

    def plan(query):
        return engine({"explain": {"find": "c", "filter": query}})["queryPlanner"]["winningPlan"]

    assert plan({"a": 1})["inputStage"]["indexName"] == "a_1"
    assert plan({"b": 1})["stage"] == "COLLSCAN"


def test_a_hint_that_names_no_index_is_refused(engine):
    engine({"insert": "c", "documents": [{"a": 1}]})
    assert engine({"find": "c", "hint": "nope"})["code"] == 2


def test_names_with_dollars_hide_no_values_beside_them(mongo):
    mongo.t.c.insert_many(
        [
            {"_id": 1, "$a": 1, "k": 5},
            {"_id": 2, "s": {"$x": 1, "k": 5}},
            {"_id": 3, "k": 5, "s": {"k": 5}},
        ]
    )
    for _ in range(2):
        assert [d["_id"] for d in mongo.t.c.find({"k": 5})] == [1, 3]
        assert [d["_id"] for d in mongo.t.c.find({"s.k": {"$gte": 5}})] == [2, 3]
        mongo.t.c.create_index("k")
        mongo.t.c.create_index("s.k")


def shown(plan):
    inner = plan.get("inputStages") or ([plan["inputStage"]] if "inputStage" in plan else [])
    name = plan["stage"] + (f":{plan['indexName']}" if "indexName" in plan else "")
    name += "<" if plan.get("direction") == "backward" else ""
    return [name, *(part for one in inner for part in shown(one))]


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ({"filter": {"$or": [{"a": 1}, {"c": "x"}]}}, ["SUBPLAN", "FETCH", "OR", "IXSCAN:a", "IXSCAN:c"]),
        ({"filter": {"$or": [{"a": 1}, {"z": 1}]}}, ["COLLSCAN"]),
        ({"filter": {"c": {"$regex": "^ab"}}}, ["FETCH", "IXSCAN:c"]),
        ({"filter": {"c": {"$regex": "^ab", "$options": "i"}}}, ["COLLSCAN"]),
        ({"filter": {"c": {"$regex": "ab"}}}, ["COLLSCAN"]),
        ({"filter": {"a": {"$all": [1, 2]}}}, ["FETCH", "IXSCAN:a"]),
        ({"sort": {"a": 1, "b": -1}}, ["FETCH", "IXSCAN:ab"]),
        ({"sort": {"a": -1, "b": 1}}, ["FETCH", "IXSCAN:ab<"]),
        ({"sort": {"a": 1, "b": 1}}, ["SORT", "COLLSCAN"]),
        ({"filter": {"a": 1}, "projection": {"a": 1}, "skip": 1, "limit": 2}, ["LIMIT", "SKIP", "PROJECTION_SIMPLE", "FETCH", "IXSCAN:a"]),
        ({"projection": {"x": {"$add": ["$a", 1]}}}, ["PROJECTION_DEFAULT", "COLLSCAN"]),
        ({"filter": {"c": "x"}, "collation": {"locale": "en", "strength": 2}}, ["COLLSCAN"]),
    ],
)  # fmt: skip
def test_explain_shows_the_stages_of_a_plan(engine, command, wanted):
    documents = [{"_id": n, "a": n % 3, "b": n % 2, "c": f"a{n}"} for n in range(9)]
    engine({"insert": "c", "documents": documents})
    keys = {"a": {"a": 1}, "ab": {"a": 1, "b": -1}, "c": {"c": 1}}
    specs = [{"key": key, "name": name} for name, key in keys.items()]
    assert engine({"createIndexes": "c", "indexes": specs})["ok"] == 1.0
    reply = engine({"explain": {"find": "c", **command}, "verbosity": "queryPlanner"})
    assert shown(reply["queryPlanner"]["winningPlan"]) == wanted


def test_texts_that_begin_as_a_pattern_says_are_found_by_an_index(engine):
    texts = ["ab", "abc", "ac", "aB", "b", "", "a", ["ab", 1], {"x": "ab"}, 5, None, "ab\U0001f600"]
    engine({"insert": "c", "documents": [{"_id": n, "t": text} for n, text in enumerate(texts)]})
    engine({"createIndexes": "c", "indexes": [{"key": {"t": 1}, "name": "t"}]})
    for pattern, wanted in {"^ab": [0, 1, 7, 11], "^abc?": [0, 1, 7, 11], "^ab|^b": [0, 1, 4, 7, 11], "^a{0}b": [4]}.items():  # fmt: skip
        found = engine.documents({"find": "c", "filter": {"t": {"$regex": pattern}}})
        assert [one["_id"] for one in found] == wanted, pattern
