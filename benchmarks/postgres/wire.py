"""psycopg on the wire server against psycopg on PostgreSQL, both over unix sockets; and COPY, executemany and a scan in-process."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

import dotdo_postgres
from benchmarks.harness import Comparison
from benchmarks.postgres.chinook import PEER, chinook_script, point, real_server, thousand

Connection = psycopg.Connection[Any]
ROWS = [(number, f"name {number}", f"{number % 500}.25") for number in range(10_000)]
COPY_DATA = "".join(f"{number}\tname {number}\t{number % 500}.25\n" for number in range(100_000))
SCAN = "select kind, count(*), sum(amount) from fact group by kind order by kind"
SERVER = """
import sys
from pathlib import Path
from dotdo.serving import Host, Services, UnixListener, serve_in_thread
from dotdo.tenancy import Home, open_tenant
from dotdo_postgres.server import protocol
home = Home(sys.argv[1])
services = Services(lambda name: open_tenant(name, create=True, home=home))
with serve_in_thread(Host([UnixListener(protocol, Path(sys.argv[2]))], services)):
    print("up", flush=True)
    sys.stdin.read()
"""


@contextmanager
def wire_server() -> Iterator[str]:
    """Yield the connection string of a server in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / ".s.PGSQL.5432"
        command = [sys.executable, "-c", SERVER, f"{folder}/home", str(socket)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout
            server.stdout.readline()
            yield f"host={folder} user=bench dbname=chinook"
            server.communicate()


@contextmanager
def connections() -> Iterator[tuple[Connection, Connection, Connection]]:
    """Yield connections over the wire, in-process, and to PostgreSQL, each on a Chinook of its own."""
    with ExitStack() as stack:
        url = stack.enter_context(real_server())
        os.environ["DOTDO_HOME"] = stack.enter_context(tempfile.TemporaryDirectory())
        name = f"bench_{os.getpid()}"
        admin = stack.enter_context(psycopg.connect(url, autocommit=True))
        admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        stack.callback(admin.execute, sql.SQL("drop database {}").format(sql.Identifier(name)))
        theirs = stack.enter_context(psycopg.connect(url, dbname=name, autocommit=True))
        wire = stack.enter_context(
            psycopg.connect(stack.enter_context(wire_server()), autocommit=True)
        )
        ours = stack.enter_context(dotdo_postgres.connect("dbname=chinook", autocommit=True))
        theirs.execute("set synchronous_commit = off")
        for connection in (wire, ours, theirs):
            connection.execute(chinook_script())
            connection.execute(
                "create table bench (id int primary key, name varchar(40), total numeric(10, 2))"
            )
            connection.execute("create table fact (id int primary key, kind int, amount int)")
        for connection in (ours, theirs):
            connection.execute(
                "insert into fact select g, g % 100, g % 1000 from generate_series(1, 1000000) g"
            )
        theirs.execute("analyze")
        yield wire, ours, theirs


def copy_in(connection: Connection) -> None:
    """Copy 100,000 rows into an empty table."""
    with connection.cursor().copy("copy bench from stdin") as copy:
        copy.write(COPY_DATA)


def insert_many(connection: Connection) -> None:
    """Insert 10,000 rows by executemany."""
    connection.cursor().executemany("insert into bench values (%s, %s, %s)", ROWS)


def scan(connection: Connection) -> None:
    """Group a million rows."""
    connection.execute(SCAN).fetchall()


def benchmarks() -> Iterator[Comparison]:
    """Yield the comparisons; they take turns."""
    with connections() as (wire, ours, theirs):

        def against(
            name: str, one: Connection, work: Any, operations: int, goal: str
        ) -> Comparison:
            def prepare() -> None:
                for connection in (one, theirs):
                    connection.execute("delete from bench")

            return Comparison(
                name=name,
                ours=lambda: work(one),
                peers={PEER: lambda: work(theirs)},
                operations=operations,
                goal=goal,
                prepare=prepare,
            )

        yield against("wire: point select", wire, point, 200, ">= 1.5")
        yield against("wire: 1,000 rows", wire, thousand, 1, ">= 0.3")
        yield against("executemany 10,000 rows", ours, insert_many, 10_000, ">= 1.5")
        yield against("COPY 100,000 rows", ours, copy_in, 100_000, ">= 0.7")
        yield against("scan and group 1,000,000 rows", ours, scan, 1, ">= 0.5")
