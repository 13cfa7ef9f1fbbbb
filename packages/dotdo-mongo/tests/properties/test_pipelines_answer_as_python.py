"""Whole finds and pipelines on random documents: with indexes of every kind, orders, pages, projections and collations they give what Python gives.

`DOTDO_EXAMPLES` says how many pairs of documents and pipelines are tried; 100 are by default.
"""

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, ObjectId, Regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import OperationFailure

from dotdo_mongo import MongoClient
from dotdo_mongo.engine.collation import parse_collation
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.errors import CommandFailure
from dotdo_mongo.mapping.codec import CODEC, encode

EXAMPLES = int(os.environ.get("DOTDO_EXAMPLES", "100"))
NUMBERS = st.one_of(
    st.integers(-2, 3),
    st.sampled_from([2**31, 2**53, 2**53 + 1, 2**63 - 1, Int64(1), 0.0, -0.0, 0.5, 2.0, 1e300]),
    st.sampled_from([float("inf"), float("-inf"), float("nan")]),
    st.sampled_from(["0", "2.0", "0.5", "NaN", "-Infinity", "1E-6176"]).map(Decimal128),
)
TEXTS = st.sampled_from(["", "a", "A", "b", "ab", "é", "e", "É", "10", "2", "null", "$a", "a\0b"])
DATES = st.sampled_from(
    [
        datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2024, 2, 29, 12, 30, 0, 5000, tzinfo=UTC),
    ]
)
OTHERS = st.sampled_from(
    [None, True, False, ObjectId("5" * 24), Binary(b"\1"), Binary(b"\1" * 16, 4), Regex("a")]
)
SCALARS = st.one_of(NUMBERS, TEXTS, DATES, OTHERS)
VALUES = st.one_of(
    SCALARS,
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.fixed_dictionaries({}, optional={"a": SCALARS, "b": st.lists(SCALARS, max_size=2)}),
    st.lists(st.fixed_dictionaries({}, optional={"a": SCALARS, "b": SCALARS}), max_size=2),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {}, optional={"a": VALUES, "b": VALUES, "n": NUMBERS, "t": TEXTS, "d": DATES}
    ),
    max_size=9,
)
PATHS = st.sampled_from(["a", "b", "n", "t", "d", "a.a", "a.b", "a.0", "a.0.b", "_id"])
NO_REGEX = SCALARS.filter(lambda value: not isinstance(value, Regex))
BOUNDS = st.one_of(NUMBERS, TEXTS, DATES)
ARGUMENTS = st.one_of(
    VALUES.filter(lambda value: not isinstance(value, Regex)),
    st.builds(lambda value: {"$eq": value}, NO_REGEX),
    st.builds(lambda value: {"$ne": value}, NO_REGEX),
    st.builds(
        lambda name, value: {name: value}, st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), BOUNDS
    ),
    st.builds(
        lambda low, up, a, b: {low: a, up: b},
        st.sampled_from(["$gt", "$gte"]),
        st.sampled_from(["$lt", "$lte"]),
        BOUNDS,
        BOUNDS,
    ),
    st.builds(
        lambda name, values: {name: values},
        st.sampled_from(["$in", "$nin", "$all"]),
        st.lists(SCALARS, max_size=3),
    ),
    st.booleans().map(lambda value: {"$exists": value}),
    st.sampled_from([{"$type": "number"}, {"$type": ["string", "null"]}, {"$type": "array"}]),
    st.builds(lambda n: {"$size": n}, st.integers(0, 2)),
    st.sampled_from([{"$regex": "^a"}, {"$regex": "A", "$options": "i"}, {"$mod": [2, 1]}]),
    st.sampled_from([{"$bitsAllSet": 1}, {"$bitsAnyClear": [0, 1]}, {"$not": {"$regex": "a"}}]),
    st.builds(lambda value: {"$elemMatch": {"$gte": value}}, BOUNDS),
    st.builds(lambda value: {"$elemMatch": {"a": value}}, NO_REGEX),
    st.builds(lambda value: {"$not": {"$gt": value, "$exists": True}}, BOUNDS),
)
FIELDS = st.dictionaries(PATHS, ARGUMENTS, min_size=1, max_size=3)
COMPUTED = st.builds(
    lambda name, path, value: {"$expr": {name: ["$" + path, {"$literal": value}]}},
    st.sampled_from(["$eq", "$ne", "$gt", "$lte"]),
    PATHS.filter(lambda path: "0" not in path),
    SCALARS,
)
QUERIES = st.recursive(
    st.one_of(st.just({}), FIELDS, FIELDS, COMPUTED),
    lambda inner: st.one_of(
        st.builds(
            lambda name, parts: {name: parts},
            st.sampled_from(["$and", "$or", "$nor"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda fields, parts: {**fields, "$or": parts}, FIELDS, st.lists(inner, min_size=1, max_size=2)),
    ),
    max_leaves=4,
)  # fmt: skip
SORTS = st.dictionaries(PATHS, st.sampled_from([1, -1]), min_size=1, max_size=3)
PROJECTIONS = st.one_of(
    st.just({"a": 1}),
    st.just({"_id": 0, "a": 1, "n": 1}),
    st.just({"a": 0, "t": 0}),
    st.just({"a.a": 1}),
    st.just({"_id": 1}),
    st.just({"a.b": 0, "_id": 0}),
    st.just({"x": {"$ifNull": ["$a", "none"]}, "n": 1}),
)
COLLATIONS = st.sampled_from(
    [
        None,
        None,
        None,
        {"locale": "en", "strength": 2},
        {"locale": "en", "strength": 1},
        {"locale": "en", "numericOrdering": True},
        {"locale": "simple"},
    ]
)
KEYS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "n", "t", "d", "a.a"]), st.sampled_from([1, -1])),
    min_size=1,
    max_size=3,
    unique_by=lambda key: key[0],
)
OPTIONS = st.sampled_from(
    [
        {},
        {},
        {"sparse": True},
        {"hidden": True},
        {"partialFilterExpression": {"n": {"$gt": 0}}},
        {"partialFilterExpression": {"a": {"$exists": True}}},
        {"collation": {"locale": "en", "strength": 2}},
    ]
)
SPECIAL = st.sampled_from([[("$**", 1)], [("a", "hashed")], [("a.$**", 1)], [("t", "text")]])
INDEXES = st.lists(st.tuples(st.one_of(KEYS, KEYS, KEYS, SPECIAL), OPTIONS), max_size=3)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Any:
    patch = pytest.MonkeyPatch()
    patch.setenv("DOTDO_HOME", str(tmp_path_factory.mktemp("home")))
    with MongoClient() as client:
        yield client["pairs"].get_collection("documents", CODEC)
    patch.undo()


