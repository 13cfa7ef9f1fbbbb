"""Where a host listens: addresses and socket files, made safely; knows nothing of protocols' bytes."""

import errno
import ipaddress
import os
import socket
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dotdo.serving.entry import WireProtocol
from dotdo.serving.errors import AddressUnavailable

_BACKLOG = 512


@dataclass(frozen=True, slots=True)
class TcpListener:
    """Listen on a host name or address.

    Args:
        protocol: What is spoken there.
        host: Loopback unless told otherwise.
        port: None for the protocol's own; 0 for any free one.
        is_tls_first: TLS from the first byte; else only when the session asks for it.
    """

    protocol: WireProtocol
    host: str = "127.0.0.1"
    port: int | None = None
    is_tls_first: bool = False


@dataclass(frozen=True, slots=True)
class UnixListener:
    """Listen on a socket file, which only its owner may open."""

    protocol: WireProtocol
    path: Path


Listener = TcpListener | UnixListener


def is_loopback(address: str) -> bool:
    """Tell whether only this machine reaches the IP address."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def resolve(listener: TcpListener) -> Sequence[tuple[socket.AddressFamily, str]]:
    """Return the IP addresses to bind; looked up once, so that those checked are those bound.

    Raises:
        AddressUnavailable: The name cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(
            listener.host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        message = f"cannot resolve {listener.host!r}"
        raise AddressUnavailable(message) from error
    return [(family, str(address[0])) for family, _, _, _, address in found]


def bind_tcp(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        AddressUnavailable: The address is not this machine's, or the port is taken.
    """
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        message = f"cannot listen on {address} port {port}: {os.strerror(error.errno or 0)}"
        raise AddressUnavailable(message) from error
    return made


def bind_unix(path: Path) -> socket.socket:
    """Return a listening socket whose file is 0600 from the start; replaces a dead one's file.

    Raises:
        AddressUnavailable: Somebody listens there, the file is no socket, or it cannot be made.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        _remove_dead(path)
        made.bind(str(path))
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        message = f"cannot listen on {path}: {os.strerror(error.errno or 0) or error}"
        raise AddressUnavailable(message) from error
    finally:
        os.umask(mask)
    return made


def _remove_dead(path: Path) -> None:
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
