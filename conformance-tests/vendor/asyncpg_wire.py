"""The door for asyncpg's suite over the wire: a server with a fresh tenant, named by the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SERVER = Path(__file__).with_name("serve_postgres.py")
_running: list[subprocess.Popen[str]] = []


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Start the server before the suite looks for one."""
    command = [sys.executable, str(SERVER), "asyncpg"]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    _running.append(server)
    assert server.stdout
    port = server.stdout.readline().strip()
    os.environ |= {
        "PGHOST": "127.0.0.1",
        "PGPORT": port,
        "PGUSER": "postgres",
        "PGDATABASE": "asyncpg",
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    for server in _running:
        server.communicate()
    _running.clear()
