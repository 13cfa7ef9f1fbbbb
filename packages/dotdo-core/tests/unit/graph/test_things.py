"""Things: their life, ids of any type, visibility, full text."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest

from dotdo.errors import InvalidValue, ThingNotFound, TypeViolation, UniqueViolation, UnknownNoun


@pytest.fixture(params=["document", "columns"])
def items(request, shop):
    shop.nouns.define(
        "Item",
        None if request.param == "document" else {"id": "text", "name": "text", "n": "integer"},
    )
    return shop


def test_a_thing_lives(items):
    thing = items.things.create("Item", "a", name="x", n=1, other=[1])
    assert (thing.id, thing.name, thing.n, thing.other) == ("a", "x", 1, [1])
    assert items.things.get("Item", "a") == thing
    assert items.things.update(thing, n=2, more=None)["more"] is None
    assert items.things.get("items", "a").n == 2
    items.things.delete(thing)
    with pytest.raises(ThingNotFound, match="'a'"):
        items.things.get("Item", "a")
    for call in (lambda: items.things.update(thing, n=1), lambda: items.things.delete(thing)):
        with pytest.raises(ThingNotFound):
            call()


def test_an_id_is_made_when_none_is_given(items):
    first, second = items.things.create("Item"), items.things.create("Item")
    assert first.id < second.id


def test_an_id_is_taken_once(items):
    items.things.create("Item", "a")
    with pytest.raises(UniqueViolation):
        items.things.create("Item", "a")
    assert items.things.count("Item") == 1


@pytest.mark.parametrize(
    "identity",
    [
        1,
        -1,
        "1",
        1.5,
        "1.5",
        True,
        "true",
        UUID(int=3),
        datetime(2026, 1, 1, tzinfo=UTC),
        b"x",
        {"a": 1},
        (1, 2),
        "{",
        1 << 70,
    ],
)
def test_an_id_of_a_document_is_of_any_type(shop, identity):
    shop.things.create("Doc", identity, x=1)
    found = shop.things.get("Doc", identity)
    assert found.id == (list(identity) if isinstance(identity, tuple) else identity)
    assert found.x == 1
    assert [t.id for t in shop.things.find("Doc", {"id": identity})] == [found.id]


def test_ids_of_different_types_are_different(shop):
    ids = [1, "1", True, "true", 1.5, "1.5", "null"]
    for identity in ids:
        shop.things.create("Doc", identity)
    assert [t.id for t in shop.things.find("Doc")] == ids


def test_many_are_created_at_once_or_not_at_all(items):
    assert items.things.create_many("Item", [{"id": "a"}, {"n": 5}]) == 2
    with pytest.raises(UniqueViolation):
        items.things.create_many("Item", [{"id": "b"}, {"id": "a"}])
    assert items.things.count("Item") == 2


def test_whole_number_keys_go_on_after_those_given(shop):
    shop.nouns.define("Count", {"id": "integer"})
    assert shop.things.create("Count").id == 1
    shop.things.create("Count", 50)
    assert shop.things.create("Count").id == 51


def test_a_key_of_wrong_shape_or_type_is_refused(shop):
    shop.nouns.define("Count", {"id": "integer"})
    with pytest.raises(InvalidValue):
        shop.things.get("Count", "x")
    with pytest.raises(InvalidValue):
        shop.things.get("Count", (1, 2))
    with pytest.raises((InvalidValue, TypeViolation)):
        shop.things.create("Count", "x")
    with pytest.raises(UnknownNoun):
        shop.things.get("Nothing", 1)
    with pytest.raises(InvalidValue):
        shop.things.update(5, x=1)


def test_a_viewer_sees_what_is_visible_to_it(items):
    for visibility in ("public", "unlisted", "org", "user"):
        items.things.create("Item", visibility, visibility=visibility)
    for viewer, listed, got in (
        ("public", "public", "public unlisted"),
        ("org", "public org", "public unlisted org"),
        ("user", "public unlisted org user", "public unlisted org user"),
    ):
        seen = items.viewed_by(viewer)
        assert [t.id for t in seen.things.find("Item")] == listed.split()
        assert seen.things.count("Item") == len(listed.split())
        for identity in ("public", "unlisted", "org", "user"):
            if identity in got.split():
                assert seen.things.get("Item", identity).visibility == identity
            else:
                with pytest.raises(ThingNotFound):
                    seen.things.get("Item", identity)
    assert items.things.update(("Item", "user"), visibility="public").visibility == "public"
    with pytest.raises(InvalidValue, match="'all'"):
        items.things.create("Item", visibility="all")


def test_a_viewer_reaches_only_what_it_may_see(shop):
    a, b = shop.things.create("Doc", "a", visibility="public"), shop.things.create("Doc", "b")
    shop.relationships.create(a, "likes", b)
    assert shop.viewed_by("public").things.related(a, "likes") == []


@pytest.mark.parametrize("fields", [None, {"id": "text", "name": "text"}])
def test_full_text_follows_the_things(shop, fields):
    shop.nouns.define("Item", fields, search=("name", "note"))
    thing = shop.things.create("Item", "a", name="quick brown fox", note="lazy")
    shop.things.create("Item", "b", name="slow fox fox")
    assert [t.id for t in shop.things.search("Item", "fox")] == ["b", "a"]
    assert [t.id for t in shop.things.search("Item", "fox lazy")] == ["a"]
    shop.things.update(thing, name="quick brown dog")
    assert [t.id for t in shop.things.search("Item", "fox")] == ["b"]
    shop.things.delete(("Item", "b"))
    assert shop.things.search("Item", "fox") == []
    assert shop.things.search("Item", '"unbalanced OR (') == []
    assert shop.things.search("Item", "  ") == []


def test_only_what_is_indexed_can_be_searched(shop):
    shop.things.create("Doc", "a", name="x y")
    with pytest.raises(InvalidValue, match="full text"):
        shop.things.search("Doc", "x")
    shop.nouns.set_search("Doc", "name")
    assert [t.id for t in shop.things.search("Doc", "Y")] == ["a"]
    shop.nouns.set_search("Doc")
    with pytest.raises(InvalidValue):
        shop.things.search("Doc", "x")


def test_a_transaction_is_all_or_nothing(shop):
    with suppress(ZeroDivisionError), shop.transaction():
        shop.things.create("Doc", "a")
        with suppress(KeyError), shop.transaction():
            shop.things.create("Doc", "b")
            raise KeyError
        assert [t.id for t in shop.things.find("Doc")] == ["a"]
        raise ZeroDivisionError
    assert "Doc" not in shop.nouns
