"""`dotdo_redis.asyncio`: all of redis.asyncio, its clients, connections and pools ours; it refuses behaviour of its own."""

# ruff: noqa: F401 - the names of redis-py's own list
from redis.asyncio import *  # noqa: F403 - the surface is redis-py's
from redis.asyncio import __all__ as _upstream

from dotdo_redis.client.async_connection import (  # type: ignore[assignment]  # they derive from those of the same name
    BlockingConnectionPool,
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from dotdo_redis.client.async_redis import (
    Redis,
    StrictRedis,
)

from_url = Redis.from_url

__all__ = list(_upstream)
