"""Waiting of a session for another's transaction: within its limits of time, and until it is interrupted."""

from threading import Event
from typing import TYPE_CHECKING

from dotdo.errors import DotdoError, Interrupted, LockTimeout, StatementTimeout

if TYPE_CHECKING:
    from dotdo.storage.locks import Waiter
    from dotdo.storage.writer import Writer


class Patience:
    """How long a session waits, and the alarm that ends its waiting.

    Args:
        session: Who waits.
    """

    __slots__ = ("_alarm", "_session", "_was_interrupted")

    def __init__(self, session: "Writer") -> None:
        self._session = session
        self._alarm: Event | None = None
        self._was_interrupted = False

    def wait(self, waiter: "Waiter") -> None:
        """Block this thread until `waiter` is done.

        Raises:
            LockTimeout: The session's `lock_timeout_us` is over.
            StatementTimeout: Its deadline is over.
            Interrupted: It was interrupted.
        """
        limit_us, error = self._limit()
        self._was_interrupted = False
        alarm = self._alarm = Event()
        waiter.add_done_callback(alarm.set)
        try:
            alarm.wait(None if limit_us is None else limit_us / 1e6)
        finally:
            self._alarm = None
        if self._was_interrupted:
            msg = "waiting for a lock was interrupted"
            raise Interrupted(msg)
        if not waiter.is_done:
            raise error

    def interrupt(self) -> None:
        """End the waiting, from any thread; nothing when the session does not wait."""
        alarm = self._alarm
        if alarm is not None:
            self._was_interrupted = True
            alarm.set()

    def _limit(self) -> tuple[int | None, DotdoError]:
        """Return for how long to wait at most, and what it means when that is over."""
        session = self._session
        patience_us = session.lock_timeout_us
        if session.deadline_us is not None:
            left_us = max(session.deadline_us - session.store.clock(), 0)
            if patience_us is None or left_us <= patience_us:
                return left_us, StatementTimeout("the time was over while waiting for a lock")
        return patience_us, LockTimeout("the lock was not released in time")
