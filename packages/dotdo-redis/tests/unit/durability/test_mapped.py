"""Hashes under a mapped prefix are things: written at once, refused by their noun, seen whoever writes them."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest

import dotdo
import dotdo_redis as redis
from dotdo.errors import InvalidName
from dotdo_redis.durability import keyspaces, map_keys

COLUMNS = {
    "id": "bigint", "name": "text", "price": "numeric(8,2)", "n": "integer", "ok": "boolean", "at": "timestamptz", "raw": "bytes",
    "doc": "jsonb", "uid": "uuid",
}  # fmt: skip
NOON = dt.datetime(2026, 1, 8, 12, tzinfo=dt.UTC)
VALUES = {
    "name": "ü", "price": Decimal("1.50"), "n": -5, "ok": True, "at": NOON, "raw": b"\0\xff", "doc": {"a": [1]}, "uid": UUID(int=3),
}  # fmt: skip
WORDS = {
    b"name": "ü".encode(), b"price": b"1.50", b"n": b"-5", b"ok": b"true", b"at": b"2026-01-08T12:00:00+00:00", b"raw": b"\0\xff",
    b"doc": b'{"a":[1]}', b"uid": str(UUID(int=3)).encode(),
}  # fmt: skip


@pytest.fixture
def shop(tenant):
    with dotdo.open(tenant) as graph:
        yield graph


@pytest.fixture
def client(shop):
    return redis.Redis()


def columns_of(thing):
    return {name: value for name, value in thing.fields.items() if name != "id"}


@pytest.fixture(params=["columns", "document"])
def noun(shop, request):
    fields = COLUMNS if request.param == "columns" else None
    shop.nouns.define("Item", fields)
    shop.things.create("Item", 1, **VALUES)
    map_keys("item:*", "Item")
    return "Item"


def test_a_thing_is_a_hash_and_a_hash_a_thing(shop, client, noun):
    assert client.hgetall("item:1") == WORDS
    client.hset("item:2", mapping=WORDS)
    assert columns_of(shop.things.get(noun, 2)) == VALUES
    assert client.type("item:2") == b"hash"


def test_writes_of_either_side_are_seen_at_once(shop, client, noun):
    assert client.hincrby("item:1", "n", 7) == 2
    assert shop.things.get(noun, 1).n == 2
    shop.things.update((noun, 1), n=3, more="x")
    assert client.hmget("item:1", "n", "more") == [b"3", b"x"]
    client.hdel("item:1", "more", "name")
    assert shop.things.get(noun, 1).fields.get("name") is None
    assert "more" not in shop.things.get(noun, 1).fields
    shop.things.delete((noun, 1))
    assert client.exists("item:1") == 0


def test_keys_come_and_go_with_things(shop, client, noun):
    client.rename("item:1", "item:7")
    assert [thing.id for thing in shop.things.find(noun)] == [7]
    client.set("item:7", "a string")
    assert shop.things.count(noun) == 0
    client.delete("item:7")
    with client.pipeline() as pipe:
        pipe.hset("item:8", "name", "a").hset("item:9", "name", "b").execute()
    client.flushdb()
    assert shop.things.count(noun) == 0


def test_null_is_no_field_and_a_thing_without_fields_no_key(shop, client):
    shop.nouns.define("Item")
    map_keys("item:*", "Item")
    shop.things.create("Item", "a", n=None)
    assert client.exists("item:a") == 0
    shop.things.update(("Item", "a"), n=1)
    assert client.hgetall("item:a") == {b"n": b"1"}


@pytest.mark.parametrize(
    "command",
    [
        ("HSET", "item:1", "n", "x"),
        ("HSET", "item:1", "n", "99999999999"),
        ("HSET", "item:x", "n", "1"),
        ("HSET", "item:1", "id", "2"),
        ("EXPIRE", "item:1", "100"),
        ("EVAL", "return redis.call('hset', KEYS[1], 'price', '1e9')", 1, "item:1"),
    ],
)
def test_what_the_noun_refuses_is_an_error_and_leaves_the_hash(shop, client, command):
    shop.nouns.define("Item", COLUMNS)
    shop.things.create("Item", 1, **VALUES)
    map_keys("item:*", "Item")
    with pytest.raises(redis.ResponseError):
        client.execute_command(*command)
    assert client.hgetall("item:1") == WORDS
    assert client.ttl("item:1") == -1
    assert columns_of(shop.things.get("Item", 1)) == VALUES
    assert client.keys() == [b"item:1"]


def test_types_of_documents_follow_what_their_fields_have_held(shop, client):
    shop.things.create("Item", "a", n=1, r=0.5, t="x", l=[1])
    map_keys("item:*", "Item")
    client.hset("item:b", mapping={"n": "2", "r": "3", "t": "4", "l": '{"a":1}', "new": "5"})
    assert shop.things.get("Item", "b").fields == {"n": 2, "r": 3.0, "t": "4", "l": {"a": 1}, "new": "5"}  # fmt: skip
    client.hset("item:b", "n", "many")
    assert shop.things.get("Item", "b").n == "many"


def test_an_open_transaction_makes_a_write_to_its_thing_try_again(shop, client, noun):
    with shop.transaction():
        shop.things.update((noun, 1), n=9)
        with pytest.raises(redis.RedisError, match="transaction is changing"):
            client.hset("item:1", "n", "8")
        assert client.hget("item:1", "n") == b"-5"
    assert client.hget("item:1", "n") == b"9"


def test_others_writes_are_keyspace_events(shop, client, noun):
    client.config_set("notify-keyspace-events", "KEA")
    listener = client.pubsub()
    listener.psubscribe("__keyspace@0__:item:*")
    listener.get_message(timeout=1)
    shop.things.update((noun, 1), n=9)
    shop.things.delete((noun, 1))
    found = [listener.get_message(timeout=1)["data"] for _ in range(2)]
    assert found == [b"hset", b"del"]


def test_hashes_that_are_there_become_things(shop, client):
    client.hset("item:a", "name", "x")
    client.hset("other", "name", "y")
    map_keys("item:*", "Item")
    assert shop.things.get("Item", "a").fields == {"name": "x"}
    assert [thing.id for thing in shop.things.find("redis_hashes")] == ["other"]
    assert client.hgetall("item:a") == {b"name": b"x"}


def test_a_kill_leaves_hash_and_thing_the_same(shop, client, noun):
    client.hset("item:1", "n", "6")
    shop.things.update((noun, 1), n=7)
    client.set("plain", "x")
    keyspaces.abandon_all()
    assert redis.Redis().hget("item:1", "n") == b"7"
    assert redis.Redis().get("plain") == b"x"


def test_a_noun_that_is_dropped_takes_its_keys_along(shop, client, noun):
    shop.nouns.drop(noun)
    assert client.keys() == []
    client.hset("item:1", "n", "x")
    assert shop.things.get("redis_hashes", "item:1")["value"] == {"n": "x"}


def test_branches_and_the_past_have_their_own(shop, client, noun, monkeypatch, tenant):
    client.set("warm", "x")  # makes the nouns of keys
    shop.branch("b")
    client.hset("item:1", "n", "6")
    for reference in ("b", "~1"):
        monkeypatch.setenv("DOTDO_NS", f"{tenant}@{reference}")
        assert redis.Redis().hget("item:1", "n") == b"-5"


@pytest.mark.parametrize("pattern", ["item:", "*", "i?m:*", "item:*:x", "ite*"])
def test_a_pattern_is_a_prefix_that_meets_no_other(shop, client, noun, pattern):
    with pytest.raises(InvalidName):
        map_keys(pattern, "Other")


def test_a_transaction_that_a_noun_refuses_leaves_nothing_behind(client, noun):
    client.rpush("list", "a")
    client.set("text", "x", px=10**9)
    pipe = client.pipeline(transaction=True)
    pipe.rpush("list", "b").delete("text").set("new", "y").hset("item:1", "n", "99").expire(
        "item:1", 10
    )
    pipe.hincrby("count", "n", 1)
    with pytest.raises(redis.RedisError, match="cannot expire"):
        pipe.execute()
    assert client.lrange("list", 0, -1) == [b"a"]
    assert client.get("text") == b"x"
    assert client.pttl("text") > 0
    assert client.exists("new", "count") == 0
    assert client.hget("item:1", "n") == b"-5"
    keyspaces.abandon_all()
    again = redis.Redis()
    assert again.lrange("list", 0, -1) == [b"a"]
    assert again.exists("new", "count") == 0


def test_a_transaction_that_a_noun_takes_is_written(client, noun):
    client.pipeline(transaction=True).hset("item:1", "n", "6").rpush("list", "b").execute()
    assert client.hget("item:1", "n") == b"6"
    assert client.lrange("list", 0, -1) == [b"b"]
