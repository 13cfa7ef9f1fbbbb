"""Values beyond maxmemory lie in the rows alone, and nobody can tell."""

import random

import pytest

import dotdo_redis as redis
from dotdo_redis.durability import elements, keyspaces
from dotdo_redis.engine.cold import ColdKeys, is_cold

MEGABYTE = 1 << 20


def cold_count(tenant):
    keys = keyspaces.keyspace_of(tenant).engine.databases[0].keys
    assert isinstance(keys, ColdKeys)
    return sum(is_cold(value) for value in dict.values(keys))


def used_bytes(client):
    return client.info("memory")["used_memory"]


@pytest.mark.parametrize("durability", ["memory", "process", "always"])
def test_more_data_than_memory_is_all_readable(tenant, durability, monkeypatch):
    monkeypatch.setenv("DOTDO_DURABILITY", durability)
    client = redis.Redis()
    client.config_set("maxmemory", 3 * MEGABYTE)
    for number in range(6000):
        client.set(f"k{number}", f"{number}:" + "x" * 1000)
    assert used_bytes(client) < 1.2 * 3 * MEGABYTE
    assert cold_count(tenant) > 3000
    assert client.dbsize() == 6000
    for number in range(0, 6000, 7):
        assert client.get(f"k{number}").startswith(b"%d:" % number)
    assert used_bytes(client) < 1.2 * 3 * MEGABYTE
    assert client.info("stats")["evicted_keys"] == 0


def test_values_of_every_type_come_back_as_they_were(tenant):
    client = redis.Redis()
    for number in range(40):
        client.set(f"s{number}", number)
        client.hset(f"h{number}", mapping={f"f{n}": "v" * 50 for n in range(200)})
        client.hset(f"H{number}", mapping={"long": "v" * 100, "short": 1})
        client.rpush(f"l{number}", *range(300))
        client.sadd(f"t{number}", *range(100), "word")
        client.zadd(f"z{number}", {f"m{n}": n / 3 for n in range(200)})
        client.xadd(f"x{number}", {"a": 1}, id="1-1")
        client.setbit(f"b{number}", 7, 1)
        client.append(f"a{number}", "1")
        client.json().set(f"j{number}", "$", [number])
        client.expire(f"h{number}", 1000)
    keys = sorted(client.keys())

    def seen():
        return {
            key: (
                client.type(key),
                client.object("encoding", key),
                client.memory_usage(key),
                client.dump(key),
                client.ttl(key) > 0,
            )
            for key in keys
        }

    before = seen()
    client.config_set("maxmemory", used_bytes(client) - 2 * MEGABYTE)
    assert cold_count(tenant) > 20
    assert seen() == before
    assert client.debug_object("l1")["encoding"] == "listpack"


def test_names_alone_beyond_maxmemory_are_refused_as_by_a_server(tenant):
    client = redis.Redis()
    client.config_set("maxmemory", MEGABYTE)

    def write():
        for number in range(20_000):
            client.set(f"k{number}", "x" * 10)

    with pytest.raises(redis.OutOfMemoryError):
        write()
    assert client.get("k0") == b"x" * 10


def test_a_policy_evicts_and_spills_nothing(tenant):
    client = redis.Redis()
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("maxmemory", 2 * MEGABYTE)
    for number in range(3000):
        client.set(f"k{number}", "x" * 1000)
    assert client.dbsize() < 2500
    assert client.info("stats")["evicted_keys"] > 500


def test_what_is_used_stays_in_memory(tenant):
    client = redis.Redis()
    for number in range(2000):
        client.set(f"k{number}", "x" * 1000)
    keyspace = keyspaces.keyspace_of(tenant)
    database = keyspace.engine.databases[0]
    for number in range(0, 2000, 2):
        database.accessed[b"k%d" % number] += 100
    client.config_set("maxmemory", used_bytes(client) - MEGABYTE // 2)
    warm = [key for key, value in database.keys.types() if not is_cold(value)]
    assert sum(int(key[1:]) % 2 == 0 for key in warm) > 0.55 * len(warm)


def act(client, dice, *, shows_encodings):
    """One random command on few keys; its reply."""
    key, other = f"k{dice.randrange(30)}", f"k{dice.randrange(30)}"
    word = "x" * dice.choice([1, 10, 300])
    calls = [
        lambda: client.set(key, word),
        lambda: client.append(key, word),
        lambda: client.delete(key),
        lambda: client.rename(key, other),
        lambda: client.copy(key, other, replace=True),
        lambda: client.hset(key, f"f{dice.randrange(9)}", word),
        lambda: client.hdel(key, f"f{dice.randrange(9)}"),
        lambda: client.rpush(key, word),
        lambda: client.lpop(key),
        lambda: client.sadd(key, f"m{dice.randrange(9)}"),
        lambda: client.zincrby(key, 1, f"m{dice.randrange(9)}"),
        lambda: client.getrange(key, 0, 3),
        lambda: client.type(key),
        lambda: client.exists(key, other),
        lambda: client.move(key, 1),
        lambda: sorted(client.keys("*")),
        lambda: client.object("encoding", key) if shows_encodings else None,
        lambda: client.expire(key, 1000),
        lambda: client.persist(key),
        lambda: client.sort(key, alpha=True),
        lambda: client.swapdb(0, 1) if not dice.randrange(10) else None,
    ]
    try:
        return dice.choice(calls)()
    except redis.ResponseError as error:
        return str(error)


@pytest.mark.parametrize("has_rows", [False, True])
@pytest.mark.parametrize("reopens", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_random_commands_answer_alike_with_and_without_values_in_memory(
    tenant, seed, reopens, has_rows, monkeypatch
):
    if has_rows:
        monkeypatch.setattr(elements, "MANY", 4)
        monkeypatch.setattr(elements, "STILL_MANY", 2)
    client = redis.Redis()
    client.ping()
    monkeypatch.setenv("DOTDO_NS", f"{tenant}plain")
    plain = redis.Redis()
    plain.ping()
    ours, theirs, when = random.Random(seed), random.Random(seed), random.Random(seed)
    keyspace = keyspaces.keyspace_of(tenant)
    client.set("first", 1)
    plain.set("first", 1)
    for _ in range(1500):
        reply = act(client, ours, shows_encodings=not reopens)
        assert reply == act(plain, theirs, shows_encodings=not reopens)
        if has_rows and not when.randrange(30):
            keyspace.flush()
        if not when.randrange(20):
            with keyspace.engine.lock:
                for database in keyspace.engine.databases[:2]:
                    keyspace.engine.spill(database, list(database.keys))
        if reopens and not when.randrange(150):
            keyspace.flush()
            monkeypatch.setenv("DOTDO_NS", tenant)
            keyspaces.keyspace_of(tenant).close()
            keyspaces._keyspaces.pop(keyspace.path)
            client = redis.Redis()
            keyspace = keyspaces.keyspace_of(tenant)
            client.ping()
