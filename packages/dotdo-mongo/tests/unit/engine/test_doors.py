"""One dataset: what Mongo writes others read, and the other way round."""

import pytest
from bson import Int64, ObjectId

from dotdo.errors import CheckViolation, UniqueViolation
from dotdo.storage import Check, Column, Noun, Unique, create_noun
from dotdo.tenancy import open_tenant


def test_documents_are_things_and_things_documents(engine, home):
    engine(
        {
            "insert": "Customer",
            "documents": [{"_id": "ann", "age": 7, "tags": ["a", {"b": Int64(5)}]}],
        }
    )
    tenant = open_tenant("test", home=home)
    assert tenant.things.get("Customer", "ann")["age"] == 7
    tenant.things.update(("Customer", "ann"), age=8)
    tenant.things.create("Customer", "bob", age=9)
    assert engine.documents({"find": "Customer", "filter": {"age": {"$gte": 8}}}) == [
        {"_id": "ann", "age": 8, "tags": ["a", {"b": 5}]},
        {"_id": "bob", "age": 9},
    ]


def test_a_table_is_a_collection(engine, home):
    tenant = open_tenant("test", home=home, create=True)
    with tenant.transaction() as session:
        create_noun(
            session,
            Noun(
                0, "city", "columns", "city",
                columns=(Column("id", "bigint", "id", is_nullable=False), Column("name", "text", "name")),
                key=("id",), rowid="id",
            ),
        )  # fmt: skip
        session.write("insert into city(id, name) values (1, 'Oslo')")
    assert engine.documents({"find": "city"}) == [{"_id": 1, "name": "Oslo"}]
    engine({"insert": "city", "documents": [{"_id": 2, "name": "Rome", "size": 5}]})
    engine(
        {
            "update": "city",
            "updates": [{"q": {"_id": 1}, "u": {"$set": {"name": "Bergen", "x": 1}}}],
        }
    )
    assert engine.documents({"find": "city"}) == [
        {"_id": 1, "name": "Bergen", "x": 1},
        {"_id": 2, "name": "Rome", "size": 5},
    ]
    with tenant.transaction() as session:
        assert session.read("select name from city order by id") == [("Bergen",), ("Rome",)]


def test_a_reference_reads_the_past(engine):
    engine({"insert": "c", "documents": [{"_id": 1, "a": 1}]})
    engine({"update": "c", "updates": [{"q": {}, "u": {"$set": {"a": 2}}}]})
    assert engine.documents({"find": "c"}, "test@~1") == [{"_id": 1, "a": 1}]
    assert engine({"insert": "c", "documents": [{"_id": 2}]}, "test@~1")["ok"] == 0.0
    assert len(engine.documents({"find": "c"})) == 1


def test_what_a_table_refuses_is_a_failure_of_that_write_alone(engine, home):
    tenant = open_tenant("test", home=home, create=True)
    columns = (
        Column("id", "bigint", "id", is_nullable=False),
        Column("name", "text", "name", is_nullable=False),
        Column("size", "integer", "size"),
    )
    with tenant.transaction() as session:
        create_noun(
            session,
            Noun(
                0, "city", "columns", "city", columns=columns, key=("id",), rowid="id",
                uniques=(Unique("city_name_key", ("name",)),), checks=(Check("size_check", "size > 0", "(size > 0)"),),
            ),
        )  # fmt: skip
    documents = [
        {"_id": 1, "name": "Oslo"},
        {"_id": 2, "name": "Oslo"},
        {"_id": 1, "name": "Rome"},
        {"_id": 3},
        {"_id": 4, "name": "Bonn", "size": -1},
        {"_id": 5, "name": "Bern", "size": "big"},
        {"_id": 6, "name": "Paris", "more": [1]},
    ]
    reply = engine({"insert": "city", "documents": documents, "ordered": False})
    errors = {e["index"]: e for e in reply["writeErrors"]}
    assert {index: e["code"] for index, e in errors.items()} == {
        1: 11000,
        2: 11000,
        3: 121,
        4: 121,
        5: 121,
    }
    assert errors[1]["keyPattern"] == {"name": 1}
    assert errors[1]["errmsg"] == (
        'E11000 duplicate key error collection: test.city index: city_name_key dup key: { name: "Oslo" }'
    )
    assert errors[3]["errInfo"]["details"]["schemaRulesNotSatisfied"][0]["missingProperties"] == [
        "name"
    ]
    assert errors[4]["errInfo"]["details"]["operatorName"] == "size_check"
    assert [d["_id"] for d in engine.documents({"find": "city"})] == [1, 6]


