"""Commands, stages and operators with values of any type in any place: each answers, or fails with an error of MongoDB's, never with one of ours.

`DOTDO_EXAMPLES` says how many requests are tried; 300 of each kind are by default.
"""

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import (
    Binary,
    Code,
    DatetimeMS,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
    encode,
)
from bson.errors import BSONError

from dotdo_mongo.engine.accumulators import ACCUMULATORS
from dotdo_mongo.engine.commands.registry import commands_by_name
from dotdo_mongo.engine.expressions import OPERATORS
from dotdo_mongo.engine.match.registry import FIELDS, TOPS
from dotdo_mongo.engine.sources import SOURCES
from dotdo_mongo.engine.stages import STAGES
from dotdo_mongo.engine.update.registry import OPERATORS as UPDATES
from dotdo_mongo.engine.windows.functions import FUNCTIONS
from dotdo_mongo.mapping.codec import CODEC, decode

EXAMPLES = int(os.environ.get("DOTDO_EXAMPLES", "300"))
SEED = int(os.environ.get("DOTDO_SEED", "20261121"))
OURS = {1, 8}
LEAVES = (
    None, True, False, 0, 1, -1, 7, 2**31 - 1, Int64(2**63 - 1), Int64(-(2**63)), Int64(5), 0.0, -0.0, 1.5, -2.5,
    float("nan"), float("inf"), float("-inf"), 1e308, Decimal128("0"), Decimal128("2.50"), Decimal128("NaN"),
    Decimal128("-Infinity"), Decimal128("1E+6000"), "", "a", "$a", "$$ROOT", "$$NOW", "$$x", "a.b", "a.0.b", "a.$[]",
    "$", "a\0b", "é", ".", "a..b", "day", "UTC", "2020-01-01", "[", ObjectId(b"0" * 12), Binary(b"ab", 5),
    b"", Binary(b"0" * 16, 4), Binary(b"abc", 2), Regex("a", "i"), Regex("("), Timestamp(1, 1), MinKey(), MaxKey(),
    Code("x"), Code("x", {}), datetime(2020, 1, 2, tzinfo=UTC), DatetimeMS(2**62), [], {}, [1000, 1000],
    {"type": "Point", "coordinates": [1, 2]}, {"type": "Polygon", "coordinates": [[[0, 0]]]},
)  # fmt: skip
WORDS = (
    "a", "b", "_id", "a.b", "", "$a", "input", "in", "as", "cond", "initialValue", "n", "date", "unit", "timezone", "format",
    "onError", "onNull", "to", "vars", "if", "then", "else", "branches", "default", "field", "value", "sortBy",
    "output", "p", "method", "regex", "find", "replacement", "chars", "startDate", "endDate", "amount", "limit", "range",
    "step", "bounds", "boundaries", "buckets", "groupBy", "granularity", "from", "let", "pipeline", "localField",
    "foreignField", "startWith", "connectFromField", "connectToField", "maxDepth", "near", "distanceField", "spherical",
    "path", "into", "on", "whenMatched", "coll", "db", "size", "newRoot", "partitionBy", "window", "documents", "key",
    "update", "updates", "q", "u", "filter", "sort", "limit", "cursor", "batchSize", "indexes", "name", "multi", "upsert",
    "c", "k", "v", "by", "$each", "$position", "$slice", "$sort", "$geometry", "$maxDistance", "$search", "bsonType",
    "properties", "required", "locale", "strength",
)  # fmt: skip
DOCUMENTS = [
    {"_id": 1, "a": 1, "b": [1, {"c": 2}], "t": "some words", "loc": [1, 2]},
    {"_id": "x", "a": {"b": [1.5, None]}, "b": "text", "d": datetime(2020, 1, 1, tzinfo=UTC)},
    {"_id": {"k": 1}, "a": [], "b": {"$ref": 1}, "n": Decimal128("NaN"), "m": MinKey()},
    {"_id": 2.5, "a": [[1], [2]], "b": float("nan"), "u": Binary(b"0" * 16, 4)},
]

Make = Callable[[random.Random], dict[str, Any]]