def filled(collection: Any, rows: list[dict[str, Any]], indexes: list[Any]) -> list[Any]:
    """Put documents into an empty collection, add those indexes that may have them, and return the documents as they are read."""
    collection.drop()
    if rows:
        collection.insert_many([{"_id": at, **row} for at, row in enumerate(rows)])
    for number, (keys, options) in enumerate(indexes):
        try:
            collection.create_index(keys, name=f"index{number}", **options)
        except OperationFailure:
            continue  # parallel arrays, the same key twice, an option that the kind does not take
    return list(collection.find())


def answer(stages: list[Any], documents: list[Any], context: Context) -> list[bytes] | int:
    """Return what Python gives: the documents' BSON, or the code of the failure."""
    try:
        return [encode(each) for each in compile_pipeline(stages, context)(documents)]
    except CommandFailure as error:
        return error.code


def asked(read: Any) -> list[bytes] | int:
    """Return what a driver's call gives, in the same form."""
    try:
        return [encode(each) for each in read()]
    except OperationFailure as error:
        return error.code or 0


def context_of(documents: list[Any], collation: Any) -> Context:
    parsed = None if collation is None else parse_collation(collation)
    return Context(collection="documents", lookup=lambda *_: documents, collation=parsed)


_ORDERED = frozenset({"$limit", "$skip", "$bucketAuto", "$facet"})
_GROUPS = frozenset({"$group", "$sortByCount"})
CHECKS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)  # fmt: skip


