"""maxmemory: what is refused or evicted when the keys take more; it refuses to measure exactly."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dotdo_redis.engine.notifications import EVICTED
from dotdo_redis.engine.sizes import size_of_keys
from dotdo_redis.errors import OutOfMemory

if TYPE_CHECKING:
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.database import Database
    from dotdo_redis.engine.declaration import Command

SAMPLES = 16
FEW_KEYS = 1000
LOOK_EVERY = 16
"""With many keys the memory is reckoned once in so many calls."""
MOST_EVICTED = 1000
Rank = Callable[["Database", bytes], float]


def _idle_since(database: "Database", key: bytes) -> float:
    return database.accessed.get(key, 0)


def _uses(database: "Database", key: bytes) -> float:
    return database.engine.instance.uses.of(database, key)


def _deadline(database: "Database", key: bytes) -> float:
    return database.expires.get(key, 0)


def _any(_database: "Database", _key: bytes) -> float:
    return 0


RANKS: dict[str, Rank] = {"lru": _idle_since, "lfu": _uses, "random": _any, "ttl": _deadline}
"""The end of a policy's name -> what goes first: the key with the lowest rank."""


class MemoryGuard:
    """Keeps the keys below maxmemory."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._calls = 0
        self._is_over = False

    def set_limit(self, limit_bytes: int) -> None:
        """Guard from now on, or no longer for 0."""
        if limit_bytes:
            self._engine.audience.add_gate(self.guard)
        else:
            self._engine.audience.drop_gate(self.guard)
        self._calls = 0
        if limit_bytes:
            self.is_over()

    def guard(self, ctx: "Context", command: "Command", _words: list[bytes]) -> None:
        """Make room before each command.

        Raises:
            OutOfMemory: there is none to be made, and the command may need some.
        """
        is_over = self.is_over()
        queue = ctx.client.queue if command.name == "EXEC" else None
        needs = any("denyoom" in queued.facts.flags for queued, _ in queue or ())
        if (needs or "denyoom" in command.facts.flags) and is_over:
            raise OutOfMemory

    def is_over(self) -> bool:
        """Whether there is too much, also after evicting what may go."""
        engine = self._engine
        keys = sum(len(database.keys) for database in engine.databases)
        self._calls += 1
        if keys < FEW_KEYS or self._calls % LOOK_EVERY == 1:
            self._is_over = self._excess() > 0 and not self._evict()
        return self._is_over

    def _excess(self) -> int:
        instance = self._engine.instance
        used = size_of_keys(self._engine) + instance.startup_bytes
        return used - instance.parameters.number("maxmemory")

    def _evict(self) -> bool:
        """Evict by the policy; whether that was enough."""
        which, _, rank = self._engine.instance.parameters.values["maxmemory-policy"].partition("-")
        if rank not in RANKS:
            return False
        for _ in range(MOST_EVICTED):
            candidates = self._candidates(is_volatile=which == "volatile")
            if not candidates:
                return False
            database, key = min(candidates, key=lambda one: RANKS[rank](*one))
            self._remove(database, key)
            if self._excess() <= 0:
                return True
        return False

    def _candidates(self, *, is_volatile: bool) -> list[tuple["Database", bytes]]:
        found: list[tuple[Database, bytes]] = []
        for database in self._engine.databases:
            keys = database.expires if is_volatile else database.keys
            found += [(database, key) for key, _ in zip(keys, range(SAMPLES), strict=False)]
        return found

    def _remove(self, database: "Database", key: bytes) -> None:
        engine = self._engine
        database.remove(key)
        engine.instance.statistics.evicted_keys += 1
        if engine.journal is not None:
            engine.effects.append((database.index, (b"DEL", key)))
        engine.modified(None, database.index, key)
        engine.notify(EVICTED, b"evicted", key, database.index)
        engine.instance.tracking.settle_early()
