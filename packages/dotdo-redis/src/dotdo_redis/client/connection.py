"""redis-py's connections and pools over lines to an engine; it refuses sockets."""

from collections.abc import Iterable
from typing import Any

import redis.connection as upstream
from redis._parsers import _RESP2Parser, _RESP3Parser
from redis.connection import DefaultParser

from dotdo_redis.client.line import Line
from dotdo_redis.client.parser import Parser
from dotdo_redis.client.remote import RemoteSocket
from dotdo_redis.client.shapes import error_of
from dotdo_redis.durability import OwnedElsewhere, keyspace_of, namespace, reach
from dotdo_redis.engine import Engine
from dotdo_redis.errors import TooManyClients

READ_BYTES = 65536


def admit(engine: Engine) -> None:
    """Let one more connection to an engine be.

    Raises:
        ConnectionError: redis-py's; there are as many as there may be.
    """
    try:
        engine.instance.limits.admit()
    except TooManyClients as error:
        raise error_of(error) from None


class Packer:
    """Arguments of a command as words; the name may be several."""

    __slots__ = ("encode",)

    def __init__(self, encode: Any) -> None:
        self.encode = encode

    def pack(self, *args: Any) -> list[list[bytes]]:
        """One command, in a list as redis-py sends it."""
        name = args[0]
        words = name.encode().split() if isinstance(name, str) else bytes(name).split()
        encode = self.encode
        for argument in args[1:]:
            word = encode(argument)
            words.append(word if word.__class__ is bytes else bytes(word))
        return [words]


class InProcess:
    """What a connection does instead of I/O."""

    encoder: Any
    protocol: int
    tenant: str
    _parser: Any
    direct: Line | None = None
    """The line that was connected last, for the short cut."""
    _sock: Line | RemoteSocket | None

    @property
    def line(self) -> Line | None:
        """The line, while connected to an engine of this process."""
        return self._sock if isinstance(self._sock, Line) else None

    def _connect(self) -> Line | RemoteSocket:
        try:
            engine = keyspace_of(self.tenant).engine
        except OwnedElsewhere as owned:
            kind = (
                _RESP3Parser
                if self.protocol == 3 and DefaultParser is _RESP2Parser
                else DefaultParser
            )
            self._parser = kind(socket_read_size=READ_BYTES)
            self.direct = None
            return RemoteSocket(reach(owned.address))
        admit(engine)
        self._parser = Parser(socket_read_size=0)
        self.direct = Line(engine)
        return self.direct

    def set_parser(self, _parser_class: Any) -> None:
        """Read from the line, whatever parser was wanted."""
        if not hasattr(self, "_parser"):
            self._parser = Parser(socket_read_size=0)
            self.tenant = namespace()

    def _construct_command_packer(self, packer: Any) -> Any:
        return packer or Packer(self.encoder.encode)

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Send words; in a forked child over a connection of its own, for the parent's engine stayed there."""
        line = self.direct
        if line is not None and line.is_abandoned and line is self._sock:
            self.disconnect()  # type: ignore[attr-defined]  # of the upstream class
        super().send_packed_command(command, check_health=check_health)  # type: ignore[misc]

    def pack_commands(self, commands: Iterable[Any]) -> list[list[bytes]]:
        """All commands, each as its words."""
        pack = self._command_packer.pack  # type: ignore[attr-defined]  # made by the upstream class
        return [words for command in commands for words in pack(*command)]

    def update_parser_timeout(self, timeout: float | None = None) -> None:
        """Let the parser wait another time."""
        if self.line is not None:
            self._parser.timeout_s = timeout
        else:
            super().update_parser_timeout(timeout)  # type: ignore[misc]  # of the upstream class


class Connection(InProcess, upstream.Connection):  # type: ignore[misc]  # redis-py's is untyped here
    """A connection to the tenant's engine; host and port are kept for show."""


class SSLConnection(InProcess, upstream.SSLConnection):  # type: ignore[misc]
    """The same for those who ask for TLS."""


class UnixDomainSocketConnection(InProcess, upstream.UnixDomainSocketConnection):  # type: ignore[misc]
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


ConnectionPool.__init__.__wrapped__ = upstream.ConnectionPool.__init__  # type: ignore[attr-defined]  # for its signature


class BlockingConnectionPool(upstream.BlockingConnectionPool):
    """The same, waiting for a free connection."""

    def __init__(
        self,
        max_connections: int | None = 50,
        timeout: float | None = 20,
        connection_class: Any = Connection,
        **kwargs: Any,
    ) -> None:
        ours = IN_PROCESS.get(connection_class, connection_class)
        super().__init__(max_connections, timeout, ours, **kwargs)


__all__ = [
    "BlockingConnectionPool",
    "Connection",
    "ConnectionPool",
    "SSLConnection",
    "UnixDomainSocketConnection",
]
