"""A hostile client: frames of any bytes never make the session raise, wait for ever, or reach what it has no grant for.

`DOTDO_EXAMPLES` says how many frames are tried; 300 are by default.
"""

import os
import random
import struct
from collections.abc import Iterator
from typing import Any

import bson
import pytest
from bson import Binary, Int64, ObjectId, Timestamp

from dotdo.serving import Close, CloseReason, Credentials, Step, Wait
from dotdo.serving.cancellation import CancelRegistry
from dotdo.serving.context import ConnectionFacts, SessionContext
from dotdo.serving.errors import OversizeMessage, ProtocolViolation
from dotdo.serving.limits import Limits
from dotdo.serving.metrics import ProtocolMetrics
from dotdo.tenancy import Home, open_tenant
from dotdo_mongo.engine.deployment import Deployment
from dotdo_mongo.protocol.messages import op_msg
from dotdo_mongo.server.service import ServedDatabases
from dotdo_mongo.server.session import MongoSession

EXAMPLES = int(os.environ.get("DOTDO_EXAMPLES", "300"))
SEED = int(os.environ.get("DOTDO_SEED", "20260108"))
PER_SESSION = 50
MAX_STEPS, MAX_WAITS = 10_000, 100
SECRET = b"the other tenant's secret"


class Silence:
    """A channel to nobody."""

    def push(self, data: bytes) -> None:
        pass

    def wake(self, delay_s: float = 0.0) -> None:
        pass

    def close(self, reason: CloseReason = CloseReason.TERMINATED) -> None:
        pass


class Clock:
    """A clock that goes on by a second at each look, so that waits end."""

    def __init__(self) -> None:
        self.now_us = 1_700_000_000_000_000

    def __call__(self) -> int:
        self.now_us += 1_000_000
        return self.now_us


class Server:
    """Sessions of one deployment with a granted and a forbidden tenant, fed without a socket."""

    def __init__(self, home: Home) -> None:
        self.home, self.clock = home, Clock()
        self.credentials = Credentials()
        self.credentials.set_password("eve", "secret", tenants=["mine"])
        for name in ("mine", "theirs"):
            open_tenant(name, create=True, home=home)
        first = self.session()
        first._client.user, first._client.must_authenticate = "eve", False
        self.deployment = first._deployment
        self.seed = self.session(trusted=True)
        documents = [{"_id": 1, "secret": SECRET.decode()}]
        self.answer(self.seed, frame({"insert": "c", "documents": documents, "$db": "theirs"}))
        self.answer(self.seed, frame({"insert": "c", "documents": [{"_id": 1}], "$db": "mine"}))

    def session(self, *, trusted: bool = False) -> MongoSession:
        """Open a connection of a user who may use `mine`, or of everybody's."""
        context = SessionContext(
            facts=ConnectionFacts(1, "127.0.0.1", 1, "127.0.0.1", is_unix=False),
            channel=Silence(),
            resolve_tenant=lambda name: open_tenant(name, create=False, home=self.home),
            credentials=None if trusted else self.credentials,
            cancellations=CancelRegistry(random.Random(1).randbytes),
            can_start_tls=False,
            limits=Limits(max_message_bytes=1 << 20),
            metrics=ProtocolMetrics(),
            clock=self.clock,
            randomness=random.Random(2).randbytes,
        )
        if not hasattr(self, "deployment"):
            databases = ServedDatabases(context, self.home, may_create=True)
            self.deployment = Deployment(databases, self.clock, random.Random(3).randbytes)
        made = MongoSession(context, self.deployment)
        if not trusted:
            made._client.user = "eve"
        return made

    def answer(self, session: MongoSession, data: bytes) -> tuple[bytes, bool]:
        """Give input and do what the session asks for; return its output, and whether it goes on."""
        said, waits = b"", 0
        try:
            reply: Any = session.receive(data)
            for _ in range(MAX_STEPS):
                if not isinstance(reply, Step):
                    return said + reply, True
                said += reply.output
                if isinstance(reply.control, Close):
                    return said, False
                if isinstance(reply.control, Wait):
                    assert reply.control.timeout_s is not None
                    waits += 1
                    if waits > MAX_WAITS:  # it has asked for days, and keeps nobody else waiting
                        return said, False
                reply = session.resume()
        except (OversizeMessage, ProtocolViolation):
            return said, False
        raise AssertionError("the session asks for ever")


