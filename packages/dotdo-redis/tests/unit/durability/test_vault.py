"""Keys of an opened tenant are read when they are asked for, and everything that asks for all of them sees them all."""

import time

import pytest
from redis.commands.search.field import TextField
from redis.commands.search.index_definition import IndexDefinition

import dotdo
import dotdo_redis as redis
from dotdo_redis.durability import keyspaces
from dotdo_redis.engine.cold import ColdKeys


def reopened(tenant, client):
    keyspaces.keyspace_of(tenant).flush()
    keyspaces.abandon_all()
    return redis.Redis()


def keys_of(tenant):
    return keyspaces.keyspace_of(tenant).engine.databases[0].keys


def fill(client):
    for number in range(50):
        client.set(f"s{number}", number)
    client.set("long", "x" * 1000)
    client.set("later", "v", ex=1000)
    client.set(b"\xff\x00", b"\xfe")
    client.set("{json}", "v")
    client.set("true", "v")
    client.set("7", "seven")
    client.hset("h", mapping={"a": 1})
    client.rpush("l", *range(5))
    client.sadd("t", 1, 2)
    client.zadd("z", {"a": 1.5})
    client.xadd("x", {"a": 1}, id="1-1")
    client.json().set("j", "$", {"a": 1})


def test_opening_reads_nothing_and_a_get_reads_one_key(tenant):
    fill(redis.Redis())
    client = reopened(tenant, None)
    assert client.get("s7") == b"7"
    keys = keys_of(tenant)
    assert isinstance(keys, ColdKeys)
    assert dict.__len__(keys) == 1
    assert client.get("missing") is None
    assert client.get(b"\xff\x00") == b"\xfe"
    assert client.mget("{json}", "true", "7") == [b"v", b"v", b"seven"]
    assert 990 <= client.ttl("later") <= 1000


def test_whoever_asks_for_all_keys_gets_them_with_what_was_written_meanwhile(tenant):
    fill(redis.Redis())
    before = set(redis.Redis().keys())
    client = reopened(tenant, None)
    client.set("s1", "new")
    client.delete("s2", "h")
    client.set("fresh", 1)
    wanted = before - {b"s2", b"h"} | {b"fresh"}
    assert client.dbsize() == len(wanted)
    assert set(client.scan_iter()) == wanted
    assert set(client.keys("*")) == wanted
    assert client.randomkey() in wanted
    assert client.mget("s1", "s2", "s3", "fresh") == [b"new", None, b"3", b"1"]
    assert client.lrange("l", 0, -1) == [b"0", b"1", b"2", b"3", b"4"]
    assert set(client.scan_iter(_type="zset")) == {b"z"}


def test_a_deleted_key_stays_deleted_after_a_flush_and_another_opening(tenant):
    fill(redis.Redis())
    client = reopened(tenant, None)
    client.delete("s2")
    client.rename("l", "moved")
    client = reopened(tenant, client)
    assert client.exists("s2", "l") == 0
    assert client.llen("moved") == 5
    assert client.keys("s[2]") == []


def test_a_key_that_nobody_asked_for_expires(tenant):
    client = redis.Redis()
    fill(client)
    client.set("ends", "soon", px=400)
    client = reopened(tenant, None)
    time.sleep(0.5)
    assert client.get("ends") is None
    assert client.exists("ends") == 0
    client = reopened(tenant, None)
    assert client.keys("end[s]") == []


def test_keys_are_learned_of_by_and_by(tenant):
    fill(redis.Redis())
    client = reopened(tenant, None)
    client.ping()
    engine = keyspaces.keyspace_of(tenant).engine
    for _ in range(12):
        engine.tick()
    keys = engine.databases[0].keys
    assert dict.__len__(keys) >= 60
    assert client.get("s3") == b"3"


def test_flushing_a_database_that_was_not_read_leaves_nothing(tenant):
    fill(redis.Redis())
    client = reopened(tenant, None)
    client.flushdb()
    assert client.dbsize() == 0
    client = reopened(tenant, None)
    assert client.dbsize() == 0


def test_databases_that_were_not_read_can_be_exchanged(tenant):
    fill(redis.Redis())
    redis.Redis(db=1).set("one", 1)
    client = reopened(tenant, None)
    client.swapdb(0, 1)
    assert client.keys() == [b"one"]
    assert redis.Redis(db=1).hgetall("h") == {b"a": b"1"}
    client = reopened(tenant, None)
    assert client.get("one") == b"1"
    assert redis.Redis(db=1).lrange("l", 0, 0) == [b"0"]


def test_what_others_write_in_rows_that_were_not_read_is_seen(tenant):
    client = redis.Redis()
    fill(client)
    client = reopened(tenant, None)
    client.ping()
    with dotdo.open(tenant) as graph:
        graph.things.update(graph.things.get("redis_strings", "s5"), value="theirs")
        graph.things.delete(graph.things.get("redis_strings", "s6"))
        graph.things.create("redis_strings", 8.5, value="number")
    assert client.mget("s5", "s6", "8.5") == [b"theirs", None, b"number"]


@pytest.mark.parametrize("ends", [False, True])
def test_an_index_of_search_covers_keys_that_were_not_read(tenant, ends):
    client = redis.Redis()
    for number in range(5):
        client.hset(f"doc{number}", mapping={"t": "hello"})
        if ends:
            client.expire(f"doc{number}", 1000)
    client = reopened(tenant, None)
    client.ft("i").create_index([TextField("t")], definition=IndexDefinition(prefix=["doc"]))
    assert client.ft("i").search("hello").total == 5
    client = reopened(tenant, None)
    assert client.ft("i").search("hello").total == 5


def test_fields_end_in_a_hash_that_was_not_read(tenant):
    client = redis.Redis()
    client.hset("h", mapping={"a": 1, "b": 2})
    client.hpexpire("h", 300, "a")
    client = reopened(tenant, None)
    time.sleep(0.4)
    assert client.hgetall("h") == {b"b": b"2"}
