"""Sessions: transaction status, savepoints, several statements at once, notices."""

import pytest

from dotdo_postgres.engine.session import Session, TransactionStatus
from dotdo_postgres.errors import PostgresError


def rows(
    session: Session, sql: str, params: tuple[object, ...] = (), oids: tuple[int, ...] = ()
) -> list[tuple[object, ...]]:
    return list(session.run(session.prepare(sql, oids), params).rows)  # type: ignore[arg-type]


def test_failed_statement_fails_the_transaction_until_it_ends(session: Session) -> None:
    rows(session, "begin")
    assert session.transaction_status is TransactionStatus.INTRANS
    with pytest.raises(PostgresError):
        rows(session, "select 1/0")
    assert session.transaction_status is TransactionStatus.INERROR
    with pytest.raises(PostgresError) as failure:
        rows(session, "select 1")
    assert failure.value.sqlstate == "25P02"
    assert session.run(session.prepare("commit")).tag == "ROLLBACK"
    assert session.transaction_status is TransactionStatus.IDLE


def test_rollback_to_savepoint_heals_the_transaction(session: Session) -> None:
    rows(session, "create table a (x int primary key)")
    rows(session, "begin")
    rows(session, "insert into a values (1)")
    rows(session, "savepoint s")
    with pytest.raises(PostgresError):
        rows(session, "insert into a values (1)")
    rows(session, "rollback to s")
    rows(session, "insert into a values (2)")
    rows(session, "commit")
    assert rows(session, "select x from a order by x") == [(1,), (2,)]


def test_statements_of_one_simple_query_stand_or_fall_together(session: Session) -> None:
    rows(session, "create table a (x int primary key)")
    with pytest.raises(PostgresError):
        list(session.simple("insert into a values (1); insert into a values (1)"))
    assert rows(session, "select count(*) from a") == [(0,)]
    assert session.transaction_status is TransactionStatus.IDLE


def test_begin_inside_a_transaction_warns(session: Session) -> None:
    rows(session, "begin")
    rows(session, "begin")
    assert [notice.sqlstate for notice in session.notices] == ["25001"]


def test_definitions_are_undone_with_their_transaction(session: Session) -> None:
    rows(session, "begin")
    rows(session, "create table a (x int)")
    rows(session, "rollback")
    with pytest.raises(PostgresError) as failure:
        rows(session, "select * from a")
    assert failure.value.sqlstate == "42P01"
