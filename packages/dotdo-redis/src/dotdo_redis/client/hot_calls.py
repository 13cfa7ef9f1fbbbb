"""The hottest methods of the synchronous client, from arguments to reply without redis-py; it refuses all their options."""

from collections.abc import Mapping
from typing import Any

from dotdo_redis.client.plain_calls import PlainCalls
from dotdo_redis.client.short_cut import DECLINED
from dotdo_redis.mapping.replies import OK


class HotCalls(PlainCalls):
    """Each method falls back to redis-py's for options, callbacks set by the user, errors and other connections."""

    def _finish(self, name: str, reply: Any) -> Any:
        """Shape a reply that is not of the usual kind."""
        return self._respond(name, reply, {})

    def _count(self, name: str, words: list[bytes]) -> Any:
        """Run a command that answers a number."""
        reply = self._run(words) if name not in self._answered else DECLINED
        if reply.__class__ is int or reply is DECLINED:
            return reply
        return self._finish(name, reply)

    def _read(self, name: str, words: list[bytes]) -> Any:
        """Run a command that answers a string or null."""
        reply = self._run(words) if name not in self._answered else DECLINED
        if reply is None or reply is DECLINED or (reply.__class__ is bytes and not self._decodes):
            return reply
        return self._finish(name, reply)

    def get(self, name: Any) -> Any:
        """Read a string."""
        reply = self._read("GET", [b"GET", self._word(name)])
        return super().get(name) if reply is DECLINED else reply

    def set(self, name: Any, value: Any, *args: Any, **options: Any) -> Any:
        """Set a string."""
        if not args and not options and "SET" not in self._answered:
            reply = self._run([b"SET", self._word(name), self._word(value)])
            if reply is OK:
                return True
            if reply is not DECLINED:
                return self._finish("SET", reply)
        return super().set(name, value, *args, **options)

    def incrby(self, name: Any, amount: int = 1) -> Any:
        """Count up."""
        reply = self._count("INCRBY", [b"INCRBY", self._word(name), self._word(amount)])
        return super().incrby(name, amount) if reply is DECLINED else reply  # type: ignore[misc]

    incr = incrby

    def hget(self, name: Any, key: Any) -> Any:
        """Read a field."""
        reply = self._read("HGET", [b"HGET", self._word(name), self._word(key)])
        return super().hget(name, key) if reply is DECLINED else reply  # type: ignore[misc]

    def hset(
        self,
        name: Any,
        key: Any = None,
        value: Any = None,
        mapping: Mapping[Any, Any] | None = None,
        items: Any = None,
    ) -> Any:
        """Set fields of a hash."""
        if key is not None and not mapping and not items:
            word = self._word
            reply = self._count("HSET", [b"HSET", word(name), word(key), word(value)])
            if reply is not DECLINED:
                return reply
        return super().hset(name, key, value, mapping, items)

    def lpush(self, name: Any, *values: Any) -> Any:
        """Push at the head."""
        reply = self._count("LPUSH", [b"LPUSH", self._word(name), *map(self._word, values)])
        return super().lpush(name, *values) if reply is DECLINED else reply  # type: ignore[misc]

    def rpush(self, name: Any, *values: Any) -> Any:
        """Push at the tail."""
        reply = self._count("RPUSH", [b"RPUSH", self._word(name), *map(self._word, values)])
        return super().rpush(name, *values) if reply is DECLINED else reply  # type: ignore[misc]

    def lpop(self, name: Any, count: int | None = None) -> Any:
        """Take from the head."""
        reply = self._read("LPOP", [b"LPOP", self._word(name)]) if count is None else DECLINED
        return super().lpop(name, count) if reply is DECLINED else reply  # type: ignore[misc]

    def rpop(self, name: Any, count: int | None = None) -> Any:
        """Take from the tail."""
        reply = self._read("RPOP", [b"RPOP", self._word(name)]) if count is None else DECLINED
        return super().rpop(name, count) if reply is DECLINED else reply  # type: ignore[misc]

    def sadd(self, name: Any, *values: Any) -> Any:
        """Add members to a set."""
        reply = self._count("SADD", [b"SADD", self._word(name), *map(self._word, values)])
        return super().sadd(name, *values) if reply is DECLINED else reply  # type: ignore[misc]

    def exists(self, *names: Any) -> Any:
        """Count the keys that are there."""
        reply = self._count("EXISTS", [b"EXISTS", *map(self._word, names)])
        return super().exists(*names) if reply is DECLINED else reply  # type: ignore[misc]

    def delete(self, *names: Any) -> Any:
        """Delete keys."""
        reply = self._count("DEL", [b"DEL", *map(self._word, names)])
        return super().delete(*names) if reply is DECLINED else reply  # type: ignore[misc]

    def zadd(self, name: Any, mapping: Mapping[Any, Any], *args: Any, **options: Any) -> Any:
        """Add members to a sorted set."""
        if not args and not options and mapping:
            words = [b"ZADD", self._word(name)]
            for member, score in mapping.items():
                words += (self._word(score), self._word(member))
            reply = self._count("ZADD", words)
            if reply is not DECLINED:
                return reply
        return super().zadd(name, mapping, *args, **options)
