"""Durable consumers: each event once, with what was written for it."""

import multiprocessing
import threading

import pytest

from dotdo import Home
from dotdo.errors import HistoryUnavailable, InvalidName, UniqueViolation
from dotdo.tenancy import open_tenant


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
    consumer = shop.consume("mailer")
    next(consumer)
    next(consumer)
    consumer.close()
    with pytest.raises(HistoryUnavailable, match="mailer"):
        shop.compact()
    assert len(list(shop.consume("mailer"))) == 4
    assert shop.compact() > 0


def copy_all(folder, barrier, results):
    shop = open_tenant("shop", home=Home(folder))
    barrier.wait()
    done = 0
    while True:
        try:
            for event in shop.consume("copier", "Doc.created"):
                shop.things.create("Copy", event.thing.id)
                done += 1
        except UniqueViolation:  # the other was faster with this event
            continue
        results.put(done)
        return


def test_two_processes_of_one_name_share_the_events(home, shop):
    fill(shop, 60)
    shop.nouns.define("Copy")
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    workers = [
        context.Process(target=copy_all, args=(str(home.path), barrier, results)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert shop.things.count("Copy") == 60
    assert results.get() + results.get() >= 60
    assert list(shop.consume("copier", "Doc.created")) == []
