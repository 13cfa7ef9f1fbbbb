"""What a call may write beside things, kept until the things are written, and put back when they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_redis.engine.keyfinding import NoKeys, find_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_redis.engine import Engine
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.declaration import Command
    from dotdo_redis.engine.types import Value

Call = tuple["Command", list[bytes]]
Prefixes = dict[int, tuple[bytes, ...]]


class Undo:
    """The keys that the newest call names and that are no things, as they were before it.

    Args:
        engine: whose databases hold them.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.prefixes: Prefixes = {}
        """Database -> what the keys of its things begin with."""
        self._before: dict[tuple[int, bytes], tuple[Value | None, int | None]] = {}
        self._effects = 0

    def remember(self, ctx: Context, command: Command, words: list[bytes]) -> None:
        """Keep what a call, or the calls of a transaction that EXEC runs, may change; a gate that refuses nothing."""
        self._before = {}
        self._effects = len(self._engine.effects)
        queue = ctx.client.queue
        if queue is not None and command.name != "EXEC":
            return
        places = list(_places(ctx.client.db, queue or [(command, words)]))
        if any(self._is_thing(*place) for place in places):
            for place in dict.fromkeys(places):
                self._keep(*place)

    def _is_thing(self, index: int, key: bytes) -> bool:
        return key.startswith(self.prefixes.get(index, ()))

    def _keep(self, index: int, key: bytes) -> None:
        if self._is_thing(index, key) or index >= len(self._engine.databases):
            return
        db = self._engine.databases[index]
        value = db.keys.get(key)
        twin = value if value is None or isinstance(value, bytes) else value.copy()
        self._before[index, key] = twin, db.expires.get(key)

    def run(self) -> None:
        """Put back what was kept; what the call did is not on record."""
        for (index, key), (value, expires_ms) in self._before.items():
            db = self._engine.databases[index]
            db.remove(key)
            if value is not None:
                db.put(key, value)
                if expires_ms is not None:
                    db.expire_at(key, expires_ms)
        self._before = {}
        del self._engine.effects[self._effects :]


def _places(index: int, calls: list[Call]) -> Iterator[tuple[int, bytes]]:
    """Database and key of what calls name, one behind the other."""
    for command, words in calls:
        if command.name == "SELECT" and words[1].isdigit():
            index = int(words[1])
        try:
            found = find_keys(command.facts, words)
        except NoKeys:
            continue
        yield from ((index, one.key) for one in found)
