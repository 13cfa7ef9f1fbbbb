"""Waiting for notifications in-process: a thread stands still, a coroutine gives way, until something has come."""

import asyncio
import threading
from typing import TYPE_CHECKING

from psycopg import errors as e
from psycopg.pq.misc import PGnotify

from dotdo_postgres.client import seam

if TYPE_CHECKING:
    from dotdo_postgres.client.pgconn import PGconn


class Arrivals:
    """What psycopg waits for in `notifies()`: it stands in for its generator.

    Args:
        pgconn: the connection.
    """

    def __init__(self, pgconn: "PGconn") -> None:
        self._pgconn = pgconn

    def block(self, timeout_s: float | None, interval_s: float) -> list[PGnotify]:
        """Wait in this thread for something to come.

        Raises:
            psycopg.errors._WaitTimeout: nothing has, in time; versions without it get nothing.
        """
        timeout_s = interval_s if seam.WaitTimeout is None else timeout_s
        come = threading.Event()
        mailbox = self._pgconn.session.mailbox
        mailbox.on_arrival = come.set
        try:
            if not mailbox.inbox and not come.wait(timeout_s):
                return _nothing()
        finally:
            mailbox.on_arrival = None
        return self._taken()

    async def arrive(self, timeout_s: float | None, interval_s: float) -> list[PGnotify]:
        """Wait in this task; see `block`."""
        timeout_s = interval_s if seam.WaitTimeout is None else timeout_s
        loop = asyncio.get_running_loop()
        come = asyncio.Event()
        mailbox = self._pgconn.session.mailbox
        mailbox.on_arrival = lambda: loop.call_soon_threadsafe(come.set)
        try:
            if not mailbox.inbox:
                async with asyncio.timeout(timeout_s):
                    await come.wait()
        except TimeoutError:
            return _nothing()
        finally:
            mailbox.on_arrival = None
        return self._taken()

    def _taken(self) -> list[PGnotify]:
        if self._pgconn.status:
            raise e.OperationalError("the connection is lost")
        taken = []
        while (found := self._pgconn.notifies()) is not None:
            taken.append(found)
            if self._pgconn.notify_handler is not None:
                self._pgconn.notify_handler(found)
        return taken


def _nothing() -> list[PGnotify]:
    if seam.WaitTimeout is not None:
        raise seam.WaitTimeout
    return []
