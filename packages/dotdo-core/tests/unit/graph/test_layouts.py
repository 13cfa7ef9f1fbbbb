"""Every noun as rows, as documents, and its foreign keys as relationships."""

import json

from msgspec.structs import replace

from dotdo.graph.layouts import as_documents, as_relationships, as_rows
from dotdo.storage import ForeignKey, alter_noun


def read(shop, sql):
    with shop.transaction() as session:
        return session.read(sql)


def test_documents_read_as_rows_of_every_field_they_ever_had(shop):
    shop.things.create("Doc", "a", name="x", **{'q"\\t': 1})
    shop.things.create("Doc", "b", nested={"k": [1]})
    with shop.transaction() as session:
        rows = as_rows(session, session.catalog.find("Doc"))
        assert rows.columns == ("id", "name", "nested", 'q"\\t')
        assert session.read(rows.sql) == [("a", "x", None, 1), ("b", None, '{"k":[1]}', None)]


def test_rows_read_as_documents(shop):
    shop.nouns.define("Item", {"id": "text", "ok": "boolean", "blob": "bytes", "data": "jsonb"})
    shop.things.create("Item", "a", ok=True, blob=b"\xff", data={"x": 1}, more=2)
    shop.things.create("Item", "b")
    found = {
        key: json.loads(text) for key, text in read(shop, as_documents(shop.nouns.get("Item")))
    }
    assert found["a"] == {"id": "a", "ok": True, "blob": {"$b": "FF"}, "data": {"x": 1}, "more": 2}
    assert found["b"] == {"id": "b", "ok": None, "blob": None, "data": None}


def test_each_layout_reads_as_itself(shop):
    shop.nouns.define("Item", {"id": "text", "n": "integer"})
    shop.things.create("Item", "a", n=1)
    shop.things.create("Doc", "d", n=2)
    with shop.transaction() as session:
        assert session.read(as_rows(session, session.catalog.find("Item")).sql) == [("a", 1)]
    assert read(shop, as_documents(shop.nouns.get("Doc"))) == [("d", '{"n":2}')]


def test_foreign_keys_read_as_relationships(shop):
    shop.nouns.define("artist", {"id": "integer"})
    shop.nouns.define("album", {"id": "integer", "artist_id": "integer"})
    with shop.transaction() as session:
        key = ForeignKey("fk", ("artist_id",), "artist", ("id",), verb="artist")
        alter_noun(session, replace(session.catalog.find("album"), foreign_keys=(key,)))
    shop.things.create("artist", 1)
    shop.things.create("album", 7, artist_id=1)
    shop.things.create("album", 8)
    album, artist = shop.nouns.get("album"), shop.nouns.get("artist")
    assert read(shop, as_relationships([album, artist])) == [("artist", album.id, 7, artist.id, 1)]
    assert read(shop, as_relationships([])) == []


def test_the_past_reads_in_both_layouts(shop):
    shop.things.create("Doc", "a", n=1)
    shop.things.update(("Doc", "a"), n=2)
    with shop.at("~1").transaction() as session:
        noun = session.catalog.find("Doc")
        assert session.read(as_rows(session, noun).sql) == [("a", 1)]
        assert session.read(as_documents(noun)) == [("a", '{"n":1}')]
