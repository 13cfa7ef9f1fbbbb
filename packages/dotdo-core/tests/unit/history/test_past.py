"""The past: by version, count and time, while the present goes on."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from dotdo.errors import (
    HistoryUnavailable,
    NotNullViolation,
    ReadOnly,
    UniqueViolation,
    UnknownTenant,
)
from dotdo.storage import Column, Retention, alter_noun
from dotdo.tenancy import open_tenant


@pytest.fixture(params=["document", "columns"])
def items(request, shop):
    fields = None if request.param == "document" else {"id": "text", "name": "text", "n": "integer"}
    shop.nouns.define("Item", fields, index=["n"], search=("name",))
    for n in range(5):
        shop.things.create("Item", f"i{n}", name=f"name {n}", n=n)
    return shop


def names(tenant):
    return {t.id: t.name for t in tenant.things.find("Item")}


def alter(tenant, name, /, **changes):
    with tenant.transaction() as session:
        noun = session.catalog.find(name)
        return alter_noun(session, replace(noun, **{k: v(noun) for k, v in changes.items()}))


def test_a_moment_is_a_version_a_count_or_a_time(items, clock, home):
    then, version = names(items), items.version
    items.things.update(("Item", "i0"), name="new")
    for moment in (f"v{version}", "~1", f"v{version + 1}"):
        assert names(items.at(moment)) == then
    assert names(open_tenant("shop@~1", home=home)) == then
    assert names(items.at("2030-01-01")) == names(items)
    with pytest.raises(UnknownTenant):
        items.at("2025-01-01")
    for moment in ("v999", "v0", "~100"):
        with pytest.raises(UnknownTenant):
            items.at(moment)


def test_time_finds_the_last_transaction_before_it(shop, clock):
    moments = []
    for n in range(20):
        clock.now += 60_000_000
        shop.things.create("Doc", f"d{n}")
        moments.append(shop.log(1)[0].time_us)
    for n, time_us in enumerate(moments):
        text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).isoformat()
        assert shop.at(text).things.count("Doc") == n + 1
        before = (
            datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us - 1)
        ).isoformat()
        if n:
            assert shop.at(before).things.count("Doc") == n


def test_an_open_past_stays_while_the_present_is_written(items):
    then, past = names(items), items.at("~0")
    assert names(past) == then
    items.things.create("Item", "new", name="new")
    items.things.update(("Item", "i1"), name="other", n=99)
    items.things.delete(("Item", "i2"))
    with items.transaction() as session:
        session.write('update "Item" set id = ? where id = ?', ("moved", "i3"))
    assert names(past) == then
    assert past.things.get("Item", "i3").n == 3
    assert [t.id for t in past.things.find("Item", {"n": {"$gte": 1}}, sort=[("n", -1)])] == [
        "i4",
        "i3",
        "i2",
        "i1",
    ]
    assert past.things.count("Item", {"n": 99}) == 0


def test_a_past_that_is_read_in_one_transaction_stays(items):
    past = items.at("~0")
    with past.transaction(isolation="snapshot"):
        first = names(past)
        items.things.update(("Item", "i1"), name="other")
        assert names(past) == first
    assert names(past) == first


def test_the_past_is_right_while_another_thread_writes(items):
    then, past, stop = names(items), items.at("~0"), threading.Event()

    def write():
        n = 0
        while not stop.is_set():
            items.things.update(("Item", f"i{n % 5}"), name=f"w{n}")
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert all(names(past) == then for _ in range(100))
    finally:
        stop.set()
        writer.join()


def test_relationships_are_as_they_were(items):
    a, b = items.things.get("Item", "i0"), items.things.get("Item", "i1")
    items.relationships.create(a, "likes", b)
    version = items.version
    items.relationships.delete(items.relationships.find(a)[0])
    items.relationships.create(b, "owns", a)
    past = items.at(f"v{version}")
    assert [t.id for t in past.things.related(a, "likes")] == ["i1"]
    assert past.relationships.find(b) == []
    assert items.at("~3").relationships.find(a) == []


def test_the_past_cannot_be_written(items):
    past = items.at("~0")
    for write in (
        lambda: past.things.create("Item", "x"),
        lambda: past.things.create("New", "x"),
        lambda: past.things.update(("Item", "i0"), name="x"),
        lambda: past.things.delete(("Item", "i0")),
        lambda: past.nouns.drop("Item"),
        past.compact,
        lambda: past.emit("A.b"),
        lambda: past.things.create_many("Item", [{"id": "x"}]),
    ):
        with pytest.raises(ReadOnly):
            write()
    assert len(names(past)) == 5


def test_full_text_is_as_it_was(items):
    version = items.version
    items.things.update(("Item", "i0"), name="changed")
    past = items.at(f"v{version}")
    assert [t.id for t in past.things.search("Item", "0")] == ["i0"]
    assert past.things.search("Item", "changed") == []
    items.things.create("Item", "late", name="0")
    assert [t.id for t in past.things.search("Item", "0")] == ["i0"]


def test_definitions_are_as_they_were(shop):
    shop.nouns.define("Item", {"id": "text", "n": "integer", "gone": "text"})
    shop.things.create("Item", "a", n=1, gone="g")
    version, before = shop.version, dict(shop.things.get("Item", "a"))
    past = shop.at(f"v{version}")
    assert dict(past.things.get("Item", "a")) == before
    changes = [
        {"columns": lambda noun: (*noun.columns, Column("m", "text", "m", default="'d'"))},
        {"columns": lambda noun: tuple(c for c in noun.columns if c.name != "gone")},
        {
            "columns": lambda noun: tuple(
                replace(c, type="text") if c.name == "n" else c for c in noun.columns
            )
        },
        {"name": lambda _: "Thing"},
    ]
    seen = [(version, "Item", before)]
    for change in changes:
        noun = alter(shop, "Item", **change)
        shop.things.create(noun.name, f"k{len(seen)}")
        seen.append((shop.version, noun.name, dict(shop.things.get(noun.name, "a"))))
    shop.nouns.drop("Thing")
    shop.nouns.define("Item", {"id": "text", "other": "text"})
    shop.things.create("Item", "a", other="o")
    for version, name, fields in seen:
        assert dict(shop.at(f"v{version}").things.get(name, "a")) == fields
        assert shop.at(f"v{version}").things.count(name) == seen.index((version, name, fields)) + 1
    with pytest.raises(HistoryUnavailable):
        past.things.get("Item", "a")


def test_a_noun_made_later_was_not_there(shop):
    shop.things.create("Doc", "a")
    past = shop.at("~0")
    shop.things.create("Later", "b")
    assert "Later" not in past.nouns
    assert [n.name for n in past.nouns.all()] == ["Doc"]


def test_a_past_with_a_file_of_its_own_keeps_constraints_in_branches(shop):
    shop.nouns.define("Item", {"id": "text", "n": "integer"}, unique=["n"], search=("id",))
    shop.things.create("Item", "a", n=1)
    version = shop.version
    alter(shop, "Item", columns=lambda noun: (*noun.columns, Column("m", "text", "m")))
    branch = shop.at(f"v{version}").branch("old")
    with branch.transaction() as session:
        with pytest.raises(NotNullViolation):
            session.write("insert into Item(_id, id) values (99, null)")
        with pytest.raises(UniqueViolation):
            session.write("insert into Item(_id, id, n) values (99, 'b', 1)")
    branch.things.create("Item", "b", n=2)
    assert [t.id for t in branch.things.search("Item", "b")] == ["b"]
    assert [c.name for c in branch.nouns.get("Item").columns] == ["id", "n"]
    assert len(branch.history(("Item", "b"))) == 1


def test_what_was_pruned_or_compacted_is_told_and_never_shown_wrong(items):
    version = items.version
    past = items.at(f"v{version}")
    items.nouns.set_retention("Item", Retention(versions=0))
    for n in range(5):
        items.things.update(("Item", f"i{n}"), name="new")
    assert names(items.at("~1"))["i4"] == "name 4"
    items.prune()
    with pytest.raises(HistoryUnavailable):
        names(items.at(f"v{version}"))
    for n in range(5):
        items.things.delete(("Item", f"i{n}"))
    items.prune()
    with pytest.raises(HistoryUnavailable):
        names(items.at(f"v{version}"))
    items.compact()
    with pytest.raises(HistoryUnavailable):
        items.at(f"v{version}")
    with pytest.raises(HistoryUnavailable):
        names(past)
    assert names(items.at("~0")) == {}


def test_events_history_and_log_of_the_past_end_there(items):
    version = items.version
    items.things.update(("Item", "i0"), name="later")
    past = items.at(f"v{version}")
    assert [e.verb for e in past.events()] == ["created"] * 5
    assert [v.verb for v in past.history(("Item", "i0"))] == ["created"]
    assert past.log()[0].last == version
    assert past.version == version
