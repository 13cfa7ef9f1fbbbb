"""The short way of a find by `_id`: the very reply of the command, or none."""

import pytest
from bson import ObjectId

from dotdo_mongo.engine.quick import quick_reply
from dotdo_mongo.mapping.codec import decode, encode

KEY = ObjectId("5" * 24)


def shown(reply):
    found = decode(encode({name: value for name, value in reply.items() if "ime" not in name}))
    return list(found), found


@pytest.mark.parametrize("identity", [1, "a", KEY, 7])
@pytest.mark.parametrize("rest", [{}, {"limit": 1, "singleBatch": True}])
def test_the_reply_is_that_of_the_command(engine, identity, rest):
    engine({"insert": "c", "documents": [{"_id": 1, "v": [1]}, {"_id": "a"}, {"_id": KEY}]})
    command = {"find": "c", "filter": {"_id": identity}, **rest, "$db": "test"}
    reply = quick_reply(engine.deployment, engine.client, command)
    assert reply is not None
    assert {"$clusterTime", "operationTime"} <= reply.keys()
    assert shown(reply) == shown(engine(command))


@pytest.mark.parametrize(
    "command",
    [
        {"find": "c", "filter": {"_id": {"$gt": 1}}},
        {"find": "c", "filter": {"_id": 1.0}},
        {"find": "c", "filter": {"_id": 1, "v": 1}},
        {"find": "c", "filter": {"v": 1}},
        {"find": "c", "filter": {"_id": 1}, "projection": {"v": 1}},
        {"find": "c", "filter": {"_id": 1}, "limit": 2},
        {"find": "c", "filter": {"_id": 1}, "bogus": 1},
        {"find": "c", "filter": {"_id": 1}, "lsid": 1},
        {"find": "missing", "filter": {"_id": 1}},
        {"find": "view", "filter": {"_id": 1}},
        {"find": "c"},
        {"filter": {"_id": 1}, "find": "c"},
        {"ping": 1},
    ],
)
def test_other_requests_are_left_to_the_command(engine, command):
    engine({"insert": "c", "documents": [{"_id": 1}]})
    engine({"create": "view", "viewOn": "c", "pipeline": []})
    assert quick_reply(engine.deployment, engine.client, {**command, "$db": "test"}) is None


def test_who_may_not_read_is_left_to_the_command(engine):
    engine({"insert": "c", "documents": [{"_id": 1}]})
    command = {"find": "c", "filter": {"_id": 1}, "$db": "test"}
    engine.client.must_authenticate = True
    assert quick_reply(engine.deployment, engine.client, command) is None
    engine.client.must_authenticate = False
    engine.client.allows = lambda name: name != "test"
    assert quick_reply(engine.deployment, engine.client, command) is None


def test_a_profiler_sees_every_request(engine):
    engine({"insert": "c", "documents": [{"_id": 1}]})
    engine({"profile": 2})
    command = {"find": "c", "filter": {"_id": 1}, "$db": "test"}
    assert quick_reply(engine.deployment, engine.client, command) is None


def test_changed_and_dropped_collections_are_seen(engine):
    engine({"insert": "c", "documents": [{"_id": 1, "v": 1}]})
    command = {"find": "c", "filter": {"_id": 1}, "$db": "test"}
    quick_reply(engine.deployment, engine.client, command)
    engine({"update": "c", "updates": [{"q": {"_id": 1}, "u": {"$set": {"v": 2}}}]})
    reply = quick_reply(engine.deployment, engine.client, command)
    assert decode(reply["cursor"]["firstBatch"][0].raw)["v"] == 2
    engine({"drop": "c"})
    assert quick_reply(engine.deployment, engine.client, command) is None
