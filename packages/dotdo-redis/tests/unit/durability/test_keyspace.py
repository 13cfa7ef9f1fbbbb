"""A keyspace comes back, shows itself to other doors, and sees what they write."""

import os
import signal
import subprocess
import sys

import pytest

import dotdo
import dotdo_redis as redis
from dotdo_redis.durability import keyspaces

KILLS = int(os.environ.get("DOTDO_KILLS", "1"))
WRITER = """
import sys
import dotdo_redis as redis
client = redis.Redis()
print("up", flush=True)
number = 0
while True:
    number += 1
    with client.pipeline() as pipe:
        pipe.rpush("list", number).hset("hash", f"f{number % 300}", number).incr("count")
        pipe.execute()
    if number % 50 == 0:
        client.zadd("z", {f"m{number % 7}": number})
    print(number, flush=True)
"""

SPILLING = """
import sys
import dotdo_redis as redis
client = redis.Redis()
client.config_set("maxmemory", 1_500_000)
if not client.hlen("large"):
    client.hset("large", mapping={f"f{n}": 0 for n in range(1500)})
print("up", flush=True)
number = 0
while True:
    number += 1
    with client.pipeline() as pipe:
        pipe.rpush("list", number).hset("hash", f"f{number % 300}", number).incr("count")
        pipe.ltrim("list", -100, -1)
        pipe.hset("large", f"f{number % 1500}", number).hdel("large", f"f{(number + 7) % 1500}")
        pipe.set(f"s{number % 3000}", f"{number}:" + "x" * 3000)
        pipe.execute()
    client.get(f"s{number * 7 % 3000}")
    print(number, flush=True)
"""


def forget():
    """Lose all memory, as a kill does."""
    keyspaces.abandon_all()


def fill(client):
    client.set("s", b"\x00\xff")
    client.set("n", 7, ex=1000)
    client.hset("h", mapping={"a": 1, b"\xfe": b"\xff"})
    client.rpush("l", *range(1000))
    client.sadd("t", "x", "y")
    client.zadd("z", {"a": 1.5, "b": float("inf")})
    client.setbit("b", 7, 1)


def dumps(client):
    return {key: (client.dump(key), client.ttl(key) > 0) for key in sorted(client.keys())}


@pytest.mark.parametrize("flushes", [False, True])
def test_what_was_acknowledged_comes_back(tenant, flushes):
    client = redis.Redis()
    fill(client)
    if flushes:
        keyspaces.keyspace_of(tenant).flush()
        client.lpush("l", "later")
    before = dumps(client)
    forget()
    assert dumps(redis.Redis()) == before


def test_databases_come_back_apart(tenant):
    redis.Redis(db=3).set("k", "three")
    redis.Redis().set("k", "zero")
    keyspaces.keyspace_of(tenant).flush()
    forget()
    assert redis.Redis(db=3).get("k") == b"three"
    assert redis.Redis().get("k") == b"zero"


def test_a_flush_that_happened_before_the_file_was_cut_is_not_repeated(tenant):
    client = redis.Redis()
    client.rpush("l", 1)
    keyspace = keyspaces.keyspace_of(tenant)
    log = keyspace.log_path.read_bytes()
    keyspace.flush()
    keyspace.log_path.write_bytes(log)
    forget()
    assert redis.Redis().lrange("l", 0, -1) == [b"1"]


def test_other_doors_read_the_newest_values(tenant):
    client = redis.Redis()
    client.set("greeting", "hello")
    client.hset("h", mapping={"name": "Ada"})
    with dotdo.open(tenant) as graph:
        assert graph.things.get("redis_strings", "greeting")["value"] == "hello"
        client.set("greeting", "bye")
        assert graph.things.get("redis_strings", "greeting")["value"] == "bye"
        assert graph.things.get("redis_hashes", "h")["value"] == {"name": "Ada"}


def test_what_other_doors_write_is_read_and_breaks_a_watch(tenant):
    client = redis.Redis()
    client.set("k", "old")
    client.rpush("l", 1)
    with dotdo.open(tenant) as graph, client.pipeline() as pipe:
        pipe.watch("k")
        graph.things.update(graph.things.get("redis_strings", "k"), value="new")
        pipe.multi()
        pipe.set("k", "mine")
        with pytest.raises(redis.WatchError):
            pipe.execute()
        assert client.get("k") == b"new"
        graph.things.delete(graph.things.get("redis_lists", "l"))
        assert client.exists("l") == 0
        graph.things.create("redis_hashes", "made", value={"a": "b"})
        assert client.hgetall("made") == {b"a": b"b"}


