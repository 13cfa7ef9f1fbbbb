"""How often keys are used, as the LFU policies count it: a logarithmic counter that decays; it refuses to evict."""

from typing import TYPE_CHECKING

from dotdo_redis.engine.keyfinding import NoKeys, find_keys

if TYPE_CHECKING:
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.database import Database
    from dotdo_redis.engine.declaration import Command

FIRST, MOST = 5, 255
"""The counter of a key that is new, and the highest one."""
UNTOUCHING = frozenset({
    "OBJECT|FREQ", "OBJECT|IDLETIME", "OBJECT|ENCODING", "OBJECT|REFCOUNT", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME",
    "TYPE", "EXISTS", "MEMORY|USAGE", "DEBUG|OBJECT",
})  # fmt: skip
"""Commands that look at a key without using it."""


class Uses:
    """The counters of an engine's keys; nothing is counted unless the policy asks for it."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def follow(self, *, is_wanted: bool) -> None:
        """Count from now on, or no longer."""
        audience = self._engine.audience
        if is_wanted:
            audience.add_gate(self.count)
        else:
            audience.drop_gate(self.count)

    def count(self, ctx: "Context", command: "Command", words: list[bytes]) -> None:
        """Count the keys that a call names; a gate that lets everything through."""
        if command.name in UNTOUCHING:
            return
        try:
            keys = [found.key for found in find_keys(command.facts, words)]
        except NoKeys:
            return
        for key in keys:
            if key in ctx.db.keys:
                self._use(ctx.db, key)

    def of(self, database: "Database", key: bytes) -> int:
        """The counter of a key as it is now."""
        engine = self._engine
        known = database.frequency.get(key)
        if known is None:
            return FIRST
        minute, counter = known
        minutes_each = engine.instance.parameters.number("lfu-decay-time")
        periods = (engine.now_s // 60 - minute) // minutes_each if minutes_each else 0
        return max(counter - periods, 0)

    def set(self, database: "Database", key: bytes, counter: int) -> None:
        """Give a key a counter."""
        database.frequency[key] = self._engine.now_s // 60, counter

    def _use(self, database: "Database", key: bytes) -> None:
        engine = self._engine
        counter = self.of(database, key)
        factor = engine.instance.parameters.number("lfu-log-factor")
        chance = 1 / (max(counter - FIRST, 0) * factor + 1)
        if counter < MOST and engine.random.random() < chance:
            counter += 1
        self.set(database, key, counter)
