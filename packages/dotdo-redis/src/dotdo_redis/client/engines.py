"""The engine of each tenant in this process, shared by all its clients; it refuses to run commands."""

import os
import threading
from random import SystemRandom

from dotdo.clock import system_clock
from dotdo_redis.engine import Engine
from dotdo_redis.engine.registry import build

_guard = threading.Lock()
_engines: dict[str, Engine] = {}


def namespace() -> str:
    """The tenant that clients mean: `$DOTDO_NS`, else `default`."""
    return os.environ.get("DOTDO_NS", "default")


def engine_of(tenant: str) -> Engine:
    """The engine of a tenant, made when it is first asked for."""
    with _guard:
        engine = _engines.get(tenant)
        if engine is None:
            engine = _engines[tenant] = Engine(
                build(), clock=system_clock, randomness=SystemRandom(), lock=threading.RLock()
            )
        return engine