def frame(body: dict[str, Any], number: int = 1) -> bytes:
    """Return a command as a driver would send it."""
    return op_msg(bson.encode(body), number, 0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = Home(str(tmp_path_factory.mktemp("frames")))
    yield Server(home)
    home.close()


COMMANDS: tuple[dict[str, Any], ...] = (
    {"hello": 1, "topologyVersion": {"processId": ObjectId(), "counter": Int64(0)}, "maxAwaitTimeMS": 5},
    {"find": "c", "filter": {"a": {"$gt": 1}, "$or": [{"b": 1}, {"c": {"$regex": "a+"}}]}, "sort": {"a": 1}},
    {"insert": "c", "documents": [{"a": 1, "b": [1, {"c": 2.5}], "d": Timestamp(1, 1)}]},
    {"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"x.y": 1}, "$inc": {"n": 1}}, "upsert": True}]},
    {"delete": "c", "deletes": [{"q": {"a": 1}, "limit": 1}]},
    {"aggregate": "c", "pipeline": [{"$match": {}}, {"$group": {"_id": "$a", "n": {"$sum": 1}}}], "cursor": {}},
    {"aggregate": "c", "pipeline": [{"$lookup": {"from": {"db": "theirs", "coll": "c"}, "as": "x", "pipeline": []}}], "cursor": {}},
    {"aggregate": 1, "pipeline": [{"$changeStream": {"allChangesForCluster": True}}], "cursor": {}},
    {"aggregate": "c", "pipeline": [{"$unionWith": {"coll": "c", "pipeline": []}}, {"$out": {"db": "theirs", "coll": "o"}}], "cursor": {}},
    {"aggregate": "c", "pipeline": [{"$merge": {"into": {"db": "theirs", "coll": "c"}}}], "cursor": {}},
    {"bulkWrite": 1, "ops": [{"insert": 0, "document": {"_id": 7}}], "nsInfo": [{"ns": "theirs.c"}], "$db": "admin"},
    {"renameCollection": "mine.c", "to": "theirs.stolen", "$db": "admin"},
    {"getMore": Int64(1), "collection": "c"},
    {"createIndexes": "c", "indexes": [{"key": {"a": 1}, "name": "a_1"}]},
    {"findAndModify": "c", "query": {}, "update": {"$push": {"z": 1}}, "new": True},
    {"listDatabases": 1, "$db": "admin"},
    {"commitTransaction": 1, "lsid": {"id": Binary(b"0" * 16, 4)}, "txnNumber": Int64(1), "autocommit": False, "$db": "admin"},
    {"insert": "c", "documents": [{}], "lsid": {"id": Binary(b"0" * 16, 4)}, "txnNumber": Int64(1), "autocommit": False, "startTransaction": True},
    {"saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": b"n,,n=eve,r=x", "$db": "admin"},
    {"distinct": "c", "key": "a"}, {"count": "c"}, {"ping": 1}, {"explain": {"find": "c"}}, {"collStats": "c"},
    {"validate": "c"}, {"create": "v", "viewOn": "c", "pipeline": [{"$project": {"a": 1}}]}, {"drop": "v"},
    {"find": "c", "$db": "theirs"}, {"find": "c", "$db": "theirs@~1"}, {"dropDatabase": 1, "$db": "theirs"},
    {"listCollections": 1, "$db": "theirs"}, {"killCursors": "c", "cursors": [Int64(1)]}, {"serverStatus": 1},
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**31 - 1, Int64(2**63 - 1), 1e308, float("nan"), "", "$", "a.b", "theirs", "\u0000", "x" * 300, [], {},
    [[]], {"$gt": {}}, {"$where": "1"}, b"", Binary(b"\xff", 200), ObjectId(), Timestamp(0, 0), [None] * 50,
)  # fmt: skip


def changed(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """Return a value with a part of it replaced, left out, doubled or nested deeper."""
    if depth > 6 or chance.random() < 0.25:
        return chance.choice(VALUES)
    if isinstance(value, dict) and value:
        found = dict(value)
        name = chance.choice(list(found))
        move = chance.random()
        if move < 0.15:
            del found[name]
        elif move < 0.3:
            found[chance.choice(["", "$x", "a.b", "$db", "lsid", "maxTimeMS", "apiVersion"])] = (
                found[name]
            )
        else:
            found[name] = changed(found[name], chance, depth + 1)
        return found
    if isinstance(value, list) and value:
        at = chance.randrange(len(value))
        return [*value[:at], changed(value[at], chance, depth + 1), *value[at:]]
    return chance.choice(VALUES)


def mutated(chance: random.Random) -> bytes:
    """Return a frame that is almost one that a driver would send."""
    body = {"$db": "mine", **chance.choice(COMMANDS)}
    body = {**{name: body[name] for name in body if name != "$db"}, "$db": body["$db"]}
    for _ in range(chance.randrange(3)):
        body = changed(body, chance)
        if not isinstance(body, dict):
            body = {"ping": body, "$db": "mine"}
    try:
        data = bytearray(frame(body, chance.getrandbits(31)))
    except (bson.errors.BSONError, OverflowError, RecursionError):
        return chance.randbytes(40)
    kind = chance.random()
    if kind < 0.4:
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.choice(
                [0, 1, 3, 127, 128, 255, chance.randrange(256)]
            )
    elif kind < 0.5:
        del data[chance.randrange(len(data)) :]
    elif kind < 0.6:
        at = chance.randrange(16, len(data))
        data[at:at] = chance.randbytes(chance.randrange(1, 30))
        struct.pack_into("<i", data, 0, len(data))
    elif kind < 0.65:
        struct.pack_into("<i", data, 12, chance.choice([1, 2001, 2004, 2012, 2013, -1]))
    elif kind < 0.7:
        struct.pack_into("<i", data, 0, chance.choice([0, -1, 15, 2**31 - 1, len(data) + 1, 17]))
    return bytes(data)


def test_mutated_frames_end_in_a_reply_or_the_end_of_their_connection(server: Server) -> None:
    chance = random.Random(SEED)
    session, left = server.session(), 0
    for number in range(EXAMPLES):
        if not left:
            session.closed(CloseReason.LOST)
            session, left = server.session(), PER_SESSION
        data = mutated(chance)
        said, goes_on = server.answer(session, data)
        left = left - 1 if goes_on else 0
        check_replies(said, number)
        assert SECRET not in said, (number, data)
    theirs = server.answer(server.seed, frame({"find": "c", "$db": "theirs"}))[0]
    cursor = bson.decode(theirs[21:])["cursor"]
    assert cursor["firstBatch"] == [{"_id": 1, "secret": SECRET.decode()}]
    listed = server.answer(server.seed, frame({"listCollections": 1, "$db": "theirs"}))[0]
    assert [c["name"] for c in bson.decode(listed[21:])["cursor"]["firstBatch"]] == ["c"]


def check_replies(said: bytes, number: int) -> None:
    """See that output is whole messages of documents, none of which tells of a fault of ours."""
    at = 0
    while at < len(said):
        length, _, _, opcode = struct.unpack_from("<iiii", said, at)
        assert opcode in {1, 2012, 2013}, number
        if opcode == 2013:
            reply = bson.decode(said[at + 21 : at + length])
            assert not str(reply.get("errmsg", "")).startswith("internal error"), (number, reply)
        at += length
    assert at == len(said)
