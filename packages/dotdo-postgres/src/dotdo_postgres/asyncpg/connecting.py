"""Opening asyncpg's connections in memory: each loop has a host, as long as it has connections; host, port and TLS of a DSN count for nothing."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it has no annotations

from dotdo.serving import Host, Services
from dotdo.tenancy import default_home, open_tenant
from dotdo_postgres.asyncpg.memory import End
from dotdo_postgres.server import protocol

P = TypeVar("P", bound=asyncio.Protocol)
_IGNORED = ("host", "port", "ssl", "direct_tls", "loop", "target_session_attrs", "krbsrvname", "gsslib")  # fmt: skip
_SOMEWHERE = "/dotdo"  # a path: asyncpg asks no TLS of a unix socket
_hosts: dict[asyncio.AbstractEventLoop, "_LoopHost"] = {}


class _LoopHost:
    """The host of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._open = 0
        self._host = Host([], Services(lambda name: open_tenant(name, home=default_home())))
        self._started: asyncio.Task[None] | None = None

    async def connect(self, factory: Callable[[], P]) -> tuple[End, P]:
        """Connect a client's protocol."""
        self._open += 1
        if self._started is None:
            self._started = self._loop.create_task(self._host.start())
        await self._started
        client, server = End.pair(self._loop)
        client.protocol = made = factory()
        client.on_close = self._left
        server.protocol = self._host.attach(protocol, server)
        made.connection_made(client)
        return client, made

    def _left(self) -> None:
        self._open -= 1
        if not self._open and _hosts.get(self._loop) is self:
            del _hosts[self._loop]
            self._loop.create_task(self._host.stop(grace_s=0))


async def connect_in_memory(
    loop: asyncio.AbstractEventLoop, factory: Callable[[], P]
) -> tuple[End, P]:
    """Connect a client's protocol to the tenants of this process."""
    host = _hosts.get(loop)
    if host is None:
        host = _hosts[loop] = _LoopHost(loop)
    return await host.connect(factory)


class _Loop:
    """A loop whose connections end in this process; in all else the loop it stands for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_unix_connection(
        self, factory: Callable[[], P], *_: object, **__: object
    ) -> tuple[End, P]:
        """Connect to the tenants of this process."""
        return await connect_in_memory(self._loop, factory)


async def connect(dsn: str | None = None, **options: Any) -> Any:
    """Open a connection, as `asyncpg.connect` does.

    Args:
        dsn: names the tenant as its database; host, port and TLS are not asked for.
        options: asyncpg's.

    Raises:
        asyncpg.InvalidCatalogNameError: there is no such tenant, branch or moment (3D000).
    """
    kept = {name: value for name, value in options.items() if name not in _IGNORED}
    loop: Any = _Loop(asyncio.get_running_loop())
    return await asyncpg.connect(dsn, host=_SOMEWHERE, port=5432, loop=loop, **kept)


def create_pool(dsn: str | None = None, **options: Any) -> Any:
    """Return a pool of such connections, as `asyncpg.create_pool` does."""
    return asyncpg.create_pool(dsn, **{"connect": connect, **options})
