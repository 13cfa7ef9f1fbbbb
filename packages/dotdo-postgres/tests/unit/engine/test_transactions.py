"""Modes of transactions, however they are begun."""

import pytest

import dotdo_postgres as psycopg


@pytest.fixture
def connection(tmp_path, monkeypatch):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    with psycopg.connect("dbname=shop", autocommit=True) as opened:
        yield opened


def shown(connection, name):
    return connection.execute(f"show {name}").fetchone()[0]


@pytest.mark.parametrize("after", ["", "; set local work_mem = '8MB'", "; select 1"])
def test_begin_keeps_its_modes_among_several_statements(connection, after):
    connection.execute(f"begin isolation level serializable read only{after}")
    assert shown(connection, "transaction_isolation") == "serializable"
    assert shown(connection, "transaction_read_only") == "on"
    connection.execute("commit")
    assert shown(connection, "transaction_isolation") == "read committed"


def test_a_second_begin_changes_modes_while_nothing_was_asked(connection):
    connection.execute("begin")
    connection.execute("begin isolation level repeatable read")
    assert shown(connection, "transaction_isolation") == "repeatable read"


def test_two_serializable_transactions_begun_with_other_statements_do_not_both_pass(
    connection,
):
    connection.execute("create table x (id int primary key)")
    connection.execute("create table y (id int primary key)")
    connection.execute("insert into x values (1)")
    connection.execute("insert into y values (1)")
    with psycopg.connect("dbname=shop", autocommit=True) as other:
        for each in (connection, other):
            each.execute("begin isolation level serializable; set local seq_page_cost = 0.1")
        connection.execute("delete from y where id = (select min(id) from x)")
        other.execute("delete from x where id = (select min(id) from y)")
        connection.execute("commit")
        with pytest.raises(psycopg.errors.SerializationFailure):
            other.execute("commit")


def test_a_prepared_serializable_transaction_can_be_committed_and_the_others_come_after_it(
    connection,
):
    connection.execute("create table x (id int primary key)")
    connection.execute("create table y (id int primary key)")
    with psycopg.connect("dbname=shop", autocommit=True) as other:
        for each, read, written in ((connection, "x", "y"), (other, "y", "x")):
            each.execute("begin isolation level serializable")
            each.execute(f"select * from {read}")
            each.execute(f"insert into {written} values (1)")
        connection.execute("prepare transaction 'first'")
        with pytest.raises(psycopg.errors.SerializationFailure):
            other.execute("commit")
        connection.execute("commit prepared 'first'")
        assert other.execute("select count(*) from x, y").fetchone() == (0,)
        assert other.execute("select count(*) from y").fetchone() == (1,)
