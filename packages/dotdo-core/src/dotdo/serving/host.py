"""The host: listens, runs a session for each connection, sweeps deadlines, stops gracefully."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dotdo.serving.acceptor import Acceptor, connect
from dotdo.serving.cancellation import CancelRegistry
from dotdo.serving.connection import Connection
from dotdo.serving.door import Door
from dotdo.serving.doorbell import Doorbell
from dotdo.serving.entry import WireProtocol
from dotdo.serving.errors import HostStopped, TlsUnavailable, UnprotectedListener
from dotdo.serving.listeners import (
    Listener,
    UnixListener,
    bind_tcp,
    bind_unix,
    is_loopback,
    resolve,
)
from dotdo.serving.metrics import Metrics, ProtocolMetrics
from dotdo.serving.roster import Roster
from dotdo.serving.services import Services
from dotdo.serving.session import CloseReason
from dotdo.serving.suspension import Crew

_LOG = logging.getLogger("dotdo.serving")
Address = tuple[str, int] | Path


class Host:
    """Serves protocols on the running asyncio loop, whichever it is.

    Args:
        listeners: Where and what; may be empty for a host that only adopts sockets.
        services: What sessions are served with.

    Attributes:
        metrics: Counters of each protocol, from when it is first served.
    """

    def __init__(self, listeners: Sequence[Listener], services: Services) -> None:
        self.metrics = Metrics()
        self._listeners = listeners
        self._services = services
        self._addresses: list[Address] = []
        self._acceptors: list[Acceptor] = []
        self._cancellations: dict[str, CancelRegistry] = {}
        self._crew: Crew | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._roster: Roster[Connection] = Roster(services.limits)
        self._sweeper: asyncio.TimerHandle | None = None

    @property
    def addresses(self) -> Sequence[Address]:
        """Where it listens, in the order of the listeners; a name may stand for several."""
        return tuple(self._addresses)

    @property
    def connections(self) -> int:
        """How many connections have not ended."""
        return len(self._roster)

    # --- starting --------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen everywhere, or nowhere if one listener cannot; a host is started once.

        Raises:
            HostStopped: It was stopped.
            UnprotectedListener: An address beyond loopback, and no credentials.
            TlsUnavailable: A listener wants TLS, and there is no certificate.
            AddressUnavailable: An address cannot be resolved or bound.
        """
        if self._roster.is_shut:
            raise HostStopped("a host is started once")
        loop = asyncio.get_running_loop()
        if self._services.tls is not None:
            names = dict.fromkeys(n for each in self._listeners for n in each.protocol.alpn)
            self._services.tls.set_alpn_protocols(list(names))
        workers = self._workers = ThreadPoolExecutor(
            self._services.limits.worker_threads, thread_name_prefix="dotdo-serving"
        )
        self._crew = Crew(loop, Doorbell(loop), workers)
        try:
            for listener in self._listeners:
                self._listen(listener)
        except BaseException:
            await self.stop(grace_s=0)
            raise
        self._sweep()

    def _listen(self, listener: Listener) -> None:
        if isinstance(listener, UnixListener):
            factory = self._factory(listener.protocol, is_tls_first=False)
            self._acceptors.append(Acceptor(bind_unix(listener.path), factory))
            self._addresses.append(listener.path)
            return
        addresses = resolve(listener)
        if self._services.credentials is None:
            _refuse_beyond_loopback([address for _, address in addresses])
        if listener.is_tls_first and self._services.tls is None:
            raise TlsUnavailable("a listener wants TLS, and the host has no certificate")
        port = listener.protocol.default_port if listener.port is None else listener.port
        factory = self._factory(listener.protocol, is_tls_first=listener.is_tls_first)
        for family, address in addresses:
            bound = bind_tcp(family, address, port)
            port = int(bound.getsockname()[1])  # one free port for all addresses of a name
            self._acceptors.append(Acceptor(bound, factory))
            self._addresses.append((address, port))

    def _factory(self, protocol: WireProtocol, *, is_tls_first: bool) -> Callable[[], Connection]:
        if self._crew is None:
            raise HostStopped("the host is not running")
        cancellations = self._cancellations.setdefault(
            protocol.name, CancelRegistry(self._services.randomness)
        )
        metrics = self.metrics.setdefault(protocol.name, ProtocolMetrics())
        door = Door(
            protocol, self._services, self._crew, self._roster, metrics, cancellations, is_tls_first
        )
        return lambda: Connection(door)

    async def adopt(
        self, protocol: WireProtocol, accepted: socket.socket, initial_bytes: bytes = b""
    ) -> None:
        """Serve a connection that somebody else accepted, and may have begun to read.

        Args:
            protocol: What is spoken on it.
            accepted: Belongs to the host from now on.
            initial_bytes: What was read of it, in plain text or of a TLS handshake.

        Raises:
            HostStopped: The host is not running.
            UnprotectedListener: It comes from beyond loopback, and there are no credentials.
        """
        factory = self._factory(protocol, is_tls_first=False)
        if accepted.family != socket.AF_UNIX and self._services.credentials is None:
            _refuse_beyond_loopback([accepted.getsockname()[0]])
        connection = await connect(accepted, factory)
        if initial_bytes:
            connection.data_received(initial_bytes)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for connection in self._roster:
            connection.sweep(now_s)
        interval_s = self._services.limits.sweep_interval_s
        self._sweeper = loop.call_later(interval_s, self._sweep)

    def attach(self, protocol: WireProtocol, transport: asyncio.Transport) -> asyncio.Protocol:
        """Serve a transport of the caller's own, such as one in memory.

        Args:
            protocol: What is spoken on it.
            transport: Belongs to the host from now on.

        Returns:
            What the transport gives its input to.

        Raises:
            HostStopped: The host is not running.
        """
        made = self._factory(protocol, is_tls_first=False)()
        made.connection_made(transport)
        return made

    # --- stopping --------------------------------------------------------------------------

    async def stop(self, grace_s: float | None = None) -> None:
        """Stop listening, let requests in flight finish, then close what is left.

        Args:
            grace_s: How long requests may take; None for the limits' value.
        """
        if self._crew is None or self._workers is None:
            return
        self._crew = None
        limits = self._services.limits
        self._roster.shut()
        await self._close_listeners()
        for connection in self._roster:
            connection.stop()
        if not await self._roster.wait_empty(limits.grace_s if grace_s is None else grace_s):
            await self._end_all(limits.linger_s)
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _close_listeners(self) -> None:
        for acceptor in self._acceptors:
            await acceptor.close()
        for address in self._addresses:
            if isinstance(address, Path):
                address.unlink(missing_ok=True)
        self._acceptors.clear()
        self._addresses.clear()

    async def _end_all(self, linger_s: float) -> None:
        for connection in self._roster:
            connection.finish(CloseReason.SHUTDOWN)
        if await self._roster.wait_empty(linger_s):
            return
        for connection in self._roster:
            connection.abort(CloseReason.SHUTDOWN)
        if not await self._roster.wait_empty(linger_s):
            _LOG.warning("%d calls are still running after the stop", len(self._roster))


def _refuse_beyond_loopback(addresses: Sequence[str]) -> None:
    exposed = [address for address in addresses if not is_loopback(address)]
    if exposed:
        message = f"{', '.join(exposed)} can be reached from elsewhere: credentials are required"
        raise UnprotectedListener(message)
