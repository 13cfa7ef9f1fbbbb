"""Calls that take the short way do what the driver's own way does, and leave to it what asks for more."""

from typing import Any

import pytest
from bson import Int64, ObjectId
from bson.codec_options import CodecOptions
from bson.son import SON
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, WriteError
from pymongo.monitoring import CommandListener
from pymongo.write_concern import WriteConcern

from dotdo.tenancy import Home
from dotdo_mongo import MongoClient


class Listener(CommandListener):
    """Keeps the names of commands."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: Any) -> None:
        self.names.append(event.command_name)

    def succeeded(self, event: Any) -> None:
        """Nothing to keep."""

    def failed(self, event: Any) -> None:
        """Nothing to keep."""


def test_a_document_goes_in_and_comes_out_whole(mongo: MongoClient) -> None:
    people = mongo.shop.people
    people.insert_one({"_id": 1, "n": Int64(1), "none": None, "f": -0.0, "nan": float("inf")})
    people.insert_one({"_id": 2})
    found = people.find_one({"_id": 1})
    assert found == {"_id": 1, "n": 1, "none": None, "f": 0.0, "nan": float("inf")}
    assert type(found["n"]) is Int64
    assert str(found["f"]) == "-0.0"
    assert people.find_one({"_id": 3}) is None
    assert people.find_one(2) == {"_id": 2}


def test_documents_get_identities_in_place(mongo: MongoClient) -> None:
    given: list[dict[str, Any]] = [{"a": 1}, {"a": 2}]
    mongo.shop.people.insert_one({"a": 0})
    result = mongo.shop.people.insert_many(given)
    assert result.inserted_ids == [document["_id"] for document in given]
    assert all(type(identity) is ObjectId for identity in result.inserted_ids)
    assert list(mongo.shop.people.find().sort("a", 1))[1:] == given


def test_a_taken_identity_is_told_with_what_was_done_before(mongo: MongoClient) -> None:
    people = mongo.shop.people
    people.insert_one({"_id": 1})
    with pytest.raises(DuplicateKeyError) as error:
        people.insert_one({"_id": 1})
    assert error.value.details is not None
    assert error.value.details["keyValue"] == {"_id": 1}
    with pytest.raises(BulkWriteError) as bulk:
        people.insert_many([{"_id": 0}, {"_id": 1}, {"_id": 2}])
    assert bulk.value.details["nInserted"] == 1
    assert sorted(document["_id"] for document in people.find()) == [0, 1]


def test_unique_keys_validators_and_caps_hold(mongo: MongoClient) -> None:
    people = mongo.shop.people
    people.create_index("mail", unique=True)
    people.insert_one({"mail": "a"})
    with pytest.raises(DuplicateKeyError):
        people.insert_one({"mail": "a"})
    with pytest.raises(DuplicateKeyError):
        people.update_one({"mail": "b"}, {"$set": {"mail": "a"}}, upsert=True)
    people.insert_many([{"mail": "b"}])
    with pytest.raises(DuplicateKeyError):
        people.update_one({"mail": "b"}, {"$set": {"mail": "a"}})
    mongo.shop.create_collection("checked", validator={"a": {"$exists": True}})
    with pytest.raises(WriteError):
        mongo.shop.checked.insert_one({"b": 1})
    mongo.shop.create_collection("last", capped=True, size=4096, max=2)
    for number in range(4):
        mongo.shop.last.insert_one({"_id": number})
    assert [document["_id"] for document in mongo.shop.last.find()] == [2, 3]


def test_updates_and_deletes_tell_what_they_did(mongo: MongoClient) -> None:
    people = mongo.shop.people
    people.insert_many([{"_id": n, "age": n} for n in range(5)])
    done = people.update_one({"_id": 1}, {"$inc": {"age": 10}})
    assert (done.matched_count, done.modified_count, done.upserted_id) == (1, 1, None)
    done = people.update_one({"_id": 1}, {"$set": {"age": 11}})
    assert (done.matched_count, done.modified_count) == (1, 0)
    assert done.raw_result["updatedExisting"]
    done = people.update_many({"age": {"$lt": 4}}, {"$set": {"young": True}})
    assert (done.matched_count, done.modified_count) == (3, 3)
    assert people.update_one({"_id": 9}, {"$set": {"a": 1}}).matched_count == 0
    assert people.update_one({"_id": 9}, {"$set": {"a": 1}}, upsert=True).upserted_id == 9
    assert people.delete_one({"_id": 9}).deleted_count == 1
    assert people.delete_many({"young": True}).deleted_count == 3
    assert people.delete_one({"_id": 9}).deleted_count == 0
    assert [document["_id"] for document in people.find()] == [1, 4]


def test_failures_are_the_servers(mongo: MongoClient) -> None:
    people = mongo.shop.people
    people.insert_one({"_id": 1, "name": "Ada"})
    with pytest.raises(OperationFailure) as error:
        list(people.find({"a": {"$nope": 1}}))
    assert error.value.code == 2
    with pytest.raises(WriteError) as update:
        people.update_one({"_id": 1}, {"$inc": {"name": 1}})
    assert update.value.code == 14
    with pytest.raises(ValueError, match="only works with"):
        people.update_one({"_id": 1}, {"a": 1})
    with pytest.raises(WriteError) as changed:
        people.update_one({"_id": 1}, {"$set": {"_id": 2}})
    assert changed.value.code == 66


def test_a_result_of_many_batches_is_read_on(mongo: MongoClient) -> None:
    people = mongo.shop.people
    people.insert_many([{"_id": n} for n in range(500)])
    assert [document["_id"] for document in people.find()] == list(range(500))
    assert len(list(people.find().limit(3).skip(1))) == 3
    assert len(list(people.find({"_id": {"$lt": 101}}))) == 101
    cursor = people.find({"_id": 7}, {"_id": 0})
    assert list(cursor) == [{}]
    assert not cursor.alive
    assert cursor.retrieved == 1
    assert cursor.cursor_id == 0
    assert cursor.address == ("localhost", 27017)
    assert list(cursor.rewind()) == [{}]
    assert list(cursor.clone()) == [{}]


def test_options_of_the_collection_count(mongo: MongoClient) -> None:
    people = mongo.shop.get_collection("people", CodecOptions(document_class=SON))
    people.insert_one({"_id": 1, "a": {"b": 1}})
    found = people.find_one({"_id": 1})
    assert type(found) is SON
    assert type(found["a"]) is SON
    assert [type(document) for document in people.find()] == [SON]
    careless = people.with_options(write_concern=WriteConcern(w=0))
    assert not careless.insert_one({"_id": 2}).acknowledged
    with pytest.raises(OperationFailure):
        people.with_options(write_concern=WriteConcern(w=3)).insert_one({"_id": 4})


def test_listeners_hear_every_call(home: Home) -> None:
    listener = Listener()
    with MongoClient(home=home, event_listeners=[listener]) as client:
        people = client.shop.people
        people.insert_one({"_id": 1})
        people.find_one({"_id": 1})
        people.update_one({"_id": 1}, {"$set": {"a": 1}})
        people.delete_one({"_id": 1})
    assert listener.names[:4] == ["insert", "find", "update", "delete"]


def test_what_others_define_is_seen(home: Home) -> None:
    with MongoClient(home=home) as one, MongoClient(home=home) as other:
        one.shop.people.insert_one({"_id": 1})
        people = one.shop.people
        assert people.find_one({"_id": 1}) == {"_id": 1}
        other.shop.people.drop()
        assert people.find_one({"_id": 1}) is None
        people.insert_one({"_id": 1, "a": 2})
        other.shop.people.create_index("a", unique=True)
        with pytest.raises(DuplicateKeyError):
            people.insert_one({"_id": 2, "a": 2})
        other.drop_database("shop")
        assert people.find_one({"_id": 1}) is None
        people.insert_one({"_id": 5})
        assert other.shop.people.find_one({"_id": 5}) == {"_id": 5}


def test_the_past_and_views_are_read(mongo: MongoClient) -> None:
    people = mongo.shop.people
    people.insert_one({"_id": 1, "age": 36})
    people.update_one({"_id": 1}, {"$inc": {"age": 1}})
    before = mongo["shop@~1"].people
    assert before.find_one({"_id": 1}) == {"_id": 1, "age": 36}
    mongo.shop.create_collection(
        "old", viewOn="people", pipeline=[{"$match": {"age": {"$gt": 40}}}]
    )
    assert mongo.shop.old.find_one({"_id": 1}) is None
    assert list(mongo.shop.old.find()) == []


def test_documents_nested_too_deep_are_refused(mongo: MongoClient) -> None:
    mongo.shop.people.insert_one({"_id": 1})
    deep: dict[str, Any] = {}
    for _ in range(99):
        deep = {"a": deep}
    mongo.shop.people.insert_one({"_id": 2, "a": deep})
    assert mongo.shop.people.find_one({"_id": 2}) == {"_id": 2, "a": deep}
