"""Calls of the client for asyncio that take the short way do what the driver's own way does."""

import asyncio
from typing import Any

import pytest
from bson import Int64, ObjectId
from pymongo.errors import DuplicateKeyError

from dotdo.tenancy import Home
from dotdo_mongo import AsyncMongoClient
from dotdo_mongo.client.async_collection import AsyncCollection
from dotdo_mongo.client.async_database import AsyncDatabase


def run(home: Home, work: Any, **options: Any) -> Any:
    async def main() -> Any:
        async with AsyncMongoClient(home=home, **options) as client:
            return await work(client)

    return asyncio.run(main())


def test_documents_go_in_come_out_change_and_go(home: Home) -> None:
    async def work(client: Any) -> None:
        people = client.shop.people
        given: dict[str, Any] = {"n": Int64(1)}
        made = await people.insert_one(given)
        assert type(made.inserted_id) is ObjectId
        assert given["_id"] == made.inserted_id
        many = await people.insert_many([{"_id": 1, "a": 1}, {"_id": 2, "a": 1}])
        assert many.inserted_ids == [1, 2]
        assert type((await people.find_one({"_id": made.inserted_id}))["n"]) is Int64
        assert await people.find_one({"_id": 3}) is None
        one = await people.update_one({"_id": 1}, {"$inc": {"a": 1}})
        assert (one.matched_count, one.modified_count) == (1, 1)
        assert (await people.update_many({"a": {"$gt": 0}}, {"$set": {"b": 1}})).modified_count == 2
        upserted = await people.update_one({"_id": 9}, {"$set": {"a": 1}}, upsert=True)
        assert upserted.upserted_id == 9
        assert (await people.delete_one({"_id": 2})).deleted_count == 1
        assert (await people.delete_many({})).deleted_count == 3
        await people.insert_one({"_id": 1})
        with pytest.raises(DuplicateKeyError):
            await people.insert_one({"_id": 1})

    run(home, work)


def test_every_collection_takes_the_short_way(home: Home) -> None:
    async def work(client: Any) -> list[type]:
        database = client.get_database("shop")
        made = await database.create_collection("c")
        ways = [client.shop, database, client.shop.with_options()]
        assert all(type(way) is AsyncDatabase for way in ways)
        found = [client.shop.c, database["c"], database.get_collection("c"), made, made.sub]
        return [type(one) for one in (*found, made.with_options())]

    assert set(run(home, work)) == {AsyncCollection}


def test_a_write_that_must_wait_leaves_the_loop_to_others(home: Home) -> None:
    async def work(client: Any) -> tuple[int, Any]:
        people = client.shop.people
        await people.insert_one({"_id": 1, "a": 0})
        async with client.start_session() as session:
            await session.start_transaction()
            await people.update_one({"_id": 1}, {"$inc": {"a": 1}}, session=session)
            waiting = asyncio.create_task(people.update_one({"_id": 1}, {"$inc": {"a": 10}}))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            await session.commit_transaction()
        return (await waiting).modified_count, await people.find_one({"_id": 1})

    assert run(home, work) == (1, {"_id": 1, "a": 11})
