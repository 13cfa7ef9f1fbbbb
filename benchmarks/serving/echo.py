# ruff: noqa: INP001  (a script)
"""What the serving host costs per request: an echo over a unix socket against a bare asyncio.Protocol.

Each runs in a process of its own on the same kind of loop and is asked in turns; the client is a
blocking socket. Prints microseconds of a round trip, which depend on who else wants the cores, and of
the server's CPU time for it, which hardly do. `pipelined` sends 32 requests in one write. Linux only.
"""

import argparse
import asyncio
import multiprocessing
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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

REQUEST = b"hello\n"


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

    def cpu_us(self) -> float:
        """Return the CPU time of its main thread so far."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e3

    def round_trip_us(self, request: bytes, rounds: int) -> tuple[float, float]:
        """Return the mean time and CPU time of a request and its answer."""
        started, cpu_started = time.perf_counter(), self.cpu_us()
        for _ in range(rounds):
            self.client.sendall(request)
            missing = len(request)
            while missing:
                missing -= len(self.client.recv(missing))
        taken_us = (time.perf_counter() - started) * 1e6
        return taken_us / rounds, (self.cpu_us() - cpu_started) / rounds


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


def compare(kind: str, rounds: int, repeats: int) -> None:
    """Print one line for each size of request: medians of the repeats."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server(serve_host, Path(folder) / "host", kind) as ours,
        server(serve_bare, Path(folder) / "bare", kind) as theirs,
    ):
        for name, request in (("single", REQUEST), ("pipelined", REQUEST * 32)):
            runs = [
                (*ours.round_trip_us(request, rounds), *theirs.round_trip_us(request, rounds))
                for _ in range(repeats)
            ]
            wall, cpu, bare_wall, bare_cpu = map(statistics.median, zip(*runs, strict=True))
            print(  # noqa: T201  (the result)
                f"{kind:8} {name:10}"
                f" round trip {wall:6.2f} us, bare {bare_wall:6.2f}, ratio {wall / bare_wall:5.3f};"
                f" server CPU {cpu:6.2f} us, bare {bare_cpu:6.2f}, ratio {cpu / bare_cpu:5.3f}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    for loop_kind in ("asyncio", "uvloop"):
        compare(loop_kind, arguments.rounds, arguments.repeats)
