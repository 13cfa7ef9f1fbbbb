"""Branches, merges, moments of the past and rollbacks reach what every door reads."""

import pytest
from adaptors import HOMES, NAMES, READERS, WRITERS, Mongo, Sql

import dotdo
import dotdo_redis as redis
from dotdo_redis.durability import keyspaces

OLD = {"things": "old", "sql": "old", "mongo": "old", "redis": b"old"}
NEW = {"things": "new", "sql": "new", "mongo": "new", "redis": b"new"}


def made(doors, home):
    doors.make(home, {"f": "text"})
    doors["redis"].client.set("warm", "x")  # the nouns of keys are made by the first one
    doors["things"].write(home, 1, f="old")


def at(doors, reference, door, home):
    """Return the field of the thing as a door reads it at a reference."""
    database = f"{doors.tenant.name}@{reference}"
    if door == "redis":
        hashes = keyspaces.keyspace_of(database).engine.databases[0].keys
        found = hashes.get(f"{NAMES[home].lower()}:1".encode())
        return None if found is None else dict(found.pairs())[b"f"]
    if door == "things":
        with dotdo.open(database) as other:
            return other.things.get(NAMES[home], 1).f
    opened = {"sql": Sql, "mongo": Mongo}[door](doors.tenant, database)
    try:
        return opened.read(home, 1)["f"]
    finally:
        opened.close()


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("home", HOMES)
def test_the_past_is_as_it_was_at_every_door(doors, home, writer):
    made(doors, home)
    then = doors.tenant.version
    doors[writer].change(home, 1, "f", NEW[writer])
    for reader in READERS:
        assert at(doors, f"v{then}", reader, home) == OLD[reader]
        assert doors[reader].read(home, 1)["f"] == NEW[reader]


@pytest.mark.parametrize("home", HOMES)
def test_a_branch_has_its_own_and_a_merge_brings_it_to_every_door(doors, home):
    made(doors, home)
    branch = doors.tenant.branch("b")
    for reader in READERS:
        assert at(doors, "b", reader, home) == OLD[reader]
    branch.things.update((NAMES[home], 1), f="new")
    for reader in READERS:
        assert at(doors, "b", reader, home) == NEW[reader]
        assert doors[reader].read(home, 1)["f"] == OLD[reader]
    doors.tenant.merge("b")
    for reader in READERS:
        assert doors[reader].read(home, 1)["f"] == NEW[reader]


@pytest.mark.parametrize("home", HOMES)
def test_what_is_rolled_back_no_door_has_seen(doors, home):
    made(doors, home)
    connection, mongo = doors["sql"].connection, doors["mongo"]
    with connection.transaction(force_rollback=True):
        doors["sql"].change(home, 1, "f", "new")
        doors["sql"].write(home, 2, f="new")
    with mongo.client.start_session() as session:
        session.start_transaction()
        collection = mongo.database[NAMES[home]]
        collection.update_one({"_id": 1}, {"$set": {"f": "new"}}, session=session)
        collection.insert_one({"_id": 2, "f": "new"}, session=session)
        session.abort_transaction()
    for reader in READERS:
        assert doors[reader].read(home, 1)["f"] == OLD[reader]
        assert doors[reader].read(home, 2) is None


@pytest.mark.parametrize("home", HOMES)
def test_a_transaction_is_seen_whole_when_it_commits(doors, home):
    made(doors, home)
    with doors["sql"].connection.transaction():
        doors["sql"].change(home, 1, "f", "new")
        doors["sql"].write(home, 2, f="new")
        for reader in ("things", "mongo", "redis"):
            assert doors[reader].read(home, 1)["f"] == OLD[reader]
            assert doors[reader].read(home, 2) is None
        with pytest.raises(redis.RedisError):
            doors["redis"].change(home, 1, "f", b"other")
    for reader in READERS:
        assert doors[reader].read(home, 1)["f"] == NEW[reader]
        assert doors[reader].read(home, 2)["f"] == NEW[reader]
