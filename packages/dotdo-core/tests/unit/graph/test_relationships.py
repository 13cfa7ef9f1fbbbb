"""Relationships, verbs and paths."""

from contextlib import suppress

import pytest
from msgspec.structs import replace

from dotdo.errors import InvalidValue, ThingNotFound, UnknownVerb
from dotdo.graph.verbs import base_of, conjugate
from dotdo.storage import ForeignKey, alter_noun


@pytest.fixture
def sale(shop):
    alice, bob = shop.things.create("Customer", "alice"), shop.things.create("Customer", "bob")
    first, second = shop.things.create("Order", "o1"), shop.things.create("Order", "o2")
    shop.relationships.create(alice, "placed", first, channel="web")
    shop.relationships.create(alice, "placed", second)
    shop.relationships.create(alice, "knows", bob)
    shop.relationships.create(bob, "placed", second)
    return shop, alice, bob, first, second


def ids(things):
    return sorted(thing.id for thing in things)


def test_a_verb_leads_forward_and_back(sale):
    shop, alice, _, first, second = sale
    assert ids(shop.things.related(alice, "placed")) == ["o1", "o2"]
    assert ids(shop.things.related(second, "placedBy")) == ["alice", "bob"]
    assert ids(shop.things.related(second, "placed", reverse=True)) == ["alice", "bob"]
    assert ids(shop.things.related(first, "placedBy", "knows", "placed")) == ["o2"]
    assert ids(shop.things.related(first, "placedBy", "knows")) == ["bob"]
    assert shop.things.related(("Order", "o1"), "knows") == []


def test_a_verb_leads_to_things_of_several_nouns(sale):
    shop, alice, bob, first, _ = sale
    shop.relationships.create(alice, "likes", bob)
    shop.relationships.create(alice, "likes", first)
    assert ids(shop.things.related(alice, "likes")) == ["bob", "o1"]
    assert ids(shop.things.related(alice, "likes", "placedBy")) == ["alice"]


def test_without_a_verb_everything_one_hop_away_is_found(sale, music):
    shop, alice, bob, first, second = sale
    assert ids(shop.things.related(alice)) == ["bob", "o1", "o2"]
    assert ids(shop.things.related(second, reverse=True)) == ["alice", "bob"]
    assert shop.things.related(first) == []
    shop.relationships.create(first, "ships", bob)
    assert shop.things.related(first) == [bob]
    assert ids(music.things.related(("album", 1))) == [1]
    tracks = music.things.related(("album", 1), reverse=True)
    assert {(thing.noun, thing.id) for thing in tracks} == {("track", 1), ("track", 3)}


def test_what_is_related_is_seen_as_soon_as_it_is_committed(sale):
    shop, alice, bob, first, _ = sale
    shop.relationships.create(bob, "owns", first)
    assert ids(shop.things.related(bob, "owns")) == ["o1"]
    shop.relationships.create(bob, "owns", alice)
    assert ids(shop.things.related(bob, "owns")) == ["alice", "o1"]
    with suppress(KeyError), shop.transaction():
        shop.relationships.create(bob, "owns", bob)
        assert ids(shop.things.related(bob, "owns")) == ["alice", "bob", "o1"]
        raise KeyError
    assert ids(shop.things.related(bob, "owns")) == ["alice", "o1"]


def test_an_unknown_verb_is_told(sale):
    shop, alice, *_ = sale
    with pytest.raises(UnknownVerb, match="'sells'"):
        shop.things.related(alice, "sells")


def test_parallel_relationships_are_separate_and_lead_once(sale):
    shop, alice, _, first, _ = sale
    again = shop.relationships.create(alice, "placed", first, channel="app")
    found = shop.relationships.find(alice, "placed")
    assert [r.data for r in found] == [{"channel": "web"}, {}, {"channel": "app"}]
    assert ids(shop.things.related(alice, "placed")) == ["o1", "o2"]
    shop.relationships.delete(again)
    with pytest.raises(ThingNotFound):
        shop.relationships.delete(again)
    with pytest.raises(ThingNotFound):
        shop.relationships.update(again, x=1)


