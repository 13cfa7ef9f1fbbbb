"""What SQL leaves out never belongs to an answer: each random query gives the same documents by indexes, by a scan in SQL and in Python.

`DOTDO_EXAMPLES` says how many pairs of documents and queries are tried; 100 are by default.
"""

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.codec_options import CodecOptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dotdo_mongo import MongoClient
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.values import sort_key

EXAMPLES = int(os.environ.get("DOTDO_EXAMPLES", "100"))
PATHS = ("a", "b", "a.b", "a.b.c", "b.a", "a.0", "a.0.b")
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63)]),
    st.integers(-3, 3).map(Int64),
    st.sampled_from(
        [0.0, -0.0, 0.5, 2.0, 1e300, float("inf"), float("-inf"), float("nan"), 2.0**53]
    ),
    st.sampled_from(["0", "-0", "2", "2.0", "0.5", "1E+3", "NaN", "Infinity", "1E-6176"]).map(
        Decimal128
    ),
)
DATES = st.sampled_from(
    [
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2001, 9, 9, 1, 46, 41, tzinfo=UTC),
        datetime(2024, 2, 29, 12, 30, 0, 5000, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
)
SCALARS = st.one_of(
    NUMBERS,
    st.sampled_from(["", "a", "b", "ab", "é", "\U0001f600", "2", "null", '{"$oid":"x"}', "a\0b"]),
    st.booleans(),
    st.none(),
    DATES,
    st.sampled_from([ObjectId("0" * 24), ObjectId("5" * 24), ObjectId("f" * 24)]),
    st.sampled_from([Binary(b""), Binary(b"\xff"), Binary(b"a", 5), MinKey(), MaxKey()]),
    st.sampled_from([Timestamp(1, 1), Timestamp(2**31, 0), Regex("a", "i")]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    ),
    max_leaves=4,
)
DOCUMENTS = st.lists(st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES}), max_size=8)
ARGUMENTS = st.one_of(
    st.builds(lambda value: {"$eq": value}, VALUES.filter(lambda v: not isinstance(v, Regex))),
    st.builds(lambda value: {"$ne": value}, SCALARS.filter(lambda v: not isinstance(v, Regex))),
    st.builds(
        lambda name, value: {name: value},
        st.sampled_from(["$gt", "$gte", "$lt", "$lte"]),
        VALUES.filter(lambda v: not isinstance(v, Regex)),
    ),
    st.builds(lambda low, high: {"$gte": low, "$lt": high}, NUMBERS, NUMBERS),
    st.builds(
        lambda name, values: {name: values},
        st.sampled_from(["$in", "$nin"]),
        st.lists(VALUES, max_size=3),
    ),
    st.builds(lambda truth: {"$exists": truth}, st.booleans()),
    st.builds(lambda size: {"$size": size}, st.integers(0, 3)),
    st.builds(lambda query: {"$elemMatch": query}, st.builds(lambda v: {"$gt": v}, NUMBERS)),
    st.builds(lambda value: {"$not": {"$gt": value}}, NUMBERS),
    VALUES.filter(lambda v: not isinstance(v, Regex)),
)
FIELDS = st.dictionaries(st.sampled_from(PATHS), ARGUMENTS, min_size=1, max_size=2)
QUERIES = st.one_of(
    FIELDS,
    st.builds(
        lambda name, parts: {name: parts},
        st.sampled_from(["$and", "$or", "$nor"]),
        st.lists(FIELDS, min_size=1, max_size=3),
    ),
)
KEYS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "a.b"]), st.sampled_from([1, -1])),
    min_size=1,
    max_size=2,
    unique_by=lambda key: key[0],
)
INDEXES = st.lists(KEYS, max_size=2, unique_by=tuple)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("DOTDO_HOME", str(home))
    with MongoClient() as client:
        yield client["pairs"].get_collection("documents", CodecOptions(tz_aware=True))
    patch.undo()


def filled(collection: Any, documents: list[dict[str, Any]], indexes: list[Any]) -> list[Any]:
    """Put documents into an empty collection with these indexes, and return them as they are read."""
    collection.drop()
    for number, keys in enumerate(indexes):
        collection.create_index(keys, name=f"index{number}")
    if documents:
        collection.insert_many([{"_id": at, **each} for at, each in enumerate(documents)])
    return list(collection.find())


def storable(documents: list[dict[str, Any]], indexes: list[Any]) -> bool:
    """Tell whether a compound index may have these documents: two of its keys may not both be arrays."""
    return all(len(keys) < 2 for keys in indexes) or not any(
        isinstance(each, list)
        for document in documents
        for value in document.values()
        for each in (value, *(value.values() if isinstance(value, dict) else ()))
    )


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(documents=DOCUMENTS, query=QUERIES, indexes=INDEXES)
def test_a_query_finds_what_its_filter_says(
    collection: Any, documents: list[Any], query: dict[str, Any], indexes: list[Any]
) -> None:
    kept = filled(collection, documents, indexes if storable(documents, indexes) else [])
    matches = compile_match(query, Context())
    wanted = [each["_id"] for each in kept if matches(each)]
    assert sorted(each["_id"] for each in collection.find(query)) == wanted
    assert collection.count_documents(query) == len(wanted)
    through_pipeline = collection.aggregate([{"$match": query}, {"$sort": {"_id": 1}}])
    assert [each["_id"] for each in through_pipeline] == wanted


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    values=st.lists(SCALARS, max_size=8),
    direction=st.sampled_from([1, -1]),
    is_indexed=st.booleans(),
    limit=st.integers(1, 5),
)
def test_an_order_is_that_of_bson(
    collection: Any, values: list[Any], direction: int, is_indexed: bool, limit: int
) -> None:
    filled(collection, [{"a": value} for value in values], [[("a", 1)]] if is_indexed else [])
    order = sorted(range(len(values)), key=lambda at: sort_key(values[at]), reverse=direction == -1)
    wanted = [sort_key(values[at]) for at in order]
    found = list(collection.find().sort("a", direction))
    assert [sort_key(each["a"]) for each in found] == wanted
    first = list(collection.find().sort("a", direction).limit(limit))
    assert [sort_key(each["a"]) for each in first] == wanted[:limit]
