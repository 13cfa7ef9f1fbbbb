"""A synchronous connection: transactions, what it says of itself, its errors."""

import os
import threading
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg import errors, pq
from psycopg.types.json import Jsonb

import dotdo_postgres

IDLE, INTRANS, INERROR = (
    pq.TransactionStatus.IDLE,
    pq.TransactionStatus.INTRANS,
    pq.TransactionStatus.INERROR,
)


def status(connection: Any) -> int:
    return connection.info.transaction_status


def test_a_connection_is_psycopgs(connection: Any) -> None:
    assert isinstance(connection, psycopg.Connection)
    assert isinstance(connection.cursor(), psycopg.Cursor)
    assert connection.closed is False
    assert connection.broken is False


def test_the_production_dsn_is_shown_as_given(connection: Any) -> None:
    assert connection.info.dbname == "shop"
    assert connection.info.host == "db.example.com"
    assert connection.info.vendor == "PostgreSQL"
    assert connection.info.server_version // 10000 == 15
    assert connection.info.encoding == "utf-8"
    assert connection.info.parameter_status("client_encoding") == "UTF8"
    assert connection.info.parameter_status("nope") is None
    assert "dbname=shop" in connection.info.dsn
    assert "database=shop" in repr(connection)


def test_a_url_names_the_tenant() -> None:
    with dotdo_postgres.connect("postgresql://app:secret@nowhere:1/other") as connection:
        assert connection.info.dbname == "other"
        assert connection.info.user == "app"
        assert connection.info.password == "secret"
        assert connection.execute("select current_database(), current_user").fetchone() == (
            "other",
            "app",
        )


def test_a_moment_that_never_was_is_refused() -> None:
    with pytest.raises(psycopg.OperationalError, match='database "shop@~5" does not exist'):
        dotdo_postgres.connect("dbname=shop@~5")


def test_a_missing_tenant_is_refused_where_none_may_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOTDO_CREATE", "0")
    with pytest.raises(psycopg.OperationalError, match='database "shop" does not exist'):
        dotdo_postgres.connect("dbname=shop")


def test_the_first_statement_begins_a_transaction() -> None:
    with dotdo_postgres.connect("dbname=shop") as connection:
        assert status(connection) == IDLE
        connection.execute("select 1")
        assert status(connection) == INTRANS
        connection.commit()
        assert status(connection) == IDLE


def test_leaving_the_block_commits_or_rolls_back(table: Any) -> None:
    with dotdo_postgres.connect("dbname=shop") as connection:
        connection.execute("delete from item where id = 1")
    assert table.execute("select count(*) from item").fetchone() == (1,)
    with suppress(ZeroDivisionError), dotdo_postgres.connect("dbname=shop") as connection:
        connection.execute("delete from item")
        raise ZeroDivisionError
    assert table.execute("select count(*) from item").fetchone() == (1,)


def test_an_error_fails_the_transaction_until_it_is_rolled_back() -> None:
    with dotdo_postgres.connect("dbname=shop") as connection:
        with pytest.raises(errors.DivisionByZero):
            connection.execute("select 1/0")
        assert status(connection) == INERROR
        with pytest.raises(errors.InFailedSqlTransaction):
            connection.execute("select 1")
        connection.rollback()
        assert connection.execute("select 1").fetchone() == (1,)


def test_an_error_before_planning_fails_the_transaction_too() -> None:
    with dotdo_postgres.connect("dbname=shop") as connection:
        with pytest.raises(errors.UndefinedTable) as caught:
            connection.execute("select * from nope")
        assert status(connection) == INERROR
        error = caught.value
        assert error.sqlstate == "42P01"
        assert error.diag.statement_position == "15"
        assert error.diag.message_primary == 'relation "nope" does not exist'
        assert str(error).splitlines()[1] == "LINE 1: select * from nope"
        assert connection.pgconn.error_message.startswith(b"ERROR:  relation")


