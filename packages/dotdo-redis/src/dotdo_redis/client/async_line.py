"""A line for asyncio: reader and writer of a connection in one; it refuses to block the loop."""

import asyncio
from collections.abc import Iterable
from typing import Any

from dotdo_redis.client.line import BEAT_S, Line
from dotdo_redis.engine import Engine
from dotdo_redis.mapping.replies import Reply


class AsyncLine(Line):
    """One client of an engine, read by coroutines of one loop."""

    def __init__(self, engine: Engine) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiter: asyncio.Future[None] | None = None
        super().__init__(engine)

    def ring(self) -> None:
        """Wake the coroutine that waits, from whatever thread."""
        if self.waiter is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def receive(self) -> Reply:
        """Read one reply or message, however long it takes.

        Raises:
            ConnectionResetError: the other side hung up.
        """
        while not self.inbox:
            if self.look():
                continue
            self.waiter = self.loop.create_future()
            if not self.inbox and not self.is_closing:
                await asyncio.wait([self.waiter], timeout=self.nap_s(BEAT_S))
            self.waiter = None
            self.engine.tick()
        return self.inbox.popleft()

    # -- what a stream writer and a stream reader have

    def writelines(self, commands: Iterable[list[bytes]]) -> None:
        """Run commands."""
        for words in commands:
            self.sendall(words)

    async def drain(self) -> None:
        """Do nothing: all is sent."""

    async def wait_closed(self) -> None:
        """Do nothing: closing takes no time."""

    def at_eof(self) -> bool:
        """Whether the other side hung up."""
        return self.is_closing and not self.inbox

    @property
    def _buffer(self) -> Any:
        if not self.inbox and self.pending is not None and not self.is_closing:
            self.look()
        return self.inbox

    @property
    def transport(self) -> "AsyncLine":
        """Itself, for questions about the connection."""
        return self

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell the addresses."""
        return {"peername": self.getpeername(), "sockname": self.getsockname()}.get(name, default)