def test_an_action_advances_to_its_event(shop):
    alice = shop.things.create("Customer", "alice")
    planned = shop.relationships.create(alice, "place", note="soon")
    assert planned.target is None
    under_way = shop.relationships.advance(planned)
    done = shop.relationships.advance(under_way)
    assert [r.verb for r in (planned, under_way, done)] == ["place", "placing", "placed"]
    assert shop.relationships.find(alice)[0].verb == "placed"
    with pytest.raises(InvalidValue, match="done"):
        shop.relationships.advance(done)
    with pytest.raises(ThingNotFound):
        shop.relationships.advance(planned)
    assert shop.relationships.update(done, note="now").data == {"note": "now"}
    with pytest.raises(InvalidValue, match="target"):
        shop.relationships.create(alice, "placedBy")


def test_relationships_go_with_their_things(sale):
    shop, alice, bob, _, second = sale
    shop.things.delete(second)
    assert ids(shop.things.related(alice, "placed")) == ["o1"]
    with shop.transaction() as session:
        session.write("delete from Customer where id = ?", ("alice",))
    assert shop.relationships.find(bob, reverse=True) == []
    with pytest.raises(ThingNotFound):
        shop.relationships.create(alice, "knows", bob)


def test_a_verb_can_be_defined_and_redefined(shop):
    a, b = shop.things.create("Doc", "a"), shop.things.create("Doc", "b")
    shop.verbs.define("go", event="went", reverse="reachedFrom", inverse="come")
    shop.relationships.create(a, "went", b)
    assert shop.things.related(b, "reachedFrom") == [a]
    assert shop.verbs.find("goes")[0].inverse == "come"
    shop.verbs.define("go", event="gone")
    assert shop.relationships.find(a)[0].verb == "gone"
    with pytest.raises(UnknownVerb):
        shop.verbs.find("went")


@pytest.mark.parametrize(
    ("action", "activity", "event", "fact"),
    [
        ("create", "creating", "created", "creates"), ("place", "placing", "placed", "places"), ("ship", "shipping", "shipped", "ships"),
        ("buy", "buying", "bought", "buys"), ("copy", "copying", "copied", "copies"), ("tie", "tying", "tied", "ties"), ("see", "seeing", "seen", "sees"),
        ("push", "pushing", "pushed", "pushes"), ("own", "owning", "owned", "owns"), ("play", "playing", "played", "plays"),
    ],
)  # fmt: skip
def test_verbs_are_conjugated_and_their_forms_lead_back(action, activity, event, fact):
    verb = conjugate(action)
    assert verb.forms == (action, activity, event, fact)
    assert {base_of(form) for form in (*verb.forms, verb.reverse)} == {action}


@pytest.fixture
def music(shop):
    shop.nouns.define("artist", {"id": "integer", "name": "text"})
    shop.nouns.define("album", {"id": "integer", "artist_id": "integer"})
    shop.nouns.define("track", {"id": "integer", "album_id": "integer"})
    with shop.transaction() as session:
        for child, parent in (("album", "artist"), ("track", "album")):
            noun = session.catalog.find(child)
            key = ForeignKey(f"{child}_{parent}", (f"{parent}_id",), parent, ("id",), verb=parent)
            alter_noun(session, replace(noun, foreign_keys=(key,)))
    for n in (1, 2):
        shop.things.create("artist", n, name=f"a{n}")
        shop.things.create("album", n, artist_id=n)
        shop.things.create("track", n, album_id=n)
    shop.things.create("track", 3, album_id=1)
    return shop


def test_foreign_keys_are_relationships_forward_and_backward(music):
    assert ids(music.things.related(("album", 1), "artist")) == [1]
    assert ids(music.things.related(("artist", 1), "artist", reverse=True)) == [1]
    assert ids(music.things.related(("track", 3), "album", "artist")) == [1]
    assert ids(music.things.related(("album", 1), "album", reverse=True)) == [1, 3]


def test_hops_of_both_kinds_mix(music):
    fan = music.things.create("Fan", "f")
    music.relationships.create(fan, "likes", music.things.get("track", 3))
    assert ids(music.things.related(fan, "likes", "album", "artist")) == [1]
