"""Methods whose arguments are the words of their command as they stand, by a table; it refuses options, conversions and warnings."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import redis.client as upstream

from dotdo_redis.client.short_cut import DECLINED

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


def _word_call(method: str, least: int, most: int) -> Callable[..., Any]:
    """Make a method that runs its arguments as words, and leaves everything else to redis-py's."""
    fallback = getattr(upstream.Redis, method)
    command = COMMANDS.get(method, method.upper())
    name = command.encode()

    def answer(self: Any, reply: Any, args: tuple[Any, ...]) -> Any:
        return fallback(self, *args) if reply is DECLINED else self._respond(command, reply, {})

    @wraps(fallback)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if options or not least <= len(args) <= most:
            return fallback(self, *args, **options)
        words = self._words
        reply = self._run([name, *[words[value.__class__](value) for value in args]])
        if reply.__class__ in self._direct and command in self._bare:
            return reply
        return answer(self, reply, args)

    @wraps(fallback)
    def call_one(self: Any, *args: Any, **options: Any) -> Any:
        if options or len(args) != 1:
            return call(self, *args, **options)
        (value,) = args
        reply = self._run([name, self._words[value.__class__](value)])
        if reply.__class__ in self._direct and command in self._bare:
            return reply
        return answer(self, reply, args)

    @wraps(fallback)
    def call_two(self: Any, *args: Any, **options: Any) -> Any:
        if options or len(args) != 2:
            return call(self, *args, **options)
        first, second = args
        words = self._words
        reply = self._run([name, words[first.__class__](first), words[second.__class__](second)])
        if reply.__class__ in self._direct and command in self._bare:
            return reply
        return answer(self, reply, args)

    return {1: call_one, 2: call_two}.get(least, call)


def _timed_call(method: str, place: int) -> Callable[..., Any]:
    """Make a method one of whose arguments is a time in whole units, or is left to redis-py's."""
    fallback = getattr(upstream.Redis, method)
    run = _word_call(method, 2, 2)

    @wraps(fallback)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        is_whole = len(args) > place and args[place].__class__ is int
        return (run if is_whole else fallback)(self, *args, **options)

    return call


WORD_CALLS: dict[str, Callable[..., Any]] = {
    **{method: _word_call(method, *counts) for method, counts in CALLS.items()},
    **{method: _timed_call(method, place) for method, place in TIMED.items()},
}
"""The methods by name."""