def test_other_doors_keep_to_the_validator_and_the_unique_indexes(engine, home):
    rules = {"required": ["name"], "properties": {"age": {"minimum": 0}}}
    engine({"create": "Person", "validator": {"$jsonSchema": rules}})
    indexes = [
        {"key": {"mail": 1}, "name": "mail", "unique": True, "sparse": True},
        {"key": {"tags": 1}, "name": "tags", "unique": True, "partialFilterExpression": {"tags": {"$exists": True}}},
    ]  # fmt: skip
    engine({"createIndexes": "Person", "indexes": indexes})
    ann = {"_id": "ann", "name": "Ann", "mail": "a@x", "age": 3, "tags": [1, 2]}
    engine({"insert": "Person", "documents": [ann]})
    things = open_tenant("test", home=home).things
    for fields in ({"age": 1}, {"name": "Bob", "age": -1}):
        with pytest.raises(CheckViolation, match="validator"):
            things.create("Person", "bob", **fields)
    for fields in ({"mail": "a@x"}, {"tags": [2, 3]}, {"tags": 1}):
        with pytest.raises(UniqueViolation, match=next(iter(fields))):
            things.create("Person", "bob", name="Bob", **fields)
    things.create("Person", "bob", name="Bob", tags=[3])
    things.update(("Person", "ann"), age=4, mail="a@x")
    with pytest.raises(UniqueViolation):
        things.update(("Person", "ann"), tags=[1, 3])
    engine({"collMod": "Person", "validator": {}})
    engine({"dropIndexes": "Person", "index": "tags"})
    things.update(("Person", "ann"), age=-1, tags=[1, 3])
    assert engine.documents({"find": "Person", "filter": {"age": -1}})[0]["tags"] == [1, 3]


def test_a_table_without_a_key_keeps_the_ids_it_is_given(engine, home):
    tenant = open_tenant("test", home=home, create=True)
    with tenant.transaction() as session:
        create_noun(
            session, Noun(0, "hit", "columns", "hit", columns=(Column("n", "bigint", "n"),))
        )
        session.write("insert into hit(_id, n) values (?, 1)", (session.allocate(session.catalog.find("hit")),))  # fmt: skip
    oid = ObjectId()
    engine({"insert": "hit", "documents": [{"_id": oid, "n": 2, "by": ObjectId(b"x" * 12)}]})
    assert engine({"insert": "hit", "documents": [{"_id": oid}]})["writeErrors"][0]["code"] == 11000
    engine({"update": "hit", "updates": [{"q": {"_id": oid}, "u": {"$inc": {"n": 1}}}]})
    assert engine.documents({"find": "hit"}) == [
        {"_id": 1, "n": 1},
        {"_id": oid, "n": 3, "by": ObjectId(b"x" * 12)},
    ]


def test_a_unique_index_over_columns_holds_for_other_doors(engine, home):
    tenant = open_tenant("test", home=home, create=True)
    tenant.nouns.define("city", {"id": "bigint", "name": "text"})
    engine(
        {"createIndexes": "city", "indexes": [{"key": {"name": 1}, "name": "n", "unique": True}]}
    )
    tenant.things.create("city", 1, name="Oslo")
    with pytest.raises(UniqueViolation):
        tenant.things.create("city", 2, name="Oslo")
    engine({"dropIndexes": "city", "index": "n"})
    tenant.things.create("city", 2, name="Oslo")
