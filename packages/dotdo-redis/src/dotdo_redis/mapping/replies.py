"""Replies that Python has no type for, and those shared by all; it refuses their encoding.

A reply is: bytes (bulk string), int, float (double), bool, None (null), list (array), dict (map), an
exception of `dotdo_redis.errors` (error, also inside arrays), or one of the classes here.
"""

from typing import TypeAlias

Reply: TypeAlias = object


class Status(bytes):
    """A simple string (`+OK`)."""

    __slots__ = ()


class SetReply(list[object]):
    """A set, in the order in which it is told: a set in RESP3, an array in RESP2."""

    __slots__ = ()


class Push(list[object]):
    """An out-of-band message: a push in RESP3, an array in RESP2."""

    __slots__ = ()


class EarlyPush(Push):
    """A message about what had to be done before a command, and so comes before its reply."""

    __slots__ = ()


class BigNumber(int):
    """An integer beyond 64 bits: `(` in RESP3, a bulk string in RESP2."""

    __slots__ = ()


class Verbatim(bytes):
    """Text with a format of three letters: `=` in RESP3, a bulk string in RESP2."""

    format = b"txt"


class Attributed:
    """A reply with attributes in front (`|` in RESP3); RESP2 shows the reply alone."""

    __slots__ = ("attributes", "reply")

    def __init__(self, attributes: dict[object, object], reply: Reply) -> None:
        self.attributes = attributes
        self.reply = reply


class _Named:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


NULL_ARRAY = _Named("NULL_ARRAY")
"""Null that RESP2 spells `*-1`."""

NO_REPLY = _Named("NO_REPLY")
"""Nothing is sent: the command pushed its answers, or replies are off."""

OK = Status(b"OK")
QUEUED = Status(b"QUEUED")
PONG = Status(b"PONG")
