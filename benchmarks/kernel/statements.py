"""Transactions of one row, bulk inserts, reads by key and suspension, against bare apsw on the same table and page size."""

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import count

import apsw

from benchmarks.harness import Comparison, Figure
from dotdo.storage import Column, Noun, Session, Store, create_file, create_noun, ddl

ONE_ROW = 1000
BULK = 100_000
REPEATS = 50
INSERT = "insert into t(id, name, email, age, score, city) values (?, ?, ?, ?, ?, ?)"
UPDATE = "update t set age = ?, name = ? where id = ?"
GET = "select * from t where id = ?"
CUSTOMER = Noun(
    0,
    "t",
    "columns",
    "t",
    columns=(
        Column("id", "bigint", "id", is_nullable=False),
        Column("name", "text", "name"),
        Column("email", "text", "email"),
        Column("age", "integer", "age"),
        Column("score", "double", "score"),
        Column("city", "text", "city"),
    ),
    key=("id",),
    rowid="id",
)
Record = tuple[int, str, str, int, float, str]


def record(n: int) -> Record:
    return n, f"name {n}", f"user{n}@example.com", n % 90, n / 3, "London"


def open_ours(folder: str, name: str) -> Session:
    path = os.path.join(folder, name)
    create_file(path)
    session = Store(path).session(api="bench")
    create_noun(session, CUSTOMER)
    return session


def open_bare(folder: str, name: str) -> apsw.Connection:
    connection = apsw.Connection(os.path.join(folder, name))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", 1)
    connection.pragma("temp_store", 2)
    connection.execute(ddl.table(CUSTOMER, {}))
    return connection


class Ours:
    """Statements through a session."""

    def __init__(self, folder: str) -> None:
        self.session, self.numbers = open_ours(folder, "ours.db"), count(1)

    def insert(self) -> None:
        for _ in range(ONE_ROW):
            self.session.write(INSERT, record(next(self.numbers)))

    def update(self) -> None:
        for row in range(1, ONE_ROW + 1):
            n = next(self.numbers)
            self.session.write(UPDATE, (n % 90, f"name {n}", row))

    def get(self) -> None:
        for row in range(1, ONE_ROW + 1):
            self.session.read(GET, (row,))


class Bare:
    """The same statements in transactions of plain SQLite."""

    def __init__(self, folder: str) -> None:
        self.connection, self.numbers = open_bare(folder, "bare.db"), count(1)

    def insert(self) -> None:
        execute = self.connection.execute
        for _ in range(ONE_ROW):
            execute("begin immediate")
            execute(INSERT, record(next(self.numbers))).fetchall()
            execute("commit")

    def update(self) -> None:
        execute = self.connection.execute
        for row in range(1, ONE_ROW + 1):
            n = next(self.numbers)
            execute("begin immediate")
            execute(UPDATE, (n % 90, f"name {n}", row)).fetchall()
            execute("commit")

    def get(self) -> None:
        for row in range(1, ONE_ROW + 1):
            self.connection.execute(GET, (row,)).fetchall()


class Bulk:
    """Inserts of many rows at once, into an empty table each time."""

    def __init__(self, folder: str) -> None:
        self.folder, self.names = folder, (f"bulk{n}.db" for n in count())
        self.rows = [record(n) for n in range(1, BULK + 1)]

    def prepare(self) -> None:
        self.session = open_ours(self.folder, next(self.names))
        self.connection = open_bare(self.folder, next(self.names))

    def ours(self) -> None:
        self.session.write_many(INSERT, self.rows)

    def bare(self) -> None:
        self.connection.execute("begin immediate")
        self.connection.executemany(INSERT, self.rows).fetchall()
        self.connection.execute("commit")


def suspension_ms(session: Session, rows: int) -> float:
    """Return what it costs to take a transaction of so many rows out of the file and to put it back."""
    session.begin()
    session.write("update t set age = age + 1 where id <= ?", (rows,))
    timer = Comparison(
        name="",
        ours=lambda: suspend_and_resume(session),
        peers={"nothing": lambda: None},
        operations=REPEATS,
    )
    cost_us = timer.measure()[0].ours
    session.rollback()
    return cost_us / 1000


def suspend_and_resume(session: Session) -> None:
    for _ in range(REPEATS):
        with session.store.latch:
            session.suspend()
        session.read("select 1")


def benchmarks() -> Iterator[Comparison | Figure]:
    """Yield the benchmarks of the storage room."""
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = Ours(folder), Bare(folder)
        for name, goal in (("insert", "<= 2.2"), ("update", "<= 2.2"), ("get", "")):
            yield Comparison(
                name=f"{name} one row",
                ours=getattr(ours, name),
                peers={"apsw": getattr(bare, name)},
                operations=ONE_ROW,
                goal=goal,
            )
        for rows, bound in ((1, ""), (10, "<= 0.3 ms"), (100, "")):
            yield Figure(
                name=f"suspend and resume {rows} rows",
                measure_once=partial(suspension_ms, ours.session, rows),
                unit="ms",
                goal=bound,
            )
        bulk = Bulk(folder)
        yield Comparison(
            name=f"insert {BULK} rows",
            ours=bulk.ours,
            peers={"apsw": bulk.bare},
            operations=BULK,
            rounds=5,
            goal="<= 3",
            prepare=bulk.prepare,
        )
