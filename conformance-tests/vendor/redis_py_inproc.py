"""The door for redis-py's suite in-process: its client, connection and pool classes are ours before a test imports them."""

import os
import tempfile
from contextlib import ExitStack
from types import ModuleType

import pytest
import redis
import redis.asyncio
import redis.asyncio.client
import redis.asyncio.connection
import redis.asyncio.utils
import redis.client
import redis.connection
import redis.utils

_stack = ExitStack()
os.environ["DOTDO_HOME"] = _stack.enter_context(tempfile.TemporaryDirectory())

from dotdo_redis.client import (  # noqa: E402 - the home is chosen before
    async_connection,
    async_redis,
    connection,
)
from dotdo_redis.client import redis as client  # noqa: E402

NAMES = (
    "Redis",
    "StrictRedis",
    "Connection",
    "SSLConnection",
    "UnixDomainSocketConnection",
    "ConnectionPool",
    "BlockingConnectionPool",
)
PLACES = (
    (redis, redis.client, redis.connection, redis.utils),
    (redis.asyncio, redis.asyncio.client, redis.asyncio.connection, redis.asyncio.utils),
)
OURS = ((client, connection), (async_redis, async_connection))


def replace(places: tuple[ModuleType, ...], ours: tuple[ModuleType, ...]) -> None:
    """Put our class wherever redis-py's of the same name stands."""
    for name in NAMES:
        found = [getattr(module, name) for module in ours if hasattr(module, name)]
        for place in places:
            if hasattr(place, name):
                setattr(place, name, found[0])


for theirs, mine in zip(PLACES, OURS, strict=True):
    replace(theirs, mine)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Drop the home."""
    _stack.close()
