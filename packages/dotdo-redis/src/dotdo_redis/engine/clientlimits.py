"""What a client may take: how long it may be idle, how many there may be, how much output may wait; it refuses bytes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo_redis.errors import TooManyClients

if TYPE_CHECKING:
    from dotdo_redis.engine.clients import ClientState
    from dotdo_redis.engine.core import Engine

QUERY_BYTES = 1 << 30
NORMAL, PUBSUB = "normal", "pubsub"


@dataclass(frozen=True, slots=True)
class OutputLimit:
    """Bounds of the output that waits for a client: at once, or for longer than some seconds; 0 for none."""

    hard_bytes: int = 0
    soft_bytes: int = 0
    soft_s: int = 0


def read_limits(text: str) -> dict[str, OutputLimit]:
    """Read `client-output-buffer-limit` in its settled spelling."""
    words = text.split()
    return {
        words[at]: OutputLimit(*map(int, words[at + 1 : at + 4])) for at in range(0, len(words), 4)
    }


class ClientLimits:
    """The bounds of a server's clients.

    Attributes:
        timeout_s: how long a client may say nothing; 0 for ever.
        most: how many there may be.
        output: bounds by class of client.
        query_bytes: how much of a command that is not whole yet may be held.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.timeout_s = 0
        self.most = 10_000
        self.query_bytes = QUERY_BYTES
        self.output: dict[str, OutputLimit] = {}
        self._over_since_ms: dict[ClientState, int] = {}

    def admit(self) -> None:
        """Let one more client in.

        Raises:
            TooManyClients: there are as many as there may be.
        """
        if len(self._engine.clients) >= self.most:
            self._engine.instance.statistics.rejected_connections += 1
            raise TooManyClients

    def close_idle(self, active: "ClientState | None" = None) -> None:
        """Close the connections that have been idle for too long; who waits or listens is not idle, nor who calls now."""
        if not self.timeout_s:
            return
        engine = self._engine
        oldest_ms = engine.now_ms - 1000 * self.timeout_s
        for client in list(engine.clients.values()):
            is_exempt = client.blocked is not None or client.subscriptions or client.shard_channels
            is_exempt = is_exempt or client is active or client in engine.audience.monitors
            if client.last_ms < oldest_ms and not is_exempt:
                client.close()
                engine.disconnect(client)

    def exceeds(self, client: "ClientState", unsent_bytes: int) -> bool:
        """Whether a client has more output waiting than it may."""
        kind = PUBSUB if client.subscriptions or client.shard_channels else NORMAL
        limit = self.output.get(kind)
        if limit is None:
            return False
        if 0 < limit.hard_bytes <= unsent_bytes:
            return True
        if not 0 < limit.soft_bytes <= unsent_bytes:
            self._over_since_ms.pop(client, None)
            return False
        since_ms = self._over_since_ms.setdefault(client, self._engine.now_ms)
        return self._engine.now_ms - since_ms > 1000 * limit.soft_s

    def forget(self, client: "ClientState") -> None:
        """A client has gone."""
        self._over_since_ms.pop(client, None)
