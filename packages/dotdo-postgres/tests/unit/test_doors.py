"""One dataset: what SQL and things write, number and refuse is the same."""

import math
from decimal import Decimal

import pytest

import dotdo
import dotdo_postgres as psycopg
from dotdo.errors import InUse, InvalidValue, NotNullViolation


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    return dotdo.open("shop")


@pytest.fixture
def connection(shop):
    with psycopg.connect("dbname=shop", autocommit=True) as found:
        yield found


def test_both_doors_draw_from_one_sequence(shop, connection):
    connection.execute("create table ticket (id serial primary key, name text)")
    first = shop.things.create("ticket", name="a").id
    second = connection.execute("insert into ticket (name) values ('b') returning id").fetchone()
    assert (first, second, shop.things.create("ticket", name="c").id) == (1, (2,), 3)
    assert shop.things.create("ticket", 9, name="d").id == 9


def test_a_default_that_only_sql_computes_is_asked_for(shop, connection):
    connection.execute(
        "create table note (id int primary key, at timestamptz default now(), n int default 7)"
    )
    with pytest.raises(InvalidValue, match="'at'"):
        shop.things.create("note", 1)
    assert shop.things.create("note", 1, at="2026-01-08T00:00:00+00:00").n == 7


def test_creating_a_thing_never_takes_a_table_of_another_name(shop, connection):
    connection.execute("create table customer (id int primary key)")
    shop.things.create("Customers", 1)
    assert {noun.name for noun in shop.nouns.all()} == {"customer", "Customers"}
    assert connection.execute("select count(*) from customer").fetchone() == (0,)


def test_a_branch_that_is_connected_to_cannot_be_deleted(shop):
    shop.branch("experiment")
    with psycopg.connect("dbname=shop@experiment") as connection:
        connection.execute("select 1")
        with pytest.raises(InUse):
            shop.delete_branch("experiment")
    shop.delete_branch("experiment")
    assert shop.branches() == ["main"]


def test_a_statement_is_stopped_at_its_timeout_and_the_next_one_runs(connection):
    connection.execute("set statement_timeout = 100")
    endless = "with recursive r(i) as (select 1 union all select i + 1 from r where i < 1000000000) select count(*) from r"
    with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
        connection.execute(endless)
    connection.execute("reset statement_timeout")
    assert connection.execute("select 1").fetchone() == (1,)


def test_a_setting_without_effect_is_refused(connection):
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        connection.execute("set extra_float_digits = 0")


@pytest.mark.parametrize("placeholder", ["%s", "%b", "%t"])
def test_a_parameter_that_is_not_a_number_is_nan(connection, placeholder):
    query = f"select {placeholder}::float8, {placeholder}::float8 > 'Infinity'"
    found = connection.execute(query, (float("nan"), float("nan"))).fetchone()
    assert math.isnan(found[0])
    assert found[1] is True


def test_nan_goes_in_by_every_way_and_comes_out(connection):
    cursor = connection.cursor()
    cursor.execute("create table readings(id int primary key, x float8, y float4)")
    nan = float("nan")
    cursor.executemany("insert into readings values (%s, %s, %s)", [(1, nan, nan), (2, 1.5, 2.5)])
    with cursor.copy("copy readings from stdin (format binary)") as copy:
        copy.set_types(["int4", "float8", "float4"])
        copy.write_row((3, nan, nan))
    for is_binary in (False, True):
        found = connection.cursor(binary=is_binary).execute("select x, y from readings order by x")
        assert str(found.fetchall()) == "[(1.5, 2.5), (nan, nan), (nan, nan)]"
    with cursor.copy("copy readings to stdout") as copy:
        assert b"".join(copy) == b"1\tNaN\tNaN\n2\t1.5\t2.5\n3\tNaN\tNaN\n"


LIMITED = [
    ("varchar(3)", "abcd"), ("char(3)", "abcd"), ("smallint", 2**15), ("integer", -(2**31) - 1), ("bigint", 2**63), ("numeric(4,2)", Decimal("99.995")),
    ("numeric(30,5)", Decimal("1e25")), ("real", 1e39), ("integer", "x"), ("boolean", "maybe"), ("uuid", "x"), ("date", "2026-02-30"),
]  # fmt: skip


@pytest.mark.parametrize(("type_name", "value"), LIMITED)
def test_what_sql_refuses_to_store_things_refuse_and_name_the_field(
    shop, connection, type_name, value
):
    connection.execute(f"create table limited (id int primary key, v {type_name} not null)")
    with pytest.raises(psycopg.errors.DataError):
        connection.execute("insert into limited values (1, %s)", [value])
    with pytest.raises(InvalidValue, match="field 'v'"):
        shop.things.create("limited", 1, v=value)
    with pytest.raises(NotNullViolation, match="v"):
        shop.things.create("limited", 1)
    assert shop.things.count("limited") == 0


@pytest.mark.parametrize(
    ("type_name", "value"),
    [("varchar(3)", "ab   "), ("char(3)", "a"), ("numeric(4,2)", Decimal("1.005")), ("real", 0.1), ("numeric(30,5)", Decimal("1.1234567")), ("numeric(5,-2)", Decimal(12345))],
)  # fmt: skip
def test_what_both_doors_store_is_the_same(shop, connection, type_name, value):
    connection.execute(f"create table limited (id int primary key, v {type_name})")
    connection.execute("insert into limited values (1, %s)", [value])
    shop.things.create("limited", 2, v=value)
    rows = connection.execute("select v, v::text from limited order by id").fetchall()
    assert rows[0] == rows[1]
    assert shop.things.get("limited", 1).v == shop.things.get("limited", 2).v
