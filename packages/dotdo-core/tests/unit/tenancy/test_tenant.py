"""A tenant as programs hold it."""

from contextlib import suppress

import pytest

from dotdo.errors import InUse, InvalidValue, ReadOnly, ThingNotFound, UnknownNoun
from dotdo.tenancy import open_tenant


def test_it_tells_what_it_is(shop):
    shop.things.create("Doc")
    branch = shop.branch("trial")
    assert (repr(shop), repr(branch)) == ("Tenant('shop')", "Tenant('shop@trial')")
    assert (shop.name, branch.name) == ("shop", "shop")
    assert shop.branches() == ["main", "trial"]
    assert shop.at("~1").version < shop.version


def test_the_first_thing_of_a_noun_comes_with_it(shop):
    before = shop.version
    shop.things.create("Doc", "d")
    assert [t.first for t in shop.log() if t.last > before] == [before + 1]
    with pytest.raises(UnknownNoun):
        shop.at("~1").things.get("Doc", "d")


def test_going_back_ends_at_the_creation(shop):
    shop.things.create("Doc", "d")
    assert shop.at("~1").version == shop.at("v1").version == 1
    assert shop.at("~1").nouns.all() == []


def test_a_transaction_is_all_or_nothing_and_tells_who(shop):
    with shop.transaction(actor="Human/42", action="signup"):
        shop.things.create("Doc", "d")
        with suppress(ZeroDivisionError), shop.transaction():
            shop.things.create("Doc", "e")
            raise ZeroDivisionError
        shop.things.create("Doc", "f")
    newest = shop.log(1)[0]
    assert (newest.actor, newest.action, newest.api) == ("Human/42", "signup", "dotdo")
    assert [d.id for d in shop.things.find("Doc")] == ["d", "f"]
    assert len(shop.log(0)) == 0


def test_a_transaction_that_cannot_begin_leaves_nothing_taken(shop):
    with pytest.raises(InvalidValue), shop.transaction(actor=5):
        pass
    shop.things.create("Doc", "d")
    shop.close()
    assert not shop.store.sessions


def test_things_are_seen_with_the_viewers_eyes(shop):
    for visibility in ("public", "unlisted", "org", "user"):
        shop.things.create("Doc", visibility, visibility=visibility)
    seen = {
        v: [d.id for d in shop.viewed_by(v).things.find("Doc")] for v in ("public", "org", "user")
    }
    assert seen == {
        "public": ["public"],
        "org": ["public", "org"],
        "user": ["public", "unlisted", "org", "user"],
    }
    assert shop.viewed_by("public").things.get("Doc", "unlisted").id == "unlisted"
    with pytest.raises(ThingNotFound):
        shop.viewed_by("public").things.get("Doc", "org")


def test_the_past_is_read_only(shop):
    shop.things.create("Doc", "d")
    past = shop.at("~0")
    for write in (
        lambda: past.things.create("Doc", "e"),
        lambda: past.things.update(("Doc", "d"), n=1),
        lambda: past.nouns.define("Other"),
        lambda: past.emit("Doc.shown"),
        past.compact,
        lambda: list(past.consume("c")),
    ):
        with pytest.raises(ReadOnly):
            write()


def test_a_branch_that_is_read_cannot_be_deleted(shop):
    branch = shop.branch("trial")
    session = branch.store.session()
    with pytest.raises(InUse):
        shop.delete_branch("trial")
    session.close()
    shop.delete_branch("trial")
    assert shop.branches() == ["main"]


def test_it_can_be_used_after_it_was_closed(home):
    with open_tenant("shop", home=home) as shop:
        shop.things.create("Doc", "d")
    assert shop.things.get("Doc", "d").id == "d"
