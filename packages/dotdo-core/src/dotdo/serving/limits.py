"""Bounds on what one peer may hold of the host: connections, memory, time. Everything has a bound."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a host.

    Args:
        max_connections: Connections open at once, over all listeners.
        max_connections_per_peer: The same for one IP address; unix sockets are not counted.
        max_message_bytes: Largest message a session accepts (sessions frame, so sessions check).
        max_handshake_bytes: Bytes a peer may send before its session is established.
        max_held_bytes: Input kept while a session is suspended; beyond it the socket is not read.
        output_high_water_bytes: Unsent output at which a session is not run until it drains.
        max_output_bytes: Unsent output including pushes at which a peer is a slow reader.
        handshake_timeout_s: From accept to an established session.
        idle_timeout_s: Without input, for a session that awaits a request; None: for ever.
        write_timeout_s: Without the peer taking a single byte of pending output.
        linger_s: From the last byte sent until the socket is dropped if the peer keeps it open.
        grace_s: From the request to stop until requests in flight are abandoned.
        worker_threads: Calls of sessions that run off the loop at once.
    """

    max_connections: int = 1_000
    max_connections_per_peer: int = 1_000
    max_message_bytes: int = 64 << 20
    max_handshake_bytes: int = 64 << 10
    max_held_bytes: int = 1 << 20
    output_high_water_bytes: int = 256 << 10
    max_output_bytes: int = 32 << 20
    handshake_timeout_s: float = 30.0
    idle_timeout_s: float | None = None
    write_timeout_s: float = 60.0
    linger_s: float = 2.0
    grace_s: float = 10.0
    worker_threads: int = 8

    @property
    def sweep_interval_s(self) -> float:
        """How often deadlines are looked at: a quarter of the shortest, at most a second."""
        waits = [self.handshake_timeout_s, self.write_timeout_s, self.linger_s]
        if self.idle_timeout_s is not None:
            waits.append(self.idle_timeout_s)
        return min(1.0, max(0.01, min(waits) / 4))
