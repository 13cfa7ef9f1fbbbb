"""Definitions of SQL in branches, merges and the past, and beside the kernel's own door."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dotdo
from dotdo.tenancy import Home, connect
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError

OPEN = Callable[[str], Session]

DEFINITIONS = """
    create schema app;
    create type mood as enum ('sad', 'happy');
    create domain positive as int check (value > 0);
    create sequence numbers start 10;
    create table app.people(id serial primary key, name text not null, m mood default 'sad', p positive);
    create view app.names as select name from app.people;
    create materialized view counted as select count(*) as n from app.people;
    comment on table app.people is 'those we know';
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(str(tmp_path))
    yield made
    made.close()


@pytest.fixture
def open_session(home: Home) -> Iterator[OPEN]:
    made: list[Session] = []

    def open_one(reference: str) -> Session:
        made.append(Session(connect(reference, create="@" not in reference, home=home)))
        return made[-1]

    yield open_one
    for session in made:
        session.close()


def rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    *_, result = session.simple(sql)
    columns = result.columns or ()
    return [
        tuple(None if v is None else c.codec.to_text(v) for c, v in zip(columns, row, strict=True))
        for row in result.rows
    ]


def run(session: Session, sql: str) -> None:
    for _ in session.simple(sql):
        pass


LOOK = "select name, m::text, p from app.people order by id"


def test_every_kind_of_object_is_there_when_the_file_is_opened_again(
    open_session: OPEN, home: Home
) -> None:
    session = open_session("shop")
    run(session, DEFINITIONS)
    before = rows(session, "select oid, relname from pg_class where oid >= 16384 order by oid")
    home.close()
    again = open_session("shop")
    run(again, "insert into app.people(name, p) values ('a', 1)")
    assert rows(again, LOOK) == [("a", "sad", "1")]
    assert rows(again, "select * from app.names") == [("a",)]
    assert rows(again, "select nextval('numbers'), obj_description('app.people'::regclass)") == [
        ("10", "those we know")
    ]
    after = rows(again, "select oid, relname from pg_class where oid >= 16384 order by oid")
    assert after == before


def test_the_past_has_the_definitions_of_its_time(open_session: OPEN, home: Home) -> None:
    session = open_session("shop")
    run(session, DEFINITIONS)
    run(session, "insert into app.people(name, p) values ('a', 1)")
    run(session, "alter type mood add value 'mad'")
    run(session, "create or replace view app.names as select upper(name) as name from app.people")
    run(session, "drop sequence numbers")
    past = open_session("shop@~3")
    assert rows(past, "select * from app.names") == [("a",)]
    assert rows(past, "select enumlabel from pg_enum order by enumsortorder") == [
        ("sad",),
        ("happy",),
    ]
    assert rows(past, "select count(*) from pg_sequences where sequencename = 'numbers'") == [
        ("1",)
    ]
    assert rows(session, "select * from app.names") == [("A",)]


def test_a_branch_brings_its_definitions_back(open_session: OPEN, home: Home) -> None:
    session = open_session("shop")
    run(session, "create table t(a int primary key)")
    tenant = dotdo.open("shop", home=home)
    tenant.branch("try")
    branch = open_session("shop@try")
    run(branch, DEFINITIONS)
    run(branch, "create view doubled as select a * 2 as b from t")
    run(
        branch,
        "insert into t values (4); insert into app.people(name, m, p) values ('b', 'happy', 2)",
    )
    with pytest.raises(PostgresError) as missing:
        run(session, "select * from doubled")
    assert missing.value.sqlstate == "42P01"
    tenant.merge("try", on_conflict="fail")
    assert rows(session, "select * from doubled") == [("8",)]
    assert rows(session, LOOK) == [("b", "happy", "2")]
    assert rows(session, "select * from app.names") == [("b",)]
    with pytest.raises(PostgresError) as broken:
        run(session, "insert into app.people(name, p) values ('c', 0)")
    assert broken.value.sqlstate == "23514"


def test_two_branches_create_objects_without_meeting(open_session: OPEN, home: Home) -> None:
    session = open_session("shop")
    run(session, "create table t(a int primary key)")
    tenant = dotdo.open("shop", home=home)
    tenant.branch("one")
    tenant.branch("two")
    run(
        open_session("shop@one"),
        "create type colour as enum ('red'); create view v1 as select a from t",
    )
    run(
        open_session("shop@two"),
        "create type size as enum ('big'); create view v2 as select a from t",
    )
    tenant.merge("one", on_conflict="fail")
    tenant.merge("two", on_conflict="fail")
    assert rows(session, "select 'red'::colour::text, 'big'::size::text") == [("red", "big")]
    assert rows(
        session, "select count(distinct oid), count(*) from pg_type where typtype = 'e'"
    ) == [("2", "2")]
    assert rows(session, "select count(*) from v1, v2") == [("0",)]


def test_a_table_of_a_schema_is_a_noun_of_things(open_session: OPEN, home: Home) -> None:
    session = open_session("shop")
    run(session, DEFINITIONS)
    tenant = dotdo.open("shop", home=home)
    made = tenant.things.create("app.people", name="Ann", m="happy", p=3)
    assert rows(session, LOOK) == [("Ann", "happy", "3")]
    run(session, "insert into app.people(name) values ('Bob')")
    assert [thing.name for thing in tenant.things.find("app.people", sort=[("id", 1)])] == [
        "Ann",
        "Bob",
    ]
    assert tenant.things.get("app.people", made.id).m == "happy"


def test_definitions_that_fail_leave_nothing_behind(open_session: OPEN) -> None:
    session = open_session("shop")
    with pytest.raises(PostgresError):
        run(session, "create table t as select 1 / x as q from (values (1), (0)) v(x)")
    assert rows(session, "select to_regclass('t')") == [(None,)]
    with pytest.raises(PostgresError):
        run(session, "create schema s create table t(a int) create view v as select nope from t")
    assert rows(session, "select to_regnamespace('s')") == [(None,)]


def test_roles_grants_and_policies_travel_and_hide_rows_in_every_branch(
    open_session: OPEN, home: Home
) -> None:
    session = open_session("shop")
    run(
        session,
        "create role ann; create table notes(id int primary key, owner text);"
        "insert into notes values (1, 'ann'), (2, 'bob'); grant select, insert on notes to ann;"
        "alter table notes enable row level security;"
        "create policy own on notes using (owner = current_user)",
    )
    tenant = dotdo.open("shop", home=home)
    tenant.branch("try")
    branch = open_session("shop@try")
    run(branch, "set role ann")
    assert rows(branch, "select id from notes") == [("1",)]
    with pytest.raises(PostgresError, match="violates row-level security policy"):
        run(branch, "insert into notes values (3, 'bob')")
    with pytest.raises(PostgresError, match="must be owner of table notes"):
        run(branch, "drop table notes")
    run(branch, "reset role; create policy all_of_it on notes for select using (true)")
    run(branch, "set role ann")
    assert rows(branch, "select id from notes order by id") == [("1",), ("2",)]
    run(session, "set role ann")
    assert rows(session, "select id from notes") == [("1",)]
    tenant.merge("try", on_conflict="fail")
    assert rows(session, "select id from notes order by id") == [("1",), ("2",)]
