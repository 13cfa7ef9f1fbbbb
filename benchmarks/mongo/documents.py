"""pymongo on dotdo against mongomock and against bare SQLite, on 200,000 documents, with the log on.

Bare SQLite is the floor: the same rows, WAL and `synchronous=normal`, an undo log written by triggers, BSON decoded by the same codec.
mongomock keeps its documents in memory; where it would not finish on all of them it gets a tenth, and its time is
multiplied by ten (the peer is then named `mongomock x10`; it grows faster than that). `DOTDO_DOCUMENTS` says how many there are.
"""

import itertools
import os
import resource
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import apsw
import bson
import mongomock
import orjson

import dotdo_mongo
from benchmarks.harness import Comparison, Figure

COUNT = int(os.environ.get("DOTDO_DOCUMENTS", "200000"))
PART = max(1, COUNT // 10)
BATCH = 10_000
SCALED = "mongomock x10"
NEW = itertools.count(10 * COUNT)

Action = Callable[[], object]


def document(number: int) -> dict[str, Any]:
    """One customer."""
    return {
        "_id": number,
        "name": f"customer {number}",
        "age": number % 90,
        "city": f"city {number % 50}",
        "score": number * 0.5,
        "points": number % 1000,
        "tags": [f"tag {number % 7}", f"tag {number % 11}"],
        "address": {"zip": f"{number % 1000:05}", "street": f"street {number}"},
        "is_active": number % 2 == 0,
    }


def fill(collection: Any, count: int) -> Any:
    """Put customers into a collection."""
    for start in range(0, count, BATCH):
        collection.insert_many(
            [document(number) for number in range(start, min(start + BATCH, count))]
        )
    return collection


class Floor:
    """What SQLite itself takes for a row, its index and its log.

    Args:
        path: Of a new file.
    """

    def __init__(self, path: str) -> None:
        self.connection = apsw.Connection(path)
        self.connection.pragma("journal_mode", "wal")
        self.connection.pragma("synchronous", 1)
        for statement in (
            "create table t(_id integer primary key, id any not null, data blob not null, bson blob) strict",
            "create unique index t_id on t(id)",
            "create table log(seq integer primary key, noun, op, id, before)",
            "create trigger t_i after insert on t begin insert into log(noun, op, id) values (1, 1, new._id); end",
        ):
            self.connection.execute(statement)
        with self.connection:
            self.connection.executemany(
                "insert into t(id, data, bson) values (?, jsonb('{}'), ?)",
                ((number, bson.encode(document(number))) for number in range(COUNT)),
            )

    def find_one(self) -> object:
        """Read one document by its key."""
        rows = self.connection.execute("select bson from t where id = ?", (COUNT // 2,)).fetchall()
        return bson.decode(rows[0][0])  # type: ignore[arg-type]  # a blob

    def insert_one(self) -> None:
        """Insert one document in a transaction of its own."""
        number = next(NEW)
        fields = document(5)
        data = bson.encode(fields | {"_id": number})
        del fields["_id"]
        self.connection.execute("begin immediate")
        self.connection.execute(
            "insert into t(id, data, bson) values (?, jsonb(?), ?)",
            (number, orjson.dumps(fields), data),
        )
        self.connection.execute("insert into log(noun, op, id, before) values (0, 0, 1, '[]')")
        self.connection.execute("commit")


def times(count: int, action: Action) -> Action:
    """The action so often."""

    def run() -> None:
        for _ in range(count):
            action()

    return run


def many(name: str, count: int, ours: Action, peer: Action, **rest: Any) -> Comparison:
    """Return the comparison of something that takes microseconds here, done so often, and long there, done once."""
    return Comparison(
        name=name,
        ours=times(count, ours),
        peers={"mongomock": peer},
        scales={"mongomock": count},
        operations=count,
        **rest,
    )


def inserted(collection: Any) -> Action:
    """Insert one new customer."""
    return lambda: collection.insert_one(document(5) | {"_id": next(NEW)})


def inserted_many(collection: Any, count: int) -> Action:
    """Insert so many documents at once, and take them away untimed by a new range of keys."""

    def run() -> None:
        collection.insert_many([document(number) | {"_id": next(NEW)} for number in range(count)])

    return run


GROUP = [
    {"$match": {"is_active": True}},
    {"$group": {"_id": "$city", "n": {"$sum": 1}, "points": {"$sum": "$points"}, "mean": {"$avg": "$score"}}},
    {"$sort": {"n": -1, "_id": 1}},
]  # fmt: skip
LOOKUP = [
    {"$match": {"_id": {"$lt": 100}}},
    {"$lookup": {"from": "customers", "localField": "name", "foreignField": "name", "as": "same"}},
]


def growth_of_memory(collection: Any) -> float:
    """What the process's memory grows by, in MiB, while a cursor goes over all documents and a group is made of them."""
    next(collection.find())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in collection.find()) >= COUNT
    list(collection.aggregate(GROUP))
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def single(ours: Any, peer: Any, floor: Floor) -> Iterator[Comparison]:
    """Single documents."""
    by_id = {"_id": COUNT // 2}
    yield Comparison(
        name="find_one by _id",
        ours=times(500, lambda: ours.find_one(by_id)),
        peers={"SQLite": times(500, floor.find_one)},
        operations=500,
        goal="<= 1.6",
    )
    yield Comparison(
        name="insert_one, durable",
        ours=times(500, inserted(ours)),
        peers={
            "SQLite": times(500, floor.insert_one),
            "mongomock": times(500, inserted(peer)),
        },
        operations=500,
        rounds=10,
        goal={"mongomock": ">= 1"},
    )
    yield many(
        "update_one by _id",
        100,
        lambda: ours.update_one(by_id, {"$inc": {"age": 1}}),
        lambda: peer.update_one(by_id, {"$inc": {"age": 1}}),
        rounds=3,
        goal=">= 1000",
    )
    numbers = itertools.count()
    yield many(
        "delete_one by _id",
        100,
        lambda: ours.delete_one({"_id": next(numbers)}),
        lambda: peer.delete_one({"_id": COUNT - 1 - next(numbers)}),
        rounds=3,
        goal=">= 1000",
    )


def found(collection: Any, query: Mapping[str, Any]) -> Action:
    """Read what a query finds."""
    return lambda: list(collection.find(query))


def queries(ours: Any, peer: Any) -> Iterator[Comparison]:
    """Queries over all documents."""
    indexed: tuple[tuple[str, dict[str, Any]], ...] = (
        ("find by an index", {"name": "customer 777"}),
        ("find by an index on an array", {"refs": 77}),
    )
    for name, query in indexed:
        yield many(
            name,
            100,
            found(ours, query),
            found(peer, query),
            rounds=3,
            goal=">= 1000",
        )
    yield many(
        "sort by an index, limit 20",
        50,
        lambda: list(ours.find().sort("name", 1).limit(20)),
        lambda: list(peer.find().sort("name", 1).limit(20)),
        rounds=2,
        goal=">= 1000",
    )
    scans: tuple[tuple[str, dict[str, Any], int, str], ...] = (
        ("find by a scan: equal", {"address.street": "street 777"}, 3, ">= 8"),
        ("find by a scan: range", {"points": {"$gt": 998}}, 2, ">= 8"),
        ("find by a scan: in an array", {"tags": "tag 99"}, 2, ">= 8"),
    )
    for name, query, rounds, goal in scans:
        yield Comparison(
            name=name,
            ours=found(ours, query),
            peers={"mongomock": found(peer, query)},
            rounds=rounds,
            goal=goal,
        )
    yield Comparison(
        name="count of a range",
        ours=lambda: ours.count_documents({"points": {"$gt": 500}}),
        peers={"mongomock": lambda: peer.count_documents({"points": {"$gt": 500}})},
        rounds=2,
        goal=">= 8",
    )


def pipelines(ours: Any, part: Any) -> Iterator[Comparison]:
    """Pipelines; mongomock on a tenth."""
    for name, stages, goal in (
        ("$match, $group, $sort", GROUP, ">= 50"),
        ("$lookup", LOOKUP, ">= 100"),
    ):

        def run(collection: Any, stages: list[Any] = stages) -> Action:
            return lambda: list(collection.aggregate(stages))

        yield Comparison(
            name=name,
            ours=run(ours),
            peers={SCALED: run(part)},
            scales={SCALED: 10},
            rounds=1,
            goal=goal,
        )


def benchmarks() -> Iterator[Comparison | Figure]:
    """Yield every comparison."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["DOTDO_HOME"] = folder
        client = stack.enter_context(dotdo_mongo.MongoClient())
        yield Comparison(
            name="insert_many of 10,000",
            ours=inserted_many(client.filling.customers, BATCH),
            peers={"mongomock": inserted_many(mongomock.MongoClient().filling.customers, BATCH)},
            operations=BATCH,
            rounds=3,
            goal=">= 3",
        )
        ours = fill(client.shop.customers, COUNT)
        yield Figure(
            name="memory added by reading all documents",
            measure_once=lambda: growth_of_memory(ours),
            unit="MiB",
            goal="<= 48 MiB",
        )
        peer = fill(mongomock.MongoClient().shop.customers, COUNT)
        part = fill(mongomock.MongoClient().shop.customers, PART)
        refs = {"$set": {"refs": [77, 78]}}
        for collection in (ours, peer, part):
            collection.create_index("name")
            collection.create_index("refs")
            collection.update_one({"_id": 1005}, refs)
        yield from single(ours, peer, Floor(f"{folder}/floor"))
        yield from queries(ours, peer)
        yield from pipelines(ours, part)
