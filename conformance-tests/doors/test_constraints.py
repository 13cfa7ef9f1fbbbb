"""Constraints that one door has set hold for every other, each with its own kind of error, and nothing is left behind."""

import pytest
from adaptors import NAMES, WRITERS
from pymongo.errors import WriteError

import dotdo_postgres as psycopg
import dotdo_redis as redis
from dotdo.errors import (
    CheckViolation,
    ForeignKeyViolation,
    InvalidValue,
    NotNullViolation,
    UniqueViolation,
)
from dotdo_redis.durability import map_keys

SQL = """
create table country (code text primary key);
insert into country values ('no');
create table rows (
  id bigint primary key, name text not null, code text references country, size int check (size > 0), mail text unique
);
insert into rows values (1, 'first', 'no', 5, 'a@x')
"""
RULES = {"$jsonSchema": {"required": ["name"], "properties": {"size": {"minimum": 1}}}}
OF_A_TABLE = [
    ("taken key", {"id": 1, "name": "x"}, UniqueViolation, "23505", 11000),
    ("taken value", {"id": 2, "name": "x", "mail": "a@x"}, UniqueViolation, "23505", 11000),
    ("missing", {"id": 2, "size": 5}, NotNullViolation, "23502", 121),
    ("check", {"id": 2, "name": "x", "size": -1}, CheckViolation, "23514", 121),
    ("reference", {"id": 2, "name": "x", "code": "xx"}, ForeignKeyViolation, "23503", 121),
    ("type", {"id": 2, "name": "x", "size": "big"}, InvalidValue, "22P02", 121),
]
OF_A_COLLECTION = [
    ("taken key", {"id": 1, "name": "x"}, UniqueViolation, "23505", 11000),
    ("taken value", {"id": 2, "name": "x", "mail": "a@x"}, UniqueViolation, "23505", 11000),
    ("missing", {"id": 2, "mail": "b@x"}, CheckViolation, "23514", 121),
    ("check", {"id": 2, "name": "x", "size": -1}, CheckViolation, "23514", 121),
]


def fails(doors, door, home, fields, kernel_error, sqlstate, code):
    """Write a thing by a door, which is to refuse it in its own way."""
    given = {name: value for name, value in fields.items() if name != "id"}
    if door == "redis":
        given = {name: str(value).encode() for name, value in given.items()}
    kind = {"things": kernel_error, "sql": psycopg.Error, "mongo": WriteError, "redis": redis.ResponseError}[door]  # fmt: skip
    with pytest.raises(kind) as caught:
        doors[door].write(home, fields["id"], **given)
    told = getattr(caught.value, {"sql": "sqlstate", "mongo": "code"}.get(door, "args"))
    assert told == {"sql": sqlstate, "mongo": code}.get(door, told)


@pytest.mark.parametrize("door", WRITERS)
@pytest.mark.parametrize(("name", "fields", "error", "sqlstate", "code"), OF_A_TABLE)
def test_what_a_table_refuses_no_door_gets_in(doors, name, fields, error, sqlstate, code, door):
    doors["sql"].connection.execute(SQL)
    map_keys("rows:*", "rows")
    if door == "redis" and name == "taken key":
        doors["redis"].write("table", 1, name=b"changed")  # HSET changes what is there
        assert doors["sql"].read("table", 1)["name"] == "changed"
        return
    before = [doors[reader].read("table", 1) for reader in WRITERS]
    fails(doors, door, "table", fields, error, sqlstate, code)
    assert [doors[reader].read("table", 1) for reader in WRITERS] == before
    assert all(doors[reader].read("table", 2) is None for reader in WRITERS)


@pytest.mark.parametrize("door", WRITERS)
@pytest.mark.parametrize(("name", "fields", "error", "sqlstate", "code"), OF_A_COLLECTION)
def test_what_a_collection_refuses_no_door_gets_in(
    doors, name, fields, error, sqlstate, code, door
):
    database = doors["mongo"].database
    database.create_collection(NAMES["collection"], validator=RULES)
    database[NAMES["collection"]].create_index("mail", unique=True, sparse=True)
    doors["mongo"].write("collection", 1, name="first", size=5, mail="a@x")
    map_keys("docs:*", NAMES["collection"])
    if door == "redis" and name == "taken key":
        doors["redis"].write("collection", 1, name=b"changed")
        assert doors["mongo"].read("collection", 1)["name"] == "changed"
        return
    fails(doors, door, "collection", fields, error, sqlstate, code)
    assert all(doors[reader].read("collection", 2) is None for reader in WRITERS)


@pytest.mark.parametrize("door", WRITERS)
def test_a_row_that_others_refer_to_stays(doors, door):
    doors["sql"].connection.execute(SQL)
    map_keys("country:*", "country")
    deletions = {
        "things": lambda: doors.tenant.things.delete(("country", "no")),
        "sql": lambda: doors["sql"].connection.execute("delete from country"),
        "mongo": lambda: doors["mongo"].database.country.delete_one({"_id": "no"}),
        "redis": lambda: doors.tenant.things.delete(("country", "no")),  # a thing of its key alone is no hash
    }  # fmt: skip
    with pytest.raises((ForeignKeyViolation, psycopg.Error, WriteError)):
        deletions[door]()
    assert doors.tenant.things.count("country") == 1
