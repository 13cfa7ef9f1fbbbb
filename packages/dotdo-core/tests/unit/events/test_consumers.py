"""Durable consumers: each event once, with what was written for it."""

import contextvars
import importlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dotdo.errors import HistoryUnavailable, InvalidName, TransactionError
from dotdo.graph.context import current_transaction

entries_module = importlib.import_module("dotdo.history.entries")  # its name is a function's too


def fill(shop, count=5):
    for n in range(count):
        shop.things.create("Doc", f"d{n}")


def test_a_consumer_resumes_where_it_committed(shop):
    fill(shop)
    seen = []
    for event in shop.consume("mailer"):
        seen.append(event.thing.id)
        if len(seen) == 3:
            break  # the third comes again
    assert [e.thing.id for e in shop.consume("mailer")] == ["d2", "d3", "d4"]
    assert list(shop.consume("mailer")) == []
    shop.things.create("Doc", "late")
    assert [e.thing.id for e in shop.consume("mailer")] == ["late"]
    assert len(list(shop.consume("other"))) == 6


def test_a_failure_undoes_the_output_and_brings_the_event_again(shop):
    fill(shop)

    def run(fails_at):
        for event in shop.consume("copier", "Doc.*"):
            shop.things.create("Copy", event.thing.id)
            if event.thing.id == fails_at:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run("d2")
    assert [t.id for t in shop.things.find("Copy")] == ["d0", "d1"]
    run(None)
    assert [t.id for t in shop.things.find("Copy")] == ["d0", "d1", "d2", "d3", "d4"]


def test_an_offset_outlives_other_writers_in_between(shop):
    fill(shop)
    for noun in ("Copy", "Aside"):  # a transaction that defines a noun keeps the writer
        shop.nouns.define(noun)
    for event in shop.consume("copier", "Doc.created"):
        shop.things.create("Copy", event.thing.id)
        thread = threading.Thread(target=shop.things.create, args=("Aside", event.thing.id))
        thread.start()
        thread.join()
    assert shop.things.count("Copy") == shop.things.count("Aside") == 5
    assert list(shop.consume("copier", "Doc.created")) == []


def test_a_pattern_leaves_out_what_is_not_wanted(shop):
    fill(shop)
    shop.things.update(("Doc", "d1"), n=1)
    assert [e.name for e in shop.consume("mailer", "docs.updated")] == ["Doc.updated"]
    assert list(shop.consume("mailer", "docs.updated")) == []
    for pattern in ("Doc", "", ".x"):
        with pytest.raises(InvalidName):
            shop.consume("mailer", pattern)
    with pytest.raises(InvalidName):
        shop.consume("")


def test_many_events_come_in_order(shop):
    shop.things.create_many("Doc", [{"id": n} for n in range(2_500)])
    assert [e.thing.id for e in shop.consume("mailer")] == list(range(2_500))


def test_following_ends_with_its_time_and_wakes_for_news(shop):
    assert list(shop.consume("mailer", follow=True, timeout_s=0.05)) == []
    seen = []

    def follow():
        for event in shop.consume("mailer", follow=True, timeout_s=30):
            seen.append(event.thing.id)
            if event.thing.id == "last":
                return

    thread = threading.Thread(target=follow)
    thread.start()
    shop.things.create("Doc", "first")
    shop.things.create("Doc", "last")
    thread.join(30)
    assert seen == ["first", "last"]
    assert shop.store.listeners == []


def test_a_slow_consumer_keeps_the_history_it_needs(shop):
    fill(shop)
    next(iter(shop.consume("mailer")))
    events = iter(shop.consume("mailer"))
    next(events)
    next(events)
    events.close()
    with pytest.raises(HistoryUnavailable, match="mailer"):
        shop.compact()
    assert len(list(shop.consume("mailer"))) == 4
    assert shop.compact() > 0


COPY_ALL = """
import sys
from contextlib import suppress

from dotdo import Home
from dotdo.errors import UniqueViolation
from dotdo.tenancy import open_tenant

shop = open_tenant("shop", home=Home(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for event in shop.consume("copier", "Doc.created"):
    with suppress(UniqueViolation):  # the other was faster, so the event is not this one's
        shop.things.create("Copy", event.thing.id, runs=1)
"""


