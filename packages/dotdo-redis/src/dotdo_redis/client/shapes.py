"""Replies of the engine as redis-py's parsers give them; it refuses callbacks of commands."""

from collections.abc import Callable
from typing import Any

from redis._parsers.base import BaseParser
from redis.exceptions import ConnectionError as RedisConnectionError

from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.doubles import double_text
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


def is_utf8(encoder: Any) -> bool:
    """Whether an encoder of redis-py does what Python does by itself."""
    return encoder.encoding in {"utf-8", "utf8"} and encoder.encoding_errors == "strict"


def decoder_of(encoder: Any) -> Decode:
    """The cheapest function that decodes as an encoder of redis-py does."""
    if not encoder.decode_responses:
        return as_it_is
    return bytes.decode if is_utf8(encoder) else encoder.decode


def error_of(error: ReplyError) -> Exception:
    """redis-py's exception of an error reply."""
    found: Exception = BaseParser.parse_error(error.text)
    return found


BYTES = {bytes}
FEW = 4
"""So few elements are not worth a look at their kinds."""
AS_THEY_ARE = {bytes, int, type(None)}
"""Classes of replies that look the same to everybody who does not decode."""


class Shape:
    """How replies look to one connection: by its protocol, and decoded or not."""

    __slots__ = ("decode", "is_resp3", "keeps_bytes")

    def __init__(self, decode: Decode, *, is_resp3: bool) -> None:
        self.decode = decode
        self.is_resp3 = is_resp3
        self.keeps_bytes = decode in {as_it_is, plain}

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
        if len(reply) <= FEW:
            return [self(item) for item in reply]
        kinds = set(map(type, reply))
        if self.keeps_bytes and kinds <= AS_THEY_ARE:
            return reply if reply.__class__ is list else list(reply)
        if kinds == BYTES:
            return list(map(self.decode, reply))
        return [self(item) for item in reply]

    def map(self, reply: Any) -> Any:
        """A map: pairs one after the other in RESP2."""
        if self.is_resp3:
            kinds = set(map(type, reply)).union(map(type, reply.values()))
            if self.keeps_bytes and kinds <= AS_THEY_ARE:
                return reply
            if kinds == BYTES:
                decode = self.decode
                return {decode(key): decode(value) for key, value in reply.items()}
            return {self(key): self(value) for key, value in reply.items()}
        return [self(item) for pair in reply.items() for item in pair]

    def double(self, reply: Any) -> Any:
        """A double: double_text out in RESP2."""
        return reply if self.is_resp3 else self.decode(double_text(reply))

    def boolean(self, reply: Any) -> Any:
        """A boolean: a number in RESP2."""
        return reply if self.is_resp3 else int(reply)

    def big_number(self, reply: Any) -> Any:
        """A number beyond 64 bits: double_text out in RESP2."""
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
