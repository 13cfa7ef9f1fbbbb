"""Redis on a dotdo tenant: `import dotdo_redis as redis`; it re-exports all of redis-py and holds nothing of its own."""

# ruff: noqa: F401 - the names of redis-py's own list
from redis import *  # noqa: F403 - the surface is redis-py's
from redis import __all__ as _upstream
from redis import exceptions

from dotdo_redis.client import (  # type: ignore[assignment]  # ours derive from those of the same name
    BlockingConnectionPool,
    Connection,
    ConnectionPool,
    Redis,
    SSLConnection,
    StrictRedis,
    UnixDomainSocketConnection,
    asyncio,
    from_url,
)

__version__ = "0.1.0"

__all__ = [*_upstream, "asyncio", "exceptions"]  # noqa: PLE0604 -- names of the list that is taken over
