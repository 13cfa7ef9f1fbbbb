"""INSERT of many rows of parameters: what it writes, numbers, counts and tells is what as many runs of one row do."""

from collections.abc import Sequence

import pytest

from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError

COUNT = 130  # two batches and a rest


def run(session: Session, sql: str) -> list[tuple[object, ...]]:
    return list(session.run(session.prepare(sql)).rows)


def insert(
    session: Session, sql: str, rows: Sequence[tuple[object, ...]]
) -> tuple[str, int | None]:
    result = session.run_many(session.prepare(sql), rows)  # type: ignore[arg-type]
    return result.tag, result.row_count


def test_all_rows_are_written_and_counted(session: Session) -> None:
    run(session, "create table a (x int primary key, y text)")
    rows = [(number, f"?1 {number}") for number in range(COUNT)]
    assert insert(session, "insert into a values ($1, $2)", rows) == ("INSERT 0 1", COUNT)
    assert run(session, "select * from a order by x") == rows


def test_numbers_and_keys_are_drawn_for_each_row(session: Session) -> None:
    run(session, "create table a (x serial, y int, z text default 'it''s ?2')")
    insert(session, "insert into a (y) values ($1)", [(number,) for number in range(COUNT)])
    assert run(session, "select * from a order by y") == [
        (number + 1, number, "it's ?2") for number in range(COUNT)
    ]


def test_rows_see_those_before_them_where_they_look(session: Session) -> None:
    run(session, "create table a (x bigint, y int)")
    insert(
        session,
        "insert into a values ((select count(*) from a), $1)",
        [(number,) for number in range(COUNT)],
    )
    assert run(session, "select count(*) from a where x = y") == [(COUNT,)]


@pytest.mark.parametrize("at", [0, 77, COUNT - 1])
def test_failing_row_is_told_and_nothing_is_left(session: Session, at: int) -> None:
    run(session, "create table a (x int primary key, y int check (y > 0))")
    run(session, "insert into a values (1000, 1)")
    rows = [(number, 1) for number in range(COUNT)]
    rows[at] = (1000, 1)
    with pytest.raises(PostgresError) as failure:
        insert(session, "insert into a values ($1, $2)", rows)
    assert (failure.value.sqlstate, failure.value.detail) == (
        "23505",
        "Key (x)=(1000) already exists.",
    )
    rows[at] = (2000, 0)
    with pytest.raises(PostgresError) as failure:
        insert(session, "insert into a values ($1, $2)", rows)
    assert (failure.value.sqlstate, failure.value.detail) == (
        "23514",
        "Failing row contains (2000, 0).",
    )
    assert run(session, "select count(*) from a") == [(1,)]


def test_key_that_is_null_is_refused(session: Session) -> None:
    run(session, "create table a (x int primary key)")
    rows: list[tuple[object, ...]] = [(number,) for number in range(COUNT)]
    rows[60] = (None,)
    with pytest.raises(PostgresError) as failure:
        insert(session, "insert into a values ($1)", rows)
    assert failure.value.sqlstate == "23502"


def test_open_transaction_keeps_what_was_before_the_failure(session: Session) -> None:
    run(session, "create table a (x int primary key)")
    run(session, "begin")
    insert(session, "insert into a values ($1)", [(number,) for number in range(COUNT)])
    run(session, "savepoint s")
    with pytest.raises(PostgresError):
        insert(session, "insert into a values ($1)", [(number,) for number in range(90, 250)])
    run(session, "rollback to s")
    run(session, "commit")
    assert run(session, "select count(*) from a") == [(COUNT,)]