def test_branches_and_the_past_hold_the_keys(tenant):
    client = redis.Redis()
    client.set("k", "first")
    with dotdo.open(tenant) as graph:
        moment = f"v{graph.version}"
        branch = graph.branch("trial")
        client.set("k", "second")
        assert branch.things.get("redis_strings", "k")["value"] == "first"
        assert graph.at(moment).things.get("redis_strings", "k")["value"] == "first"
        assert graph.things.get("redis_strings", "k")["value"] == "second"


def test_a_client_of_the_past_reads_it_and_cannot_write(tenant, monkeypatch):
    client = redis.Redis()
    client.set("k", "first")
    client.hset("h", "f", "v")
    with dotdo.open(tenant) as graph:
        assert graph.things.count("redis_strings") == 1
        moment = graph.version
    client.set("k", "second")
    client.hset("h", "f", "w")
    keyspaces.keyspace_of(tenant).flush()
    monkeypatch.setenv("DOTDO_NS", f"{tenant}@v{moment}")
    past = redis.Redis()
    assert past.get("k") == b"first"
    assert past.hgetall("h") == {b"f": b"v"}
    with pytest.raises(redis.ReadOnlyError):
        past.set("k", "third")


def test_a_client_of_a_branch_writes_to_the_branch(tenant, monkeypatch):
    client = redis.Redis()
    client.set("k", "main")
    with dotdo.open(tenant) as graph:
        graph.branch("trial")
    monkeypatch.setenv("DOTDO_NS", f"{tenant}@trial")
    branch = redis.Redis()
    assert branch.get("k") == b"main"
    branch.set("k", "trial")
    assert client.get("k") == b"main"


