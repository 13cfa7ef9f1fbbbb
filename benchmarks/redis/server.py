"""What a request costs the server's processor, ours against redis-server, with redis-benchmark as the client. Linux only.

Both serve on loopback in a process of their own; the figures are ratios of the time that each one's process was charged.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import sysconf
from pathlib import Path

from benchmarks.harness import Figure

OURS = Path(__file__).parents[2] / "conformance-tests" / "vendor" / "redis_server.py"
REQUESTS = {1: 40_000, 16: 200_000}
GOALS = {1: "<= 1.7 x", 16: "<= 3 x"}
COMMANDS = ("set", "get", "incr", "lpush", "hset")


def spare_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int) -> Iterator[int]:
    """Run a server; give its process's number once it listens."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.05)
            yield server.pid
        finally:
            server.kill()
            server.wait()


def processor_s(pid: int) -> float:
    """Seconds that a process was charged so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")


def cost_us(pid: int, port: int, command: str, depth: int) -> float:
    """Microseconds of the server's processor per request."""
    count = REQUESTS[depth]
    before = processor_s(pid)
    options = ["-n", str(count), "-P", str(depth), "-t", command, "-q"]
    subprocess.run(
        ["redis-benchmark", "-p", str(port), *options], check=True, stdout=subprocess.DEVNULL
    )
    return (processor_s(pid) - before) / count * 1e6


def benchmarks() -> Iterator[Figure]:
    """Yield a ratio for each command and depth of pipelining."""
    if shutil.which("redis-server") is None or shutil.which("redis-benchmark") is None:
        return
    ours, real = spare_port(), spare_port()
    options = ["--port", str(real), "--save", "", "--bind", "127.0.0.1"]
    with (
        serving([sys.executable, str(OURS), str(ours), "7.0.15"], ours) as our_pid,
        serving(["redis-server", *options], real) as real_pid,
    ):
        for depth, goal in GOALS.items():
            for command in COMMANDS:

                def ratio(command: str = command, depth: int = depth) -> float:
                    theirs = cost_us(real_pid, real, command, depth)
                    return cost_us(our_pid, ours, command, depth) / theirs

                yield Figure(
                    name=f"server: {command} -P {depth}, processor by redis-server's",
                    measure_once=ratio,
                    unit="x",
                    goal=goal,
                )
