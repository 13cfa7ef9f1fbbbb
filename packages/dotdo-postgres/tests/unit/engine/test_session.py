"""Sessions: the plan cache, parameters, transaction status, notices, wide numerics."""

import pytest

from dotdo_postgres.engine.session import Session, TransactionStatus
from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping import types as t


def rows(
    session: Session, sql: str, params: tuple[object, ...] = (), oids: tuple[int, ...] = ()
) -> list[tuple[object, ...]]:
    return list(session.run(session.prepare(sql, oids), params).rows)  # type: ignore[arg-type]


def test_prepare_gives_the_cached_plan_again(session: Session) -> None:
    assert session.prepare("select 1") is session.prepare("select 1")


def test_definitions_changed_since_make_a_new_plan(session: Session) -> None:
    rows(session, "create table a (x int)")
    prepared = session.prepare("select * from a")
    rows(session, "alter table a add column y int default 7")
    rows(session, "insert into a(x) values (1)")
    assert session.run(prepared).rows == [(1, 7)]


def test_parameter_takes_its_type_from_its_surroundings(session: Session) -> None:
    rows(session, "create table a (x int, d date)")
    prepared = session.prepare("select * from a where x = $1 and d > $2")
    assert [pg_type.oid for pg_type in prepared.param_types] == [t.INT4, t.DATE]


def test_parameter_that_is_passed_over_is_an_error(session: Session) -> None:
    with pytest.raises(PostgresError) as failure:
        session.prepare("select $2 + 1")
    assert failure.value.sqlstate == "42P18"


def test_several_statements_cannot_be_prepared(session: Session) -> None:
    with pytest.raises(PostgresError) as failure:
        session.prepare("select 1; select 2")
    assert failure.value.sqlstate == "42601"


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


def test_sum_beyond_64_bits_is_exact(session: Session) -> None:
    (total,) = rows(
        session,
        "select sum(x) from (values (9223372036854775807::bigint), (9223372036854775807)) v(x)",
    )
    result = session.run(
        session.prepare(
            "select sum(x)::text from (values (9223372036854775807::bigint), (9223372036854775807)) v(x)"
        )
    )
    assert total is not None
    assert result.rows == [("18446744073709551614",)]


def test_definitions_are_undone_with_their_transaction(session: Session) -> None:
    rows(session, "begin")
    rows(session, "create table a (x int)")
    rows(session, "rollback")
    with pytest.raises(PostgresError) as failure:
        rows(session, "select * from a")
    assert failure.value.sqlstate == "42P01"


def test_what_is_missing_says_so(session: Session) -> None:
    for sql in ("select xmlelement(name a)",):
        with pytest.raises(PostgresError) as failure:
            rows(session, sql)
        assert failure.value.sqlstate == "0A000"
