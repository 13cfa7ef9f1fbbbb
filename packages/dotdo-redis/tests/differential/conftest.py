"""A real redis-server 7.0 to compare with, started on a spare port; the tests are skipped without one."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest


class Wire:
    """A connection that tells replies as they stand on the wire."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.stream = self.socket.makefile("rb")

    def ask(self, *calls: list[bytes]) -> list[object]:
        """Send calls in one write and read their replies; an error is ("error", its line)."""
        parts = [[b"*%d\r\n" % len(w), *(b"$%d\r\n%b\r\n" % (len(x), x) for x in w)] for w in calls]
        self.socket.sendall(b"".join(b"".join(part) for part in parts))
        return [self.read() for _ in calls]

    def read(self) -> object:
        line = self.stream.readline()
        mark, rest = line[:1], line[1:-2]
        if mark == b"-":
            return "error", rest.decode("utf8", "replace")
        if mark == b":":
            return int(rest)
        if mark == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        if mark == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        return rest

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


def connected(host: str, port: int) -> Wire:
    for _ in range(100):
        try:
            return Wire((host, port))
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"no server answers at {host}:{port}")


@pytest.fixture(scope="session")
def real() -> Iterator[Wire]:
    """A connection to the server of DOTDO_REAL_REDIS, else to one of our own."""
    if address := os.environ.get("DOTDO_REAL_REDIS"):
        parts = urlsplit(address)
        wire = connected(parts.hostname or "127.0.0.1", parts.port or 6379)
        yield wire
        wire.close()
        return
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server here")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        words = [
            program,
            "--port",
            str(port),
            "--save",
            "",
            "--dir",
            folder,
            "--enable-debug-command",
            "yes",
            "--loglevel",
            "warning",
        ]
        server = subprocess.Popen([*words, "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL)
        try:
            wire = connected("127.0.0.1", port)
            yield wire
            wire.close()
        finally:
            server.terminate()
            server.wait(10)
