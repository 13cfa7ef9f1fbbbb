"""PL/pgSQL run: values, control, errors with their context, what is undone, limits."""

from typing import Any

import pytest

from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError


def rows(session: Session, sql: str) -> list[Any]:
    """Run a statement; return its rows."""
    (result,) = session.simple(sql)
    return result.rows


def define(session: Session, head: str, body: str) -> None:
    rows(session, f"create function {head} language plpgsql as $$ {body} $$")


def test_notices_carry_level_text_and_context(session: Session) -> None:
    rows(
        session, "do $$ begin raise notice 'a % b %%', 1 using hint = 'h'; raise debug 'no'; end $$"
    )
    (notice,) = session.notices
    assert (notice.severity, notice.message, notice.hint) == ("NOTICE", "a 1 b %", "h")
    assert notice.context == "PL/pgSQL function inline_code_block line 1 at RAISE"


def test_a_handler_undoes_what_its_block_did(session: Session) -> None:
    rows(session, "create table t (a int primary key)")
    define(session, "f() returns int", """
    begin
      insert into t values (1);
      begin
        insert into t values (2);
        insert into t values (1);
      exception when unique_violation then
        insert into t values (3);
      end;
      return (select count(*) from t);
    end""")  # fmt: skip
    assert rows(session, "select f()") == [(2,)]
    assert sorted(rows(session, "select a from t")) == [(1,), (3,)]


def test_a_failed_call_leaves_nothing_behind(session: Session) -> None:
    rows(session, "create table t (a int)")
    define(session, "f() returns int", "begin insert into t values (1); return 1 / 0; end")
    with pytest.raises(PostgresError) as raised:
        rows(session, "select f()")
    assert raised.value.sqlstate == "22012"
    assert "PL/pgSQL function f() line 1 at RETURN" in (raised.value.context or "")
    assert rows(session, "select count(*) from t") == [(0,)]


def test_names_that_mean_a_variable_and_a_column_are_refused(session: Session) -> None:
    rows(session, "create table t (a int)")
    define(
        session, "f(a int) returns bigint", "begin return (select count(*) from t where a = a); end"
    )
    with pytest.raises(PostgresError) as raised:
        rows(session, "select f(1)")
    assert raised.value.sqlstate == "42702"
    define(
        session, "g(a int) returns bigint",
        "#variable_conflict use_column\nbegin return (select count(*) from t where a = g.a); end",
    )  # fmt: skip
    assert rows(session, "select g(1)") == [(0,)]


def test_an_endless_loop_ends_with_its_time(session: Session) -> None:
    rows(session, "set statement_timeout = '50ms'")
    with pytest.raises(PostgresError) as raised:
        rows(session, "do $$ begin loop null; end loop; end $$")
    assert raised.value.sqlstate == "57014"


def test_endless_recursion_is_postgres_error(session: Session) -> None:
    define(session, "f(n int) returns int", "begin return f(n + 1); end")
    with pytest.raises(PostgresError) as raised:
        rows(session, "select f(1)")
    assert raised.value.sqlstate == "54001"
    assert rows(session, "select 1") == [(1,)]


def test_functions_that_are_not_volatile_change_nothing(session: Session) -> None:
    rows(session, "create table t (a int)")
    define(session, "f() returns int stable", "begin insert into t values (1); return 1; end")
    with pytest.raises(PostgresError, match="INSERT is not allowed in a non-volatile function"):
        rows(session, "select f()")


def test_procedures_commit_where_they_may(session: Session) -> None:
    rows(session, "create table t (a int)")
    rows(
        session,
        "create procedure p() language plpgsql as $$ begin insert into t values (1); commit; insert into t values (2); rollback; end $$",
    )
    rows(session, "call p()")
    assert rows(session, "select a from t") == [(1,)]
    rows(session, "begin")
    with pytest.raises(PostgresError) as raised:
        rows(session, "call p()")
    assert raised.value.sqlstate == "2D000"
    rows(session, "rollback")


def test_a_function_locks_rows_and_changes_data_in_with(session: Session) -> None:
    rows(session, "create table t (a int, b int)")
    rows(session, "insert into t values (1, 1), (2, 2)")
    define(session, "f(x int) returns int", """
    declare n int;
    begin
      perform 1 from t where a = x for update;
      with gone as (delete from t where a = x returning b) select sum(b) into n from gone;
      return n;
    end""")  # fmt: skip
    assert rows(session, "select f(2)") == [(2,)]
    assert rows(session, "select a from t") == [(1,)]


def test_exception_blocks_work_in_functions_that_writes_call(session: Session) -> None:
    rows(session, "create table t (s text, n int)")
    rows(session, "insert into t values ('12'), ('x')")
    define(
        session,
        "number(s text) returns int",
        "begin return s::int; exception when others then return null; end",
    )
    rows(session, "update t set n = number(s)")
    assert rows(session, "select s, n from t order by s") == [("12", 12), ("x", None)]
