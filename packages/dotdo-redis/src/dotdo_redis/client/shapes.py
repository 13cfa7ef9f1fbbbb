"""Replies of the engine as redis-py's parsers give them; it refuses callbacks of commands."""

from collections.abc import Callable
from typing import Any

from redis._parsers.base import BaseParser
from redis.exceptions import ConnectionError as RedisConnectionError

from dotdo_redis.engine.numbers_text import shortest
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import (
    NULL_ARRAY,
    Attributed,
    BigNumber,
    Push,
    Reply,
    SetReply,
    Status,
    Verbatim,
)

Decode = Callable[[bytes], Any]


def as_it_is(value: bytes) -> bytes:
    """Decode nothing."""
    return value


def plain(value: bytes) -> bytes:
    """Decode nothing, but give real bytes."""
    return bytes(value)


def error_of(error: ReplyError) -> Exception:
    """redis-py's exception of an error reply."""
    found: Exception = BaseParser.parse_error(error.text)
    return found


class Shape:
    """How replies look to one connection: by its protocol, and decoded or not."""

    __slots__ = ("decode", "is_resp3")

    def __init__(self, decode: Decode, *, is_resp3: bool) -> None:
        self.decode = decode
        self.is_resp3 = is_resp3

    def __call__(self, reply: Reply) -> Any:
        """Shape a reply."""
        kind = reply.__class__
        if kind is bytes:
            return self.decode(reply)  # type: ignore[arg-type]  # the class was just looked at
        if kind is int or reply is None:
            return reply
        return _SHAPES[kind](self, reply)

    def text(self, reply: Any) -> Any:
        """A status or verbatim text."""
        return self.decode(bytes(reply))

    def array(self, reply: Any) -> Any:
        """An array, set or push."""
        return [self(item) for item in reply]

    def map(self, reply: Any) -> Any:
        """A map: pairs one after the other in RESP2."""
        if self.is_resp3:
            return {self(key): self(value) for key, value in reply.items()}
        return [self(item) for pair in reply.items() for item in pair]

    def double(self, reply: Any) -> Any:
        """A double: spelt out in RESP2."""
        return reply if self.is_resp3 else self.decode(spelt(reply))

    def boolean(self, reply: Any) -> Any:
        """A boolean: a number in RESP2."""
        return reply if self.is_resp3 else int(reply)

    def big_number(self, reply: Any) -> Any:
        """A number beyond 64 bits: spelt out in RESP2."""
        return int(reply) if self.is_resp3 else self.decode(b"%d" % reply)

    def attributed(self, reply: Any) -> Any:
        """A reply with attributes, which redis-py does not read."""
        return self(reply.reply)

    def nothing(self, _reply: Any) -> None:
        """A null."""

    def error(self, reply: Any) -> Any:
        """An error, raised by whoever reads it; those of the connection at once, as redis-py's parsers do."""
        error = error_of(reply)
        if isinstance(error, RedisConnectionError):
            raise error
        return error


def spelt(number: float) -> bytes:
    """Spell a double as RESP2 does."""
    if number in {float("inf"), float("-inf")}:
        return b"inf" if number > 0 else b"-inf"
    return b"nan" if number != number else shortest(number)


class _Shapes(dict[type, Callable[[Shape, Any], Any]]):
    """By class; a subclass is shaped as what it derives from."""

    def __missing__(self, kind: type) -> Callable[[Shape, Any], Any]:
        for known, shape in list(self.items()):
            if issubclass(kind, known):
                self[kind] = shape
                return shape
        raise TypeError(kind)


_SHAPES = _Shapes(
    {
        Status: Shape.text,
        Verbatim: Shape.text,
        list: Shape.array,
        tuple: Shape.array,
        SetReply: Shape.array,
        Push: Shape.array,
        dict: Shape.map,
        bool: Shape.boolean,
        float: Shape.double,
        BigNumber: Shape.big_number,
        Attributed: Shape.attributed,
        ReplyError: Shape.error,
        NULL_ARRAY.__class__: Shape.nothing,
    }
)
