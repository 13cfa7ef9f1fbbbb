"""What a session is given: who is connected, and the services it may use; no sockets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dotdo.clock import Clock
from dotdo.serving.cancellation import CancelRegistry
from dotdo.serving.credentials import Credentials
from dotdo.serving.errors import AccessDenied
from dotdo.serving.limits import Limits
from dotdo.serving.metrics import ProtocolMetrics
from dotdo.serving.session import CloseReason

TenantResolver = Callable[[str], object]
"""From a name or reference (`acme@~1`) to the open tenant; raises dotdo.errors.UnknownTenant."""


class Channel(Protocol):
    """The way to a session's peer from outside its turn; every method may be called by any thread."""

    def push(self, data: bytes) -> None:
        """Send whole messages between two replies; a peer that does not read is disconnected."""

    @property
    def unsent_bytes(self) -> int:
        """Output that the peer's side has not taken, pushes included."""

    def wake(self, delay_s: float = 0.0) -> None:
        """Have `Session.woken` called, soon or after a delay; many calls may be answered by one."""

    def close(self, reason: CloseReason = CloseReason.TERMINATED) -> None:
        """End the connection with the session's farewell."""


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What was agreed in a TLS handshake."""

    version: str
    cipher: str
    alpn: str | None


@dataclass(slots=True)
class ConnectionFacts:
    """Where a connection comes from.

    Args:
        number: Of the connection; counts up from 1 over all protocols of the host.
        peer: IP address of the peer; empty for a unix socket.
        peer_port: Its port; 0 for a unix socket.
        local: IP address or path that was connected to.
        is_unix: By a unix socket.
        local_port: Port that was connected to; 0 for a unix socket.
        tls: None while in plain text.
    """

    number: int
    peer: str
    peer_port: int
    local: str
    is_unix: bool
    tls: TlsFacts | None = None
    local_port: int = 0


@dataclass(frozen=True, slots=True)
class SessionContext:
    """A session's surroundings.

    Args:
        facts: Who is connected.
        channel: The way in from outside, to hand to publishers.
        resolve_tenant: Opens a tenant by name.
        credentials: None: everybody is trusted (loopback only); else every peer must prove itself.
        cancellations: Sessions of this protocol by unguessable key.
        can_start_tls: The host has a certificate and the connection is in plain text.
        limits: The host's; `max_message_bytes` is the session's to check.
        metrics: Of the protocol; the session counts its requests and error replies.
        clock: Microseconds since 1970.
        randomness: Gives n random bytes.
    """

    facts: ConnectionFacts
    channel: Channel
    resolve_tenant: TenantResolver
    credentials: Credentials | None
    cancellations: CancelRegistry
    can_start_tls: bool
    limits: Limits
    metrics: ProtocolMetrics
    clock: Clock
    randomness: Callable[[int], bytes]

    def open_tenant(self, name: str, user: str | None = None) -> object:
        """Return the tenant of that name or reference for an authenticated user.

        Raises:
            AccessDenied: The user has no grant for it, whether or not it exists.
            UnknownTenant: No such tenant.
        """
        if self.credentials is not None and not self.credentials.allows(user, name):
            message = f"permission denied for {name!r}"
            raise AccessDenied(message)
        return self.resolve_tenant(name)
