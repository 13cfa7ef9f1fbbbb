"""Anomalies of concurrent transactions, after the hermitage suite: what each level lets through is what the real server lets through."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres_cases import targets
from postgres_cases.histories import HISTORIES, History, played

import dotdo_postgres
from dotdo_testing import Conform, Suite, Target

SUITE = Suite(
    package="dotdo-postgres",
    service="postgres",
    folder=Path(__file__).parent,
    targets=frozenset({Target.INPROC, Target.WIRE, Target.REAL}),
    real_version=targets.real_version,
)
Connect = Callable[[], Any]


@pytest.fixture
def connect(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    if target is Target.INPROC:
        monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
        yield lambda: dotdo_postgres.connect("dbname=bank", autocommit=True)
    elif target is Target.WIRE:
        with targets.served(str(tmp_path)) as address:
            yield lambda: psycopg.connect(f"{address} dbname=bank", autocommit=True)
    else:
        with targets.scratch_name(SUITE.real_url) as dsn:
            yield lambda: psycopg.connect(dsn, autocommit=True)


@SUITE.cases(HISTORIES)
def test_anomalies(case: History, connect: Connect, conform: Conform) -> None:
    conform(played(case, connect))


@pytest.mark.parametrize("target", [Target.INPROC, Target.WIRE])
def test_a_queue_hands_out_each_job_once(connect: Connect) -> None:
    with connect() as admin:
        admin.execute("create table job (id int primary key, worker int)")
        admin.cursor().executemany("insert into job values (%s, null)", [(n,) for n in range(80)])
    taken: list[int] = []

    def work(number: int) -> None:
        with connect() as connection:
            while True:
                with connection.transaction():
                    row = connection.execute(
                        "select id from job where worker is null order by id limit 1"
                        " for update skip locked"
                    ).fetchone()
                    if row is None:
                        return
                    connection.execute("update job set worker = %s where id = %s", [number, row[0]])
                taken.append(row[0])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == list(range(80))
