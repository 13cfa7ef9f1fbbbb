"""A socket to the process that owns the tenant's keys, which takes words as a line does; it refuses to run them."""

import asyncio
import socket
from collections.abc import Iterable
from typing import Any


def packed(words: list[bytes]) -> bytes:
    """A command as RESP."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


class RemoteSocket:
    """A unix socket that sends words."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def sendall(self, words: list[bytes]) -> None:
        """Send a command."""
        self._socket.sendall(packed(words))

    def getpeername(self) -> tuple[str, int]:
        """The address of the service."""
        return "127.0.0.1", 6379

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class RemoteWriter:
    """The same for asyncio: a stream writer that sends words."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def writelines(self, commands: Iterable[list[bytes]]) -> None:
        """Send commands."""
        self._writer.writelines([packed(words) for words in commands])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)
