"""OBJECT: encodings by size and content, idle times."""

import pytest


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        (("SET", "k", "123"), b"int"),
        (("SET", "k", "0123"), b"embstr"),
        (("SET", "k", "x" * 44), b"embstr"),
        (("SET", "k", "x" * 45), b"raw"),
        (("APPEND", "k", "1"), b"int"),
        (("HSET", "k", "f", "x" * 64), b"listpack"),
        (("HSET", "k", "f", "x" * 65), b"hashtable"),
        (("RPUSH", "k", "a"), b"quicklist"),
        (("SADD", "k", "1", "2"), b"intset"),
        (("SADD", "k", "1", "a"), b"hashtable"),
        (("ZADD", "k", "1", "a"), b"listpack"),
        (("ZADD", "k", "1", "x" * 65), b"skiplist"),
    ],
)
def test_a_value_has_the_encoding_redis_gives_it(rig, words, encoding):
    rig(*words)
    assert rig("OBJECT", "ENCODING", "k") == encoding


@pytest.mark.parametrize(
    ("calls", "encoding"),
    [
        ("SET k 5|INCRBYFLOAT k 2", b"embstr"),
        ("INCRBYFLOAT k 7|RENAME k j|COPY j k", b"embstr"),
        ("INCRBYFLOAT k 7|MOVE k 1|SELECT 1", b"embstr"),
        ("INCRBYFLOAT k 7|INCR k|DECR k", b"int"),
        ("INCRBYFLOAT k 7|SET k 7", b"int"),
        ("INCRBYFLOAT k 7|DEL k|SET k 7", b"int"),
        ("INCRBYFLOAT k 7|APPEND k 1", b"raw"),
    ],
)
def test_the_sum_of_incrbyfloat_is_a_text_until_it_is_set_anew(rig, calls, encoding):
    for call in calls.split("|"):
        rig(*call.split())
    assert rig("OBJECT", "ENCODING", "k") == encoding


def test_newer_releases_pack_small_sets_and_lists(newest):
    newest("SADD", "s", "1", "a")
    newest("RPUSH", "l", "a")
    assert newest("OBJECT", "ENCODING", "s") == b"listpack"
    assert newest("OBJECT", "ENCODING", "l") == b"listpack"


def test_looking_at_a_key_does_not_end_its_idleness_but_using_it_does(rig):
    rig("SET", "k", "v")
    rig.pass_ms(5000)
    for words in (
        *(("TYPE", "k"), ("TTL", "k"), ("EXISTS", "k")),
        *(("WATCH", "k"), ("RANDOMKEY",), ("MEMORY", "USAGE", "k")),
    ):
        rig(*words)
    assert rig("OBJECT", "IDLETIME", "k") == 5
    rig("TOUCH", "k")
    assert rig("OBJECT", "IDLETIME", "k") == 0


def test_small_numbers_are_shared_unless_the_policy_looks_at_each_key(rig):
    rig("SET", "n", 5)
    rig("SET", "big", 10_000)
    assert rig("OBJECT", "REFCOUNT", "n") == 2**31 - 1
    assert rig("OBJECT", "REFCOUNT", "big") == 1
    rig("CONFIG", "SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru")
    assert rig("OBJECT", "REFCOUNT", "n") == 1


def test_info_counts_keys_that_were_read_as_redis_does(rig):
    rig("CONFIG", "RESETSTAT")
    for call in ("SET a 5", "GET a", "GET b", "MGET a b a", "INCR c", "HGET no f", "EXISTS a"):
        rig(*call.split())
    rig("TTL", "no")
    shown = rig("INFO", "stats")
    assert b"keyspace_hits:4\r\nkeyspace_misses:4\r\n" in shown
    rig("CONFIG", "RESETSTAT")
    assert b"keyspace_hits:0\r\nkeyspace_misses:0\r\n" in rig("INFO", "stats")


def test_looking_at_a_key_that_nobody_has_used_since_it_was_loaded_does_not_use_it(rig):
    rig.engine.databases[0].keys[b"k"] = b"v"
    rig.pass_ms(5000)
    rig("TYPE", "k")
    assert rig("OBJECT", "IDLETIME", "k") == 5
