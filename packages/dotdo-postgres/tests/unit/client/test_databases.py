"""CREATE and DROP DATABASE on the tenants of the home."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors as e

import dotdo_postgres
from dotdo_testing.corpora import corpus


@pytest.fixture
def admin() -> Iterator[Any]:
    with dotdo_postgres.connect("dbname=postgres", autocommit=True) as connection:
        yield connection


def refusal(admin: Any, statement: str) -> psycopg.errors.Diagnostic:
    with pytest.raises(psycopg.Error) as caught:
        admin.execute(statement)
    return caught.value.diag


def test_a_created_database_can_be_opened_and_dropped(admin: Any, home: Path) -> None:
    admin.execute("create database shop")
    with dotdo_postgres.connect("dbname=shop") as shop:
        shop.execute("create table item (id int)")
    admin.execute("drop database shop")
    assert [path.name for path in home.glob("shop*")] == []


def test_what_exists_is_not_created(admin: Any) -> None:
    admin.execute("create database shop")
    refused = refusal(admin, "create database shop")
    assert (refused.sqlstate, refused.message_primary) == (
        "42P04",
        'database "shop" already exists',
    )


def test_what_does_not_exist_is_dropped_with_a_notice_only(admin: Any) -> None:
    told: list[Any] = []
    admin.add_notice_handler(lambda diag: told.append((diag.severity, diag.message_primary)))
    admin.execute("drop database if exists shop")
    assert told == [("NOTICE", 'database "shop" does not exist, skipping')]
    assert refusal(admin, "drop database shop").sqlstate == "3D000"


def test_the_open_database_is_not_dropped(admin: Any) -> None:
    refused = refusal(admin, "drop database postgres")
    assert (refused.sqlstate, refused.message_primary) == (
        "55006",
        "cannot drop the currently open database",
    )


def test_a_database_in_use_is_not_dropped(admin: Any) -> None:
    with dotdo_postgres.connect("dbname=shop"):
        refused = refusal(admin, "drop database shop")
    assert (refused.sqlstate, refused.message_detail) == (
        "55006",
        "There is 1 other session using the database.",
    )
    admin.execute("drop database shop")


@pytest.mark.parametrize("statement", ["create database shop", "drop database if exists shop"])
def test_databases_do_not_change_within_a_transaction(admin: Any, statement: str) -> None:
    with admin.transaction(), pytest.raises(e.ActiveSqlTransaction):
        admin.execute(statement)


def test_branches_go_with_their_database(admin: Any, home: Path) -> None:
    import dotdo

    admin.execute("create database shop")
    shop = dotdo.open("shop")
    shop.branch("experiment")
    del shop
    admin.execute('drop database "shop@experiment"')
    admin.execute("drop database shop")
    assert [path.name for path in home.glob("shop*")] == []


@pytest.mark.slow
def test_the_chinook_script_runs_as_psql_runs_it(admin: Any) -> None:
    script = corpus("chinook/Chinook_PostgreSql.sql").read_text()
    first, _, rest = script.partition("\\c chinook;")
    for _ in range(2):  # the second time there is one to drop
        for statement in first.split(";")[:-1]:
            admin.execute(statement)
        with dotdo_postgres.connect("dbname=chinook", autocommit=True) as chinook:
            chinook.execute(rest)
            assert chinook.execute("select count(*) from track").fetchone() == (3503,)
