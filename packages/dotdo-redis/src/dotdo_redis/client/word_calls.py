"""Methods whose arguments are the words of their command as they stand, by a table; it refuses options, conversions and warnings."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import redis.client as upstream

from dotdo_redis.client.short_cut import DECLINED

Call = Callable[..., Any]
MANY = 1 << 30
ONE, TWO, THREE = (1, 1), (2, 2), (3, 3)
SOME, WITH_SOME = (1, MANY), (2, MANY)

CALLS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(
        (
            "get", "getdel", "strlen", "ttl", "pttl", "persist", "type", "hlen", "hgetall", "hkeys", "hvals", "llen",
            "scard", "smembers", "zcard", "xlen",
        ),
        ONE,
    ),
    **dict.fromkeys(
        (
            "getset", "append", "setnx", "hget", "hexists", "hstrlen", "lindex", "sismember", "zscore", "getbit",
            "incrbyfloat",
        ),
        TWO,
    ),
    **dict.fromkeys(
        ("hsetnx", "hincrby", "lrange", "ltrim", "lset", "lrem", "zincrby", "zcount"), THREE
    ),
    **dict.fromkeys(("exists", "delete", "unlink", "touch"), SOME),
    **dict.fromkeys(
        ("lpush", "rpush", "lpushx", "rpushx", "sadd", "srem", "hdel", "zrem", "pfadd", "xdel"), WITH_SOME
    ),
}  # fmt: skip
"""Method -> the fewest and the most arguments."""
TIMED = {"expire": 1, "pexpire": 1, "expireat": 1, "pexpireat": 1}
"""Method -> which argument has to be an integer, for other kinds of times are converted."""
COMMANDS = {"delete": "DEL"}


def _word_call(method: str, least: int, most: int) -> Call:
    """Make a method that runs its arguments as words, and leaves everything else to redis-py's."""
    fallback = getattr(upstream.Redis, method)
    command = COMMANDS.get(method, method.upper())
    name = command.encode()

    @wraps(fallback)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if options or not least <= len(args) <= most:
            return fallback(self, *args, **options)
        words = self._words
        reply = self._run([name, *[words[value.__class__](value) for value in args]])
        if reply.__class__ in self._direct and command in self._bare:
            return reply
        return fallback(self, *args) if reply is DECLINED else self._respond(command, reply, {})

    if least > TWO[0]:
        return call
    return (_one_word if least == ONE[0] else _two_words)(call, command)


def _one_word(rest: Call, command: str) -> Call:
    """Make the same for one argument, and leave other calls to the rest."""
    name = command.encode()

    @wraps(rest)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if options or len(args) != 1:
            return rest(self, *args, **options)
        (value,) = args
        reply = self._run([name, self._words[value.__class__](value)])
        if reply.__class__ in self._direct and command in self._bare:
            return reply
        return rest(self, value) if reply is DECLINED else self._respond(command, reply, {})

    return call


def _two_words(rest: Call, command: str) -> Call:
    """Make the same for two arguments."""
    name = command.encode()

    @wraps(rest)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if options or len(args) != 2:
            return rest(self, *args, **options)
        first, second = args
        words = self._words
        reply = self._run([name, words[first.__class__](first), words[second.__class__](second)])
        if reply.__class__ in self._direct and command in self._bare:
            return reply
        return rest(self, first, second) if reply is DECLINED else self._respond(command, reply, {})

    return call


def _timed_call(method: str, place: int) -> Call:
    """Make a method one of whose arguments is a time in whole units, or is left to redis-py's."""
    fallback = getattr(upstream.Redis, method)
    run = _word_call(method, 2, 2)

    @wraps(fallback)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        is_whole = len(args) > place and args[place].__class__ is int
        return (run if is_whole else fallback)(self, *args, **options)

    return call


WORD_CALLS: dict[str, Call] = {
    **{method: _word_call(method, *counts) for method, counts in CALLS.items()},
    **{method: _timed_call(method, place) for method, place in TIMED.items()},
}
"""The methods by name."""