def _value(rnd: random.Random, names: tuple[str, ...], depth: int = 3) -> Any:
    """Return a value of any type, in which operators of `names` stand."""
    kind = rnd.random()
    if depth == 0 or kind < 0.4:
        return rnd.choice(LEAVES)
    if kind < 0.6:
        return [_value(rnd, names, depth - 1) for _ in range(rnd.randrange(4))]
    if kind < 0.8:
        return {rnd.choice(names): _value(rnd, names, depth - 1)}
    return {rnd.choice(WORDS): _value(rnd, names, depth - 1) for _ in range(rnd.randrange(4))}


EXPRESSIONS = tuple(OPERATORS)
QUERIES = (*FIELDS, *TOPS)
REDUCERS = (*ACCUMULATORS, *FUNCTIONS)
ANYTHING = (*EXPRESSIONS, *QUERIES, *REDUCERS, *UPDATES, *STAGES)
APART = {"shutdown", "endSessions", "killAllSessions", "killSessions", "fsync"}


def _pipeline(*stages: Any) -> dict[str, Any]:
    return {"aggregate": "c", "pipeline": list(stages), "cursor": {}}


def _expression(rnd: random.Random) -> dict[str, Any]:
    name = rnd.choice(EXPRESSIONS)
    return _pipeline({"$project": {"r": {name: _value(rnd, EXPRESSIONS)}}})


def _query(rnd: random.Random) -> dict[str, Any]:
    name = rnd.choice(QUERIES)
    inner = {name: _value(rnd, QUERIES)}
    return {
        "find": "c",
        "filter": inner if name in TOPS else {rnd.choice(("a", "b.c", "_id")): inner},
    }


def _reducer(rnd: random.Random) -> dict[str, Any]:
    name = rnd.choice(REDUCERS)
    inner = {name: _value(rnd, EXPRESSIONS)}
    if rnd.random() < 0.5:
        return _pipeline({"$group": {"_id": _value(rnd, EXPRESSIONS, 1), "r": inner}})
    bounds = [rnd.choice((-1, "current", "unbounded", 1)) for _ in range(2)]
    window = {"documents": bounds} if rnd.random() < 0.5 else _value(rnd, ("documents", "range"), 2)
    if rnd.random() < 0.6:
        inner["window"] = window
    return _pipeline({"$setWindowFields": {"sortBy": {"a": 1}, "output": {"r": inner}}})


def _update(rnd: random.Random) -> dict[str, Any]:
    names = tuple(UPDATES)
    u: Any = {
        rnd.choice(names): {rnd.choice(("a", "b", "a.b", "b.0", "a.$[]")): _value(rnd, names)}
    }
    if rnd.random() < 0.3:
        u = _value(rnd, names)
    update = {"q": {}, "u": u, "multi": rnd.random() < 0.5, "upsert": rnd.random() < 0.3}
    return {"update": "c", "updates": [update]}


def _stage(rnd: random.Random) -> dict[str, Any]:
    names = (*STAGES, *SOURCES)
    stages = [{rnd.choice(names): _value(rnd, ANYTHING)} for _ in range(rnd.choice((1, 1, 2, 3)))]
    return _pipeline(*[one for one in stages if not {"$out", "$merge"} & one.keys()])


def _command(rnd: random.Random) -> dict[str, Any]:
    command = rnd.choice([one for name, one in commands_by_name().items() if name not in APART])
    body = {command.name: rnd.choice(("c", "c", 1, _value(rnd, ANYTHING)))}
    for name in command.arguments:
        if rnd.random() < 0.4:
            body[name] = _value(rnd, ANYTHING)
    if rnd.random() < 0.1:
        generic = (
            "readConcern",
            "writeConcern",
            "maxTimeMS",
            "lsid",
            "txnNumber",
            "comment",
            "hint",
        )
        body[rnd.choice(generic)] = _value(rnd, ANYTHING)
    return body


def _failed(reply: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for part in (reply, *reply.get("writeErrors", ())) if part.get("code") in OURS]


@pytest.mark.parametrize("make", [_expression, _query, _reducer, _update, _stage, _command])
def test_no_value_in_any_place_makes_an_error_of_ours(engine, make: Make):
    rnd = random.Random(SEED)
    for number in range(EXAMPLES):
        if number % 50 == 0:
            engine({"drop": "c"})
            engine({"insert": "c", "documents": DOCUMENTS})
        command = make(rnd)
        try:
            body = decode(encode(command, False, CODEC))
        except (BSONError, OverflowError):  # what no driver could send either
            continue
        db = "admin" if rnd.random() < 0.2 else "test"
        assert not _failed(engine(body, db)), (number, command)
