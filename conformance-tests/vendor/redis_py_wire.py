"""The door for redis-py's suite over the wire: a server of ours on a spare port, named to the suite as its own."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

SERVER = Path(__file__).with_name("redis_server.py")
RELEASE = "7.4.1"
_running: list[subprocess.Popen[str]] = []


def spare_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Start the server before the suite reads its options."""
    port = spare_port()
    command = [sys.executable, str(SERVER), str(port), RELEASE]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    _running.append(server)
    assert server.stdout
    server.stdout.readline()
    args.append(f"--redis-url=redis://127.0.0.1:{port}/0")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    for server in _running:
        server.kill()
        server.wait()
    _running.clear()