@CHECKS
@given(
    rows=ROWS,
    query=QUERIES,
    sort=st.one_of(st.none(), SORTS),
    page=st.tuples(st.integers(0, 3), st.integers(0, 5)),
    projection=st.one_of(st.none(), PROJECTIONS),
    collation=COLLATIONS,
    indexes=INDEXES,
)
def test_a_find_gives_what_its_parts_say(
    collection: Any,
    rows: list[Any],
    query: Any,
    sort: Any,
    page: tuple[int, int],
    projection: Any,
    collation: Any,
    indexes: list[Any],
) -> None:
    kept = filled(collection, rows, indexes)
    skip, limit = page
    stages: list[Any] = [{"$match": query}]
    stages += [{"$sort": sort}] if sort else []
    stages += [{"$skip": skip}] if skip else []
    stages += [{"$limit": limit}] if limit else []
    stages += [{"$project": projection}] if projection else []
    wanted = answer(stages, kept, context_of(kept, collation))

    def find() -> Any:
        cursor = collection.find(query, projection, skip=skip, limit=limit)
        cursor = cursor.sort(list(sort.items())) if sort else cursor
        return cursor.collation(collation) if collation else cursor

    found = asked(find)
    if isinstance(wanted, list) and isinstance(found, list) and not sort and not (skip or limit):
        wanted, found = sorted(wanted), sorted(found)  # an index may give another order
    elif not sort and (skip or limit):
        return
    assert found == wanted
    if not isinstance(wanted, int) and not (skip or limit):
        count = collection.count_documents(query, **({"collation": collation} if collation else {}))
        assert count == len(wanted)


STAGES = st.one_of(
    QUERIES.map(lambda query: {"$match": query}),
    SORTS.map(lambda sort: {"$sort": sort}),
    st.integers(1, 5).map(lambda n: {"$limit": n}),
    st.integers(1, 3).map(lambda n: {"$skip": n}),
    PROJECTIONS.map(lambda projection: {"$project": projection}),
    st.sampled_from(
        [
            {"$addFields": {"x": {"$type": "$a"}}},
            {"$set": {"n": {"$ifNull": ["$n", 0]}}},
            {"$unset": "a"},
            {"$unwind": "$a"},
            {"$unwind": {"path": "$b", "preserveNullAndEmptyArrays": True, "includeArrayIndex": "i"}},
            {"$count": "c"},
            {"$sortByCount": "$t"},
            {"$group": {"_id": "$t", "s": {"$sum": "$n"}, "c": {"$sum": 1}}},
            {"$group": {"_id": "$a", "c": {"$sum": 1}}},
            {"$group": {"_id": {"x": "$n", "y": "$t"}, "v": {"$avg": "$n"}}},
            {"$group": {"_id": None, "s": {"$sum": "$a"}, "m": {"$max": "$n"}, "f": {"$first": "$t"}}},
            {"$group": {"_id": "$d", "all": {"$push": "$n"}}},
            {"$lookup": {"from": "documents", "localField": "a", "foreignField": "b", "as": "r"}},
            {"$lookup": {"from": "documents", "localField": "n", "foreignField": "_id", "as": "r"}},
            {"$replaceRoot": {"newRoot": {"k": "$a", "_id": "$_id"}}},
            {"$facet": {"x": [{"$match": {"n": {"$gt": 0}}}], "y": [{"$count": "c"}]}},
            {"$bucketAuto": {"groupBy": "$n", "buckets": 2}},
        ]
    ),
)  # fmt: skip


@CHECKS
@given(
    rows=ROWS,
    query=QUERIES,
    stages=st.lists(STAGES, min_size=1, max_size=3),
    collation=COLLATIONS,
    indexes=INDEXES,
)
def test_stages_give_what_they_say_one_after_the_other(
    collection: Any,
    rows: list[Any],
    query: Any,
    stages: list[Any],
    collation: Any,
    indexes: list[Any],
) -> None:
    kept = filled(collection, rows, indexes)
    order = [{"$sort": {"_id": 1}}]  # which rows come first is nobody's promise
    pipeline = [{"$match": query}, *order, *stages]
    wanted = answer(pipeline, kept, context_of(kept, collation))
    options = {"collation": collation} if collation else {}
    assert asked(lambda: collection.aggregate(pipeline, **options)) == wanted
    names = {next(iter(stage)) for stage in stages}
    is_last = len(stages) == 1  # nothing that follows depends on the order of the groups
    if names & _ORDERED or (names & _GROUPS and not is_last):
        return
    direct = [{"$match": query}, *stages]
    wanted = answer(direct, kept, context_of(kept, collation))
    found = asked(lambda: collection.aggregate(direct, **options))
    if isinstance(wanted, list) and isinstance(found, list) and "$sort" not in names:
        wanted, found = sorted(wanted), sorted(found)
    assert found == wanted
