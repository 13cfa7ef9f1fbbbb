"""Handlers: called after the commit, in order, with what happened."""

import logging
from contextlib import suppress

import pytest

from dotdo.errors import EventLoop, InvalidName


def collect(shop):
    seen = []
    shop.on["*"]["*"](seen.append)
    return seen


def test_a_handler_sees_what_happened(shop):
    seen = []

    @shop.on.Customer.created
    def welcome(event):
        seen.append(event)

    with shop.transaction(actor="Human/1", action="signup"):
        alice = shop.things.create("Customer", "alice", name="Alice")
    (event,) = seen
    assert (event.name, event.thing, event.before, event.after) == (
        "Customer.created",
        alice,
        None,
        alice,
    )
    assert (event.actor, event.action, event.api) == ("Human/1", "signup", "dotdo")
    shop.on.remove(welcome)
    shop.things.create("Customer", "bob")
    assert len(seen) == 1


def test_updates_and_deletes_carry_what_was(shop):
    seen = collect(shop)
    thing = shop.things.create("Doc", "a", n=1)
    shop.things.update(thing, n=2)
    shop.things.delete(thing)
    assert [(e.verb, e.before and e.before.n, e.after and e.after.n) for e in seen] == [
        ("created", None, 1),
        ("updated", 1, 2),
        ("deleted", 2, None),
    ]


def test_patterns_have_wildcards_and_find_variants(shop):
    names = {"customers.created": [], "*.updated": [], "Order.*": []}
    for pattern, seen in names.items():
        noun, verb = pattern.split(".")
        shop.on[noun][verb](lambda event, seen=seen: seen.append(event.name))
    thing = shop.things.create("Customer", "a")
    shop.things.update(thing, n=1)
    shop.things.create("Order", "o")
    assert names == {
        "customers.created": ["Customer.created"],
        "*.updated": ["Customer.updated"],
        "Order.*": ["Order.created"],
    }


def test_relationships_are_events_of_their_source(shop):
    seen = collect(shop)
    a, b = shop.things.create("Customer", "a"), shop.things.create("Order", "o")
    planned = shop.relationships.create(a, "place", b, channel="web")
    shop.relationships.update(planned, channel="app")
    shop.relationships.advance(planned)
    shop.relationships.delete(planned)
    assert [e.name for e in seen[2:]] == [
        "Customer.place",
        "Relationship.updated",
        "Customer.placing",
        "Relationship.deleted",
    ]
    assert (seen[2].thing, seen[2].target, seen[2].data) == (a, b, {"channel": "web"})


def test_domain_events_come_in_their_place(shop):
    seen = collect(shop)
    thing = shop.things.create("Order", "o", n=1)
    with shop.transaction():
        shop.emit("Order.shipped", thing, weight=5)
        shop.things.update(thing, n=2)
        shop.emit("Order.billed")
    assert [e.verb for e in seen] == ["created", "shipped", "updated", "billed"]
    assert (seen[1].thing.n, seen[1].data, seen[3].thing) == (1, {"weight": 5}, None)
    for name in ("Order", ".x", "x.", "", "a\0.b"):
        with pytest.raises(InvalidName):
            shop.emit(name)


def test_what_was_undone_is_no_event(shop):
    seen = collect(shop)

    def fail(name):
        with shop.transaction():
            shop.things.create("Doc", name)
            shop.emit("Doc.tried")
            raise KeyError

    with pytest.raises(KeyError):
        fail("undone")
    with shop.transaction():
        shop.things.create("Doc", "kept")
        with suppress(KeyError):
            fail("lost")
        assert seen == []
    assert [(e.verb, e.thing.id) for e in seen] == [("created", "kept")]


def test_a_failing_handler_harms_nobody(shop, caplog):
    seen = []

    @shop.on.Doc.created
    def fail(event):
        raise ZeroDivisionError

    shop.on.Doc.created(lambda event: seen.append(event.thing.id))
    with caplog.at_level(logging.CRITICAL, "dotdo.events"):
        shop.things.create("Doc", "a")
    assert seen == ["a"]
    assert shop.things.count("Doc") == 1


def test_what_handlers_write_is_delivered_after_them_in_order(shop):
    seen = []

    @shop.on["*"].created
    def chain(event):
        seen.append(event.thing.id)
        if event.thing.n < 50:
            shop.things.create("Doc", f"d{event.thing.n + 1}", n=event.thing.n + 1)

    shop.things.create("Doc", "d0", n=0)
    assert seen == [f"d{n}" for n in range(51)]


def test_a_branch_has_handlers_of_its_own_and_a_merge_is_heard(shop):
    seen = collect(shop)
    exp = shop.branch("exp")
    exp.things.create("Doc", "a")
    assert seen == []
    shop.merge("exp")
    assert [(e.name, e.action) for e in seen] == [("Doc.created", "merge exp")]


def test_handlers_that_cause_their_own_events_are_stopped(shop):
    handled = []

    @shop.on.Echo.created
    def again(event):
        handled.append(event.thing.id)
        shop.things.create("Echo", event.thing.id + 1)

    told = []
    shop.store.listen(lambda first, last: told.append(last))
    with pytest.raises(EventLoop, match="100 deep"):
        shop.things.create("Echo", 0)
    assert handled == list(range(101))
    assert shop.things.count("Echo") == len(told) == 102
    shop.on.remove(again)
    shop.things.create("Echo", "later")


def test_handlers_may_cause_each_others_events_some_steps_far(shop):
    @shop.on["*"].created
    def following(event):
        if event.noun != "Step9":
            shop.things.create(f"Step{int(event.noun[4:]) + 1}")

    shop.things.create("Step0")
    assert shop.things.count("Step9") == 1
