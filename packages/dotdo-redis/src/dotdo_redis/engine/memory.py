"""maxmemory: what is refused or evicted when the keys take more; it refuses to measure exactly."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from dotdo_redis.engine.cold import held, is_cold
from dotdo_redis.engine.draws import Draws
from dotdo_redis.engine.ledger import Ledger
from dotdo_redis.engine.notifications import EVICTED
from dotdo_redis.engine.sizes import size_of_keys
from dotdo_redis.errors import OutOfMemory

if TYPE_CHECKING:
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.core import Engine
    from dotdo_redis.engine.database import Database
    from dotdo_redis.engine.declaration import Command

SPILL_DRAWN, SPILL_SHARE, SPILL_TURNS = 320, 4, 12
"""Of so many keys drawn, one in so many is spilled, so many times; then of all."""
ROOM = 16
"""What share of maxmemory is free after spilling."""
POOL = 16
"""So many of the keys that were drawn are remembered for the next time."""
FEW_KEYS = 1000
LOOK_EVERY = 16
"""With many keys the memory is reckoned once in so many calls."""
EVICTED_EACH, MOST_TENACIOUS = 100, 100
"""How many keys may go at a call for each step of maxmemory-eviction-tenacity, and the step without a bound."""
Candidate = tuple["Database", bytes]
Rank = Callable[["Database", bytes], float]


def _idle_since(database: "Database", key: bytes) -> float:
    return database.accessed.get(key, database.engine.started_s)


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
        self.ledger = Ledger(engine)
        self._pool: list[Candidate] = []
        self._draws: dict[tuple[int, bool], Draws] = {}
        self._spill_draws: dict[int, Draws] = {}

    def set_limit(self, limit_bytes: int) -> None:
        """Guard from now on, or no longer for 0."""
        if limit_bytes:
            self._engine.audience.add_gate(self.guard)
        else:
            self._engine.audience.drop_gate(self.guard)
            self.ledger.close()
        self._calls = 0
        self._pool.clear()
        self._draws.clear()
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
        """Whether there is too much, also after evicting or spilling what may go."""
        if self._spills():
            self.ledger.open()
            excess_bytes = self._excess()
            return excess_bytes > 0 and not self._spill(excess_bytes)
        if self.ledger.is_open:
            self.ledger.close()
        keys = sum(len(database.keys) for database in self._engine.databases)
        self._calls += 1
        if keys < FEW_KEYS or self._calls % LOOK_EVERY == 1:
            self._is_over = self._excess() > 0 and not self._evict()
        return self._is_over

    def _spills(self) -> bool:
        """Whether values are put elsewhere instead of being evicted."""
        policy = self._engine.instance.parameters.values["maxmemory-policy"]
        return self._engine.spill is not None and policy == "noeviction"

    def _excess(self) -> int:
        instance = self._engine.instance
        used = size_of_keys(self._engine) + instance.startup_bytes
        return used - instance.parameters.number("maxmemory")

    def _evict(self) -> bool:
        """Evict by the policy; whether that was enough, or the rest may go with the next calls."""
        parameters = self._engine.instance.parameters
        which, _, rank = parameters.values["maxmemory-policy"].partition("-")
        if rank not in RANKS:
            return False
        tenacity = parameters.number("maxmemory-eviction-tenacity")
        rounds = count() if tenacity == MOST_TENACIOUS else range(1 + EVICTED_EACH * tenacity)
        for _ in rounds:
            found = self._first(RANKS[rank], is_volatile=which == "volatile")
            if found is None:
                return False
            self._remove(*found)
            if self._excess() <= 0:
                return True
        return True

    def _spill(self, excess_bytes: int) -> bool:
        """Put values that were not used for long where they take no memory; whether that freed so many bytes.

        Some room is made beyond that, so that the next calls need not look for any.
        """
        spill = self._engine.spill
        assert spill is not None
        room = self._engine.instance.parameters.number("maxmemory") // ROOM
        for database in self._engine.databases:
            for keys in self._warm_keys(database):
                if excess_bytes <= -room:
                    return True
                excess_bytes -= spill(database, keys)
        return excess_bytes <= 0

    def _warm_keys(self, database: "Database") -> Iterator[list[bytes]]:
        """Keys with values in memory, those not used for long first: of some drawn at random, then of all."""
        draws = self._spill_draws.get(database.index)
        if draws is None:
            quick = Random(self._engine.random.getrandbits(64))  # noqa: S311 - a quick sample, no secret
            draws = self._spill_draws[database.index] = Draws(quick)
        for _ in range(SPILL_TURNS if database.keys else 0):
            warm = self._by_use(database, dict.fromkeys(draws.some(database.keys, SPILL_DRAWN)))
            yield warm[: -(-len(warm) // SPILL_SHARE)]
        warm = self._by_use(database, database.keys)
        for at in range(0, len(warm), SPILL_DRAWN):
            yield warm[at : at + SPILL_DRAWN]

    @staticmethod
    def _by_use(database: "Database", keys: Iterable[bytes]) -> list[bytes]:
        warm = [key for key in keys if not is_cold(held(database.keys, key))]
        return sorted(warm, key=lambda key: _idle_since(database, key))

    def _first(self, rank: Rank, *, is_volatile: bool) -> Candidate | None:
        """What goes first of some keys drawn at random and of the best of earlier draws."""
        engine = self._engine
        wanted = engine.instance.parameters.number("maxmemory-samples")
        tables = {db: db.expires if is_volatile else db.keys for db in engine.databases}
        pool = {(db, key): None for db, key in self._pool if key in tables[db]}
        for database, table in tables.items():
            if table:
                drawn = self._draws.setdefault((database.index, is_volatile), Draws(engine.random))
                pool.update({(database, key): None for key in drawn.some(table, wanted)})
        ranked = sorted(pool, key=lambda one: rank(*one))
        self._pool = ranked[1 : POOL + 1]
        return ranked[0] if ranked else None

    def _remove(self, database: "Database", key: bytes) -> None:
        engine = self._engine
        database.remove(key)
        engine.instance.statistics.evicted_keys += 1
        if engine.journal is not None:
            engine.effects.append((database.index, (b"DEL", key)))
        engine.modified(None, database.index, key)
        engine.notify(EVICTED, b"evicted", key, database.index)
        engine.instance.tracking.settle_early()
