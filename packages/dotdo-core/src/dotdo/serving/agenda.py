"""What is due to a session once it is free: input held back, a wake-up, the word that the host stops."""

from collections.abc import Callable
from functools import partial

from dotdo.serving.session import Reply, Session


class Agenda:
    """Keeps what cannot be given to a session now.

    Attributes:
        is_woken: The session has been woken since it was last told.
        is_stopping: The host stops.
    """

    __slots__ = ("_held", "_is_stop_told", "is_stopping", "is_woken")

    def __init__(self) -> None:
        self._held = bytearray()
        self._is_stop_told = False
        self.is_woken = False
        self.is_stopping = False

    @property
    def held_bytes(self) -> int:
        """Input held back."""
        return len(self._held)

    def hold(self, data: bytes) -> None:
        """Keep input for later."""
        self._held += data

    def drop(self) -> None:
        """Forget the input: nobody will answer it."""
        self._held.clear()

    def next_call(self, session: Session) -> Callable[[], Reply] | None:
        """Return the next call to make on a free session."""
        if self._held:
            data = bytes(self._held)
            self._held.clear()
            return partial(session.receive, data)
        if self.is_woken:
            self.is_woken = False
            return session.woken
        if self.is_stopping and not self._is_stop_told:
            self._is_stop_told = True
            return session.stop
        return None
