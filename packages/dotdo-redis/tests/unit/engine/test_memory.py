"""What is evicted beyond maxmemory: keys drawn at random, the best of them first."""

import pytest


def filled(rig, count):
    for number in range(count):
        rig("SET", f"k{number}", "x" * 1000)


def shrink(rig, policy, kept):
    used = int(rig("INFO", "memory").split(b"used_memory:")[1].split(b"\r\n")[0])
    startup = rig.engine.instance.startup_bytes
    limit = startup + (used - startup) * kept // 100
    rig("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", limit)


def test_lru_keeps_what_was_used_of_late_wherever_it_stands(rig):
    filled(rig, 1000)
    rig.pass_ms(60_000)
    for number in range(0, 1000, 2):
        rig("GET", f"k{number}")
    shrink(rig, "allkeys-lru", 50)
    left = {int(key[1:]) for key in rig("KEYS", "*")}
    assert len(left) < 600
    assert sum(number % 2 == 0 for number in left) > 0.8 * len(left)


def test_random_eviction_does_not_follow_the_order_of_insertion(rig):
    filled(rig, 1000)
    shrink(rig, "allkeys-random", 50)
    left = [int(key[1:]) for key in rig("KEYS", "*")]
    assert 0.25 < sum(number < 500 for number in left) / len(left) < 0.75


@pytest.mark.parametrize(
    "policy", ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]
)
def test_only_keys_that_expire_are_evicted_by_a_volatile_policy(rig, policy):
    filled(rig, 400)
    for number in range(200):
        rig("EXPIRE", f"k{number}", 1000)
    shrink(rig, policy, 80)
    left = {int(key[1:]) for key in rig("KEYS", "*")}
    assert left >= set(range(200, 400))
    assert len(left) < 400


def test_the_soonest_deadlines_go_first(rig):
    filled(rig, 200)
    for number in range(200):
        rig("EXPIRE", f"k{number}", 1000 + number)
    rig("CONFIG", "SET", "maxmemory-samples", 64)
    shrink(rig, "volatile-ttl", 50)
    left = sorted(int(key[1:]) for key in rig("KEYS", "*"))
    assert sum(number >= 100 for number in left) > 0.9 * len(left)
