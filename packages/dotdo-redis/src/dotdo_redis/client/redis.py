"""redis-py's client over the engine: data commands take a short cut past pool and callbacks' machinery; it refuses its own behaviour."""

from typing import Any

import redis.client as upstream
from redis.client import EMPTY_RESPONSE, NEVER_DECODE

from dotdo_redis.client.connection import IN_PROCESS, ConnectionPool, _InProcess
from dotdo_redis.client.shapes import Shape, error_of
from dotdo_redis.engine.registry import build
from dotdo_redis.errors import ReplyError

_SLOW_FLAGS = {"blocking", "pubsub", "noscript", "admin", "no_multi", "movablekeys_connection"}
_SLOW_NAMES = {"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "SELECT", "EVAL", "EVALSHA", "FCALL"}


def _short_cuts() -> frozenset[str]:
    """The commands that neither wait nor change their connection."""
    return frozenset(
        name
        for name, command in ((key.decode(), command) for key, command in build().items())
        if not command.facts.flags & _SLOW_FLAGS
        and name not in _SLOW_NAMES
        and not command.subcommands
        and "@connection" not in command.facts.categories
    )


SHORT_CUTS = _short_cuts()


class Redis(upstream.Redis):
    """redis.Redis on the tenant of this process; host, port and credentials of a production URL are accepted."""

    def __init__(self, *args: Any, single_connection_client: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pool = self.connection_pool
        if not kwargs.get("connection_pool"):
            pool.connection_class = IN_PROCESS.get(pool.connection_class, pool.connection_class)
        self._single_connection_client = single_connection_client
        if single_connection_client:
            self.connection = pool.get_connection()
        is_ours = isinstance(pool.connection_class, type) and issubclass(
            pool.connection_class, _InProcess
        )
        self._free: list[Any] | None = None
        self._is_direct = is_ours and not single_connection_client and pool.cache is None
        self._encode = self.get_encoder().encode
        decode = self.get_encoder().decode
        self._shapes = {resp: Shape(decode, is_resp3=resp == 3) for resp in (2, 3)}

    @classmethod
    def from_url(cls, url: str, **kwargs: Any) -> "Redis":
        """Make a client as a URL says."""
        single_connection_client = kwargs.pop("single_connection_client", False)
        pool = ConnectionPool.from_url(url, **kwargs)
        client = cls(connection_pool=pool, single_connection_client=single_connection_client)
        client.auto_close_connection_pool = True
        return client

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run a command; those in SHORT_CUTS without the pool's machinery."""
        name = args[0]
        if name not in SHORT_CUTS or not self._is_direct or self.connection is not None:
            return self._execute_command(*args, **options)
        try:
            connection = self.connection_pool._available_connections.pop()
        except (IndexError, AttributeError):
            return self._execute_command(*args, **options)
        line = connection._sock
        try:
            if line is None or line.inbox or line.is_closing or line.pending is not None:
                line = None
            else:
                encode = self._encode
                words = [name.encode()]
                for argument in args[1:]:
                    word = argument if argument.__class__ is bytes else encode(argument)
                    words.append(word if word.__class__ is bytes else bytes(word))
                reply = line.engine.execute(line.client, words)
        finally:
            self.connection_pool._available_connections.append(connection)
        if line is None:
            return self._execute_command(*args, **options)
        return self._respond(name, reply, line.client.resp, options)

    def _respond(self, name: str, reply: Any, resp: int, options: dict[str, Any]) -> Any:
        """Do what `parse_response` does with a reply already there."""
        if options:
            options.pop("keys", None)
            if EMPTY_RESPONSE in options and isinstance(reply, ReplyError):
                return options[EMPTY_RESPONSE]
            options.pop(EMPTY_RESPONSE, None)
        if isinstance(reply, ReplyError):
            raise error_of(reply)
        shape = self._shapes[resp]
        if options and options.pop(NEVER_DECODE, False):
            shape = Shape(bytes, is_resp3=shape.is_resp3)
        shaped = shape(reply)
        callback = dict.get(self.response_callbacks, name)
        return shaped if callback is None else callback(shaped, **options)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> "Pipeline":  # noqa: FBT001, FBT002
        """Make a pipeline."""
        return Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    def client(self) -> "Redis":
        """Make a client that keeps one connection."""
        return self.__class__(connection_pool=self.connection_pool, single_connection_client=True)


StrictRedis = Redis


class Pipeline(upstream.Pipeline):
    """redis.client.Pipeline; its connections are the pool's."""


__all__ = ["Pipeline", "Redis", "StrictRedis"]
