"""The short cut of data commands past redis-py's pool and metrics; it refuses what waits or changes its connection."""

from collections.abc import Callable
from typing import Any

from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.utils import DEFAULT_RESP_VERSION

from dotdo_redis.client.connection import InProcess
from dotdo_redis.client.shapes import Shape, decoder_of, error_of, is_utf8, plain
from dotdo_redis.engine.registry import build
from dotdo_redis.errors import ReplyError

SHORT_CUTS = {
    name.decode(): name
    for name, command in build().items()
    if command.is_plain
    and not command.subcommands
    and "@connection" not in command.facts.categories
    and "@scripting" not in command.facts.categories
}
"""The commands that neither wait nor change their connection."""


class Words(dict[type, Callable[[Any], bytes]]):
    """What encodes an argument of a class, as an encoder of redis-py does."""

    def __init__(self, encoder: Any) -> None:
        super().__init__({bytes: bytes, int: b"%d".__mod__})
        if is_utf8(encoder):
            self[str] = str.encode
        self._encode = encoder.encode

    def __missing__(self, _kind: type) -> Callable[[Any], bytes]:
        return self._spell

    def _spell(self, value: Any) -> bytes:
        found = self._encode(value)
        return found if found.__class__ is bytes else bytes(found)


PREPARED = ("_is_direct", "_resp", "_words", "_answered", "_direct", "_bare", "_shape")
DECLINED = object()
"""The short cut cannot be taken."""


class ShortCut:
    """What both clients do with a command that needs neither a wait nor a connection of its own."""

    connection: Any
    connection_pool: Any
    response_callbacks: Any
    _is_direct: bool
    """The pool's connections are lines."""
    _resp: int
    _words: Words
    _shape: Shape
    _answered: set[str]
    """Commands whose replies the user's functions see."""
    _direct: set[type]
    """Classes of replies that redis-py gives as they are."""
    _bare: set[str]
    """Commands whose replies nobody shapes."""

    def _share(self, client: "ShortCut") -> None:
        """Be prepared as another client of the same pool and callbacks is."""
        for name in PREPARED:
            setattr(self, name, getattr(client, name))

    def set_response_callback(self, command: str, callback: Any) -> None:
        """Let a function see each reply of a command."""
        self._answered.add(command.upper())
        self._bare.discard(command.upper())
        super().set_response_callback(command, callback)  # type: ignore[misc]  # redis-py's

    def _word(self, value: Any) -> bytes:
        encode = self._words[value.__class__]
        return encode(value)

    def _prepare(self) -> None:
        pool = self.connection_pool
        kind = pool.connection_class
        is_ours = isinstance(kind, type) and issubclass(kind, InProcess)
        self._is_direct = is_ours and getattr(pool, "cache", None) is None
        self._answered = set()
        protocol = pool.get_protocol()
        self._resp = DEFAULT_RESP_VERSION if protocol is None else int(protocol)
        encoder = pool.get_encoder()
        self._words = Words(encoder)
        self._direct = {int, type(None)}
        if not encoder.decode_responses:
            self._direct.add(bytes)
        if self._resp == 3:
            self._direct.add(float)
        self._bare = SHORT_CUTS.keys() - {name.upper() for name in self.response_callbacks}
        self._shape = Shape(decoder_of(encoder), is_resp3=self._resp == 3)

    def _run(self, words: list[bytes]) -> Any:
        """Run words at once on an idle connection and give the engine's reply, or DECLINED."""
        if not self._is_direct or self.connection is not None:
            return DECLINED
        try:
            free = self.connection_pool._available_connections  # noqa: SLF001 - no public way past the lock
            connection = free.pop()
        except (IndexError, AttributeError):
            return DECLINED
        try:
            line = connection.direct
            if line is None or line.inbox or line.is_closing or line.pending:
                return DECLINED
            return line.engine.execute(line.client, words)
        finally:
            free.append(connection)

    def _attempt(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Run a command at once on an idle connection, or give DECLINED."""
        name = SHORT_CUTS.get(args[0])
        if name is None or not self._is_direct:
            return DECLINED
        words = self._words
        reply = self._run([name, *[words[value.__class__](value) for value in args[1:]]])
        if reply is DECLINED:
            return DECLINED
        return self._respond(args[0], reply, options)

    def _respond(self, name: str, reply: Any, options: dict[str, Any]) -> Any:
        """Do what `parse_response` does with a reply already there."""
        if options:
            options.pop("keys", None)
            if EMPTY_RESPONSE in options and isinstance(reply, ReplyError):
                return options[EMPTY_RESPONSE]
            options.pop(EMPTY_RESPONSE, None)
        if isinstance(reply, ReplyError):
            raise error_of(reply)
        shape = self._shape
        if options and NEVER_DECODE in options:  # whatever it is set to, as in redis-py
            del options[NEVER_DECODE]
            shape = Shape(plain, is_resp3=shape.is_resp3)
        shaped = shape(reply)
        callback = dict.get(self.response_callbacks, name)
        return shaped if callback is None else callback(shaped, **options)
