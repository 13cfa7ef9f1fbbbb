"""Accepts the connections of one listening socket, and knows which of them are still being set up.

asyncio's own server loses a socket accepted just before it is closed; here closing waits for those.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import TypeVar

_LOG = logging.getLogger("dotdo.serving")
_AT_ONCE = 64  # so that a flood of peers leaves turns to those who are connected
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_PAUSE_S = 1.0

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Acceptor:
    """Makes a connection of each peer that comes.

    Args:
        listening: Belongs to the acceptor from now on.
        factory: Makes the asyncio protocol of a connection.
    """

    __slots__ = ("_factory", "_listening", "_loop", "_pause", "_pending")

    def __init__(
        self, listening: socket.socket, factory: Callable[[], asyncio.BaseProtocol]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._factory = factory
        self._pending: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self._resume()

    async def close(self) -> None:
        """Listen no longer; return when all accepted peers are connections."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()
        if self._pending:
            await asyncio.wait(self._pending)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, _address = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._wait(error)
                    return
                continue  # that peer has gone again
            task = self._loop.create_task(self._connect(accepted))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)

    def _wait(self, error: OSError) -> None:
        _LOG.error("no peer can be accepted for a while: %s", error.strerror)
        self._loop.remove_reader(self._listening)
        self._pause = self._loop.call_later(_PAUSE_S, self._resume)

    async def _connect(self, accepted: socket.socket) -> None:
        try:
            await connect(accepted, self._factory)
        except OSError:  # it was gone before it was set up
            accepted.close()


async def connect(accepted: socket.socket, factory: Callable[[], P]) -> P:
    """Make a connection of an accepted socket; return its protocol."""
    accepted.setblocking(False)
    if accepted.family != socket.AF_UNIX:
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    loop = asyncio.get_running_loop()
    _, protocol = await loop.connect_accepted_socket(factory, accepted)
    return protocol
