"""asyncpg on a tenant in the same process: `from dotdo_postgres import asyncpg`; its own client, over a transport in memory."""

from typing import Any

import asyncpg as _upstream  # type: ignore[import-untyped]  # it has no annotations
from asyncpg import *  # noqa: F403 -- asyncpg's surface is this module's

from dotdo_postgres.asyncpg.connecting import connect, create_pool

__all__ = [*_upstream.__all__, "connect", "create_pool"]  # noqa: PLE0604 -- names, all of them


def __getattr__(name: str) -> Any:
    return getattr(_upstream, name)
