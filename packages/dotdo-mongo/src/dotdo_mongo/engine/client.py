"""What a deployment knows of one connection: who it is, what it said about itself, how it may speak."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bson import Int64

from dotdo_mongo.engine.awaiting import Awaiting, Progress


@dataclass(slots=True)
class ClientState:
    """One connection.

    Args:
        number: Its number.
        address: `host:port` of the peer.
        user: Who has proved itself, None for nobody.
        must_authenticate: Nothing but the handshake is allowed before that.
        is_in_process: It is no network peer.
        presented_host: Host and port that it believes to speak to.
        presented_set: Name of the replica set that it asks for.
        allows: Whether it may open a database; None when it may open all.
        is_blocking: The thread that runs its requests may stand still for others'.
        awaiting: What the request just run waits for: it has no reply yet, and is to be run again.
        progress: What that request has come to.
    """

    number: int = 0
    address: str = "127.0.0.1:0"
    user: str | None = None
    auth_db: str = "admin"
    must_authenticate: bool = False
    is_in_process: bool = True
    presented_host: str | None = None
    presented_set: str | None = None
    allows: Callable[[str], bool] | None = None
    is_blocking: bool = True
    awaiting: Awaiting | None = None
    progress: Progress | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    conversation: Any = None
    conversation_id: int = 0
    compressors: tuple[str, ...] = ()

    @property
    def id(self) -> Int64:
        """The number as replies show it."""
        return Int64(self.number)
