"""Writers killed at random moments: the file is whole, the invariants hold, and no acknowledged commit is lost.

`DOTDO_KILLS` says how many (by default 12; the full run is 50). A killed process shows what survives kill -9, not what survives
loss of power.
"""

import itertools
import os
import random
import select
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from dotdo.storage import (
    ForeignKey,
    Noun,
    Store,
    Unique,
    create_file,
    create_noun,
    system,
)
from dotdo.storage.images import Images
from dotdo.storage.names import quoted
from dotdo_testing.nouns import table_noun

WRITER = Path(__file__).with_name("writer.py")
KILLS = int(os.environ.get("DOTDO_KILLS", "12"))

THINGS = table_noun(
    "t", id="text", v="text", n="double", b="bytes", uniques=(Unique("t_v", ("v",)),)
)
CHILDREN = table_noun(
    "ch",
    id="bigint",
    tid="text",
    foreign_keys=(
        ForeignKey("ch_t", ("tid",), "t", ("id",), on_delete="cascade", on_update="cascade"),
    ),
)


def create(path: str) -> None:
    create_file(path)
    store = Store(path)
    session = store.session()
    create_noun(session, THINGS)
    create_noun(session, CHILDREN)
    store.close()


def kill_one(path: str, seed: int, after_s: float, *writers: str) -> int:
    """Start a writer, kill it that long after its first commit, and return the last seq that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), path, str(seed), *writers], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        select.select([], [], [], after_s)
        process.kill()
        told = first + process.stdout.read()
    return max(map(int, told.split(b"\n")[:-1]), default=0)


def undone(connection: apsw.Connection, noun: Noun) -> list[object]:
    """Return what is left of a table when its whole log is undone; in a transaction that is not kept."""
    images = Images(noun)
    for op, row, before in connection.execute(
        "select op, id, before from _log where noun = ? order by seq desc", (noun.id,)
    ).fetchall():
        if op == system.INSERT:
            connection.execute(images.delete, (row,))
        elif op == system.DELETE:
            connection.execute(images.insert, (before,))
        elif op == system.UPDATE:
            connection.execute(images.update, (before, row))
        if op != system.SCHEMA and op != system.INSERT and connection.changes() != 1:
            return [(noun.name, op, row)]
    return connection.execute(f"select * from {quoted(noun.table)}").fetchall()


def faults(path: str, acknowledged: int) -> list[object]:
    """Return what is wrong with the file."""
    connection = apsw.Connection(path)
    get = connection.execute
    found: list[object] = [] if get("pragma integrity_check").get == "ok" else ["integrity"]
    found += get("pragma foreign_key_check").fetchall()
    ranges = get("select seq0, seq1 from _tx order by seq1").fetchall()
    found += [(a, b) for a, b in itertools.pairwise(ranges) if b[0] != a[1] + 1]
    last = get("select max(seq) from _log").get
    if ranges[-1][1] != last or last < acknowledged:
        found.append((ranges[-1], last, acknowledged))
    nouns = list(Store.read_catalog(connection).nouns)
    get("begin")
    for (trigger,) in get("select name from sqlite_schema where type = 'trigger'").fetchall():
        get(f"drop trigger {quoted(trigger)}")
    try:
        for noun in nouns:
            found += undone(connection, noun)
    except apsw.ConstraintError as error:
        found.append(error)
    get("rollback")
    connection.close()
    return found


@pytest.mark.slow
def test_a_killed_writer_loses_nothing(tmp_path: Path) -> None:
    path, rng, acknowledged = str(tmp_path / "t.db"), random.Random(1), 0
    create(path)
    for n in range(KILLS):
        acknowledged = max(acknowledged, kill_one(path, n, rng.random() * 0.2))
        assert not faults(path, acknowledged)
    assert acknowledged > KILLS


@pytest.mark.slow
def test_two_killed_writers_lose_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "t.db")
    create(path)
    for n in range(max(KILLS // 4, 1)):
        other = subprocess.Popen(
            [sys.executable, str(WRITER), path, str(1000 + n)], stdout=subprocess.DEVNULL
        )
        acknowledged = kill_one(path, n, 0.3)
        other.kill()
        other.wait()
        assert not faults(path, acknowledged)


def test_the_check_finds_deletes_that_were_not_logged(tmp_path: Path) -> None:
    path = str(tmp_path / "t.db")
    create(path)
    rounds = (
        kill_one(path, seed, 0.5, "0") for seed in range(1, 21)
    )  # a slow one may write too little
    assert any(faults(path, acknowledged) for acknowledged in rounds)
