"""A real client on the wire: connecting, statements, portals, errors, waiting, cancelling."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from dotdo.serving import (
    Credentials,
    Host,
    Services,
    TcpListener,
    UnixListener,
    self_signed,
    serve_in_thread,
    server_context,
)
from dotdo_postgres.server import protocol

Connection = psycopg.Connection[Any]
Connect = Callable[..., Connection]
ENDLESS = (
    "with recursive r(i) as (select 1 union all select i + 1 from r where i < 1000000000)"
    " select count(*) from r"
)


@pytest.fixture
def table(connection: Connection) -> Connection:
    connection.execute("create table item (id int primary key, name text, price numeric(8,2))")
    connection.execute("insert into item values (1, 'cup', 2.50), (2, null, 3)")
    return connection


class TestConnecting:
    def test_it_tells_what_libpq_asks(self, connection: Connection) -> None:
        info = connection.info
        assert (info.server_version, info.dbname, info.user) == (150018, "shop", "ann")
        assert info.parameter_status("client_encoding") == "UTF8"
        assert connection.execute("select pg_backend_pid()").fetchone() == (info.backend_pid,)

    def test_an_unknown_database_is_refused(self, connect: Connect) -> None:
        with pytest.raises(psycopg.OperationalError, match='database "nope" does not exist'):
            connect("nope")

    def test_the_past_is_a_database(self, table: Connection, connect: Connect) -> None:
        table.execute("update item set name = 'mug' where id = 1")
        with connect("shop@~1") as past:
            assert past.execute("select name from item where id = 1").fetchone() == ("cup",)
            with pytest.raises(errors.ReadOnlySqlTransaction):
                past.execute("delete from item")

    def test_settings_come_with_the_connection(self, connect: Connect) -> None:
        with connect(options="-c timezone=Europe/Berlin", application_name="till") as made:
            assert made.info.timezone.key == "Europe/Berlin"  # type: ignore[attr-defined]  # a ZoneInfo
            assert made.execute("show application_name").fetchone() == ("till",)

    def test_a_wrong_setting_is_fatal(self, connect: Connect) -> None:
        with pytest.raises(psycopg.OperationalError, match="unrecognized configuration parameter"):
            connect(options="-c no_such=1")

    def test_a_changed_setting_is_reported(self, connection: Connection) -> None:
        connection.execute("set timezone to 'Asia/Tokyo'")
        assert connection.info.parameter_status("TimeZone") == "Asia/Tokyo"

    def test_unix_sockets_are_served(self, services: Services, tmp_path: Path) -> None:
        host = Host([UnixListener(protocol, tmp_path / ".s.PGSQL.5432")], services)
        with (
            serve_in_thread(host),
            psycopg.connect(f"host={tmp_path} user=ann dbname=shop") as made,
        ):
            assert made.execute("select 1").fetchone() == (1,)


class TestAuthentication:
    @pytest.fixture
    def services(self, services: Services, tmp_path: Path) -> Services:
        credentials = Credentials()
        credentials.set_password("ann", "secret", tenants=["shop"])
        context = server_context(*self_signed(tmp_path))
        return replace(services, credentials=credentials, tls=context)

    def test_the_right_password_lets_in_over_tls(self, connect: Connect) -> None:
        with connect(password="secret", sslmode="require") as made:
            assert made.execute("select current_user").fetchone() == ("ann",)
            assert made.pgconn.ssl_in_use

    def test_a_wrong_one_does_not(self, connect: Connect) -> None:
        with pytest.raises(
            psycopg.OperationalError, match='password authentication failed for user "ann"'
        ):
            connect(password="guess")

    def test_a_database_without_grant_is_refused_alike(self, connect: Connect) -> None:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect("other", password="secret")


class TestStatements:
    def test_rows_come_in_text_and_binary(self, table: Connection) -> None:
        query = "select id, name, price from item order by id"
        for binary in (False, True):
            rows = table.cursor(binary=binary).execute(query).fetchall()
            assert [(row[0], row[1], str(row[2])) for row in rows] == [
                (1, "cup", "2.50"),
                (2, None, "3.00"),
            ]

    def test_parameters_come_in_text_and_binary(self, connection: Connection) -> None:
        for form in ("t", "b"):
            got = connection.execute(f"select %{form}::int, %{form}::text", (7, "é")).fetchone()
            assert got == (7, "é")

    def test_several_statements_are_one_transaction(self, table: Connection) -> None:
        with pytest.raises(errors.UniqueViolation):
            table.execute(
                "insert into item values (3, 'a', 1); insert into item values (1, 'b', 1)"
            )
        assert table.execute("select count(*) from item").fetchone() == (2,)

    def test_an_error_tells_all_it_knows(self, table: Connection) -> None:
        with pytest.raises(errors.UniqueViolation) as caught:
            table.execute("insert into item values (1, 'x', 1)")
        told = caught.value.diag
        assert (told.sqlstate, told.constraint_name, told.table_name, told.message_detail) == (
            "23505",
            "item_pkey",
            "item",
            "Key (id)=(1) already exists.",
        )
        with pytest.raises(errors.UndefinedColumn) as placed:
            table.execute("select nope from item")
        assert placed.value.diag.statement_position == "8"

    def test_a_failed_transaction_refuses_all_but_its_end(self, table: Connection) -> None:
        table.autocommit = False
        with pytest.raises(errors.UndefinedTable):
            table.execute("select * from nope")
        with pytest.raises(errors.InFailedSqlTransaction):
            table.execute("select %s", [1])
        table.rollback()
        assert table.execute("select 1").fetchone() == (1,)

    def test_a_long_result_arrives_whole(self, connection: Connection) -> None:
        query = "select g, repeat('x', 100) from generate_series(1, 20000) g"
        rows = connection.execute(query).fetchall()
        assert (len(rows), rows[-1][0]) == (20000, 20000)

    def test_a_pipeline_up_to_its_sync_is_one_transaction(self, table: Connection) -> None:
        def insert() -> None:
            with table.pipeline():
                table.execute("insert into item values (3, 'a', 1)")
                table.execute("insert into item values (1, 'a', 1)")

        with pytest.raises(errors.UniqueViolation):
            insert()
        assert table.execute("select count(*) from item").fetchone() == (2,)

    def test_a_prepared_statement_of_a_changed_table_is_refused(
        self, table: Connection, connect: Connect
    ) -> None:
        query = "select * from item where id = %s"
        table.execute(query, [1], prepare=True)
        with connect() as other:
            other.execute("alter table item add column note text")
        with pytest.raises(errors.FeatureNotSupported, match="must not change result type"):
            table.execute(query, [1], prepare=True)

    def test_text_is_in_the_encoding_of_the_client(self, connection: Connection) -> None:
        connection.execute("set client_encoding to latin1")
        assert connection.execute("select 'é' || %s", ["ü"]).fetchone() == ("éü",)
        with pytest.raises(errors.UntranslatableCharacter):
            connection.execute("select chr(8364)")


class TestWaiting:
    def test_a_blocked_statement_waits_without_holding_up_others(
        self, table: Connection, connect: Connect
    ) -> None:
        with connect(autocommit=False) as first, connect() as second, connect() as third:
            first.execute("update item set price = 9 where id = 1")
            waits = threading.Thread(
                target=second.execute, args=("update item set price = price + 1 where id = 1",)
            )
            waits.start()
            assert third.execute("select price from item where id = 1").fetchone() != (9,)
            first.commit()
            waits.join(10)
            assert table.execute("select price::int from item where id = 1").fetchone() == (10,)

    @pytest.mark.parametrize(
        "definition",
        ["drop table item", "alter table item add note text", "create index on item (price)"],
    )
    def test_a_definition_waits_for_a_transaction_that_changed_rows(
        self, table: Connection, connect: Connect, definition: str
    ) -> None:
        with connect(autocommit=False) as first, connect() as second:
            first.execute("update item set price = 9 where id = 1")
            waits = threading.Thread(target=second.execute, args=(definition,))
            waits.start()
            assert table.execute("select price from item where id = 1").fetchone() != (9,)
            first.commit()
            waits.join(10)
            assert not waits.is_alive()
        assert table.execute("select to_regclass('item') is null").fetchone() == (
            definition.startswith("drop"),
        )

    def test_definitions_that_wait_for_each_other_are_a_deadlock(
        self, table: Connection, connect: Connect
    ) -> None:
        table.execute("create table other (x int)")
        failures: list[Exception] = []

        def drop(connection: Connection, name: str) -> None:
            try:
                connection.execute(f"drop table {name}")
            except errors.DeadlockDetected as failure:
                failures.append(failure)
                connection.rollback()

        with connect(autocommit=False) as first, connect(autocommit=False) as second:
            first.execute("insert into item values (7, 7)")
            second.execute("insert into other values (7)")
            crossing = [
                threading.Thread(target=drop, args=(first, "other")),
                threading.Thread(target=drop, args=(second, "item")),
            ]
            for thread in crossing:
                thread.start()
            for thread in crossing:
                thread.join(10)
            assert len(failures) == 1

    def test_a_lock_timeout_ends_the_wait(self, table: Connection, connect: Connect) -> None:
        with connect(autocommit=False) as first:
            first.execute("update item set price = 9 where id = 1")
            table.execute("set lock_timeout = '50ms'")
            with pytest.raises(errors.LockNotAvailable):
                table.execute("update item set price = 1 where id = 1")
            first.rollback()

    def test_waiting_for_each_other_is_a_deadlock(
        self, table: Connection, connect: Connect
    ) -> None:
        with connect(autocommit=False) as first, connect(autocommit=False) as second:
            first.execute("update item set price = 9 where id = 1")
            second.execute("update item set price = 9 where id = 2")
            waits = threading.Thread(
                target=first.execute, args=("update item set price = 8 where id = 2",)
            )
            waits.start()
            second.execute("set lock_timeout = '20ms'")

            def cross() -> None:
                while True:  # until the other one waits
                    second.execute("savepoint s")
                    with suppress(errors.LockNotAvailable):
                        second.execute("update item set price = 8 where id = 1")
                    second.execute("rollback to s")

            with pytest.raises(errors.DeadlockDetected):
                cross()
            second.rollback()
            waits.join(10)

    def test_a_long_scan_can_be_cancelled_and_holds_up_nobody(
        self, connection: Connection, connect: Connect
    ) -> None:
        failures: list[Exception] = []

        def scan() -> None:
            try:
                connection.execute(ENDLESS)
            except errors.QueryCanceled as failure:
                failures.append(failure)

        thread = threading.Thread(target=scan)
        thread.start()
        with connect() as other:
            assert other.execute("select 1").fetchone() == (1,)
        while thread.is_alive():
            connection.cancel_safe()
            thread.join(0.05)
        assert "due to user request" in str(failures[0])
        assert connection.execute("select 1").fetchone() == (1,)

    def test_a_statement_timeout_ends_a_long_scan(self, connection: Connection) -> None:
        connection.execute("set statement_timeout = 60")
        with pytest.raises(errors.QueryCanceled, match="statement timeout"):
            connection.execute(ENDLESS)


def test_too_many_clients_are_told_so(services: Services) -> None:
    limited = replace(services, limits=replace(services.limits, max_connections=1))
    host = Host([TcpListener(protocol, port=0)], limited)
    with serve_in_thread(host):
        port = host.addresses[0][1]  # type: ignore[index]  # of TCP
        there = f"host=127.0.0.1 port={port} user=ann dbname=shop sslmode=disable"
        with (
            psycopg.connect(there),
            pytest.raises(psycopg.OperationalError, match="too many clients"),
        ):
            psycopg.connect(there)
