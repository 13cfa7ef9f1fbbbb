"""The door for asyncpg's suite in-process: its unix sockets of one path end in this process, on a home of its own."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from typing import Any

import pytest

_home = tempfile.TemporaryDirectory()
os.environ |= {
    "DOTDO_HOME": _home.name,
    "PGHOST": "/dotdo",
    "PGPORT": "5432",
    "PGUSER": "postgres",
    "PGDATABASE": "postgres",
}

from dotdo_postgres.asyncpg.connecting import connect_in_memory  # noqa: E402 -- it reads its home from the environment

LOOP = asyncio.SelectorEventLoop
_upstream = LOOP.create_unix_connection


async def create_unix_connection(
    self: Any, protocol_factory: Callable[[], Any], path: str | None = None, **options: Any
) -> Any:
    """Connect in memory where the path is ours."""
    if str(path).startswith("/dotdo"):
        return await connect_in_memory(self, protocol_factory)
    return await _upstream(self, protocol_factory, path, **options)


LOOP.create_unix_connection = create_unix_connection  # type: ignore[method-assign,assignment]  # what this door is for


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the home."""
    _home.cleanup()
