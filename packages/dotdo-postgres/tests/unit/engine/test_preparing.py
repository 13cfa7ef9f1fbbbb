"""Preparing statements in a session: the plan cache, types of parameters, refusals."""

import pytest

from dotdo_postgres.engine.session import Session
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


def test_what_is_missing_says_so(session: Session) -> None:
    for sql in ("select xmlelement(name a)",):
        with pytest.raises(PostgresError) as failure:
            rows(session, sql)
        assert failure.value.sqlstate == "0A000"
