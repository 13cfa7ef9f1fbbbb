"""The surface is redis-py's, with our classes where redis-py has those of the same name."""

import redis

import dotdo_redis


def test_every_name_of_redis_py_is_there() -> None:
    assert set(redis.__all__) <= set(dir(dotdo_redis))
    assert set(redis.asyncio.__all__) <= set(dir(dotdo_redis.asyncio))


def test_clients_pools_and_connections_are_ours_and_redis_pys() -> None:
    for name in ("Redis", "ConnectionPool", "BlockingConnectionPool", "Connection"):
        for theirs, ours in ((redis, dotdo_redis), (redis.asyncio, dotdo_redis.asyncio)):
            mine = getattr(ours, name)
            assert mine is not getattr(theirs, name)
            assert issubclass(mine, getattr(theirs, name))


def test_errors_are_redis_pys() -> None:
    assert dotdo_redis.ResponseError is redis.ResponseError
