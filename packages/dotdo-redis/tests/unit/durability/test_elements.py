"""Elements of large collections are rows, of which only those that changed are written."""

import pytest

import dotdo
import dotdo_redis as redis
from dotdo.history import entries, head
from dotdo_redis.durability import elements, keyspaces

COUNT = 1500


def fill(client):
    client.hset("h", mapping={f"f{n}": n for n in range(COUNT)})
    client.sadd("t", *range(COUNT))
    client.zadd("z", {f"m{n}": n / 7 for n in range(COUNT)})
    client.zadd("z", {"last": float("inf"), b"\xff": -1})
    client.hset("small", "f", 1)


def flushed(tenant):
    keyspace = keyspaces.keyspace_of(tenant)
    keyspace.flush()
    return keyspace


def reopened(tenant):
    flushed(tenant)
    keyspaces.abandon_all()
    return redis.Redis()


def dumps(client):
    found = {b"h": client.hgetall("h"), b"t": client.smembers("t")}
    return found | {b"z": client.zrange("z", 0, -1, withscores=True), b"s": client.hgetall("small")}


def test_large_collections_come_back(tenant):
    client = redis.Redis()
    fill(client)
    before = dumps(client)
    client = reopened(tenant)
    assert dumps(client) == before
    client.hset("h", "f3", "new")
    client.hdel("h", "f4")
    client.zincrby("z", 5, "m1")
    client.zpopmin("z")
    client.srem("t", 7)
    client.sadd("t", "word")
    client.expire("t", 1000)
    before = dumps(client)
    client = reopened(tenant)
    assert dumps(client) == before
    assert client.ttl("t") > 900
    assert client.object("encoding", "z") == b"skiplist"


@pytest.mark.parametrize("is_read_again", [False, True])
def test_one_element_writes_one_row(tenant, is_read_again):
    client = redis.Redis()
    fill(client)
    if is_read_again:
        client = reopened(tenant)
    session = flushed(tenant)._attach().session
    before = head(session)
    client.hset("h", "f5", "x")
    client.hset("h", "f5", "y")
    client.hdel("h", "f6")
    flushed(tenant)
    assert len(list(entries(session, before, head(session)))) <= 4


def test_whatever_becomes_of_a_large_key_leaves_no_rows_of_its_elements(tenant):
    client = redis.Redis()
    fill(client)
    with dotdo.open(tenant) as graph:
        assert graph.things.count("redis_elements") == 3 * COUNT + 2
        client.rename("h", "renamed")
        assert graph.things.count("redis_elements") == 3 * COUNT + 2
        client.copy("renamed", "copied")
        assert graph.things.count("redis_elements") == 4 * COUNT + 2
        client.set("t", "a string")
        client.delete("copied")
        client.hdel("renamed", *[f"f{n}" for n in range(COUNT - 10)])
        assert graph.things.count("redis_elements") == COUNT + 2
        assert len(graph.things.get("redis_hashes", "renamed")["value"]) == 10
        client.flushall()
        assert graph.things.count("redis_elements") == 0


def test_elements_that_others_write_are_seen(tenant):
    client = redis.Redis()
    fill(client)
    with dotdo.open(tenant) as graph, client.pipeline() as pipe:
        thing = graph.things.get("redis_elements", ["h", "f5"])
        assert thing["value"] == "5"
        assert graph.things.get("redis_hashes", "h")["elements"] == COUNT
        pipe.watch("h")
        graph.things.update(thing, value="theirs")
        graph.things.delete(graph.things.get("redis_elements", ["h", "f6"]))
        pipe.multi()
        pipe.get("x")
        with pytest.raises(redis.WatchError):
            pipe.execute()
    assert client.hmget("h", "f5", "f6", "f7") == [b"theirs", None, b"7"]
    client = reopened(tenant)
    assert client.hmget("h", "f5", "f6", "f7") == [b"theirs", None, b"7"]


def test_the_past_and_branches_hold_the_elements(tenant, monkeypatch):
    client = redis.Redis()
    fill(client)
    with dotdo.open(tenant) as graph:
        moment = graph.version
        graph.branch("trial")
    client.hset("h", "f5", "now")
    client.zrem("z", "m0")
    flushed(tenant)
    for reference in (f"{tenant}@v{moment}", f"{tenant}@trial"):
        monkeypatch.setenv("DOTDO_NS", reference)
        other = redis.Redis()
        assert other.hget("h", "f5") == b"5"
        assert other.zcard("z") == COUNT + 2
        assert other.scard("t") == COUNT


def test_fields_that_end_are_kept_with_their_hash(tenant):
    client = redis.Redis()
    fill(client)
    flushed(tenant)
    client.hexpire("h", 1000, "f1")
    client = reopened(tenant)
    assert client.httl("h", "f1", "f2")[1] == -1
    assert client.httl("h", "f1")[0] > 900
    assert client.hlen("h") == COUNT
    with dotdo.open(tenant) as graph:
        assert graph.things.count("redis_elements") == 2 * COUNT + 2


def test_only_hashes_sets_and_sorted_sets_without_ends_are_large(rig):
    rig("RPUSH", "l", *range(elements.MANY))
    rig("SADD", "t", *range(elements.MANY))
    keys = rig.engine.databases[0].keys
    assert elements.is_large(keys[b"t"])
    assert not elements.is_large(keys[b"l"])
