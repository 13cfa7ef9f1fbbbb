"""Statements that differ in whole numbers alone share a plan, and answer as if they did not."""

import pytest

from dotdo_postgres.engine.lifting import lift
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError


@pytest.mark.parametrize(
    ("sql", "lifted", "values"),
    [
        ("select a from t where b = 5", "select a from t where b = $1", (5,)),
        ("update t set a = a + -3 where b=7;", "update t set a = a + - $1 where b = $2 ;", (3, 7)),
        (
            "insert into t values (1, 'x', -2), (3, 'y', 4)",
            "insert into t values ( $1 , 'x' , - $2 ) , ( $3 , 'y' , $4 )",
            (1, 2, 3, 4),
        ),
        ("delete from t where a >= 1 limit 5", "delete from t where a >= $1 limit 5", (1,)),
    ],
)
def test_numbers_beside_operators_and_in_rows_are_lifted(
    sql: str, lifted: str, values: tuple[int, ...]
) -> None:
    assert lift(sql) == (lifted, values)


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t",
        "select a, count(*) from t where b = 1 group by 1",
        "select a from t where b = 1 order by 1",
        "select distinct a + 1 from t",
        "select 1",
        "select x::numeric(10,2) from t",
        "select 1.5 = a, a = 1e3 from t",
        "select a from t where b = 99999999999",
        "select a from t where b = $1 and c = 5",
        "select a from t where b = 5 -- note",
        "select E'a' = b, 1 = 1 from t",
        "create table t (a int check (a > 5))",
        "insert into t values (1) on conflict (a) where a > 5 do nothing",
        "select a = 5x from t",
    ],
)
def test_what_is_more_than_a_value_stays(sql: str) -> None:
    assert lift(sql) is None


def test_statements_that_differ_in_numbers_share_a_plan(session: Session) -> None:
    list(session.simple("create table t (a int primary key, b smallint, c numeric(6,2))"))
    for number in (1, 2, 300):
        list(session.simple(f"insert into t values ({number}, {number + 1}, {number})"))
    first = session.prepare("select c from t where a = 1")
    second = session.prepare("select c from t where a = 300")
    assert first.lifted is not None
    assert second.lifted is not None
    assert first.lifted[0] is second.lifted[0]
    assert second.param_types == ()
    assert session.run(second).rows == [(30000,)]
    assert session.run(first).rows == [(100,)]


@pytest.mark.parametrize(
    ("sql", "sqlstate", "position"),
    [
        ("select * from t where a = 1 and nope = 2", "42703", 33),
        ("insert into t values (1, 70000, 1)", "22003", None),
        ("insert into t values (5, 6, 123456)", "22003", None),
        ("insert into t values (1, 1, 1)", "23505", None),
        ("select a + 2147483647 from t", "22003", None),
        ("select a / 0 from t where a = 1", "22012", None),
    ],
)
def test_errors_are_those_of_the_statement_itself(
    session: Session, sql: str, sqlstate: str, position: int | None
) -> None:
    list(session.simple("create table t (a int primary key, b smallint, c numeric(6,2))"))
    list(session.simple("insert into t values (1, 2, 3)"))
    for _ in range(2):
        with pytest.raises(PostgresError) as caught:
            list(session.simple(sql))
        assert (caught.value.sqlstate, caught.value.position) == (sqlstate, position)


def test_an_error_while_planning_leaves_an_open_transaction_as_it_was(session: Session) -> None:
    list(session.simple("begin"))
    assert next(iter(session.simple("select 1 + 1 = 2"))).rows == [(1,)]
    with pytest.raises(PostgresError):
        list(session.simple("select nope + 1"))
    with pytest.raises(PostgresError) as caught:
        list(session.simple("select 1 + 1"))
    assert caught.value.sqlstate == "25P02"


def test_a_changed_definition_is_seen(session: Session) -> None:
    list(session.simple("create table t (a int); insert into t values (1)"))
    assert next(iter(session.simple("select * from t where a = 1"))).rows == [(1,)]
    list(session.simple("alter table t add b int default 7"))
    assert next(iter(session.simple("select * from t where a = 1"))).rows == [(1, 7)]