def test_transaction_blocks_nest_as_savepoints(table: Any) -> None:
    with table.transaction():
        table.execute("delete from item where id = 1")
        with suppress(errors.DivisionByZero), table.transaction():
            table.execute("delete from item")
            table.execute("select 1/0")
        assert table.execute("select count(*) from item").fetchone() == (1,)
        with table.transaction(force_rollback=True):
            table.execute("delete from item")
    assert table.execute("select id from item").fetchall() == [(2,)]
    assert status(table) == IDLE


def test_isolation_and_read_only_are_asked_for_in_begin(table: Any) -> None:
    with dotdo_postgres.connect("dbname=shop") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute("delete from item")
        with pytest.raises(psycopg.ProgrammingError, match="can't change 'read_only' now"):
            connection.read_only = False


def test_notices_reach_the_handler(connection: Any) -> None:
    seen: list[Any] = []
    connection.add_notice_handler(seen.append)
    connection.execute("commit")
    assert [(notice.severity, notice.message_primary) for notice in seen] == [
        ("WARNING", "there is no transaction in progress")
    ]


def test_a_closed_connection_refuses(connection: Any) -> None:
    connection.close()
    assert connection.closed
    with pytest.raises(psycopg.OperationalError, match="the connection is closed"):
        connection.execute("select 1")
    with pytest.raises(psycopg.OperationalError, match="the connection is closed"):
        connection.commit()
    assert "[BAD]" in repr(connection)


def test_there_is_no_socket(connection: Any) -> None:
    with pytest.raises(psycopg.NotSupportedError, match="no socket"):
        connection.fileno()


def test_notifications_come_at_commit_once_and_only_if_it_comes(connection: Any) -> None:
    connection.execute("listen news")
    with dotdo_postgres.connect("dbname=shop") as other:
        other.execute("notify news, 'lost'")
        other.rollback()
        other.execute("notify news, 'a'")
        other.execute("select pg_notify('news', 'a'), pg_notify('elsewhere', 'b')")
        assert list(connection.notifies(timeout=0)) == []
        other.commit()
        (found,) = connection.notifies(timeout=5, stop_after=1)
        assert (found.channel, found.payload, found.pid) == ("news", "a", other.info.backend_pid)


def test_a_terminated_connection_is_lost(connection: Any) -> None:
    with dotdo_postgres.connect("dbname=shop") as other:
        connection.execute("select pg_terminate_backend(%s)", [other.info.backend_pid])
        with pytest.raises(psycopg.errors.AdminShutdown):
            other.execute("select 1")
        assert other.closed


def test_copy_goes_out_and_comes_in(table: Any) -> None:
    cursor = table.cursor()
    with cursor.copy("copy item to stdout") as copy:
        data = b"".join(copy)
    table.execute("delete from item")
    with cursor.copy("copy item from stdin") as copy:
        copy.write(data)
    assert cursor.rowcount == table.execute("select count(*) from item").fetchone()[0] > 0


def test_a_failed_copy_leaves_nothing(table: Any) -> None:
    before = table.execute("select count(*) from item").fetchone()

    def write() -> None:
        with table.cursor().copy("copy item from stdin") as copy:
            copy.write("900\t\\N\t1\n901\tx\n")

    with pytest.raises(psycopg.errors.BadCopyFileFormat) as caught:
        write()
    assert caught.value.diag.context == 'COPY item, line 2: "901\tx"'
    assert table.execute("select count(*) from item").fetchone() == before


def test_server_side_cursors_walk_over_the_rows(connection: Any) -> None:
    with connection.transaction(), connection.cursor("named", scrollable=True) as cursor:
        cursor.execute("select generate_series(1, %s)", [5])
        assert cursor.fetchmany(2) == [(1,), (2,)]
        cursor.scroll(-1)
        assert [row[0] for row in cursor] == [2, 3, 4, 5]


