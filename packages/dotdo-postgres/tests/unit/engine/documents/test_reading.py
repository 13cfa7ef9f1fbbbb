"""Nouns of documents in FROM: their columns, types and values, in step with what is written."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec import structs

import dotdo
import dotdo_postgres as psycopg
from dotdo.graph import define_documents
from dotdo.storage import alter_noun

NOON = dt.datetime(2026, 1, 8, 12, tzinfo=dt.UTC)
VALUES = [
    ("text", "ü'\"", "text"), ("empty", "", "text"), ("yes", True, "boolean"), ("small", -5, "bigint"), ("large", 1 << 62, "bigint"),
    ("half", 0.5, "double precision"), ("price", Decimal("1.50"), "numeric"), ("huge", 1 << 70, "numeric"),
    ("at", NOON, "timestamp with time zone"), ("local", NOON.replace(tzinfo=None), "timestamp without time zone"),
    ("day", dt.date(2026, 1, 8), "date"), ("hour", dt.time(1, 2, 3, 4), "time without time zone"),
    ("span", dt.timedelta(days=-1, microseconds=5), "interval"), ("raw", b"\0\xff", "bytea"), ("uid", UUID(int=7), "uuid"),
    ("list", [1, ["x", None]], "jsonb"), ("tree", {"b": 1, "aa": {"c": []}}, "jsonb"),
]  # fmt: skip


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    return dotdo.open("shop")


@pytest.fixture
def connection(shop):
    with psycopg.connect("dbname=shop", autocommit=True) as found:
        found.execute("set timezone = 'UTC'")
        yield found


def rows(connection, sql, params=()):
    return connection.execute(sql, params).fetchall()


@pytest.mark.parametrize(("name", "value", "type_name"), VALUES)
def test_a_field_of_one_kind_has_its_type_and_value(shop, connection, name, value, type_name):
    shop.things.create("Doc", "a", **{name: value})
    shop.things.create("Doc", "b", **{name: None})
    shop.things.create("Doc", "c")
    found = rows(connection, f'select _id, "{name}" from "Doc" order by _id')
    assert found == [("a", value), ("b", None), ("c", None)]
    listed = "select data_type from information_schema.columns where table_name = 'Doc' and column_name = %s"
    assert rows(connection, listed, [name]) == [(type_name,)]


@pytest.mark.parametrize(
    ("values", "type_name", "shown"),
    [
        ((1, 0.5), "double precision", [1.0, 0.5]),
        ((1 << 60, 0.5), "numeric", [Decimal(1 << 60), Decimal("0.5")]),
        ((1, Decimal("1.10")), "numeric", [Decimal(1), Decimal("1.10")]),
        (("x", 1, 2.5), "text", ["x", "1", "2.5"]),
        (("x", True, Decimal("1.0")), "text", ["x", "true", "1.0"]),
        ((1, True), "jsonb", [1, True]),
        (("x", [1]), "jsonb", ["x", [1]]),
        ((float("inf"), 1.5), "numeric", [Decimal("Infinity"), Decimal("1.5")]),
    ],
)
def test_a_field_of_several_kinds_has_the_type_that_holds_them(
    shop, connection, values, type_name, shown
):
    for number, value in enumerate(values):
        shop.things.create("Doc", number, v=value)
    assert [row[0] for row in rows(connection, 'select v from "Doc" order by _id')] == shown
    listed = "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = '\"Doc\"'::regclass and attname = 'v'"
    assert rows(connection, listed) == [(type_name,)]


def test_the_whole_document_is_there_beside_its_fields(shop, connection):
    shop.things.create("Doc", "a", b=1, aa=[True], **{"with space": None, "_doc": 3})
    columns = [c.name for c in connection.execute('select * from "Doc"').description]
    assert columns == ["_id", "b", "aa", "with space", "_doc"]
    ((whole,),) = rows(connection, 'select _doc from "Doc"')
    assert whole == {"b": 1, "aa": [True], "_doc": 3, "with space": None}
    assert rows(connection, "select _doc::text from \"Doc\" where _doc -> 'aa' = '[true]'") == [
        ('{"b": 1, "aa": [true], "_doc": 3, "with space": null}',)
    ]


def test_a_plan_follows_values_of_new_kinds(shop, connection):
    shop.things.create("Doc", "a", n=1)
    sql = 'select n from "Doc" order by _id'
    assert rows(connection, sql) == [(1,)]
    shop.things.create("Doc", "b", n="x")
    assert rows(connection, sql) == [("1",), ("x",)]
    shop.things.create("Doc", "c", m=[])
    assert rows(connection, 'select m from "Doc" where m is not null') == [([],)]


@pytest.mark.parametrize("identity", [5, "x", "true", "{x", UUID(int=3), True, 1.5])
def test_ids_of_any_type_are_read_and_found(shop, connection, identity):
    shop.things.create("Doc", identity, n=1)
    ((found,),) = rows(connection, 'select _id from "Doc"')
    shown = identity if not isinstance(identity, UUID) else {"$u": str(identity)}
    assert found == shown
    assert rows(connection, 'select n from "Doc" where _id = (select _id from "Doc")') == [(1,)]


def test_documents_and_rows_join_in_one_statement_of_the_file(shop, connection):
    connection.execute("create table orders (id int primary key, who text, total numeric(8,2))")
    connection.execute("insert into orders values (1, 'a', 5), (2, 'a', 2.5), (3, 'z', 1)")
    shop.things.create("Doc", "a", name="Ada")
    sql = 'select d.name, sum(o.total), count(*) from orders o left join "Doc" d on d._id = o.who group by 1 order by 1'
    assert rows(connection, sql) == [("Ada", Decimal("7.50"), 2), (None, Decimal("1.00"), 1)]


def test_an_index_of_things_serves_sql(shop, connection):
    shop.things.create("Doc", "a", mail="a@x")
    shop.nouns.add_index("Doc", "mail", unique=True)
    prepared = connection.pgconn.session.prepare("select _id from \"Doc\" where mail = 'a@x'")
    plan = connection.pgconn.session.kernel.read(f"explain query plan {prepared.sql}")
    assert any("USING INDEX _ix Doc mail" in row[3] for row in plan)


def test_the_past_and_a_branch_have_columns_of_their_own(shop, connection):
    shop.things.create("Doc", "a", n=1)
    shop.branch("b")
    shop.things.create("Doc", "b", n="x")
    with psycopg.connect("dbname=shop@~1") as past, psycopg.connect("dbname=shop@b") as branch:
        assert rows(past, 'select n from "Doc"') == rows(branch, 'select n from "Doc"') == [(1,)]
    assert rows(connection, 'select n from "Doc" order by 1') == [("1",), ("x",)]


@pytest.mark.parametrize("others", [[], ["x", "5f0000000000000000000002"]])
def test_an_object_id_is_found_by_its_key(shop, connection, others):
    oid = "5f0000000000000000000001"
    for identity in (f'{{"$oid":"{oid}"}}', *others):  # as documents of MongoDB have it
        with shop.transaction() as session:
            if session.catalog.noun("Doc") is None:
                define_documents(session, "Doc")
            noun = session.catalog.find("Doc")
            insert = f'insert into "Doc"(_id, id, data) values ({session.allocate(noun)}, ?, jsonb(\'{{"n":1}}\'))'
            session.write(insert, (identity,))
    for condition in (f"_id = '{oid}'", f"'{oid}' = _id", f"_id in ('{oid}', 'none')"):
        sql = f'select n from "Doc" where {condition}'
        assert rows(connection, sql) == [(1,)]
        session = connection.pgconn.session
        plan = session.kernel.read(f"explain query plan {session.prepare(sql).sql}")
        assert any("USING INDEX _key Doc" in row[3] for row in plan)
    assert len(rows(connection, "select * from \"Doc\" where _id <> 'none'")) == 1 + len(others)


def test_text_and_bytes_of_an_owned_noun_are_bytes(shop, connection):
    with shop.transaction() as session:
        alter_noun(session, structs.replace(define_documents(session, "Key"), owner="nobody"))
    for key in ("a", b"\xff"):
        shop.things.create("Key", key, value=key)
    assert rows(connection, 'select _id, value from "Key" order by 1') == [(b"a", b"a"), (b"\xff", b"\xff")]  # fmt: skip
    assert rows(connection, "select 1 from \"Key\" where _id = 'a' and value = 'a'") == [(1,)]
    connection.execute("update \"Key\" set value = 'b' where _id = 'a'")
    connection.execute("insert into \"Key\" (_id, value) values ('\\xfe', '\\xfe')")
    assert {t.id: t["value"] for t in shop.things.find("Key")} == {"a": "b", b"\xff": b"\xff", b"\xfe": b"\xfe"}  # fmt: skip
