"""Where the cases run: a connection to a fresh Chinook on each target; what is the real server's stays the real client's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

import dotdo_postgres
from dotdo.serving import Host, Services, TcpListener, serve_in_thread
from dotdo.tenancy import Home, open_tenant
from dotdo_postgres.server import protocol
from dotdo_testing import corpus

SCRIPT = "chinook/Chinook_PostgreSql.sql"


def chinook_script() -> str:
    """Return the statements of the Chinook script that follow the creation of its database."""
    lines = corpus(SCRIPT).read_text().splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("\\c"))
    return "".join(lines[start + 1 :])


def real_version(url: str) -> str:
    """Return the version of the real server as kept with recordings."""
    with psycopg.connect(url) as connection:
        (version,) = connection.execute("show server_version").fetchone() or ("",)
    return f"PostgreSQL {version}"


@contextmanager
def inproc() -> Iterator[Any]:
    """Yield a connection to a tenant loaded with Chinook."""
    with dotdo_postgres.connect("dbname=chinook", autocommit=True) as connection:
        connection.execute(chinook_script())
        yield connection


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Yield the address of a server with a home of its own, in this process."""
    home = Home(folder)
    services = Services(lambda name: open_tenant(name, create=True, home=home))
    host = Host([TcpListener(protocol, port=0)], services)
    with serve_in_thread(host):
        yield f"host=127.0.0.1 port={host.addresses[0][1]} user=postgres sslmode=disable"  # type: ignore[index]  # of TCP


@contextmanager
def wire(folder: str) -> Iterator[Any]:
    """Yield a connection of the real client to a tenant loaded with Chinook, over the wire."""
    with (
        served(folder) as address,
        psycopg.connect(f"{address} dbname=chinook", autocommit=True) as connection,
    ):
        connection.execute(chinook_script())
        yield connection


@contextmanager
def scratch_name(url: str | None) -> Iterator[str]:
    """Yield the connection string of a new, empty database at `url`; it is dropped afterwards."""
    assert url
    name = f"bank_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        try:
            yield psycopg.conninfo.make_conninfo(url, dbname=name)
        finally:
            admin.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


@contextmanager
def scratch(url: str) -> Iterator[Any]:
    """Yield a connection of the real client to a new, empty database at `url`; it is dropped afterwards."""
    name = f"chinook_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        try:
            with psycopg.connect(url, dbname=name, autocommit=True) as connection:
                yield connection
        finally:
            admin.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


@contextmanager
def real(url: str) -> Iterator[Any]:
    """Yield a connection to a new database of the server at `url` loaded with Chinook."""
    with scratch(url) as connection:
        connection.execute(chinook_script())
        yield connection
