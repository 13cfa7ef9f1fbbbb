"""find_one by `_id` over a unix socket against the round trip of a command that does nothing, both on the same server. Linux only.

The client is a blocking socket that sends one message made beforehand and reads the whole answer; the server runs in a process of its own.
"""

import itertools
import multiprocessing
import socket
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson

from benchmarks.harness import Comparison
from dotdo.serving import Host, Services, UnixListener
from dotdo.serving.running import new_event_loop
from dotdo.tenancy import Home, open_tenant
from dotdo_mongo.server import mongo_protocol

ROUND_TRIPS = 1_000
DOCUMENTS = 10_000
NUMBERS = itertools.count(1)


def serve(folder: str) -> None:
    """Serve a home of its own in this process, until it is ended."""
    home = Home(folder)
    services = Services(lambda name: open_tenant(name, create=False, home=home))
    path = Path(folder) / "socket"
    host = Host([UnixListener(mongo_protocol(home, may_create=True), path)], services)
    loop = new_event_loop()
    loop.run_until_complete(host.start())
    loop.run_forever()


def message(command: Mapping[str, Any]) -> bytes:
    """Return a command as the driver sends it."""
    body = bson.encode({**command, "$db": "shop"})
    return struct.pack("<iiiiI", 21 + len(body), next(NUMBERS), 0, 2013, 0) + b"\0" + body


class Client:
    """A connection to the server."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        while self._socket.connect_ex(str(path)) != 0:
            time.sleep(0.02)

    def ask(self, request: bytes) -> bytes:
        """Send a message and return the body of its answer."""
        self._socket.sendall(request)
        found = b""
        while len(found) < 4 or len(found) < struct.unpack_from("<i", found)[0]:
            found += self._socket.recv(65536)
        return found[21:]

    def close(self) -> None:
        """Leave the server."""
        self._socket.close()


@contextmanager
def connected() -> Iterator[Client]:
    """Start a server and connect to it."""
    with tempfile.TemporaryDirectory() as folder:
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(folder,))
        process.start()
        client = Client(Path(folder) / "socket")
        yield client
        client.close()
        process.terminate()
        process.join()


def benchmarks() -> Iterator[Comparison]:
    """Measure find_one against ping."""
    with connected() as client:
        for start in range(0, DOCUMENTS, 1000):
            many = [
                {"_id": n, "name": f"customer {n}", "age": n % 90, "address": {"zip": f"{n:05}"}}
                for n in range(start, start + 1000)
            ]
            client.ask(message({"insert": "customers", "documents": many}))
        find = message(
            {"find": "customers", "filter": {"_id": 5000}, "limit": 1, "singleBatch": True}
        )
        (found,) = bson.decode(client.ask(find))["cursor"]["firstBatch"]
        assert found["name"] == "customer 5000"
        ping = message({"ping": 1})

        def times(request: bytes) -> None:
            for _ in range(ROUND_TRIPS):
                client.ask(request)

        yield Comparison(
            name="find_one by _id, server",
            ours=lambda: times(find),
            peers={"ping": lambda: times(ping)},
            operations=ROUND_TRIPS,
            goal="<= 1.2",
        )
