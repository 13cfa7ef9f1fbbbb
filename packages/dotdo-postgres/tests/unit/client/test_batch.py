"""executemany: rows of one statement at once, all of them or none."""

from typing import Any

import pytest
from psycopg import errors as e

INSERT = "insert into item (id, name) values (%s, %s)"


def test_rows_of_several_parameter_types_are_one_transaction(table: Any) -> None:
    cursor = table.cursor()
    with pytest.raises(e.UniqueViolation) as caught:
        cursor.executemany(INSERT, [(3, "a"), (70000, "b"), (4, None), (2, "c")])
    assert caught.value.diag.message_detail == "Key (id)=(2) already exists."
    assert table.execute("select count(*) from item").fetchone() == (2,)


def test_the_failing_row_is_the_one_told(table: Any) -> None:
    with pytest.raises(e.UniqueViolation) as caught:
        table.cursor().executemany(INSERT, [(3, "a"), (4, "b"), (3, "c"), (5, "d")])
    assert caught.value.diag.message_detail == "Key (id)=(3) already exists."
    assert table.execute("select count(*) from item").fetchone() == (2,)


def test_the_count_is_of_all_and_the_tag_of_the_last(table: Any) -> None:
    cursor = table.cursor()
    cursor.executemany("update item set name = %s where id < %s", [("a", 3), ("b", 2)])
    assert (cursor.rowcount, cursor.statusmessage) == (3, "UPDATE 1")


def test_hidden_row_ids_and_serial_numbers_are_drawn_for_each_row(connection: Any) -> None:
    connection.execute("create table note (number serial, body text)")
    connection.cursor().executemany("insert into note (body) values (%s)", [("a",), ("b",), ("c",)])
    rows = connection.execute("select number, body from note order by number").fetchall()
    assert rows == [(1, "a"), (2, "b"), (3, "c")]


def test_a_failure_within_a_transaction_fails_it(table: Any) -> None:
    table.autocommit = False
    with pytest.raises(e.NotNullViolation):
        table.cursor().executemany(INSERT, [(3, "a"), (None, "b")])
    with pytest.raises(e.InFailedSqlTransaction):
        table.execute("select 1")
    table.rollback()
    assert table.execute("select count(*) from item").fetchone() == (2,)
