"""Deadlines of one connection, judged now and then from what it counts; nothing is timed per request."""

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from dotdo.serving.limits import Limits
from dotdo.serving.session import CloseReason


class Phase(Enum):
    """What a connection is doing, as far as deadlines go."""

    HANDSHAKE = "handshake"
    AWAITING = "awaiting"  # a request
    BUSY = "busy"  # suspended, or subscribed: silence means nothing
    SENDING = "sending"  # the peer has yet to take output
    CLOSING = "closing"  # all is sent, the peer has yet to go


class Watched(Protocol):
    """What the watch looks at."""

    @property
    def bytes_in(self) -> int:
        """Input received."""

    @property
    def bytes_taken(self) -> int:
        """Output that the peer's side has taken."""

    @property
    def phase(self) -> Phase:
        """What it is doing."""


def _none(_watched: Watched) -> int:
    return 0


_PROGRESS: dict[Phase, Callable[[Watched], int]] = {  # what moves the deadline of a phase on
    Phase.AWAITING: lambda watched: watched.bytes_in,
    Phase.SENDING: lambda watched: watched.bytes_taken,
}


class Watch:
    """Remembers when a connection last did something.

    Args:
        limits: The host's.
        now_s: The loop's time.
    """

    __slots__ = ("_limits", "_phase", "_progress", "_since_s")

    def __init__(self, limits: Limits, now_s: float) -> None:
        self._limits = limits
        self._since_s = now_s
        self._progress = 0
        self._phase = Phase.HANDSHAKE

    def verdict(self, watched: Watched, now_s: float) -> CloseReason | None:
        """Return why the connection must end, if a deadline has passed."""
        phase = watched.phase
        progress = _PROGRESS.get(phase, _none)(watched)
        if phase is not self._phase or progress != self._progress:
            self._phase, self._progress, self._since_s = phase, progress, now_s
        still_s = now_s - self._since_s
        match phase:
            case Phase.HANDSHAKE:
                is_late = still_s > self._limits.handshake_timeout_s
                return CloseReason.HANDSHAKE_TIMEOUT if is_late else None
            case Phase.AWAITING:
                idle_s = self._limits.idle_timeout_s
                return CloseReason.IDLE_TIMEOUT if idle_s is not None and still_s > idle_s else None
            case Phase.SENDING:
                is_stuck = still_s > self._limits.write_timeout_s
                return CloseReason.SLOW_READER if is_stuck else None
            case Phase.CLOSING:
                return CloseReason.LOST if still_s > self._limits.linger_s else None
            case Phase.BUSY:
                return None
