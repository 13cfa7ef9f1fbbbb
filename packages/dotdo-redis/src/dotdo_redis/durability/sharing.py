"""Serving a keyspace to other processes of the same user, on a unix socket; it refuses the network."""

import asyncio
import threading
from importlib.metadata import entry_points
from pathlib import Path

from dotdo.serving import Host, Services, UnixListener, WireProtocol
from dotdo.storage import Store


class _Shared:
    """What a session asks for as its tenant."""

    def __init__(self, store: Store) -> None:
        self.store = store


def share(store: Store, address: str) -> None:
    """Serve a store's keys at an address from a thread of its own, which ends with the process."""
    (entry,) = entry_points(group="dotdo.protocols", name="redis")
    protocol = entry.load()
    assert isinstance(protocol, WireProtocol)
    Path(address).unlink(missing_ok=True)
    services = Services(lambda _name: _Shared(store))
    host = Host([UnixListener(protocol, Path(address))], services)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="dotdo-redis-shared", daemon=True).start()
    asyncio.run_coroutine_threadsafe(host.start(), loop).result()
