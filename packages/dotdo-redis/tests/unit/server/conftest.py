"""A host that serves the protocol on a free loopback port, and raw and real clients of it."""

import socket
from collections.abc import Callable, Iterator

import pytest

from dotdo.serving import Credentials, Host, Services, TcpListener, serve_in_thread
from dotdo_redis.server import redis_protocol

Address = tuple[str, int]


@pytest.fixture
def serve() -> Iterator[Callable[..., Address]]:
    """Start hosts: `serve(credentials)` gives the address."""
    running = []

    def start(credentials: Credentials | None = None) -> Address:
        host = Host(
            [TcpListener(redis_protocol(), port=0)],
            Services(lambda name: name, credentials=credentials),
        )
        context = serve_in_thread(host)
        context.__enter__()
        running.append(context)
        return host.addresses[0]

    yield start
    for context in running:
        context.__exit__(None, None, None)


class RawClient:
    """Sends bytes, and reads as many as are expected."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=10)

    def ask(self, data: bytes, expected: bytes) -> None:
        self.socket.sendall(data)
        self.expect(expected)

    def expect(self, expected: bytes) -> None:
        got = b""
        while len(got) < len(expected):
            piece = self.socket.recv(len(expected) - len(got))
            if not piece:
                break
            got += piece
        assert got == expected

    def at_end(self) -> bool:
        return self.socket.recv(1) == b""


@pytest.fixture
def raw() -> Iterator[Callable[[Address], RawClient]]:
    """Open raw connections."""
    opened: list[RawClient] = []

    def connect(address: Address) -> RawClient:
        opened.append(RawClient(address))
        return opened[-1]

    yield connect
    for client in opened:
        client.socket.close()
