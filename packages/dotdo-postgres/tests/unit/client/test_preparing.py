"""Automatic prepared statements on the short way: after how many executions, which are forgotten, what ends them all."""

from typing import Any

import psycopg
import pytest

NAMES = "select count(*) from pg_prepared_statements where name like '_pg3_%%' and %s"


def count(connection: Any) -> int:
    found: int = connection.execute(NAMES, (True,), prepare=False).fetchone()[0]
    return found


def test_the_sixth_execution_prepares(connection: Any) -> None:
    seen = [
        connection.execute(
            "select count(*) from pg_prepared_statements where %s", (True,)
        ).fetchone()
        for _ in range(8)
    ]
    assert seen == [(0,)] * 5 + [(1,)] * 3


def test_statements_with_prepare_false_are_not_counted(connection: Any) -> None:
    for _ in range(10):
        connection.execute("select %s::int", (1,), prepare=False)
    assert count(connection) == 0


def test_threshold_none_prepares_nothing(connection: Any) -> None:
    connection.prepare_threshold = None
    for _ in range(10):
        connection.execute("select %s::int", (1,))
    assert count(connection) == 0


def test_those_not_used_for_longest_are_forgotten(connection: Any) -> None:
    connection.prepare_threshold = 0
    connection.prepared_max = 3
    for number in range(10):
        connection.execute(f"select %s::int + {number}", (1,))
    assert count(connection) == 3


def test_drop_and_rollback_forget_all(connection: Any) -> None:
    connection.autocommit = False
    connection.prepare_threshold = 0
    connection.execute("select 1")
    assert count(connection) == 1
    connection.rollback()
    assert count(connection) == 0
    connection.execute("create table a (x int)")
    connection.execute("drop table a")
    assert count(connection) == 0


def test_failed_statements_prepare_nothing(connection: Any) -> None:
    connection.autocommit = True
    for _ in range(8):
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute("select nothing_of_the_kind")
    assert count(connection) == 0
