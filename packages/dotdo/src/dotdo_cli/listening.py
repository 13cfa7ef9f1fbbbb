"""Where each protocol is to listen, read from options; a host that says when it listens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotdo.serving import Host, Listener, Services, TcpListener, UnixListener, WireProtocol
from dotdo.serving.listeners import resolve
from dotdo_cli.errors import UsageError

Address = tuple[str, int] | Path
Announce = Callable[[Sequence[Address]], None]
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the options say, by protocol.

    Args:
        hosts: Names or addresses; empty where none is wanted.
        ports: Ports; a protocol that is missing takes the vendor's.
        paths: Socket files.
        tls_first: Protocols with TLS from the first byte.
    """

    hosts: Mapping[str, Sequence[str]]
    ports: Mapping[str, int]
    paths: Mapping[str, Path]
    tls_first: frozenset[str]

    @classmethod
    def parse(
        cls,
        protocols: Sequence[str],
        host: Sequence[str],
        port: Sequence[str],
        unix: Sequence[str],
        tls_first: Sequence[str],
    ) -> "Wishes":
        """Read the options.

        Raises:
            UsageError: One names a protocol that is not served, or cannot be read.
        """
        hosts: dict[str, list[str]] = {}
        everywhere: list[str] = []
        for text in host:
            name, equals, value = text.partition("=")
            if equals:
                hosts.setdefault(_served(name, protocols), []).append(value)
            else:
                everywhere.append(text)
        ports = {name: _port(value) for name, value in _each(port, protocols, "port")}
        paths = {name: Path(value) for name, value in _each(unix, protocols, "unix")}
        for name in protocols:
            is_unix_only = name in paths and name not in ports and not everywhere
            hosts.setdefault(name, [] if is_unix_only else everywhere or [_LOOPBACK])
        return cls(hosts, ports, paths, frozenset(_served(n, protocols) for n in tls_first))

    def listeners(self, protocols: Mapping[str, WireProtocol]) -> list[Listener]:
        """Return one listener for each address and socket file.

        Raises:
            AddressUnavailable: A name cannot be resolved.
        """
        return [made for p in protocols.values() for made in (*self._tcp(p), *self._unix(p))]

    def _tcp(self, protocol: WireProtocol) -> Iterator[Listener]:
        for host in self.hosts[protocol.name]:
            for _, address in resolve(TcpListener(protocol, host)):
                yield TcpListener(
                    protocol,
                    address,
                    self.ports.get(protocol.name),
                    is_tls_first=protocol.name in self.tls_first,
                )

    def _unix(self, protocol: WireProtocol) -> Iterator[Listener]:
        if protocol.name in self.paths:
            yield UnixListener(protocol, self.paths[protocol.name])


def _each(
    options: Sequence[str], protocols: Sequence[str], option: str
) -> Iterator[tuple[str, str]]:
    """Yield (protocol, value) of options `[PROTOCOL=]VALUE`; the only protocol need not be named."""
    for text in options:
        name, equals, value = text.partition("=")
        if equals:
            yield _served(name, protocols), value
        elif len(protocols) == 1:
            yield protocols[0], text
        else:
            message = f"--{option} {text}: say for which protocol, as in {protocols[0]}={text}"
            raise UsageError(message)


def _served(name: str, protocols: Sequence[str]) -> str:
    if name not in protocols:
        message = f"{name!r} is not among the protocols served: {', '.join(protocols)}"
        raise UsageError(message)
    return name


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        message = f"{text!r} is no port: give a number from 0 to 65535"
        raise UsageError(message)
    return int(text)


class AnnouncedHost(Host):
    """A host that tells where it listens as soon as it does.

    Args:
        listeners: Where and what.
        services: What sessions are served with.
        announce: Is given the addresses, in the order of the listeners.
    """

    def __init__(
        self, listeners: Sequence[Listener], services: Services, announce: Announce
    ) -> None:
        super().__init__(listeners, services)
        self._announce = announce

    async def start(self) -> None:
        """Listen everywhere, or nowhere; see `Host.start`."""
        await super().start()
        self._announce(self.addresses)
