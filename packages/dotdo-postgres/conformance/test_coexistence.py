"""The real client on a real server and ours on a tenant, in one process, turn by turn: neither disturbs the other."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from postgres_cases import targets
from psycopg import sql
from psycopg.types.json import Jsonb
from test_chinook import SUITE

import dotdo_postgres

pytestmark = pytest.mark.skipif(
    SUITE.real_url is None, reason=f"{SUITE.variable} is not set: no real server to live beside"
)


@pytest.fixture
def both(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    assert SUITE.real_url
    with (
        targets.scratch(SUITE.real_url) as theirs,
        dotdo_postgres.connect("dbname=shop", autocommit=True) as ours,
    ):
        for connection in (ours, theirs):
            connection.execute(
                "create table item (id int primary key, name varchar(20), note jsonb)"
            )
        yield ours, theirs


def test_the_real_client_keeps_its_own_implementation(both: tuple[Any, Any]) -> None:
    ours, theirs = both
    assert type(theirs) is psycopg.Connection
    assert type(theirs.pgconn) is psycopg.pq.PGconn
    assert type(theirs.cursor()) is psycopg.Cursor
    assert not isinstance(ours.pgconn, psycopg.pq.PGconn)
    assert type(theirs.execute("select 1")._tx) is psycopg.adapt.Transformer
    loaders = {psycopg.adapters.get_loader(oid, 0).__module__ for oid in (20, 25, 1114, 1700)}
    assert not any("dotdo" in module for module in loaders)


def test_statements_take_turns_and_give_the_same(both: tuple[Any, Any]) -> None:
    given = []
    for connection in both:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        cursor.executemany(
            "insert into item values (%s, %s, %s)", [(1, "é", Jsonb({"a": [1]})), (2, None, None)]
        )
        cursor.execute("select * from item where id = any(%s) order by id", ([1, 2],))
        given.append((cursor.fetchall(), [column.type_code for column in cursor.description]))
        cursor.execute("select * from item where id = %s", (1,), binary=True)
        given.append((cursor.fetchone(), []))
    assert given[:2] == given[2:]


def test_the_same_except_clause_catches_both(both: tuple[Any, Any]) -> None:
    told = []
    for connection in both:
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            connection.execute("insert into item values (1), (1)")
        told.append((str(caught.value), caught.value.diag.constraint_name))
    assert told[0] == told[1]


def test_composed_statements_are_quoted_for_each(both: tuple[Any, Any]) -> None:
    query = sql.SQL("select {} as {}").format(sql.Literal("it's \\"), sql.Identifier('a"b'))
    ours, theirs = both
    assert query.as_string(ours) == query.as_string(theirs)
    for connection in both:
        assert connection.execute(query).fetchone() == ("it's \\",)


def test_an_adapter_of_one_is_not_the_others(both: tuple[Any, Any]) -> None:
    class Loud(psycopg.adapt.Loader):
        def load(self, data: Any) -> str:
            return bytes(data).decode().upper()

    ours, theirs = both
    ours.adapters.register_loader("text", Loud)
    assert ours.execute("select 'a'::text").fetchone() == ("A",)
    assert theirs.execute("select 'a'::text").fetchone() == ("a",)


def test_copy_and_pipelines_of_the_real_client_go_on(both: tuple[Any, Any]) -> None:
    _, theirs = both
    with theirs.cursor().copy("copy item (id) from stdin") as copy:
        copy.write_row((5,))
    with theirs.pipeline():
        cursor = theirs.execute("select id from item")
    assert cursor.fetchall() == [(5,)]


def test_rows_go_from_the_real_server_to_the_tenant(both: tuple[Any, Any]) -> None:
    ours, theirs = both
    theirs.execute("insert into item select n, 'row ' || n from generate_series(1, 50) n")
    source = theirs.cursor().stream("select id, name from item order by id")
    ours.cursor().executemany("insert into item (id, name) values (%s, %s)", source)
    query = "select count(*), min(name), max(id) from item"
    assert ours.execute(query).fetchone() == theirs.execute(query).fetchone()
