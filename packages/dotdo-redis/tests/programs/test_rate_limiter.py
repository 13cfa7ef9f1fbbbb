"""A rate limiter: a sliding window in a script, and a fixed one in a transaction."""

import pytest

import dotdo_redis as redis

SLIDING = """
local now = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


@pytest.fixture
def client(tenant) -> redis.Redis:
    return redis.Redis()


def test_a_sliding_window_lets_so_many_through(client) -> None:
    allow = client.register_script(SLIDING)
    calls = [allow(keys=["ann"], args=[1000 + at, 60_000, 3, at]) for at in range(5)]
    assert calls == [1, 1, 1, 0, 0]
    assert allow(keys=["ann"], args=[61_001, 60_000, 3, "later"]) == 1
    assert allow(keys=["bob"], args=[61_001, 60_000, 3, "first"]) == 1


def test_a_fixed_window_counts_and_expires(client) -> None:
    def allowed(limit: int) -> bool:
        with client.pipeline() as pipe:
            count, _ = pipe.incr("ann:12").expire("ann:12", 60, nx=True).execute()
        return bool(count <= limit)

    assert [allowed(2) for _ in range(3)] == [True, True, False]
    assert 0 < client.ttl("ann:12") <= 60
