"""The engine of each tenant that is served, and the beat that lets its keys expire; it refuses bytes."""

import asyncio
import threading
from collections.abc import Callable
from random import Random, SystemRandom

from dotdo.clock import Clock
from dotdo_redis.engine import ClientState, Engine
from dotdo_redis.engine.clients import Sink
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.registry import build

LEAST_HZ, MOST_HZ = 1, 500
EnginesOf = Callable[[object], Engine]


class Beat:
    """Calls an engine's `tick` as often as `hz` says while somebody is connected to it."""

    __slots__ = ("_clients", "_engine", "_timer")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._clients = 0
        self._timer: asyncio.TimerHandle | None = None

    def join(self) -> None:
        """Count a client; the first one starts the beat."""
        self._clients += 1
        if self._timer is None:
            self._set()

    def leave(self) -> None:
        """Count a client less; the last one ends the beat."""
        self._clients -= 1
        if not self._clients and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        hz = self._engine.instance.parameters.number("hz")
        beat_s = 1 / min(max(hz, LEAST_HZ), MOST_HZ)
        self._timer = asyncio.get_running_loop().call_later(beat_s, self._beat)

    def _beat(self) -> None:
        self._set()
        self._engine.tick()


class Keyspaces:
    """One engine per tenant.

    Args:
        config: makes the parameters of a new engine.
        randomness: makes what a new engine draws from.
        engine_of: gives the engine of a tenant instead; those made here live in memory.
    """

    def __init__(
        self,
        config: Callable[[], Config] = Config,
        randomness: Callable[[], Random] = SystemRandom,
        engine_of: EnginesOf | None = None,
    ) -> None:
        self._engine_of = engine_of
        self._config = config
        self._randomness = randomness
        self._engines: dict[object, tuple[Engine, Beat]] = {}

    def connect(self, tenant: object, clock: Clock, sink: Sink) -> tuple[Engine, ClientState]:
        """Make a client of a tenant's engine, which is made when it is the first one.

        Raises:
            TooManyClients: the engine has as many as it may have.
        """
        found = self._engines.get(tenant)
        if found is None:
            found = self._engines[tenant] = self._made(tenant, clock)
        engine, beat = found
        engine.instance.limits.admit()
        beat.join()
        return engine, engine.connect(sink)

    def _made(self, tenant: object, clock: Clock) -> tuple[Engine, Beat]:
        if self._engine_of is not None:
            engine = self._engine_of(tenant)
        else:
            engine = Engine(
                build(),
                clock=clock,
                randomness=self._randomness(),
                lock=threading.RLock(),
                config=self._config(),
            )
        engine.instance.runner.has_beat = True
        return engine, Beat(engine)

    def disconnect(self, tenant: object, client: ClientState) -> None:
        """Forget a client of a tenant's engine."""
        engine, beat = self._engines[tenant]
        engine.disconnect(client)
        beat.leave()
