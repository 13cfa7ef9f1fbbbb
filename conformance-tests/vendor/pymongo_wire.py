"""The door for pymongo's suite over the wire: a server on a spare port with a home of its own, named to the suite as its server."""

import os
import subprocess
import sys
from pathlib import Path

import pymongo.pool_options
import pytest

pymongo.pool_options.DOCKER_ENV_PATH = (
    f"{os.devnull}/none"  # the suite knows what it tells outside of containers
)
SERVER = Path(__file__).with_name("serve_mongo.py")
_running: list[subprocess.Popen[str]] = []


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Start the server before the suite looks for it."""
    command = [sys.executable, str(SERVER)]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    _running.append(server)
    assert server.stdout
    os.environ["DB_IP"], os.environ["DB_PORT"] = "127.0.0.1", server.stdout.readline().strip()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    for server in _running:
        server.communicate()
    _running.clear()