@pytest.mark.parametrize("writer", [WRITER, SPILLING], ids=["plain", "spilling"])
@pytest.mark.parametrize("durability", ["process", "everysec", "always"])
def test_a_kill_loses_nothing_acknowledged(tenant, durability, writer, monkeypatch):
    monkeypatch.setenv("DOTDO_DURABILITY", durability)
    for _ in range(KILLS):
        before = int(redis.Redis().get("count") or 0)
        keyspaces.close_all()
        process = subprocess.Popen([sys.executable, "-c", writer], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"up\n"
        for _ in range(120 if writer is WRITER else 300):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.stdout.close()
        process.wait()
        acknowledged = int(rest[-1]) if rest else acknowledged
        client = redis.Redis()
        count = int(client.get("count"))
        assert count - before in {acknowledged, acknowledged + 1}
        assert client.llen("list") == (count if writer is WRITER else min(count, 100))
        last = count - before
        assert int(client.lindex("list", -1)) == last
        if writer is SPILLING:
            assert client.hget("large", f"f{last % 1500}") == b"%d" % last
            assert not client.hexists("large", f"f{(last + 7) % 1500}")
            for number in range(last, 0, -100):
                assert client.get(f"s{number % 3000}") == b"%d:" % number + b"x" * 3000


@pytest.mark.parametrize("durability", ["everysec", "always"])
def test_the_append_file_is_cut_when_the_rows_are_on_the_disk(tenant, durability, monkeypatch):
    monkeypatch.setenv("DOTDO_DURABILITY", durability)
    client = redis.Redis()
    client.set("k", "v")
    keyspace = keyspaces.keyspace_of(tenant)
    lengths, real = [], os.fdatasync

    def fdatasync(descriptor):
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith("-wal"):
            lengths.append(keyspace.log_path.stat().st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    keyspace.flush()
    assert lengths
    assert lengths[-1] > 0
    assert keyspace.log_path.stat().st_size == 0


def test_a_write_that_cannot_be_kept_is_an_error_and_the_next_one_waits_for_the_rows(
    tenant, monkeypatch
):
    client = redis.Redis()
    client.set("k", 1)
    real = os.write
    full = {"log": True}

    def write(descriptor, data):
        if full["log"] and os.readlink(f"/proc/self/fd/{descriptor}").endswith(".redis-log"):
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(redis.ResponseError, match="MISCONF Errors writing to the AOF file"):
        client.set("k", 2)
    full["log"] = False
    assert client.get("k") == b"2"
    client.set("k", 3)
    forget()
    assert redis.Redis().get("k") == b"3"


FAMILIES = [
    'JSON.SET j $ {"a":[1,2.5,"x"]}',
    "BF.RESERVE bf 0.01 5",
    "BF.MADD bf a b c d e f",
    "CF.INSERT cf ITEMS a b a",
    "CMS.INITBYDIM cms 10 2",
    "CMS.INCRBY cms a 5",
    "TOPK.RESERVE tk 2 3 2 0.9",
    "TOPK.ADD tk a b c d a b",
    "TDIGEST.CREATE td",
    "TDIGEST.ADD td 1 2 3",
    "TS.CREATE ts LABELS a b",
    "TS.CREATE ts2",
    "TS.CREATERULE ts ts2 AGGREGATION avg 10",
    "TS.MADD ts 1 2 ts 15 3",
    "VADD vs VALUES 2 1 0 x",
    "FT.SUGADD sg hello 1",
    "FT.CREATE idx ON JSON SCHEMA $.a[2] AS a TEXT",
    "FT.SYNUPDATE idx g x y",
    "FT.ALIASADD al idx",
    "FT.DICTADD dict one two",
    "TS.ADD ts 25 4",
]


@pytest.mark.parametrize("flushed_after", [0, 17, len(FAMILIES)])
def test_values_and_indexes_of_the_newer_families_come_back(tenant, flushed_after):
    client = redis.Redis()
    for number, call in enumerate(FAMILIES):
        if number == flushed_after and number:
            keyspaces.keyspace_of(tenant).flush()
        client.execute_command(*call.split())
    if flushed_after == len(FAMILIES):
        keyspaces.keyspace_of(tenant).flush()
    before = dumps(client)
    forget()
    client = redis.Redis()
    assert dumps(client) == before
    assert client.ft("al").search("y").total == 1
    assert sorted(client.ft().dict_dump("dict")) == [b"one", b"two"]
    assert list(client.ts().get("ts2")) == [10, 3.0]


def test_appendfsync_shows_the_level_and_chooses_among_those_that_keep_a_file(tenant):
    client = redis.Redis()
    client.set("k", 1)
    assert client.config_get("appendfsync") == {"appendfsync": "no"}
    for policy, level in (("always", "always"), ("everysec", "everysec"), ("no", "process")):
        client.config_set("appendfsync", policy)
        client.incr("k")
        keyspace = keyspaces.keyspace_of(tenant)
        assert keyspace.durability == level
        assert client.config_get("appendfsync") == {"appendfsync": policy}
    forget()
    assert redis.Redis().get("k") == b"4"


def test_appendfsync_cannot_be_changed_where_no_file_is_kept(tenant, monkeypatch):
    monkeypatch.setenv("DOTDO_DURABILITY", "memory")
    client = redis.Redis()
    with pytest.raises(redis.ResponseError, match="can't set immutable config"):
        client.config_set("appendfsync", "always")


def test_appendonly_shows_whether_a_file_is_kept_and_begins_and_ends_it(tenant, monkeypatch):
    monkeypatch.setenv("DOTDO_DURABILITY", "memory")
    client = redis.Redis()
    client.set("k", "memory")
    assert client.config_get("appendonly") == {"appendonly": "no"}
    client.config_set("appendonly", "yes")
    keyspace = keyspaces.keyspace_of(tenant)
    assert keyspace.durability == "process"
    client.set("l", "kept")
    client.config_set("appendfsync", "always")
    forget()
    monkeypatch.setenv("DOTDO_DURABILITY", "process")
    client = redis.Redis()
    assert client.mget("k", "l") == [b"memory", b"kept"]
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert client.info("persistence")["aof_enabled"] == 1
    assert client.waitaof(1, 0, 0) == [1, 0]
    client.config_set("appendonly", "no")
    client.set("l", "lost")
    assert client.waitaof(0, 0, 0) == [0, 0]
    forget()
    assert redis.Redis().get("l") == b"kept"


def test_lists_lie_compressed_in_their_rows_when_they_are_to_be(tenant):
    client = redis.Redis()
    sizes = []
    for depth in (0, 1):
        client.config_set("list-compress-depth", depth)
        client.rpush("l", *["the same words again"] * 300)
        keyspace = keyspaces.keyspace_of(tenant)
        keyspace.flush()
        found = keyspace._attach().session.read("select length(bson) from redis_lists")
        sizes.append(found[0][0])
    assert sizes[1] < sizes[0] / 2
    forget()
    assert redis.Redis().lrange("l", 0, -1) == [b"the same words again"] * 600
