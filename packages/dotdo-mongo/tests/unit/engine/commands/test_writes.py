"""Writing commands: what they store, what they refuse."""

import pytest
from bson import Decimal128, Int64


def stored(engine, collection="c"):
    return engine.documents({"find": collection})


def test_identities_equal_in_bson_are_one(engine):
    assert engine({"insert": "c", "documents": [{"_id": 1}]})["n"] == 1
    for same in (1.0, Int64(1), Decimal128("1.0")):
        reply = engine({"insert": "c", "documents": [{"_id": same}]})
        assert reply["writeErrors"][0]["code"] == 11000


def test_an_ordered_insert_stops_at_the_first_failure(engine):
    documents = [{"_id": 1}, {"_id": 1}, {"_id": 2}]
    assert engine({"insert": "c", "documents": documents})["n"] == 1
    assert engine({"insert": "d", "documents": documents, "ordered": False})["n"] == 2


def test_the_identity_comes_first_and_other_fields_keep_their_order(engine):
    engine({"insert": "c", "documents": [{"b": 1, "a": 2, "_id": 3}]})
    assert list(stored(engine)[0]) == ["_id", "b", "a"]


@pytest.mark.parametrize(("identity", "code"), [([1], 53), ({"$a": 1}, 52)])
def test_some_values_cannot_be_an_identity(engine, identity, code):
    reply = engine({"insert": "c", "documents": [{"_id": identity}]})
    assert reply["writeErrors"][0]["code"] == code


@pytest.mark.parametrize("order", ["after", "before"])
def test_an_empty_array_is_a_value_of_its_own_in_a_unique_index(engine, order):
    index = {"key": {"a": 1}, "name": "a_1", "unique": True}
    build = {"createIndexes": "c", "indexes": [index]}
    if order == "before":
        engine(build)
    for good in ({"a": []}, {}, {"a": [[]]}):
        assert engine({"insert": "c", "documents": [good]})["n"] == 1, good
    if order == "after":
        assert engine(build)["ok"] == 1.0
    for bad in ({"a": None}, {"a": [[]]}, {"a": [None]}):
        assert engine({"insert": "c", "documents": [bad]})["n"] == 0, bad
    error = engine({"insert": "c", "documents": [{"a": []}]})["writeErrors"][0]
    assert (error["code"], error["keyValue"]) == (11000, {"a": None})
    assert error["errmsg"].endswith("index: a_1 dup key: { a: undefined }")


def test_an_index_is_not_built_over_two_empty_arrays(engine):
    engine({"insert": "c", "documents": [{"a": []}, {"a": []}]})
    index = {"key": {"a": 1}, "name": "a_1", "unique": True}
    assert engine({"createIndexes": "c", "indexes": [index]})["code"] == 11000


def test_a_path_through_an_empty_array_is_missing_and_a_sparse_index_holds_an_empty_array(engine):
    nested = {"key": {"a.b": 1}, "name": "a.b_1", "unique": True}
    sparse = {"key": {"c": 1}, "name": "c_1", "unique": True, "sparse": True}
    engine({"createIndexes": "c", "indexes": [nested, sparse]})
    assert engine({"insert": "c", "documents": [{"a": []}, {"a": {"b": []}}]})["n"] == 2
    assert engine({"insert": "c", "documents": [{"a": 1}]})["n"] == 0
    assert engine({"insert": "c", "documents": [{"a": {"b": 1}, "c": []}]})["n"] == 1
    assert engine({"insert": "c", "documents": [{"a": {"b": 2}, "c": []}]})["n"] == 0


def test_a_unique_index_of_two_fields_tells_an_empty_array_from_null(engine):
    index = {"key": {"a": 1, "b": 1}, "name": "a_1_b_1", "unique": True}
    engine({"createIndexes": "c", "indexes": [index]})
    for good in ({"a": [], "b": 1}, {"a": None, "b": 1}, {"a": [], "b": 2}):
        assert engine({"insert": "c", "documents": [good]})["n"] == 1, good
    assert engine({"insert": "c", "documents": [{"a": [], "b": 1}]})["n"] == 0


