"""What other doors may not write as a key is refused where it is written, and the keys go on."""

import pytest

import dotdo
import dotdo_redis as redis
from dotdo.errors import CheckViolation

BAD = [
    ("redis_strings", None), ("redis_strings", [1]), ("redis_lists", {"a": 1}), ("redis_lists", []), ("redis_lists", "x"), ("redis_sets", [None]),
    ("redis_hashes", ["a"]), ("redis_hashes", {}), ("redis_hashes", {"a": []}), ("redis_sorted_sets", {"a": "x"}),
    ("redis_streams", [{"id": "5-0", "fields": {"a": "b"}}, {"id": "4-0", "fields": {"a": "b"}}]), ("redis_streams", ["x"]),
]  # fmt: skip
GOOD = [
    ("redis_strings", 5, b"string"), ("redis_strings", b"\xff", b"string"), ("redis_lists", ["a", 1], b"list"), ("redis_sets", ["a"], b"set"),
    ("redis_hashes", {"a": "b"}, b"hash"), ("redis_sorted_sets", {"a": 1.5}, b"zset"),
    ("redis_streams", [{"id": "5-0", "fields": {"a": "b"}}], b"stream"),
]  # fmt: skip


@pytest.mark.parametrize(("noun", "value"), BAD)
def test_what_no_key_can_hold_is_refused(tenant, noun, value):
    client = redis.Redis()
    client.set("k", "v")
    with dotdo.open(tenant) as graph, pytest.raises(CheckViolation):
        graph.things.create(noun, "new", value=value)
    assert client.keys() == [b"k"]


@pytest.mark.parametrize(("noun", "value", "kind"), GOOD)
def test_what_a_key_can_hold_is_one(tenant, noun, value, kind):
    client = redis.Redis()
    client.set("k", "v")
    with dotdo.open(tenant) as graph:
        graph.things.create(noun, "new", value=value)
    assert client.type("new") == kind
