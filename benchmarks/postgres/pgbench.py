"""pgbench's built-in scripts on the wire server against PostgreSQL with fsync off: transactions per second by theirs."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.harness import Figure
from benchmarks.postgres.chinook import real_server

CLIENTS, SECONDS = 4, 5
SCRIPTS = {"select-only": "", "simple-update": ">= 0.5", "tpcb-like": ""}
SERVER = """
import sys
from dotdo.serving import Host, Services, TcpListener, serve_in_thread
from dotdo.tenancy import Home, open_tenant
from dotdo_postgres.server import protocol
home = Home(sys.argv[1])
services = Services(lambda name: open_tenant(name, create=True, home=home))
host = Host([TcpListener(protocol, port=0)], services)
with serve_in_thread(host):
    print(host.addresses[0][1], flush=True)
    sys.stdin.read()
"""


@contextmanager
def ours() -> Iterator[list[str]]:
    """Yield pgbench's options for a server of ours in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", SERVER, folder]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, text=True, **pipes) as server:  # type: ignore[call-overload]  # pipes by name
            yield ["-h", "127.0.0.1", "-p", server.stdout.readline().strip(), "-U", "bench"]
            server.communicate()


@contextmanager
def theirs() -> Iterator[list[str]]:
    """Yield pgbench's options for PostgreSQL, its fsync off as long."""
    with ExitStack() as stack:
        url = stack.enter_context(real_server())
        parts = conninfo_to_dict(url)
        admin = stack.enter_context(psycopg.connect(url, autocommit=True))

        def set_fsync(value: str) -> None:
            admin.execute(f"alter system set fsync = {value}".encode())
            admin.execute("select pg_reload_conf()")

        set_fsync("off")
        stack.callback(set_fsync, "default")
        admin.execute("create database pgbench template template0")
        stack.callback(admin.execute, "drop database pgbench with (force)")
        yield [
            "-h",
            str(parts["host"]),
            "-p",
            str(parts.get("port", 5432)),
            "-U",
            str(parts["user"]),
        ]


def tps(options: list[str], script: str) -> float:
    """Run a script; return transactions per second.

    Raises:
        RuntimeError: a transaction failed, or nothing was told.
    """
    run = ["-b", script, "-M", "prepared", "-c", str(CLIENTS), "-T", str(SECONDS), "-n", "pgbench"]
    told = subprocess.run(
        ["pgbench", *options, *run], capture_output=True, text=True, check=True
    ).stdout
    failed, found = (
        re.search(r"failed transactions: (\d+)", told),
        re.search(r"tps = ([\d.]+)", told),
    )
    if found is None or failed is None or int(failed[1]):
        raise RuntimeError(told)
    return float(found[1])


def ratio(mine: list[str], real: list[str], script: str) -> float:
    """Return our transactions per second by theirs."""
    return tps(mine, script) / tps(real, script)


def benchmarks() -> Iterator[Figure]:
    """Yield our transactions per second by PostgreSQL's, script by script."""
    with ours() as mine, theirs() as real:
        for options in (mine, real):
            fill = ["pgbench", *options, "-i", "-q", "pgbench"]
            subprocess.run(fill, check=True, capture_output=True)
        for script, goal in SCRIPTS.items():
            yield Figure(
                name=f"pgbench {script}, {CLIENTS} clients",
                measure_once=partial(ratio, mine, real, script),
                unit="x",
                goal=goal,
            )
