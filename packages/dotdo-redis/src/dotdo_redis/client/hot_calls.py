"""The hottest methods of the synchronous client, from arguments to reply without redis-py; it refuses their rarer options."""

from collections.abc import Mapping
from typing import Any

from dotdo_redis.client.plain_calls import PlainCalls
from dotdo_redis.client.short_cut import DECLINED
from dotdo_redis.client.word_calls import WORD_CALLS
from dotdo_redis.mapping.replies import OK

SET_TIMES = {"ex": b"EX", "px": b"PX", "exat": b"EXAT", "pxat": b"PXAT"}
SET_FLAGS = {"nx": b"NX", "xx": b"XX", "keepttl": b"KEEPTTL"}
IS_ONE = b"1"


class WordCalls(PlainCalls):
    """The methods whose arguments are words, by their table."""


for _name, _call in WORD_CALLS.items():
    setattr(WordCalls, _name, _call)


def set_options(options: dict[str, Any]) -> list[bytes] | None:
    """The options of `set` as words; None when redis-py has to look at them."""
    words: list[bytes] = []
    if len(options) > 1 and (len(options) > 2 or {*options}.isdisjoint({"nx", "xx"})):
        return None
    for name, value in options.items():
        if name in SET_FLAGS:
            if value is True:
                words.append(SET_FLAGS[name])
        elif name in SET_TIMES and value.__class__ is int:
            words += (SET_TIMES[name], b"%d" % value)
        else:
            return None
    return words


class HotCalls(WordCalls):
    """Each method falls back to redis-py's for rarer options, callbacks set by the user, errors and other connections."""

    def _count(self, name: str, words: list[bytes]) -> Any:
        """Run a command that answers a number."""
        reply = self._run(words)
        if (reply.__class__ is int and name in self._bare) or reply is DECLINED:
            return reply
        return self._respond(name, reply, {})

    def set(self, name: Any, value: Any, *args: Any, **options: Any) -> Any:
        """Set a string."""
        encode = self._words
        words = [b"SET", encode[name.__class__](name), encode[value.__class__](value)]
        if options:
            extra = set_options(options)
            if extra is None:
                return super().set(name, value, *args, **options)
            words += extra
        if not args and "SET" not in self._answered:
            reply = self._run(words)
            if reply is OK:
                return True
            if reply is not DECLINED:
                return self._respond("SET", reply, {})
        return super().set(name, value, *args, **options)

    def incrby(self, name: Any, amount: int = 1) -> Any:
        """Count up."""
        word = IS_ONE if amount.__class__ is int and amount == 1 else self._word(amount)
        reply = self._run([b"INCRBY", self._words[name.__class__](name), word])
        if reply.__class__ is int and "INCRBY" in self._bare:
            return reply
        if reply is DECLINED:
            return super().incrby(name, amount)  # type: ignore[misc]  # redis-py's
        return self._respond("INCRBY", reply, {})

    incr = incrby

    def decrby(self, name: Any, amount: int = 1) -> Any:
        """Count down."""
        reply = self._count("DECRBY", [b"DECRBY", self._word(name), self._word(amount)])
        return super().decrby(name, amount) if reply is DECLINED else reply  # type: ignore[misc]

    decr = decrby

    def hset(
        self,
        name: Any,
        key: Any = None,
        value: Any = None,
        mapping: Mapping[Any, Any] | None = None,
        items: Any = None,
    ) -> Any:
        """Set fields of a hash."""
        reply = DECLINED
        word = self._word
        if key is not None and not mapping and not items:
            encode = self._words
            words = [
                b"HSET",
                encode[name.__class__](name),
                encode[key.__class__](key),
                encode[value.__class__](value),
            ]
            reply = self._run(words)
            if reply.__class__ is int and "HSET" in self._bare:
                return reply
            if reply is not DECLINED:
                return self._respond("HSET", reply, {})
        elif key is None and mapping and not items and mapping.__class__ is dict:
            words = [word(part) for pair in mapping.items() for part in pair]
            reply = self._count("HSET", [b"HSET", word(name), *words])
        return super().hset(name, key, value, mapping, items) if reply is DECLINED else reply

    def lpop(self, name: Any, count: int | None = None) -> Any:
        """Take from the head."""
        return self._pop("LPOP", b"LPOP", name, count)

    def rpop(self, name: Any, count: int | None = None) -> Any:
        """Take from the tail."""
        return self._pop("RPOP", b"RPOP", name, count)

    def _pop(self, command: str, word: bytes, name: Any, count: int | None) -> Any:
        reply = self._run([word, self._word(name)]) if count is None else DECLINED
        if reply.__class__ in self._direct and command in self._bare:
            return reply
        if reply is not DECLINED:
            return self._respond(command, reply, {})
        return super().lpop(name, count) if command == "LPOP" else super().rpop(name, count)  # type: ignore[misc]

    def mget(self, keys: Any, *args: Any) -> Any:
        """Read several strings."""
        listed = [*keys, *args] if keys.__class__ in {list, tuple, set} else [keys, *args]
        reply = self._run([b"MGET", *map(self._word, listed)]) if listed else DECLINED
        return super().mget(keys, *args) if reply is DECLINED else self._respond("MGET", reply, {})  # type: ignore[misc]

    def zadd(self, name: Any, mapping: Mapping[Any, Any], *args: Any, **options: Any) -> Any:
        """Add members to a sorted set."""
        if not args and not options and mapping:
            word = self._word
            words = [b"ZADD", word(name)]
            for member, score in mapping.items():
                words += (word(score), word(member))
            reply = self._count("ZADD", words)
            if reply is not DECLINED:
                return reply
        return super().zadd(name, mapping, *args, **options)

    def xadd(
        self,
        name: Any,
        fields: Any,
        id: Any = "*",
        maxlen: int | None = None,
        approximate: bool = True,
        *args: Any,
        **options: Any,
    ) -> Any:
        """Add an entry to a stream."""
        is_plain = not args and not options and fields.__class__ is dict and fields
        if not is_plain or (maxlen is not None and (maxlen.__class__ is not int or maxlen < 0)):
            return super().xadd(name, fields, id, maxlen, approximate, *args, **options)  # type: ignore[misc]
        word = self._word
        words = [b"XADD", word(name)]
        if maxlen is not None:
            words += (b"MAXLEN", b"~" if approximate else b"=", b"%d" % maxlen)
        words.append(word(id))
        for pair in fields.items():
            words += map(word, pair)
        reply = self._run(words)
        if reply.__class__ in self._direct and "XADD" in self._bare:
            return reply
        if reply is DECLINED:
            return super().xadd(name, fields, id, maxlen, approximate)  # type: ignore[misc]
        return self._respond("XADD", reply, {})
