"""redis-py's client over the engine: data commands take a short cut past pool and callbacks' machinery; it refuses its own behaviour."""

from typing import Any

import redis.client as upstream

from dotdo_redis.client.connection import IN_PROCESS, ConnectionPool
from dotdo_redis.client.hot_calls import HotCalls
from dotdo_redis.client.pipeline import Pipeline
from dotdo_redis.client.short_cut import DECLINED


class Redis(HotCalls, upstream.Redis):
    """redis.Redis on the tenant of this process; host, port and credentials of a production URL are accepted."""

    def __init__(self, *args: Any, single_connection_client: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pool = self.connection_pool
        if not kwargs.get("connection_pool"):
            pool.connection_class = IN_PROCESS.get(pool.connection_class, pool.connection_class)
        self._single_connection_client = single_connection_client
        if single_connection_client:
            self.connection = pool.get_connection()
        self._prepare()

    @classmethod
    def from_url(cls, url: str, **kwargs: Any) -> "Redis":
        """Make a client as a URL says."""
        single_connection_client = kwargs.pop("single_connection_client", False)
        pool = ConnectionPool.from_url(url, **kwargs)
        client = cls(connection_pool=pool, single_connection_client=single_connection_client)
        client.auto_close_connection_pool = True
        return client

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run a command."""
        reply = self._attempt(args, options)
        return self._execute_command(*args, **options) if reply is DECLINED else reply

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> "Pipeline":
        """Make a pipeline."""
        return Pipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint, like=self
        )

    def client(self) -> "Redis":
        """Make a client that keeps one connection."""
        return self.__class__(connection_pool=self.connection_pool, single_connection_client=True)


Redis.__init__.__wrapped__ = upstream.Redis.__init__  # type: ignore[attr-defined]  # for its signature
StrictRedis = Redis

__all__ = ["Pipeline", "Redis", "StrictRedis"]