def test_a_unique_index_looks_into_arrays_and_over_types(engine):
    index = {"key": {"a": 1}, "name": "a_1", "unique": True}
    assert engine({"createIndexes": "c", "indexes": [index]})["numIndexesAfter"] == 2
    for good in (1, "1", True, None, [5, 6], {"x": 1}):
        assert engine({"insert": "c", "documents": [{"a": good}]})["n"] == 1, good
    for bad in (1.0, Decimal128("1"), "1", None, 6, [7, 5], {"x": 1.0}):
        reply = engine({"insert": "c", "documents": [{"a": bad}]})
        assert reply["writeErrors"][0]["code"] == 11000, bad
        assert reply["writeErrors"][0]["keyPattern"] == {"a": 1}


def test_an_update_tells_what_it_matched_and_changed(engine):
    engine({"insert": "c", "documents": [{"_id": 1, "a": 1}, {"_id": 2, "a": 1}]})
    update = {"q": {"a": 1}, "u": {"$set": {"b": 1}}, "multi": True}
    assert engine({"update": "c", "updates": [update]}) == {"n": 2, "nModified": 2, "ok": 1.0}
    assert engine({"update": "c", "updates": [update]}) == {"n": 2, "nModified": 0, "ok": 1.0}


def test_an_upsert_starts_from_the_equalities_of_its_query(engine):
    update = {"q": {"_id": 5, "a": {"$eq": 2}}, "u": {"$set": {"b": 1}}, "upsert": True}
    reply = engine({"update": "c", "updates": [update]})
    assert reply["upserted"] == [{"index": 0, "_id": 5}]
    assert stored(engine) == [{"_id": 5, "a": 2, "b": 1}]


def test_find_and_modify_gives_the_document_before_or_after(engine):
    engine({"insert": "c", "documents": [{"_id": 1, "n": 1}]})
    command = {"findAndModify": "c", "query": {"_id": 1}, "update": {"$inc": {"n": 1}}}
    assert engine(command)["value"] == {"_id": 1, "n": 1}
    assert engine({**command, "new": True})["value"] == {"_id": 1, "n": 3}
    assert engine({"findAndModify": "c", "query": {}, "remove": True})["value"] == {
        "_id": 1,
        "n": 3,
    }
    assert stored(engine) == []


def test_a_capped_collection_keeps_its_newest_documents(engine):
    engine({"create": "c", "capped": True, "size": 100000, "max": 2})
    engine({"insert": "c", "documents": [{"_id": n} for n in range(5)]})
    assert [d["_id"] for d in stored(engine)] == [3, 4]


def test_a_validator_refuses_and_tells_why(engine):
    engine({"create": "c", "validator": {"a": {"$gt": 0}}})
    reply = engine({"insert": "c", "documents": [{"_id": 1, "a": 0}]})
    assert reply["writeErrors"][0]["code"] == 121
    assert reply["writeErrors"][0]["errInfo"]["failingDocumentId"] == 1


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"insert": 5, "documents": [{}]}, 73),
        ({"insert": "c"}, 40414),
        ({"insert": "c", "documents": [{}], "nope": 1}, 40415),
        ({"insert": "c", "documents": [{}], "ordered": 1}, 14),
        ({"insert": "c", "documents": []}, 16),
        ({"delete": "c", "deletes": [{"q": {}, "limit": 2}]}, 9),
        ({"nope": 1}, 59),
    ],
)
def test_arguments_are_checked_as_mongodb_does(engine, command, code):
    assert engine(command)["code"] == code


def test_ids_are_the_same_where_the_collation_says_so(engine):
    engine({"create": "k", "collation": {"locale": "en", "strength": 2}})
    reply = engine({"insert": "k", "documents": [{"_id": "apple"}, {"_id": "Apple"}]})
    assert (reply["n"], reply["writeErrors"][0]["code"]) == (1, 11000)
