"""Cancelling the statement that a session runs, by the names libpq gives it; done at once."""

from typing import TYPE_CHECKING

from psycopg.pq import ConnStatus, PollingStatus

if TYPE_CHECKING:
    from dotdo_postgres.client.pgconn import PGconn


class PGcancel:
    """A request to cancel, in both forms that libpq has."""

    status = int(ConnStatus.OK)
    socket = -1
    error_message = b""

    def __init__(self, pgconn: "PGconn") -> None:
        self._pgconn = pgconn

    def cancel(self) -> None:
        """Cancel."""
        self._pgconn.cancel_copy()
        self._pgconn.session.cancel()

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
