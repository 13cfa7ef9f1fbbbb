"""The door for redis-py's tests of Redis 8's families in-process: that of its other tests, and INFO says 8.2."""

from redis_py_inproc import pytest_unconfigure

from dotdo_redis.engine.config import Config

Config.__init__.__defaults__ = ((8, 2, 0), 16)  # what the suite is written for

__all__ = ["pytest_unconfigure"]
