"""psycopg on a tenant against psycopg[binary] on PostgreSQL over a unix socket: the same Chinook in both, the log on."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

import dotdo_postgres
from benchmarks.harness import Comparison, Figure
from dotdo_testing.corpora import corpora
from dotdo_testing.services import Fleet

SCRIPT = "chinook/Chinook_PostgreSql.sql"
STATE = Path(__file__).parents[2] / ".real" / "services.json"
URL = "DOTDO_REAL_POSTGRES_SOCKET"
PEER = "psycopg[binary]"

POINT = "select name, album_id, unit_price from track where track_id = %s"
JOIN = (
    "select t.name, a.title, r.name from track t join album a on a.album_id = t.album_id"
    " join artist r on r.artist_id = a.artist_id where a.album_id = %s"
)
THOUSAND = (
    "select track_id, name, album_id, composer, milliseconds, bytes, unit_price from track"
    " where track_id <= 1000"
)
GROUP = "select billing_country, count(*), sum(total) from invoice group by billing_country"
INSERT = "insert into bench (id, name, total) values (%s, %s, %s)"
UPDATE = "update bench set name = %s where id = %s"

Connection = psycopg.Connection[Any]
Work = Callable[[Connection], None]


def chinook_script() -> str:
    """Return the statements that follow the creation of the database.

    Raises:
        FileNotFoundError: the corpora are absent.
    """
    lines = (corpora() / SCRIPT).read_text().splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("\\c"))
    return "".join(lines[start + 1 :])


@contextmanager
def real_server() -> Iterator[str]:
    """Yield the URL of a PostgreSQL on a unix socket, one of our own unless the environment names one."""
    if url := os.environ.get(URL):
        yield url
        return
    with Fleet(STATE).running(["postgres"]) as environment:
        yield environment[URL]


@contextmanager
def connections() -> Iterator[tuple[Connection, Connection]]:
    """Yield a connection of ours and one of the real client, each on a Chinook of its own."""
    with ExitStack() as stack:
        url = stack.enter_context(real_server())
        os.environ["DOTDO_HOME"] = stack.enter_context(tempfile.TemporaryDirectory())
        name = f"bench_{os.getpid()}"
        admin = stack.enter_context(psycopg.connect(url, autocommit=True))
        admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        stack.callback(admin.execute, sql.SQL("drop database {}").format(sql.Identifier(name)))
        theirs = stack.enter_context(psycopg.connect(url, dbname=name, autocommit=True))
        ours = stack.enter_context(dotdo_postgres.connect("dbname=chinook", autocommit=True))
        theirs.execute("set synchronous_commit = off")
        for connection in (ours, theirs):
            connection.execute(chinook_script())
            connection.execute(
                "create table bench (id int primary key, name varchar(40), total numeric(10, 2))"
            )
        theirs.execute("analyze")
        yield ours, theirs


def point(connection: Connection) -> None:
    """Select 200 tracks one by one."""
    cursor = connection.cursor()
    for track_id in range(1, 201):
        cursor.execute(POINT, (track_id,))
        cursor.fetchone()


def join(connection: Connection) -> None:
    """Join tracks, albums and artists of 100 albums one by one."""
    cursor = connection.cursor()
    for album_id in range(1, 101):
        cursor.execute(JOIN, (album_id,))
        cursor.fetchall()


def thousand(connection: Connection) -> None:
    """Read 1,000 rows of seven columns."""
    connection.execute(THOUSAND).fetchall()


def group(connection: Connection) -> None:
    """Group 412 invoices by country."""
    connection.execute(GROUP).fetchall()


def clear(*both: Connection) -> None:
    """Empty the table that is written to."""
    for connection in both:
        connection.execute("delete from bench")


def insert(connection: Connection) -> None:
    """Insert 100 rows, each in its own transaction."""
    cursor = connection.cursor()
    for number in range(100):
        cursor.execute(INSERT, (number, "some name", "12.50"))


def update(connection: Connection) -> None:
    """Update 100 rows, each in its own transaction."""
    cursor = connection.cursor()
    for number in range(100):
        cursor.execute(UPDATE, ("another name", number))


def insert_many(connection: Connection) -> None:
    """Insert 1,000 rows by executemany."""
    connection.cursor().executemany(
        INSERT, [(number, "some name", "12.50") for number in range(1000)]
    )


def benchmarks() -> Iterator[Comparison | Figure]:
    """Yield the comparisons; both connections are in one process and take turns."""
    with connections() as (ours, theirs):

        def against(
            name: str, work: Work, operations: int, goal: str, **options: Any
        ) -> Comparison:
            return Comparison(
                name=name,
                ours=lambda: work(ours),
                peers={PEER: lambda: work(theirs)},
                operations=operations,
                goal=goal,
                **options,
            )

        yield against("point select", point, 200, ">= 4")
        yield Figure(
            name="point select",
            measure_once=lambda: best_us(lambda: point(ours), 200),
            unit="us",
            goal="<= 25 us",
        )
        yield against("indexed join", join, 100, ">= 2")
        yield against("1,000 rows", thousand, 1, ">= 1.2")
        yield against("group by, 412 rows", group, 1, "")
        empty = {"prepare": lambda: clear(ours, theirs)}
        yield against("autocommit insert", insert, 100, ">= 1.3", **empty)
        yield against("executemany 1,000 rows", insert_many, 1000, ">= 1.5", **empty)
        yield against("autocommit update", update, 100, "")


def best_us(action: Callable[[], None], operations: int) -> float:
    """Return the microseconds per operation of the fastest of 20 calls."""
    from time import perf_counter_ns

    best = float("inf")
    for _ in range(20):
        started_ns = perf_counter_ns()
        action()
        best = min(best, (perf_counter_ns() - started_ns) / 1000 / operations)
    return best
