"""redis-py's asyncio connections and pools over lines to an engine; it refuses sockets."""

import asyncio
from collections.abc import Iterable
from typing import Any

import redis.asyncio.connection as upstream
from redis._parsers import _AsyncRESP2Parser, _AsyncRESP3Parser
from redis.asyncio.connection import DefaultParser

from dotdo_redis.client.async_line import AsyncLine
from dotdo_redis.client.async_parser import AsyncParser
from dotdo_redis.client.connection import READ_BYTES, InProcess, Packer, admit
from dotdo_redis.client.remote import RemoteWriter
from dotdo_redis.durability import OwnedElsewhere, keyspace_of, namespace, reach


class AsyncInProcess(InProcess):
    """What an asyncio connection does instead of I/O."""

    _reader: AsyncLine | asyncio.StreamReader | None
    _writer: AsyncLine | RemoteWriter | None

    @property
    def line(self) -> AsyncLine | None:
        """The line, while connected to an engine of this process."""
        return self._writer if isinstance(self._writer, AsyncLine) else None

    async def _connect(self) -> None:  # type: ignore[override]  # a coroutine here
        try:
            engine = keyspace_of(self.tenant).engine
        except OwnedElsewhere as owned:
            connection = await asyncio.to_thread(reach, owned.address)
            reader, writer = await asyncio.open_unix_connection(sock=connection)
            is_new = self.protocol == 3 and DefaultParser is _AsyncRESP2Parser
            kind = _AsyncRESP3Parser if is_new else DefaultParser
            self._parser = kind(socket_read_size=READ_BYTES)
            self._reader, self._writer = reader, RemoteWriter(writer)
            self.direct = None
            return
        admit(engine)
        self._parser = AsyncParser(socket_read_size=0)
        self.direct = self._reader = self._writer = AsyncLine(engine)

    def set_parser(self, _parser_class: Any) -> None:
        """Read from the line, whatever parser was wanted."""
        if not hasattr(self, "_parser"):
            self._parser = AsyncParser(socket_read_size=0)
            self.tenant = namespace()

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # type: ignore[override]
        """Send words; a loop does not go on in a forked child."""
        await super(InProcess, self).send_packed_command(command, check_health=check_health)  # type: ignore[misc]

    def pack_command(self, *args: Any) -> list[list[bytes]]:
        """One command as words."""
        return Packer(self.encoder.encode).pack(*args)

    def pack_commands(self, commands: Iterable[Any]) -> list[list[bytes]]:
        """All commands, each as its words."""
        pack = Packer(self.encoder.encode).pack
        return [words for command in commands for words in pack(*command)]


class Connection(AsyncInProcess, upstream.Connection):  # type: ignore[misc]  # redis-py's is untyped here
    """A connection to the tenant's engine; host and port are kept for show."""


class SSLConnection(AsyncInProcess, upstream.SSLConnection):  # type: ignore[misc]
    """The same for those who ask for TLS."""


class UnixDomainSocketConnection(AsyncInProcess, upstream.UnixDomainSocketConnection):  # type: ignore[misc]
    """The same for those who ask for a socket file."""


IN_PROCESS = {
    upstream.Connection: Connection,
    upstream.SSLConnection: SSLConnection,
    upstream.UnixDomainSocketConnection: UnixDomainSocketConnection,
}
"""redis-py's classes -> ours."""


class ConnectionPool(upstream.ConnectionPool):
    """A pool whose connections are in-process unless another class is asked for."""

    def __init__(self, connection_class: Any = Connection, *args: Any, **kwargs: Any) -> None:
        super().__init__(IN_PROCESS.get(connection_class, connection_class), *args, **kwargs)


class BlockingConnectionPool(upstream.BlockingConnectionPool):
    """The same, waiting for a free connection."""

    def __init__(
        self,
        max_connections: int = 50,
        timeout: float | None = 20,
        connection_class: Any = Connection,
        **kwargs: Any,
    ) -> None:
        ours = IN_PROCESS.get(connection_class, connection_class)
        super().__init__(max_connections, timeout, ours, **kwargs)
