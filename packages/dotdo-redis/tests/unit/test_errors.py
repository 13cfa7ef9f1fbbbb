"""The error tree of Redis."""

import dotdo_redis


def test_the_root_class_is_on_the_surface() -> None:
    assert issubclass(dotdo_redis.RedisError, Exception)
