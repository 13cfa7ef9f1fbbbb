"""The versions of one thing."""

import pytest
from msgspec.structs import replace

from dotdo.storage import Column, Retention, alter_noun


@pytest.fixture(params=["document", "columns", "integer"])
def items(request, shop):
    fields = {
        "document": None,
        "columns": {"id": "text", "n": "integer"},
        "integer": {"id": "integer", "n": "integer"},
    }
    shop.nouns.define("Item", fields[request.param])
    return shop


def keys(tenant):
    return (1, 2) if tenant.nouns.get("Item").rowid == "id" else ("a", "b")


def verbs(versions):
    return [(v.verb, v.state and v.state.get("n")) for v in versions]


def test_versions_tell_who_did_what(items):
    key, _ = keys(items)
    with items.transaction(actor="Human/42", action="signup"):
        items.things.create("Item", key, n=1)
    items.things.update(("Item", key), n=2)
    first, second = items.history(("Item", key))
    assert (first.verb, first.actor, first.action, first.api, first.state.n) == (
        "created",
        "Human/42",
        "signup",
        "dotdo",
        1,
    )
    assert (second.verb, second.actor, second.state.n) == ("updated", None, 2)
    assert first.seq < second.seq
    assert first.time_us < second.time_us


def test_a_deleted_thing_keeps_its_history_and_goes_on_when_made_again(items):
    key, _ = keys(items)
    items.things.create("Item", key, n=1)
    items.things.delete(("Item", key))
    assert verbs(items.history(("Item", key))) == [("created", 1), ("deleted", None)]
    items.things.create("Item", key, n=2)
    assert verbs(items.history(("Item", key))) == [
        ("created", 1),
        ("deleted", None),
        ("created", 2),
    ]


def test_a_change_of_the_key_ends_one_history_and_begins_another(items):
    old, new = keys(items)
    items.things.create("Item", old, n=1)
    with items.transaction() as session:
        session.write('update "Item" set id = ? where id = ?', (new, old))
    assert verbs(items.history(("Item", old))) == [("created", 1), ("deleted", None)]
    assert verbs(items.history(("Item", new))) == [("created", 1)]


def test_history_in_a_transaction_shows_what_it_did(items):
    key, _ = keys(items)
    with items.transaction():
        items.things.create("Item", key, n=1)
        items.things.update(("Item", key), n=2)
        assert verbs(items.history(("Item", key))) == [("created", 1), ("updated", 2)]
    assert verbs(items.history(("Item", key))) == [("created", 1), ("updated", 2)]


def test_of_an_unknown_thing_there_is_none(items):
    assert items.history(("Item", keys(items)[1])) == []


def test_versions_before_a_change_of_definition_have_its_fields(shop):
    shop.nouns.define("Item", {"id": "text", "n": "integer", "gone": "text"})
    shop.things.create("Item", "a", n=1, gone="g")
    shop.things.create("Item", "b", n=7, gone="h")
    shop.things.delete(("Item", "b"))
    with shop.transaction() as session:
        noun = session.catalog.find("Item")
        columns = (*noun.columns[:1], Column("m", "text", "m"), noun.columns[1])
        alter_noun(session, replace(noun, columns=columns))
    shop.things.update(("Item", "a"), m="x")
    assert [dict(v.state) for v in shop.history(("Item", "a"))] == [
        {"id": "a", "n": 1, "gone": "g"},
        {"id": "a", "m": "x", "n": 1},
    ]
    assert verbs(shop.history(("Item", "b"))) == [("created", 7), ("deleted", None)]


@pytest.mark.parametrize(
    ("retention", "left"),
    [
        (Retention(), 4),
        (Retention(versions=2), 2),
        (Retention(versions=0), 0),
        (Retention(days=1), 2),
    ],
)
def test_a_noun_keeps_as_much_history_as_it_says(shop, clock, retention, left):
    shop.nouns.define("Item", retention=retention)
    shop.things.create("Item", "a", n=0)
    shop.things.update(("Item", "a"), n=1)
    clock.now += 2 * 86_400_000_000
    shop.things.update(("Item", "a"), n=2)
    shop.things.update(("Item", "a"), n=3)
    shop.prune()
    assert len(shop.history(("Item", "a"))) == left
    assert shop.things.get("Item", "a").n == 3
