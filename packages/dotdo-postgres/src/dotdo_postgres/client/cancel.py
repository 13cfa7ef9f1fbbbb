"""Cancelling the statement that a session runs, by the names libpq gives it; done at once."""

from psycopg.pq import ConnStatus, PollingStatus

from dotdo_postgres.engine.session import Session


class PGcancel:
    """A request to cancel, in both forms that libpq has."""

    status = int(ConnStatus.OK)
    socket = -1
    error_message = b""

    def __init__(self, session: Session) -> None:
        self._session = session

    def cancel(self) -> None:
        """Cancel."""
        self._session.cancel()

    start = blocking = cancel

    def poll(self) -> int:
        """Return OK: it is done."""
        return PollingStatus.OK

    def get_error_message(self, encoding: str = "utf-8") -> str:
        """Return an empty text."""
        return ""

    def free(self) -> None:
        """Free nothing: Python does."""

    reset = finish = free
