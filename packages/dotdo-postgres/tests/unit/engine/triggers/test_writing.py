"""Writes that fire triggers: which, in which order, with which rows, and what they may do."""

from typing import Any

import pytest

from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError


def rows(session: Session, sql: str) -> list[Any]:
    """Run a statement; return its rows."""
    (result,) = session.simple(sql)
    return result.rows


@pytest.fixture
def table(session: Session) -> Session:
    """A session with a table `t`, a log, and a function that notes what it was called for."""
    rows(session, "create table t (id int primary key, n numeric(6,2), j jsonb)")
    rows(session, "create table said (what text)")
    rows(session, """create function say() returns trigger language plpgsql as $$
    begin
      insert into said values (tg_name || ' ' || tg_when || ' ' || tg_op || ' ' || tg_level);
      if tg_op = 'DELETE' then return old; end if;
      return new;
    end $$""")  # fmt: skip
    return session


def said(session: Session) -> list[str]:
    return [what for (what,) in rows(session, "select what from said")]


def test_triggers_fire_by_name_around_the_row_and_the_statement(table: Session) -> None:
    for name, when in (("d", "after insert on t for each row"), ("b", "before insert on t for each row"),
                       ("a", "before insert on t for each row"), ("s", "before insert on t"), ("z", "after insert on t")):  # fmt: skip
        rows(table, f"create trigger {name} {when} execute function say()")
    rows(table, "insert into t values (1), (2)")
    assert said(table) == [
        "s BEFORE INSERT STATEMENT", "a BEFORE INSERT ROW", "b BEFORE INSERT ROW", "a BEFORE INSERT ROW", "b BEFORE INSERT ROW",
        "d AFTER INSERT ROW", "d AFTER INSERT ROW", "z AFTER INSERT STATEMENT",
    ]  # fmt: skip


def test_a_before_trigger_changes_or_leaves_out_the_row(table: Session) -> None:
    rows(table, """create function half() returns trigger language plpgsql as $$
    begin
      if new.id = 2 then return null; end if;
      new.n := new.n / 2; new.j := jsonb_build_object('id', new.id);
      return new;
    end $$""")  # fmt: skip
    rows(table, "create trigger h before insert on t for each row execute function half()")
    (result,) = table.simple("insert into t values (1, 3), (2, 5) returning id, n::text, j->>'id'")
    assert (result.tag, result.rows) == ("INSERT 0 1", [(1, "1.50", "1")])


def test_update_of_and_when_choose_the_updates(table: Session) -> None:
    rows(table, "insert into t values (1, 1), (2, 2)")
    rows(table, "create trigger c before update of n on t for each row execute function say()")
    rows(
        table,
        "create trigger w after update on t for each row when (old.n <> new.n) execute function say()",
    )
    rows(table, "update t set j = '{}'")
    rows(table, "update t set n = 1")
    assert said(table) == ["c BEFORE UPDATE ROW", "c BEFORE UPDATE ROW", "w AFTER UPDATE ROW"]


def test_rows_that_go_by_a_foreign_key_fire_their_triggers(table: Session) -> None:
    rows(table, "create table c (id int, t int references t on delete cascade)")
    rows(table, "create trigger gone after delete on c for each row execute function say()")
    rows(table, "insert into t values (1), (2)")
    rows(table, "insert into c values (1, 1), (2, 1), (3, 2)")
    rows(table, "delete from t where id = 1")
    assert rows(table, "select id from c") == [(3,)]
    assert said(table) == ["gone AFTER DELETE ROW"] * 2


def test_deferred_triggers_wait_for_the_commit_and_undo_it_all(table: Session) -> None:
    rows(
        table,
        "create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$",
    )
    rows(
        table,
        "create constraint trigger k after insert on t initially deferred for each row execute function no()",
    )
    rows(table, "begin")
    rows(table, "insert into t values (1)")
    with pytest.raises(PostgresError, match="no"):
        rows(table, "commit")
    assert rows(table, "select count(*) from t") == [(0,)]
