"""pymongo's clients in process."""

import asyncio

import pymongo
import pytest
from pymongo.errors import DuplicateKeyError

import dotdo_mongo


def test_it_is_pymongos_client(mongo):
    assert isinstance(mongo, pymongo.MongoClient)
    assert isinstance(mongo.t.c, pymongo.collection.Collection)
    assert isinstance(mongo.t.c.sub.with_options(), dotdo_mongo.client.Collection)
    assert dotdo_mongo.ASCENDING == pymongo.ASCENDING


def test_hot_calls_answer_as_the_long_way_does(mongo):
    collection = mongo.t.c
    assert collection.find_one({"_id": 1}) is None
    collection.insert_one({"_id": 1, "a": [1, 2.5]})
    collection.insert_one({"_id": 2})
    assert (
        collection.find_one({"_id": 1})
        == collection.find_one({"_id": 1}, {})
        == {"_id": 1, "a": [1, 2.5]}
    )
    with pytest.raises(DuplicateKeyError):
        collection.insert_one({"_id": 1})
    with mongo.start_session() as session, session.start_transaction():
        collection.insert_one({"_id": 3}, session=session)
        assert collection.find_one({"_id": 3}) is None
        assert collection.find_one({"_id": 3}, session=session) == {"_id": 3}
    assert collection.count_documents({}) == 3


def test_a_watcher_waits_for_what_comes(mongo):
    mongo.t.c.insert_one({})
    with mongo.t.c.watch(max_await_time_ms=50) as stream:
        assert stream.try_next() is None
        mongo.t.c.insert_one({"_id": 5})
        assert stream.next()["documentKey"] == {"_id": 5}


def test_addresses_of_production_need_no_change(home):
    address = "mongodb+srv://user:secret@cluster.example.com/shop?retryWrites=true"
    with dotdo_mongo.MongoClient(address, home=home) as client:
        client.get_default_database().c.insert_one({"_id": 1})
        assert client.list_database_names() == ["admin", "config", "local", "shop"]
    with dotdo_mongo.MongoClient("mongodb://a,b,c/?replicaSet=rs7", home=home) as client:
        assert client.shop.c.count_documents({}) == 1


def test_asyncio(home):
    async def work():
        async with dotdo_mongo.AsyncMongoClient(home=home) as client:
            await client.t.c.insert_many([{"n": n} for n in range(200)])
            return sum([d["n"] async for d in client.t.c.find()])

    assert asyncio.run(work()) == 19900
