"""Two ends of a connection within one event loop: what one writes the other's protocol receives."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class End(asyncio.Transport):
    """One end, as asyncio's protocols know transports.

    Args:
        loop: the loop both ends live on.
        is_direct: what is written reaches the other end within the call; else in the loop's next round.

    Attributes:
        protocol: receives what the other end writes; set before anything is.
    """

    protocol: asyncio.Protocol
    _peer: "End"

    def __init__(self, loop: asyncio.AbstractEventLoop, *, is_direct: bool) -> None:
        super().__init__()
        self._loop = loop
        self._is_direct = is_direct
        self._held: list[bytes] = []
        self._is_paused = False
        self._is_closed = False
        self.on_close: Callable[[], object] | None = None

    @classmethod
    def pair(cls, loop: asyncio.AbstractEventLoop) -> tuple["End", "End"]:
        """Return the client's end and the server's."""
        client, server = cls(loop, is_direct=True), cls(loop, is_direct=False)
        client._peer, server._peer = server, client
        return client, server

    # --- writing -----------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hand data to the other end."""
        if self._is_closed or not data:
            return
        if self._is_direct:
            self._peer.receive(bytes(data))
        else:
            self._loop.call_soon(self._peer.receive, bytes(data))

    def can_write_eof(self) -> bool:
        """Tell that one direction can be closed alone."""
        return True

    def write_eof(self) -> None:
        """Tell the other end that nothing follows."""
        self._loop.call_soon(self._peer.end)

    def get_write_buffer_size(self) -> int:
        """Return 0: nothing is kept here."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: nothing is kept here."""

    # --- reading -----------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Give what has come to the protocol, or keep it."""
        if self._is_paused:
            self._held.append(data)
        elif not self._is_closed:
            self.protocol.data_received(data)

    def pause_reading(self) -> None:
        """Keep what comes."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Give what was kept to the protocol."""
        self._is_paused = False
        held, self._held = self._held, []
        for data in held:
            self._loop.call_soon(self.receive, data)

    def is_reading(self) -> bool:
        """Whether what comes is given to the protocol."""
        return not (self._is_paused or self._is_closed)

    # --- closing -----------------------------------------------------------------------------

    def end(self) -> None:
        """Take note that nothing follows."""
        if not self._is_closed and not self.protocol.eof_received():
            self.close()

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._is_closed

    def close(self) -> None:
        """Close both directions."""
        if self._is_closed:
            return
        self._is_closed = True
        self._loop.call_soon(self.protocol.connection_lost, None)
        self._loop.call_soon(self._peer.end)
        if self.on_close is not None:
            self._loop.call_soon(self.on_close)

    abort = close

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol receive what comes."""
        assert isinstance(protocol, asyncio.Protocol)
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return what receives what comes."""
        return self.protocol
