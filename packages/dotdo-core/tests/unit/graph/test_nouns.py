"""Nouns: what defining, indexing and dropping them does, and how fields are named in SQL."""

import pytest

from dotdo import Retention
from dotdo.errors import (
    AlreadyExists,
    AmbiguousName,
    InvalidName,
    InvalidValue,
    ThingNotFound,
    UniqueViolation,
    UnknownNoun,
)
from dotdo.graph import field_expression
from dotdo.graph.nouns import check_path, json_path, member_path


def test_a_noun_with_columns_has_its_key_first(shop):
    noun = shop.nouns.define("Row", {"name": "text", "n": "integer"}, key="name")
    assert [c.name for c in noun.columns] == ["name", "n"]
    assert (noun.key, noun.rowid, noun.key_name) == (("name",), "_id", "Row_pkey")
    assert shop.nouns.define("Counted", {"id": "bigint"}).rowid == "id"
    assert shop.nouns.define("Document").layout == "document"


def test_names_that_sqlite_takes_for_one_get_columns_of_their_own(shop):
    shop.nouns.define("Row", {"name": "text", "Name": "text", "_extra": "text"})
    shop.things.create("Row", "a", name="x", Name="y", _extra="z")
    assert dict(shop.things.get("Row", "a")) == {"id": "a", "name": "x", "Name": "y", "_extra": "z"}


@pytest.mark.parametrize("name", ["sqlite_master", "_log", "select", 'a"b', "Row", "row"])
def test_a_noun_may_have_any_name(shop, name):
    shop.nouns.define("ROW")
    shop.nouns.define(name)
    shop.things.create(name, "a", x=1)
    assert shop.things.get(name, "a").x == 1
    assert {noun.name for noun in shop.nouns.all()} == {"ROW", name}


def test_nouns_are_found_by_their_one_variant(shop):
    shop.nouns.define("invoice_lines")
    assert shop.nouns["InvoiceLine"].name == "invoice_lines"
    assert "InvoiceLine" not in shop.nouns
    shop.nouns.define("InvoiceLines")
    with pytest.raises(AmbiguousName, match="'InvoiceLines' or 'invoice_lines'"):
        shop.nouns.get("InvoiceLine")
    with pytest.raises(UnknownNoun):
        shop.nouns.get("Nothing")


def test_a_noun_is_defined_once(shop):
    shop.nouns.define("Row")
    with pytest.raises(AlreadyExists):
        shop.nouns.define("Row", {"a": "text"})


def test_an_index_is_added_once_and_keeps_its_kind(shop):
    shop.things.create_many("Doc", [{"a": 1, "b": 1}, {"a": 2, "b": 1}])
    first = shop.nouns.add_index("Doc", "a", "b.c", unique=True)
    assert [(i.name, i.is_unique) for i in first.indexes] == [("a", True), ("b.c", True)]
    assert shop.nouns.add_index("Doc", "a", unique=True).indexes == first.indexes
    with pytest.raises(AlreadyExists):
        shop.nouns.add_index("Doc", "a")
    with pytest.raises(UniqueViolation):
        shop.nouns.add_index("Doc", "b", unique=True)
    assert shop.nouns["Doc"].indexes == first.indexes
    with pytest.raises(UniqueViolation):
        shop.things.create("Doc", a=1)


def test_what_a_full_text_index_holds_can_change(shop):
    shop.things.create("Doc", "d", title="red fox", body="blue whale")
    shop.nouns.set_search("Doc", "title")
    assert [d.id for d in shop.things.search("Doc", "fox")] == ["d"]
    shop.nouns.set_search("Doc", "body")
    assert shop.things.search("Doc", "fox") == []
    assert [d.id for d in shop.things.search("Doc", "whale")] == ["d"]
    shop.nouns.set_search("Doc")
    with pytest.raises(InvalidValue):
        shop.things.search("Doc", "whale")


def test_retention_is_part_of_the_definition(shop):
    shop.nouns.define("Doc", retention=Retention(versions=2))
    assert shop.nouns["Doc"].retention == Retention(versions=2)
    shop.nouns.set_retention("Doc", Retention(days=1))
    assert shop.nouns["Doc"].retention == Retention(days=1)


def test_a_dropped_noun_takes_its_things_and_relationships_along(shop):
    ann, doc = shop.things.create("Person", "ann"), shop.things.create("Doc", "d")
    shop.relationships.create(ann, "wrote", doc)
    shop.nouns.drop("Doc")
    assert "Doc" not in shop.nouns
    assert shop.relationships.find(ann) == []
    assert shop.at("~1").things.get("Doc", "d").id == "d"
    shop.things.create("Doc", "e")
    with pytest.raises(ThingNotFound):
        shop.things.get("Doc", "d")


@pytest.mark.parametrize(
    ("field", "expression"),
    [("a", "data ->> 'a'"), ("a.b", """data ->> '$."a"."b"'"""), ("a.0.b", """data ->> '$."a"[0]."b"'"""), ("it's", """data ->> '$."it''s"'"""), ("id", '"id"')],
)  # fmt: skip
def test_a_field_of_a_document_is_an_expression(shop, field, expression):
    assert field_expression(shop.nouns.define("Doc"), field) == expression


def test_a_field_of_a_row_is_a_column_or_lies_beside_or_in_one(shop):
    noun = shop.nouns.define("Row", {"a": "text", "j": "jsonb", "x.y": "text"})
    assert field_expression(noun, "a") == '"a"'
    assert field_expression(noun, "b") == "_extra ->> 'b'"
    assert field_expression(noun, "j.k") == """"j" ->> '$."k"'"""
    assert field_expression(noun, "x.y") == '"x.y"'
    assert field_expression(noun, "a.b") == """_extra ->> '$."a"."b"'"""


def test_paths_are_written_as_json_writes_names():
    assert json_path('a"b') == '$."a\\"b"'
    assert member_path("a.b") == '$."a.b"'
    assert check_path("a.b") == "a.b"
    for path in ("", "a..b", ".a", "$a", "a\0"):
        with pytest.raises(InvalidName):
            check_path(path)
