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
        "_queue",
        "_replies",
        "_tracking",
        "address",
        "asking",
        "blocked",
        "channels",
        "created_ms",
        "ctx",
        "db",
        "flags",
        "id",
        "is_closing",
        "is_plain",
        "last_command",
        "last_ms",
        "lib_name",
        "lib_ver",
        "local_address",
        "name",
        "on_close",
        "patterns",
        "queue_failed",
        "resp",
        "shard_channels",
        "sink",
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
        """Closes the connection once its replies are out; see `close`."""
        self.is_closing = False
        self.is_plain = True
        """Its calls run at once, each for a reply, and nobody keeps an account of them."""
        self.db = 0
        self.resp = 2
        self.name = b""
        self.user = b"default"
        self.lib_name = b""
        self.lib_ver = b""
        self.address = ""
        self.local_address = ""
        self.flags: set[str] = set()
        self._replies = "ON"
        self._queue: list[tuple[Command, list[bytes]]] | None = None
        self._tracking: TrackingState | None = None
        self.queue_failed = False
        self.watched: set[tuple[int, bytes]] = set()
        self.watch_broken = False
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        self.shard_channels: dict[bytes, None] = {}
        self.blocked: Blocked | None = None
        self.asking = False
        self.created_ms = self.last_ms = now_ms
        self.last_command = ""

    def _reckon(self) -> None:
        self.is_plain = self._queue is None and self._tracking is None and self._replies == "ON"

    @property
    def queue(self) -> "list[tuple[Command, list[bytes]]] | None":
        """The commands since MULTI; None outside of a transaction."""
        return self._queue

    @queue.setter
    def queue(self, queue: "list[tuple[Command, list[bytes]]] | None") -> None:
        self._queue = queue
        self._reckon()

    @property
    def tracking(self) -> "TrackingState | None":
        """How it is told of changes of what it has cached."""
        return self._tracking

    @tracking.setter
    def tracking(self, state: "TrackingState | None") -> None:
        self._tracking = state
        self._reckon()

    @property
    def replies(self) -> str:
        """What CLIENT REPLY said: ON, OFF, SKIP, and SKIPPING for the command behind it."""
        return self._replies

    @replies.setter
    def replies(self, mode: str) -> None:
        self._replies = mode
        self._reckon()

    def close(self) -> None:
        """Have the connection closed once its replies are out (QUIT, CLIENT KILL)."""
        self.is_closing = True
        if self.on_close is not None:
            self.on_close()

    @property
    def subscriptions(self) -> int:
        """Channels and patterns together, as SUBSCRIBE counts them."""
        return len(self.channels) + len(self.patterns)
