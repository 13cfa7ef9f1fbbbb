"""redis-py's asyncio client over the engine; it refuses its own behaviour."""

import warnings
from typing import Any

import redis.asyncio.client as upstream

from dotdo_redis.client.async_connection import IN_PROCESS, ConnectionPool
from dotdo_redis.client.plain_calls import PlainCalls
from dotdo_redis.client.short_cut import DECLINED

CLOSES_POOL = DeprecationWarning(
    "auto_close_connection_pool is deprecated since 5.0.1: give Redis() a ConnectionPool of its own"
)


class Redis(PlainCalls, upstream.Redis):  # type: ignore[misc]  # redis-py's overloads differ
    """redis.asyncio.Redis on the tenant of this process; host, port and credentials of a production URL are accepted."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pool = self.connection_pool
        if not kwargs.get("connection_pool"):
            pool.connection_class = IN_PROCESS.get(pool.connection_class, pool.connection_class)
        self._prepare()

    @classmethod
    def from_url(
        cls,
        url: str,
        single_connection_client: bool = False,
        auto_close_connection_pool: bool | None = None,
        **kwargs: Any,
    ) -> "Redis":
        """Make a client as a URL says."""
        if auto_close_connection_pool is not None:
            warnings.warn(CLOSES_POOL, stacklevel=2)
        pool = ConnectionPool.from_url(url, **kwargs)
        client = cls(connection_pool=pool, single_connection_client=single_connection_client)
        client.auto_close_connection_pool = auto_close_connection_pool is not False
        return client

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run a command."""
        if not self.single_connection_client:
            reply = self._attempt(args, options)
            if reply is not DECLINED:
                return reply
        return await super().execute_command(*args, **options)


Redis.__init__.__wrapped__ = upstream.Redis.__init__  # type: ignore[attr-defined]  # for its signature
StrictRedis = Redis
