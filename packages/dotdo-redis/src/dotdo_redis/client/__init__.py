"""redis-py's classes over the engine of this process's tenant; it refuses behaviour of its own."""

from redis.client import Monitor, PubSub

from dotdo_redis.client import asyncio
from dotdo_redis.client.connection import (
    BlockingConnectionPool,
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from dotdo_redis.client.redis import Pipeline, Redis, StrictRedis

__all__ = [
    "BlockingConnectionPool",
    "Connection",
    "ConnectionPool",
    "Monitor",
    "Pipeline",
    "PubSub",
    "Redis",
    "SSLConnection",
    "StrictRedis",
    "UnixDomainSocketConnection",
    "asyncio",
    "from_url",
]


def from_url(url: str, **kwargs: object) -> Redis:
    """Make a client as a URL says."""
    return Redis.from_url(url, **kwargs)
