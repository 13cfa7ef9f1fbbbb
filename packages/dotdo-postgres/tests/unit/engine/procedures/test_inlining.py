"""Functions in SQL written in place: only where nothing is evaluated twice and NULL means the same."""

from typing import Any

import pytest

from dotdo_postgres.engine.session import Session


def plan(session: Session, sql: str) -> str:
    return session.prepare(sql).sql


def run(session: Session, sql: str) -> list[Any]:
    (result,) = session.simple(sql)
    return result.rows


@pytest.fixture
def functions(session: Session) -> Session:
    run(session, "create function twice(a int) returns int language sql as 'select a + a'")
    run(session, "create function next(a int) returns int language sql as 'select a + 1'")
    run(
        session,
        "create function once(a int) returns int language sql strict as 'select coalesce(a, 7)'",
    )
    return session


def test_one_expression_is_written_in_place(functions: Session) -> None:
    assert "pg_user" not in plan(functions, "select next(g) from generate_series(1, 3) g")
    assert run(functions, "select next(next(1))") == [(3,)]


def test_an_argument_that_is_used_twice_is_evaluated_once(functions: Session) -> None:
    assert "pg_user" not in plan(functions, "select twice(g) from generate_series(1, 3) g")
    assert "pg_user" in plan(functions, "select twice((random() * 0)::int)")


def test_strict_functions_give_null_for_null(functions: Session) -> None:
    assert run(functions, "select once(null), once(3)") == [(None, 3)]
    assert run(functions, "select once(x) from (values (null::int), (1)) v(x)") == [(None,), (1,)]


def test_definitions_may_call_what_is_written_in_place(functions: Session) -> None:
    run(
        functions,
        "create function low(t text) returns text language sql immutable as 'select lower(t)'",
    )
    run(functions, "create table n (t text, check (next(1) = 2))")
    run(functions, "create index i on n (low(t))")
    run(functions, "insert into n values ('A')")
    assert run(functions, "select t from n where low(t) = 'a'") == [("A",)]
