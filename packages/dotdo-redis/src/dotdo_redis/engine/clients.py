"""What the engine knows of one connection; it refuses the connection itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dotdo_redis.mapping.replies import Reply

if TYPE_CHECKING:
    from dotdo_redis.engine.blocking import Blocked
    from dotdo_redis.engine.context import Context
    from dotdo_redis.engine.declaration import Command
    from dotdo_redis.engine.tracking import TrackingState

Sink = Callable[[Reply], None]


class ClientState:
    """One connection: its database, protocol, transaction, subscriptions and identity."""

    __slots__ = (
        "address",
        "asking",
        "blocked",
        "channels",
        "created_ms",
        "ctx",
        "db",
        "flags",
        "id",
        "last_command",
        "last_ms",
        "lib_name",
        "lib_ver",
        "local_address",
        "name",
        "on_close",
        "patterns",
        "queue",
        "queue_failed",
        "replies",
        "resp",
        "shard_channels",
        "sink",
        "tracking",
        "user",
        "watch_broken",
        "watched",
    )

    ctx: "Context"

    def __init__(self, number: int, sink: Sink, now_ms: int) -> None:
        self.id = number
        self.sink = sink
        """Takes pushes, in order with the replies of `execute`."""
        self.on_close: Callable[[], None] | None = None
        """Closes the connection once its replies are out (QUIT, CLIENT KILL)."""
        self.db = 0
        self.resp = 2
        self.name = b""
        self.user = b"default"
        self.lib_name = b""
        self.lib_ver = b""
        self.address = ""
        self.local_address = ""
        self.flags: set[str] = set()
        self.replies = "ON"
        self.queue: list[tuple[Command, list[bytes]]] | None = None
        """The commands since MULTI; None outside of a transaction."""
        self.queue_failed = False
        self.watched: set[tuple[int, bytes]] = set()
        self.watch_broken = False
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        self.shard_channels: dict[bytes, None] = {}
        self.tracking: TrackingState | None = None
        self.blocked: Blocked | None = None
        self.asking = False
        self.created_ms = self.last_ms = now_ms
        self.last_command = ""

    @property
    def subscriptions(self) -> int:
        """Channels and patterns together, as SUBSCRIBE counts them."""
        return len(self.channels) + len(self.patterns)