def test_options_set_parameters() -> None:
    with dotdo_postgres.connect("dbname=shop options='-c timezone=Europe/Paris'") as connection:
        assert connection.info.parameter_status("TimeZone") == "Europe/Paris"
        shown = connection.execute("select timestamptz '2024-07-01 12:00+00'").fetchone()
        assert shown[0].utcoffset().total_seconds() == 7200


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(psycopg.OperationalError, match="unrecognized configuration parameter"):
        dotdo_postgres.connect("dbname=shop options='-c no_such_thing=1'")


def test_a_statement_of_another_thread_waits_for_the_row(table: Any) -> None:
    with dotdo_postgres.connect("dbname=shop") as first:
        first.execute("update item set name = 'first' where id = 1")
        started, done = threading.Event(), threading.Event()

        def second() -> None:
            with dotdo_postgres.connect("dbname=shop") as connection:
                started.set()
                connection.execute("update item set name = name || '+second' where id = 1")
            done.set()

        thread = threading.Thread(target=second)
        thread.start()
        assert started.wait(10)
        assert not done.wait(0.1)
        first.commit()
        thread.join(10)
    assert table.execute("select name from item where id = 1").fetchone() == ("first+second",)


def test_sql_is_composed_with_the_connection_as_context(connection: Any) -> None:
    query = dotdo_postgres.sql.SQL("select {} as {}").format(
        dotdo_postgres.sql.Literal("it's \\ é"), dotdo_postgres.sql.Identifier('a "b"')
    )
    assert query.as_string(connection) == 'select  E\'it\'\'s \\\\ é\' as "a ""b"""'
    cursor = connection.execute(query)
    assert cursor.fetchone() == ("it's \\ é",)
    assert cursor.description[0].name == 'a "b"'


def test_adapters_can_be_customised(connection: Any) -> None:
    class Loud(dotdo_postgres.adapt.Loader):
        def load(self, data: bytes) -> str:
            return bytes(data).decode().upper()

    plain = connection.cursor()
    connection.adapters.register_loader("text", Loud)
    assert connection.execute("select 'a'::text, 1").fetchone() == ("A", 1)
    assert plain.execute("select 'a'::text").fetchone() in {("a",), ("A",)}


def test_json_is_read_by_the_chosen_function(connection: Any) -> None:
    query = "select %s::jsonb"
    assert connection.execute(query, (Jsonb({"a": 10**30}),)).fetchone() == ({"a": 10**30},)
    dotdo_postgres.types.json.set_json_loads(lambda data: "chosen", connection)
    assert connection.execute(query, (Jsonb({}),)).fetchone() == ("chosen",)


def test_pools_hand_out_our_connections(home: object) -> None:
    pool = pytest.importorskip("psycopg_pool")
    with pool.ConnectionPool(
        "dbname=shop", connection_class=dotdo_postgres.Connection, min_size=2, max_size=2
    ) as connections:
        with connections.connection() as connection:
            assert isinstance(connection, dotdo_postgres.Connection)
            assert connection.execute("select 1").fetchone() == (1,)
        with connections.connection() as connection:
            assert status(connection) == IDLE


def test_a_forked_child_can_connect(table: Any) -> None:
    child = os.fork()
    if child == 0:
        with dotdo_postgres.connect("dbname=shop") as connection:
            found = connection.execute("select count(*) from item").fetchone()
        os._exit(0 if found == (2,) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_deferred_key_is_named_at_commit_also_when_others_wrote_meanwhile(
    connection: Any,
) -> None:
    connection.execute("create table parent (id int primary key)")
    connection.execute(
        "create table child (id int primary key, parent_id int"
        " constraint child_parent references parent deferrable initially deferred)"
    )
    connection.execute("begin")
    connection.execute("insert into child values (1, 7)")
    with dotdo_postgres.connect("dbname=shop") as other:
        other.execute("insert into parent values (1)")
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as failure:
        connection.execute("commit")
    assert failure.value.diag.constraint_name == "child_parent"
    assert connection.execute("select count(*) from child").fetchone() == (0,)
