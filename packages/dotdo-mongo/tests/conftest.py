"""A home, a client and a deployment of their own for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dotdo.tenancy import Home
from dotdo_mongo import MongoClient
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands import run_command
from dotdo_mongo.engine.deployment import Deployment, HomeDatabases

_START_US = 1_700_000_000_000_000


class Clock:
    """A clock that goes on by a microsecond at each look."""

    def __init__(self) -> None:
        self.now_us = _START_US

    def __call__(self) -> int:
        self.now_us += 1
        return self.now_us


class Engine:
    """Runs commands as a driver would, and shows whole replies."""

    def __init__(self, home: Home) -> None:
        self.clock = Clock()
        self.deployment = Deployment(HomeDatabases(home), self.clock)
        self.client = ClientState(1)

    def __call__(self, command: dict[str, Any], db: str = "test") -> dict[str, Any]:
        reply = run_command(self.deployment, self.client, {**command, "$db": db})
        for name in ("$clusterTime", "operationTime"):
            reply.pop(name, None)
        return reply

    def documents(self, command: dict[str, Any], db: str = "test") -> list[dict[str, Any]]:
        """Return the first batch of a command."""
        from dotdo_mongo.mapping.codec import decode

        reply = self(command, db)
        assert reply["ok"] == 1.0, reply
        return [decode(item.raw) for item in reply["cursor"]["firstBatch"]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = Home(tmp_path)
    yield found
    found.close()


@pytest.fixture
def engine(home: Home) -> Engine:
    return Engine(home)


@pytest.fixture
def mongo(home: Home) -> Iterator[MongoClient]:
    client = MongoClient(home=home)
    yield client
    client.close()
