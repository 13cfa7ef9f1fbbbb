"""An engine on a clock that tests turn, and a client of it."""

from collections.abc import Sequence
from random import Random

import pytest

from dotdo_redis.engine import ClientState, Engine
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.registry import build
from dotdo_redis.mapping.replies import Reply

TABLE = build()


class Rig:
    """One engine and its first client: `rig("SET", "k", "v")` gives the reply."""

    def __init__(self, release: tuple[int, int, int] = (7, 0, 15)) -> None:
        self.time_us = 1_700_000_000_000_000
        self.engine = Engine(
            TABLE, clock=lambda: self.time_us, randomness=Random(1), config=Config(release)
        )
        self.pushed: list[Reply] = []
        self.client = self.engine.connect(self.pushed.append)
        self.journal: list[tuple[bytes, ...]] = []
        self.engine.journal = lambda _now, effects: self.journal.extend(w for _db, w in effects)

    def other(self) -> ClientState:
        """A further client."""
        return self.engine.connect(self.pushed.append)

    def __call__(self, *words: object, client: ClientState | None = None) -> Reply:
        return self.engine.execute(client or self.client, encoded(words))

    def pass_ms(self, amount: int) -> None:
        """Let time pass."""
        self.time_us += amount * 1000


def encoded(words: Sequence[object]) -> list[bytes]:
    """Spell words as bytes."""
    return [word if isinstance(word, bytes) else str(word).encode() for word in words]


@pytest.fixture
def rig() -> Rig:
    """An engine that answers as 7.0.15 does."""
    return Rig()


@pytest.fixture
def newest() -> Rig:
    """An engine that answers as the newest release it knows."""
    return Rig((7, 4, 1))
