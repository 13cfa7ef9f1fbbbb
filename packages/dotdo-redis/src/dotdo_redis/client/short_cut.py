"""The short cut of data commands past redis-py's pool and metrics; it refuses what waits or changes its connection."""

from typing import Any

from redis.client import EMPTY_RESPONSE, NEVER_DECODE

from dotdo_redis.client.connection import InProcess
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
DECLINED = object()
"""The short cut cannot be taken."""


class ShortCut:
    """What both clients do with a command that needs neither a wait nor a connection of its own."""

    connection: Any
    connection_pool: Any
    response_callbacks: Any

    def _prepare(self) -> None:
        pool = self.connection_pool
        kind = pool.connection_class
        is_ours = isinstance(kind, type) and issubclass(kind, InProcess)
        self._is_direct = is_ours and getattr(pool, "cache", None) is None
        encoder = pool.get_encoder()
        self._encode = encoder.encode
        self._shapes = {resp: Shape(encoder.decode, is_resp3=resp == 3) for resp in (2, 3)}

    def _attempt(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Run a command at once on an idle connection, or give DECLINED."""
        name = args[0]
        if name not in SHORT_CUTS or not self._is_direct or self.connection is not None:
            return DECLINED
        try:
            free = self.connection_pool._available_connections  # noqa: SLF001 - no public way past the lock
            connection = free.pop()
        except (IndexError, AttributeError):
            return DECLINED
        try:
            line = connection.line
            if line is None or line.inbox or line.is_closing or line.pending is not None:
                return DECLINED
            encode = self._encode
            words = [name.encode()]
            for argument in args[1:]:
                word = argument if argument.__class__ is bytes else encode(argument)
                words.append(word if word.__class__ is bytes else bytes(word))
            reply = line.engine.execute(line.client, words)
        finally:
            free.append(connection)
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