def test_two_processes_of_one_name_share_the_events(home, shop):
    fill(shop, 60)
    shop.things.create("Copy", "warm", runs=1)
    command = [sys.executable, "-c", COPY_ALL, str(home.path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as two:
        assert [worker.stdout.readline() for worker in (one, two)] == ["ready\n", "ready\n"]
        for worker in (one, two):
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in (one, two):
            worker.communicate(timeout=60)
    assert [one.returncode, two.returncode] == [0, 0]
    assert shop.things.count("Copy") == 61
    assert list(shop.consume("copier", "Doc.created")) == []


def test_writes_after_leaving_the_loop_are_the_programs_own(shop):
    fill(shop)
    consumer = shop.consume("copier", "Doc.created")
    for event in consumer:
        shop.things.create("Copy", event.thing.id)
        break
    shop.things.create("After", "a")  # the consumer is still referred to
    with ThreadPoolExecutor(1) as others:
        assert others.submit(shop.things.count, "After").result() == 1
        others.submit(shop.things.create, "Aside", "x").result(10)
    assert [e.thing.id for e in consumer] == ["d0", "d1", "d2", "d3", "d4"]
    assert shop.things.count("After") == 1


def test_an_iterator_closed_in_another_context_leaves_no_transaction_behind(shop):
    fill(shop)
    events = iter(shop.consume("copier"))
    next(events)
    shop.things.create("Copy", "undone")
    contextvars.Context().run(events.close)
    shop.things.create("After", "a")
    with ThreadPoolExecutor(1) as others:
        assert others.submit(
            lambda: [shop.things.count("After"), "Copy" in shop.nouns]
        ).result() == [1, False]


def test_a_function_is_called_with_each_event_and_its_output_committed(shop):
    fill(shop)

    def copy(event):
        shop.things.create("Copy", event.thing.id)
        if event.thing.id == "d3":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shop.consume("copier", "Doc.created").handle(copy)
    assert shop.things.count("Copy") == 3
    assert shop.consume("copier", "Doc.created").handle(lambda event: None) == 2


def test_a_loop_ends_although_its_output_is_what_it_consumes(shop):
    fill(shop)
    for round_ in range(3):
        ids = []
        for event in shop.consume("echo", "Doc.created"):
            ids.append(event.thing.id)
            shop.things.create("Doc", f"{event.thing.id}'")
        assert ids == [f"d{n}{chr(39) * round_}" for n in range(5)]


def test_an_offset_is_not_moved_when_the_output_was_undone(shop):
    fill(shop)

    def undo(event):
        shop.things.create("Copy", event.thing.id)
        current_transaction(shop.store).rollback()

    with pytest.raises(TransactionError, match="undone"):
        shop.consume("copier", "Doc.created").handle(undo)
    assert len(list(shop.consume("copier", "Doc.created"))) == 5


def test_what_is_not_wanted_is_passed_over_without_being_read(shop, monkeypatch):
    shop.things.create("Rare", "r0")
    shop.things.create_many("Doc", [{"id": n} for n in range(20_000)])
    shop.things.create("Rare", "r1")
    shop.emit("Rare.spotted", place="here")
    read = []
    monkeypatch.setattr(
        entries_module,
        "_next_image",
        lambda *a, f=entries_module._next_image: read.append(a) or f(*a),
    )
    assert [e.name for e in shop.consume("watcher", "rares.*")] == [
        "Rare.created",
        "Rare.created",
        "Rare.spotted",
    ]
    assert [e.name for e in shop.consume("other", "*.spotted")] == ["Rare.spotted"]
    assert list(shop.consume("third", "Nothing.created")) == []
    assert len(read) < 20


def test_events_of_relationships_are_wanted_by_the_forms_of_their_verbs(shop):
    alice = shop.things.create("Customer", "alice")
    order = shop.things.create("Order", 1)
    edge = shop.relationships.create(alice, "placed", order)
    shop.relationships.update(edge, x=1)
    shop.relationships.delete(edge)
    names = lambda pattern: [e.name for e in shop.events(0, pattern)]  # noqa: E731
    assert names("Customer.placed") == ["Customer.placed"]
    assert names("*.placed") == ["Customer.placed"]
    assert names("Relationship.*") == ["Relationship.updated", "Relationship.deleted"]
    assert names("*.deleted") == ["Relationship.deleted"]
    assert names("Order.*") == ["Order.created"]
