"""A real redis-server 7.0 to compare with, started on a spare port; the tests are skipped without one."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from redis import Connection


@pytest.fixture(scope="session")
def real() -> Iterator[Connection]:
    """A connection to the server of DOTDO_REAL_REDIS, else to one of our own."""
    if address := os.environ.get("DOTDO_REAL_REDIS"):
        parts = urlsplit(address)
        yield connected(parts.hostname or "127.0.0.1", parts.port or 6379)
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
            "--loglevel",
            "warning",
        ]
        server = subprocess.Popen([*words, "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL)
        try:
            yield connected("127.0.0.1", port)
        finally:
            server.terminate()
            server.wait(10)


def connected(host: str, port: int) -> Connection:
    connection = Connection(host=host, port=port, protocol=2)
    for _ in range(100):
        try:
            connection.connect()
        except OSError:
            __import__("time").sleep(0.05)
        else:
            return connection
    pytest.skip("the real server does not answer")
