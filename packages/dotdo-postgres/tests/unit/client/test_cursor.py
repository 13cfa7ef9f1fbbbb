"""Cursors: rows in every shape, what they say of a result, batches, pipelines, streams."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import rows

import dotdo_postgres

BOTH = "select id, name, price from item order by id"
PEN, OTHER = (1, "pen", Decimal("1.50")), (2, None, Decimal("20.00"))


class Item(NamedTuple):
    id: int
    name: str | None
    price: Decimal


def test_rows_are_fetched_one_by_one_many_and_all(table: Any) -> None:
    cursor = table.execute(BOTH)
    assert cursor.rownumber == 0
    assert cursor.fetchone() == PEN
    assert cursor.rownumber == 1
    assert cursor.fetchall() == [OTHER]
    assert cursor.fetchone() is None
    assert cursor.fetchall() == []
    assert table.execute(BOTH).fetchmany(1) == [PEN]
    assert list(table.execute(BOTH)) == [PEN, OTHER]


def test_a_cursor_scrolls(table: Any) -> None:
    cursor = table.execute(BOTH)
    cursor.scroll(1)
    assert cursor.fetchone() == OTHER
    cursor.scroll(0, mode="absolute")
    assert cursor.fetchone() == PEN
    with pytest.raises(IndexError):
        cursor.scroll(5)


@pytest.mark.parametrize(
    ("factory", "first"),
    [
        (rows.tuple_row, PEN),
        (rows.dict_row, {"id": 1, "name": "pen", "price": Decimal("1.50")}),
        (rows.namedtuple_row, PEN),
        (rows.class_row(Item), Item(*PEN)),
        (rows.args_row(lambda *values: values[::-1]), PEN[::-1]),
        (rows.kwargs_row(lambda **named: sorted(named)), ["id", "name", "price"]),
        (rows.scalar_row, 1),
    ],
    ids=["tuple", "dict", "namedtuple", "class", "args", "kwargs", "scalar"],
)
def test_row_factories(table: Any, factory: Any, first: Any) -> None:
    cursor = table.cursor(row_factory=factory)
    assert cursor.execute(BOTH).fetchone() == first
    assert cursor.execute(BOTH).fetchall()[0] == first
    assert next(cursor.execute(BOTH, prepare=False)) == first
    assert cursor.execute(BOTH, binary=True).fetchone() == first


def test_the_row_factory_may_change_after_the_query(table: Any) -> None:
    cursor = table.execute(BOTH)
    cursor.row_factory = rows.dict_row
    assert cursor.fetchone() == {"id": 1, "name": "pen", "price": Decimal("1.50")}


def test_a_loader_may_change_after_the_query(table: Any) -> None:
    class Cents(dotdo_postgres.adapt.Loader):
        def load(self, data: bytes) -> int:
            return int(Decimal(bytes(data).decode()) * 100)

    cursor = table.execute(BOTH)
    assert cursor.fetchone() == PEN
    cursor.adapters.register_loader("numeric", Cents)
    assert cursor.fetchone() == (2, None, 2000)
    assert table.execute(BOTH).fetchone() == PEN


def test_description_tells_types(table: Any) -> None:
    described = table.execute(BOTH).description
    assert [(c.name, c.type_code, c.type_display) for c in described] == [
        ("id", 23, "int4"),
        ("name", 1043, "varchar(20)"),
        ("price", 1700, "numeric(6,2)"),
    ]
    assert (described[1].display_size, described[2].precision, described[2].scale) == (20, 6, 2)
    assert table.execute("delete from item").description is None


def test_status_and_rowcount(table: Any) -> None:
    cursor = table.cursor()
    assert cursor.execute("update item set name = 'x'").rowcount == 2
    assert cursor.statusmessage == "UPDATE 2"
    with pytest.raises(psycopg.ProgrammingError, match="didn't produce records"):
        cursor.fetchone()
    assert cursor.execute("begin").rowcount == -1
    assert cursor.execute("rollback").statusmessage == "ROLLBACK"
    assert cursor.execute(BOTH).rowcount == 2
    assert cursor.rownumber == 0


def test_a_closed_cursor_refuses(table: Any) -> None:
    cursor = table.execute(BOTH)
    cursor.close()
    with pytest.raises(psycopg.InterfaceError, match="the cursor is closed"):
        cursor.fetchone()
    with pytest.raises(psycopg.InterfaceError, match="the cursor is closed"):
        cursor.execute("select 1")


def test_the_query_can_be_looked_at(table: Any) -> None:
    cursor = table.execute("select id from item where id = %s", (1,))
    assert cursor._query.query == b"select id from item where id = $1"
    assert cursor._query.types == (21,)


def test_several_statements_give_several_results(table: Any) -> None:
    cursor = table.execute("select 1; select 2; update item set name = 'y'")
    assert cursor.fetchall() == [(1,)]
    assert cursor.nextset()
    assert cursor.fetchall() == [(2,)]
    assert cursor.nextset()
    assert cursor.statusmessage == "UPDATE 2"
    assert cursor.nextset() is None


@pytest.mark.parametrize("query", ["", " ; ", "-- nothing"])
def test_an_empty_query_gives_an_empty_result(connection: Any, query: str) -> None:
    cursor = connection.execute(query)
    assert cursor.description is None
    assert cursor.rowcount == -1
    assert cursor.pgresult.status == psycopg.pq.ExecStatus.EMPTY_QUERY


def test_values_take_the_same_way_in_and_out_in_binary(table: Any) -> None:
    query = "select %s::int, %s::text, %s::numeric, %s::date, %s::bool, %s::bytea"
    values = (1, "é", Decimal("1.250"), date(2024, 2, 29), True, b"\x00")
    assert table.execute(query, values).fetchone() == values
    assert table.execute(query, values, binary=True).fetchone() == values
    assert table.execute(query.replace("%s", "%t"), values).fetchone() == values
    assert table.execute(query.replace("%s", "%b"), values).fetchone() == values


def test_arrays_go_psycopgs_own_way(table: Any) -> None:
    found = table.execute("select id from item where id = any(%s)", ([1, 5],)).fetchall()
    assert found == [(1,)]


def test_executemany_counts_and_returns(table: Any) -> None:
    cursor = table.cursor()
    cursor.executemany("insert into item values (%s, %s, %s)", [(3, "c", 1), (4, "d", "2.5")])
    assert cursor.rowcount == 2
    assert cursor.statusmessage == "INSERT 0 1"
    cursor.executemany(
        "update item set name = %s where id = %s returning id, name",
        [("x", 3), ("y", 4)],
        returning=True,
    )
    assert [result.fetchall() for result in cursor.results()] == [[(3, "x")], [(4, "y")]]
    cursor.executemany("delete from item where id = %(id)s", [{"id": 3}, {"id": 4}])
    assert cursor.rowcount == 2


def test_executemany_is_one_transaction(table: Any) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        table.cursor().executemany("insert into item (id) values (%s)", [(7,), (1,)])
    assert table.execute("select count(*) from item").fetchone() == (2,)
    assert table.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_executemany_of_nothing_does_nothing(table: Any) -> None:
    table.cursor().executemany("insert into item (id) values (%s)", [])
    assert table.execute("select count(*) from item").fetchone() == (2,)


def test_a_pipeline_gives_results_when_they_are_asked_for(table: Any) -> None:
    with table.pipeline() as pipeline:
        first = table.execute("select %s::int", (1,))
        second = table.execute("insert into item values (9, 'nine', 9) returning id")
        assert first.statusmessage is None
        pipeline.sync()
        assert first.statusmessage == "SELECT 1"
        assert second.fetchone() == (9,)
    assert first.fetchone() == (1,)


def test_an_error_in_a_pipeline_undoes_it_up_to_the_last_sync(table: Any) -> None:
    with table.pipeline() as pipeline:
        table.execute("delete from item where id = 1")
        pipeline.sync()
        table.execute("delete from item where id = 2")
        table.execute("select 1/0")
        after = table.execute("select 1")
        with pytest.raises(psycopg.errors.DivisionByZero):
            pipeline.sync()
    assert after.statusmessage is None
    assert table.execute("select id from item").fetchall() == [(2,)]


def test_rows_can_be_streamed(table: Any) -> None:
    cursor = table.cursor()
    assert list(cursor.stream(BOTH)) == [PEN, OTHER]
    for row in cursor.stream(BOTH):
        assert row == PEN
        break
    assert table.execute("select 1").fetchone() == (1,)


def test_client_side_binding(table: Any) -> None:
    cursor = dotdo_postgres.ClientCursor(table)
    assert cursor.mogrify("select %s, %s", ("it's", None)) == "select 'it''s', NULL"
    assert cursor.execute("select name from item where id = %s", (1,)).fetchone() == ("pen",)


def test_raw_placeholders(table: Any) -> None:
    cursor = dotdo_postgres.RawCursor(table)
    assert cursor.execute("select name from item where id = $1", (1,)).fetchone() == ("pen",)


def test_a_value_outside_pythons_range_is_refused_in_psycopgs_words(connection: Any) -> None:
    cursor = connection.execute("select 1, timestamp 'infinity'")
    with pytest.raises(psycopg.DataError, match="timestamp too large"):
        cursor.fetchone()


def test_a_prepared_statement_is_described_and_forgotten(table: Any) -> None:
    pgconn = table.pgconn
    assert pgconn.prepare(b"s", b"select id, name from item where id = $1").error_message == b""
    described = pgconn.describe_prepared(b"s")
    assert [described.fname(i) for i in range(described.nfields)] == [b"id", b"name"]
    assert described.param_type(0) == 23
    assert pgconn.exec_prepared(b"s", [b"1"]).get_value(0, 1) == b"pen"
    assert pgconn.exec_(b"deallocate s").command_status == b"DEALLOCATE"
    assert pgconn.exec_prepared(b"s", [b"1"]).error_field(ord("C")) == b"26000"


def test_the_schema_may_change_between_executions(table: Any) -> None:
    query = "select * from item where id = %s"
    assert table.execute(query, (1,)).fetchone() == PEN
    table.execute("alter table item add column note text default 'n'")
    assert table.execute(query, (1,)).fetchone() == (*PEN, "n")


def test_upper_limits_of_integers_choose_their_types(connection: Any) -> None:
    query = "select pg_typeof(%s)::text"
    found = [
        connection.execute(query, (value,)).fetchone()[0]
        for value in (32767, 32768, 2**31, 2**63, True, 1.5, Decimal(1))
    ]
    assert found == [
        "smallint", "integer", "bigint", "numeric", "boolean", "double precision", "numeric",
    ]  # fmt: skip


def test_types_of_the_users_own_come_as_text_until_they_are_registered(connection: Any) -> None:
    connection.execute("create type mood as enum ('sad', 'so so')")
    connection.execute("create type pair as (x int, y mood)")
    row = connection.execute(
        "select 'sad'::mood, array['sad', null, 'so so']::mood[], (1, 'sad')::pair, array[1, 2]"
    ).fetchone()
    assert row == ("sad", '{sad,NULL,"so so"}', "(1,sad)", [1, 2])
