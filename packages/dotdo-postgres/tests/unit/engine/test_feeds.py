"""Changes of things as notifications of PostgreSQL: whatever door committed them."""

import json

import pytest

import dotdo
import dotdo_postgres as psycopg


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    return dotdo.open("shop")


@pytest.fixture
def connection(shop):
    with psycopg.connect("dbname=shop", autocommit=True) as found:
        yield found


def heard(connection):
    told = [json.loads(n.payload) for n in connection.notifies(timeout=0.05)]
    return [(event["noun"], event["verb"], event["id"]) for event in told]


def test_changes_of_any_door_are_told_after_the_commit(shop, connection):
    connection.execute("create table item (id int primary key, n int)")
    connection.execute('listen "things.item"')
    shop.things.create("item", 1, n=1)
    with connection.transaction():
        connection.execute("update item set n = 2")
        connection.execute("update item set n = 3")
    connection.execute("delete from item")
    shop.things.create("other", "a")
    assert [verb for _, verb, _ in heard(connection)] == [
        "created",
        "updated",
        "updated",
        "deleted",
    ]


def test_all_nouns_are_heard_until_one_unlistens(shop, connection):
    connection.execute('listen "things.*"')
    shop.things.create("Doc", "a")
    assert heard(connection) == [("Doc", "created", "a")]
    connection.execute("unlisten *")
    shop.things.create("Doc", "b")
    assert heard(connection) == []


def test_what_is_rolled_back_is_not_told_nor_is_a_listen(shop, connection):
    with connection.transaction(force_rollback=True):
        connection.execute('listen "things.Doc"')
    shop.things.create("Doc", "a")
    assert heard(connection) == []
