"""What SQL leaves out never belongs to an answer: each random query gives the same documents by indexes, by a scan in SQL and in Python.

`DOTDO_EXAMPLES` says how many pairs of documents and queries are tried; 100 are by default.
"""

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dotdo_mongo import MongoClient
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.values import sort_key
from dotdo_mongo.errors import CommandFailure
from dotdo_mongo.mapping.codec import CODEC, encode

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
DATES_OF_KEYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC))
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
    st.sampled_from([DatetimeMS(-(1 << 50)), DatetimeMS(1 << 50)]),
    st.sampled_from([0.1, 0.30000000000000004, 19.99, Decimal128("0.1"), Decimal128("19.99")]),
    st.sampled_from([Binary(b"\1" * 16, 4), Binary(b"\1" * 16, 3), Int64(2**40)]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "c", "$x"]), inner, max_size=3),
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
    st.builds(lambda values: {"$all": values}, st.lists(VALUES, max_size=2)),
    st.builds(lambda low, value: {"$gt": low, "$ne": value}, NUMBERS, NUMBERS),
    st.builds(lambda values: {"$not": {"$in": values}}, st.lists(SCALARS, max_size=2)),
    st.sampled_from(["^a", "b$", "A"]).map(lambda text: {"$regex": text}),
    st.sampled_from(["string", "number", "object", 2]).map(lambda kind: {"$type": kind}),
    st.builds(lambda size: {"$size": size}, st.integers(0, 3)),
    st.builds(lambda query: {"$elemMatch": query}, st.builds(lambda v: {"$gt": v}, NUMBERS)),
    st.builds(lambda value: {"$not": {"$gt": value}}, NUMBERS),
    VALUES.filter(lambda v: not isinstance(v, Regex)),
)
FIELDS = st.dictionaries(st.sampled_from(PATHS), ARGUMENTS, min_size=1, max_size=2)
IDENTITIES = st.one_of(
    st.sampled_from([0, 1, 2.0, Int64(3), "a", '{"a', "true", Decimal128("2"), Decimal128("0.1")]),
    st.sampled_from([ObjectId("5" * 24), True, None, 0.5, DATES_OF_KEYS[0], DATES_OF_KEYS[1]]),
)
OF_IDENTITY = st.one_of(
    IDENTITIES,
    st.builds(
        lambda name, value: {name: value},
        st.sampled_from(["$gt", "$gte", "$lt", "$lte", "$ne", "$eq"]),
        IDENTITIES,
    ),
    st.builds(
        lambda name, values: {name: values},
        st.sampled_from(["$in", "$nin"]),
        st.lists(IDENTITIES, max_size=3),
    ),
)
QUERIES = st.one_of(
    FIELDS,
    OF_IDENTITY.map(lambda wanted: {"_id": wanted}),
    st.builds(lambda wanted, fields: {"_id": wanted} | fields, OF_IDENTITY, FIELDS),
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
        yield client["pairs"].get_collection("documents", CODEC)
    patch.undo()


def filled(collection: Any, documents: list[dict[str, Any]], indexes: list[Any]) -> list[Any]:
    """Put documents into an empty collection with these indexes, and return them as they are read."""
    collection.drop()
    for number, keys in enumerate(indexes):
        collection.create_index(keys, name=f"index{number}")
    if documents:
        collection.insert_many(
            [each if "_id" in each else {"_id": at, **each} for at, each in enumerate(documents)]
        )
    return list(collection.find())


def storable(documents: list[dict[str, Any]], indexes: list[Any]) -> bool:
    """Tell whether a compound index may have these documents: two of its keys may not both be arrays."""
    return all(len(keys) < 2 for keys in indexes) or not any(
        isinstance(each, list)
        for document in documents
        for value in document.values()
        for each in (value, *(value.values() if isinstance(value, dict) else ()))
    )


KEYED = st.lists(IDENTITIES, unique_by=sort_key, min_size=8, max_size=8)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(documents=DOCUMENTS, identities=KEYED, query=QUERIES, indexes=INDEXES)
def test_a_query_finds_what_its_filter_says(
    collection: Any,
    documents: list[Any],
    identities: list[Any],
    query: dict[str, Any],
    indexes: list[Any],
) -> None:
    documents = [
        {"_id": identity, **each} for identity, each in zip(identities, documents, strict=False)
    ]
    kept = filled(collection, documents, indexes if storable(documents, indexes) else [])
    try:
        matches = compile_match(query, Context())
    except CommandFailure:
        return
    wanted = sorted(sort_key(each["_id"]) for each in kept if matches(each))
    assert sorted(sort_key(each["_id"]) for each in collection.find(query)) == wanted
    assert collection.count_documents(query) == len(wanted)
    assert collection.database.command("count", collection.name, query=query)["n"] == len(wanted)
    through_pipeline = collection.aggregate([{"$match": query}, {"$sort": {"_id": 1}}])
    assert [sort_key(each["_id"]) for each in through_pipeline] == wanted


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


PLAIN = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([2**31, -(2**31) - 1, 2**53, 2**62, 0.0, -0.0, 0.5, 2.0, 0.1, 19.99, 1e300]),
    st.sampled_from(["a", "b", "", "é", "~", ObjectId("5" * 24), ObjectId("f" * 24)]),
    st.sampled_from([True, False, None]),
    DATES,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "a": st.one_of(PLAIN, PLAIN, VALUES),
            "b": PLAIN,
            "n": st.integers(-3, 3),
            "o": st.fixed_dictionaries({}, optional={"a": PLAIN}),
        },
    ),
    max_size=8,
)
KEY_PATHS = st.sampled_from(["$a", "$b", "$n", "$o.a"])
GROUP_KEYS = st.one_of(
    st.none(),
    st.just(1),
    KEY_PATHS,
    st.fixed_dictionaries({"x": KEY_PATHS}, optional={"y": KEY_PATHS}),
)
ACCUMULATORS = st.one_of(
    st.builds(lambda name, path: {name: path}, st.sampled_from(["$sum", "$avg"]), KEY_PATHS),
    st.sampled_from([{"$sum": 1}, {"$count": {}}, {"$sum": Int64(2)}, {"$min": "$a"}]),
)
GROUPS = st.builds(
    lambda key, fields: {"$group": {"_id": key, **fields}},
    GROUP_KEYS,
    st.dictionaries(st.sampled_from(["s", "t"]), ACCUMULATORS, max_size=2),
)
SORTS = st.dictionaries(
    st.sampled_from(["a", "b", "n", "o.a", "_id"]), st.sampled_from([1, -1]), min_size=1, max_size=3
)
ENDS = st.one_of(
    GROUPS.map(lambda group: [group]),
    st.builds(lambda sort, n: [{"$sort": sort}, {"$limit": n}], SORTS, st.integers(1, 5)),
    st.builds(
        lambda sort, skip, n: [{"$sort": sort}, {"$skip": skip}, {"$limit": n}],
        SORTS,
        st.integers(0, 3),
        st.integers(1, 5),
    ),
    st.just([{"$count": "n"}]),
    st.builds(
        lambda local, foreign: [
            {
                "$lookup": {
                    "from": "documents",
                    "localField": local,
                    "foreignField": foreign,
                    "as": "r",
                }
            }
        ],
        st.sampled_from(["a", "b", "o.a", "_id"]),
        st.sampled_from(["a", "b", "o.a", "_id"]),
    ),
)
FILTERS = st.one_of(
    st.just({}),
    st.builds(
        lambda path, argument: {path: argument}, st.sampled_from(["a", "n", "o.a"]), ARGUMENTS
    ),
)


def exact(documents: list[dict[str, Any]]) -> list[bytes]:
    """Return documents so that types and the order of fields count."""
    return [encode(document) for document in documents]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, identities=KEYED, asked=FILTERS, end=ENDS, is_indexed=st.booleans())
def test_a_pipeline_gives_what_its_stages_say(
    collection: Any,
    rows: list[Any],
    identities: list[Any],
    asked: dict[str, Any],
    end: list[Any],
    is_indexed: bool,
) -> None:
    documents = [{"_id": each, **row} for each, row in zip(identities, rows, strict=False)]
    kept = filled(collection, documents, [[("a", 1)], [("b", -1)]] if is_indexed else [])
    stages = [{"$match": asked}, *end]
    context = Context(collection="documents", lookup=lambda *_: kept)
    try:
        wanted = list(compile_pipeline(stages, context)(kept))
    except CommandFailure:
        return
    assert exact(list(collection.aggregate(stages))) == exact(wanted)
    if "$limit" in end[-1] and len(end) == 2:
        found = collection.find(asked).sort(list(end[0]["$sort"].items())).limit(end[1]["$limit"])
        assert exact(list(found)) == exact(wanted)
