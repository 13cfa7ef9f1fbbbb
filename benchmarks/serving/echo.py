"""What the serving host costs per request: an echo over a unix socket against a bare asyncio.Protocol.

Each runs in a process of its own on the same kind of loop; the client is a blocking socket. `pipelined`
sends 32 requests in one write. The figures of CPU time are those of the server's thread. Linux only.
"""

import asyncio
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.harness import Comparison, Figure
from dotdo.serving import (
    Host,
    Reply,
    Services,
    Session,
    SessionContext,
    UnixListener,
    WireProtocol,
)
from dotdo.serving.running import new_event_loop

ROUND_TRIPS = 2_000
REQUESTS = {"single": b"hello\n", "pipelined": b"hello\n" * 32}


class EchoSession(Session):
    """Answers each chunk with itself."""

    is_established = True

    def __init__(self, context: SessionContext) -> None:
        self._metrics = context.metrics

    def receive(self, data: bytes) -> Reply:
        """Return what came."""
        self._metrics.requests += 1
        return data


class BareEcho(asyncio.Protocol):
    """The least that asyncio can do."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Send back what came."""
        self._transport.write(data)  # type: ignore[attr-defined]  # of a stream, by construction


LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": new_event_loop}


def serve_host(path: Path, kind: str) -> None:
    """Serve EchoSession in this process, until it is ended."""
    host = Host([UnixListener(WireProtocol("echo", 0, EchoSession), path)], Services(str))
    loop = LOOPS[kind]()
    loop.run_until_complete(host.start())
    loop.run_forever()


def serve_bare(path: Path, kind: str) -> None:
    """Serve BareEcho in this process, until it is ended."""
    loop = LOOPS[kind]()
    loop.run_until_complete(loop.create_unix_server(BareEcho, str(path)))
    loop.run_forever()


@dataclass
class Server:
    """A server in a process of its own, and the way to it."""

    client: socket.socket
    pid: int

    def ask(self, request: bytes) -> None:
        """Send a request and read its answer, many times."""
        for _ in range(ROUND_TRIPS):
            self.client.sendall(request)
            missing = len(request)
            while missing:
                missing -= len(self.client.recv(missing))

    def cpu_us(self, request: bytes) -> float:
        """Return the CPU time that the server takes for a request, the mean of one run."""
        before_ns = self._cpu_ns()
        self.ask(request)
        return (self._cpu_ns() - before_ns) / 1e3 / ROUND_TRIPS

    def _cpu_ns(self) -> int:
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0])


@contextmanager
def server(serve: Callable[[Path, str], None], path: Path, kind: str) -> Iterator[Server]:
    """Serve in a process of its own and connect to it."""
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(path, kind))
    process.start()
    with socket.socket(socket.AF_UNIX) as client:
        while client.connect_ex(str(path)) != 0:
            time.sleep(0.02)
        yield Server(client, process.pid or 0)
    process.terminate()
    process.join()


def added_cpu_us(ours: Server, bare: Server, request: bytes) -> float:
    """Return how much more CPU time ours takes for a request: the least of each, asked in turns."""
    runs = [(ours.cpu_us(request), bare.cpu_us(request)) for _ in range(30)]
    return min(run[0] for run in runs) - min(run[1] for run in runs)


def benchmarks() -> Iterator[Comparison | Figure]:
    """Measure both loops, single and pipelined requests."""
    for kind in LOOPS:
        with (
            tempfile.TemporaryDirectory() as folder,
            server(serve_host, Path(folder) / "host", kind) as ours,
            server(serve_bare, Path(folder) / "bare", kind) as bare,
        ):
            for name, request in REQUESTS.items():
                yield Comparison(
                    name=f"{name} echo, {kind}",
                    ours=partial(ours.ask, request),
                    peers={"bare asyncio.Protocol": partial(bare.ask, request)},
                    operations=ROUND_TRIPS,
                )
                yield Figure(
                    name=f"{name} echo, {kind}: server CPU added",
                    measure_once=partial(added_cpu_us, ours, bare, request),
                    unit="us",
                )
