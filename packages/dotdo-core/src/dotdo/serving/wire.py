"""One connection's bytes: transport, TLS and their counts; knows nothing of sessions."""

import asyncio
import ssl

from dotdo.serving.context import ConnectionFacts, TlsFacts
from dotdo.serving.tls import TlsLayer


class Wire:
    """The way to one peer.

    Attributes:
        bytes_in: Received, as on the socket.
        bytes_out: Given to the socket.
        tls: The layer between, from the start of the handshake.
    """

    __slots__ = ("_is_reading", "_transport", "bytes_in", "bytes_out", "tls")

    def __init__(self, transport: asyncio.Transport, high_water_bytes: int) -> None:
        self._transport = transport
        self._is_reading = True
        self.bytes_in = 0
        self.bytes_out = 0
        self.tls: TlsLayer | None = None
        transport.set_write_buffer_limits(high=high_water_bytes)

    @property
    def unsent_bytes(self) -> int:
        """Output that the peer's side has not taken."""
        return self._transport.get_write_buffer_size()

    @property
    def is_handshaking(self) -> bool:
        """In the TLS handshake: nothing can be sent now."""
        return self.tls is not None and not self.tls.is_ready

    @property
    def is_ended(self) -> bool:
        """TLS has said that nothing follows."""
        return self.tls is not None and self.tls.is_ended

    @property
    def tls_facts(self) -> TlsFacts | None:
        """What was agreed in the handshake, if there was one."""
        return self.tls.facts() if self.tls is not None else None

    def write(self, data: bytes) -> None:
        """Send output of the session."""
        if self.tls is not None:
            data = self.tls.encrypt(data)
        self.bytes_out += len(data)
        self._transport.write(data)

    def decrypt(self, data: bytes) -> bytes:
        """Return what the bytes carry, and send what TLS answers by itself.

        Raises:
            ssl.SSLError: The peer does not speak TLS, or breaks it.
        """
        layer = self.tls
        if layer is None:
            return data
        try:
            return layer.decrypt(data)
        finally:
            answer = layer.outgoing()
            if answer:
                self.bytes_out += len(answer)
                self._transport.write(answer)

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Expect the peer's handshake from now on."""
        self.tls = TlsLayer(context)

    def set_reading(self, is_wanted: bool) -> None:
        """Read the socket or leave input where it is, so that the peer is held back."""
        if is_wanted is self._is_reading or self._transport.is_closing():
            return
        self._is_reading = is_wanted
        if is_wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def finish(self, *, lingers: bool) -> None:
        """Send what is pending and close.

        Args:
            lingers: Close only this direction and wait for the peer to close the other, for a
                socket closed with input unread would reset the connection and lose the output.
        """
        if self.tls is not None and self.tls.is_ready and not self._transport.is_closing():
            self._transport.write(self.tls.close())
        if lingers and self._transport.can_write_eof():
            self.set_reading(True)
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection and all pending output."""
        self._transport.abort()


def connection_facts(number: int, transport: asyncio.BaseTransport) -> ConnectionFacts:
    """Return where a transport comes from."""
    peer: object = transport.get_extra_info("peername")
    local: object = transport.get_extra_info("sockname")
    if isinstance(peer, tuple) and isinstance(local, tuple):
        return ConnectionFacts(
            number,
            str(peer[0]),
            int(peer[1]),
            str(local[0]),
            is_unix=False,
            local_port=int(local[1]),
        )
    return ConnectionFacts(number, "", 0, local if isinstance(local, str) else "", is_unix=True)
