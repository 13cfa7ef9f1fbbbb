"""Documents written by SQL: every door reads what went in, constraints hold, what has no lossless form is refused."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest

import dotdo
import dotdo_postgres as psycopg

NOON = dt.datetime(2026, 1, 8, 12, tzinfo=dt.UTC)
VALUES = {
    "text": "ü'\"", "yes": False, "small": -5, "half": 0.5, "price": Decimal("1.50"), "at": NOON, "local": NOON.replace(tzinfo=None),
    "day": dt.date(1969, 12, 31), "hour": dt.time(23, 59, 59, 999999), "span": dt.timedelta(days=2, seconds=-5), "raw": b"\0\xff",
    "uid": UUID(int=7), "tree": {"b": [1, None]},
}  # fmt: skip


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    return dotdo.open("shop")


@pytest.fixture
def connection(shop):
    with psycopg.connect("dbname=shop", autocommit=True) as found:
        yield found


def adapted(value):
    return psycopg.types.json.Jsonb(value) if isinstance(value, dict) else value


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_went_in(shop, connection, name):
    value = VALUES[name]
    shop.things.create("Doc", "a", **{name: value})
    connection.execute(f'insert into "Doc" (_id, "{name}") values (\'b\', %s)', [adapted(value)])
    connection.execute(f'update "Doc" set "{name}" = "{name}" where _id = \'a\'')
    assert shop.things.get("Doc", "a").fields == shop.things.get("Doc", "b").fields == {name: value}


def test_null_is_null_and_what_is_not_named_is_missing(shop, connection):
    shop.things.create("Doc", "a", n=1, m=2)
    connection.execute("insert into \"Doc\" (_id, n) values ('b', null)")
    connection.execute("update \"Doc\" set m = null, _doc = _doc - 'n' where _id = 'a'")
    assert shop.things.get("Doc", "a").fields == {"m": None}
    assert shop.things.get("Doc", "b").fields == {"n": None}


def test_the_whole_document_is_replaced_and_fields_on_top_of_it(shop, connection):
    shop.things.create("Doc", "a", n=1)
    connection.execute(
        'insert into "Doc" (_id, _doc, n) values (\'b\', \'{"x": {"$t": 5}, "n": 1}\', 9)'
    )
    moment = dt.datetime(1970, 1, 1, 0, 0, 0, 5, tzinfo=dt.UTC)
    assert shop.things.get("Doc", "b").fields == {"x": moment, "n": 9}


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("insert into \"Doc\" (_id, _doc) values ('b', '[1]')", "22023"),
        ('insert into "Doc" (_id, _doc) values (\'b\', \'{"x": {"$t": "y"}}\')', "22P02"),
        ('insert into "Doc" (_id) values (null)', "23502"),
        ("insert into \"Doc\" (_id) values ('a')", "23505"),
        ("insert into \"Doc\" (_id, at) values ('b', 'infinity')", "22008"),
        ("insert into \"Doc\" (_id, span) values ('b', '1 month')", "22015"),
        ("insert into \"Doc\" (_id, price) values ('b', 1e40 + 1)", "22003"),
        ("insert into \"Doc\" (_id, small) values ('b', 'x')", "22P02"),
        ("insert into \"Doc\" (_id, nothing) values ('b', 1)", "42703"),
        ('alter table "Doc" add column x int', "0A000"),
        ('create index on "Doc" (tree)', "0A000"),
        ('create table r (d text references "Doc" (_id))', "0A000"),
    ],
)
def test_what_documents_cannot_hold_is_refused_and_nothing_is_left(shop, connection, sql, code):
    shop.things.create("Doc", "a", **VALUES)
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(sql)
    assert caught.value.sqlstate == code
    assert shop.things.count("Doc") == 1


def test_a_taken_id_is_named(shop, connection):
    shop.things.create("Doc", "a", n=1)
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        connection.execute("insert into \"Doc\" (_id) values ('b'), ('a')")
    assert caught.value.diag.message_detail == "Key (_id)=(a) already exists."
    assert caught.value.diag.constraint_name == "Doc_pkey"


def test_on_conflict_reads_and_writes_fields(shop, connection):
    shop.things.create("Doc", "a", n=1, t="x")
    sql = 'insert into "Doc" (_id, n) values (%s, 5) on conflict (_id) do update set n = excluded.n + "Doc".n returning n, t'
    assert connection.execute(sql, ["a"]).fetchone() == (6, "x")
    assert connection.execute(sql, ["b"]).fetchone() == (5, None)
    connection.execute("insert into \"Doc\" (_id) values ('a') on conflict do nothing")
    assert shop.things.get("Doc", "a").n == 6


def test_an_id_is_made_where_ids_are_text(shop, connection):
    shop.things.create("Doc", "a", n=1)
    sql = 'insert into "Doc" (n) select i from generate_series(1, 3) i returning _id'
    made = {row[0] for row in connection.execute(sql)}
    assert len(made) == 3
    assert {thing.id for thing in shop.things.find("Doc")} == {"a", *made}


def test_many_rows_are_written_at_once(shop, connection):
    shop.things.create("Doc", 1, n=1.5)
    with connection.cursor() as cursor:
        cursor.executemany('insert into "Doc" (_id, n) values (%s, %s)', [(2, 2.0), (3, None)])
        with cursor.copy('copy "Doc" (_id, n) from stdin') as copy:
            copy.write_row((4, 4.5))
    found = {thing.id: thing.fields for thing in shop.things.find("Doc")}
    assert found == {1: {"n": 1.5}, 2: {"n": 2.0}, 3: {"n": None}, 4: {"n": 4.5}}


def test_rows_of_other_tables_change_documents_and_the_reverse(shop, connection):
    connection.execute("create table t (id text primary key, n int)")
    connection.execute("insert into t values ('a', 5), ('b', 6)")
    shop.things.create("Doc", "a", n=1)
    sql = 'update "Doc" d set n = t.n from t where t.id = d._id returning d.n, t.id'
    assert connection.execute(sql).fetchall() == [(5, "a")]
    connection.execute('update t set n = d.n + 1 from "Doc" d where d._id = t.id')
    assert connection.execute("select n from t order by id").fetchall() == [(6,), (6,)]
    connection.execute('delete from "Doc" using t where t.id = "Doc"._id')
    assert shop.things.count("Doc") == 0


def test_a_rollback_takes_rows_and_kinds_back(shop, connection):
    shop.things.create("Doc", "a", n=1)
    with connection.transaction(force_rollback=True):
        connection.execute('update "Doc" set _doc = \'{"n": "x"}\'')
        assert connection.execute('select n from "Doc"').fetchone() == ("x",)
    assert connection.execute('select n from "Doc"').fetchone() == (1,)


def test_comments_and_grants_leave_the_documents_alone(shop, connection):
    shop.things.create("Doc", "a", n=1)
    connection.execute("select attname from pg_attribute")
    connection.execute("comment on table \"Doc\" is 'x'")
    connection.execute('grant select on "Doc" to public')
    connection.execute('create index on "Doc" (n)')
    assert connection.execute('select n from "Doc" where n = 1').fetchone() == (1,)
    assert shop.things.get("Doc", "a").n == 1
