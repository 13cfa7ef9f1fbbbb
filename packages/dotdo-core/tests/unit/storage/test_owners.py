"""Nouns whose rows an engine keeps itself: others read what it has, and it learns what others wrote."""

import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from dotdo import registry
from dotdo.errors import LockTimeout, SerializationFailure
from dotdo.storage import create_noun
from dotdo.tenancy import open_tenant
from dotdo_testing.nouns import table_noun

COUNTERS = msgspec.structs.replace(
    table_noun("counter", id="bigint", value="bigint", required=("value",)), owner="toy"
)


class Engine:
    """Counters in memory, written to the file when somebody asks for it."""

    def __init__(self, store):
        self.store = store
        self.session = store.session(api="toy", owner="toy")
        if self.session.catalog.noun("counter") is None:
            create_noun(self.session, COUNTERS)
        self.guard = threading.RLock()
        self.values, self.behind, self.claims = {}, {}, {}
        self.stale = deque()
        self.lsn = self.session.fact("toy lsn") or 0
        self.flushes = 0
        store.owners.attach("toy", self)

    def increment(self, key, by=1):
        with self.guard:
            self._forget()
            waiter = self.claims.get(key)
            if waiter is not None and not waiter.is_done:
                raise LockTimeout(f"counter {key} is being written to")
            self.values[key] = self.behind[key] = self._get(key) + by
            self.lsn += 1
            return self.values[key]

    def get(self, key):
        with self.guard:
            self._forget()
            return self._get(key)

    def _get(self, key):
        if key not in self.values:
            rows = self.session.read("select value from counter where id = ?", (key,))
            self.values[key] = rows[0][0] if rows else 0
        return self.values[key]

    def _forget(self):
        while self.stale:
            key = self.stale.popleft()
            self.values.pop(key, None)
            self.behind.pop(key, None)

    # what the kernel asks for

    def flush(self):
        with self.guard:
            self._forget()
            behind, self.behind = self.behind, {}
            if not behind:
                return
            self.flushes += 1

            def work():
                self.session.write_many(
                    "insert into counter values (?, ?, null, null) on conflict(id) do update set value = excluded.value",
                    list(behind.items()),
                )
                self.session.set_fact("toy lsn", self.lsn)

            self.session.mutate(work)

    @contextmanager
    def paused(self):
        with self.guard:
            self.flush()
            yield

    def claimed(self, rows, waiter):
        self.claims |= {row: waiter for _, row in rows}

    def invalidated(self, rows):
        self.stale.extend(row for _, row in rows)

    def close(self):
        self.flush()
        self.session.close()


@pytest.fixture
def engine(shop):
    return Engine(shop.store)


def test_every_door_reads_what_the_engine_has(shop, engine):
    engine.increment(1, 5)
    assert shop.things.get("counter", 1).value == 5
    engine.increment(1)
    session = shop.store.session()
    assert session.read("select value from counter") == [(6,)]
    engine.increment(2)
    assert shop.things.find("counter", sort=[("id", -1)])[0].id == 2
    assert shop.things.count("counter") == 2
    engine.increment(2)
    with shop.transaction():
        assert shop.things.get("counter", 2).value == 2


def test_statements_that_do_not_concern_it_leave_the_engine_alone(shop, engine):
    engine.increment(1)
    shop.things.create("Doc", "d")
    shop.things.update(("Doc", "d"), n=1)
    assert shop.things.find("Doc", {"n": 1})[0].id == "d"
    assert engine.flushes == 0
    assert shop.log()[0].api == "toy"
    assert engine.flushes == 1
    shop.log()
    assert engine.flushes == 1


def test_a_flush_is_one_transaction_with_what_it_notes(shop, engine):
    before = shop.version
    for key in range(100):
        engine.increment(key)
    engine.flush()
    [(transaction)] = [t for t in shop.log() if t.last > before]
    assert transaction.last - transaction.first == 100
    assert shop.store.session().fact("toy lsn") == 100


def test_the_engine_sees_what_others_wrote(shop, engine):
    engine.increment(1, 5)
    shop.things.update(("counter", 1), value=50)
    assert engine.get(1) == 50
    assert engine.increment(1) == 51
    shop.things.delete(("counter", 1))
    assert engine.increment(1) == 1
    shop.things.create("counter", 9, value=9)
    assert engine.get(9) == 9


def test_a_write_of_others_starts_from_what_the_engine_has(shop, engine):
    engine.increment(1, 5)
    session = shop.store.session()
    session.write("update counter set value = value + 1")
    assert engine.get(1) == 6
    engine.increment(1)
    with shop.transaction():
        shop.things.update(("counter", 1), value=shop.things.get("counter", 1).value * 2)
    assert engine.get(1) == 14


def test_rows_of_an_open_transaction_are_not_the_engines_to_change(shop, engine):
    engine.increment(1, 5)
    engine.increment(2, 5)
    with ThreadPoolExecutor(1) as others:
        with shop.transaction() as session:
            session.write("update counter set value = value + 1 where id = 1")
            with pytest.raises(LockTimeout):
                others.submit(engine.increment, 1).result()
            assert others.submit(engine.increment, 2).result() == 6
            assert others.submit(engine.get, 1).result() == 5
            others.submit(engine.flush).result()
        assert engine.increment(1) == 7
    assert [c.value for c in shop.things.find("counter")] == [7, 6]


def test_an_undone_transaction_gives_its_rows_back(shop, engine):
    engine.increment(1, 5)
    with shop.transaction() as session:
        shop.things.update(("counter", 1), value=9)
        session.rollback()
    assert engine.increment(1) == 6


def test_threads_increment_on_both_sides_and_nothing_is_lost(shop, engine):
    engine.increment(1, 0)
    engine.flush()

    def by_engine():
        for _ in range(200):
            engine.increment(1)

    def by_statement():
        session = shop.store.session()
        for _ in range(50):
            session.write("update counter set value = value + 1 where id = 1")
        session.close()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(f) for f in (by_engine, by_statement, by_engine, by_statement)]:
            done.result()
    assert engine.get(1) == shop.things.get("counter", 1).value == 500


def test_the_past_and_branches_have_what_the_engine_had(shop, home, engine):
    engine.increment(1, 5)
    then = shop.version
    engine.increment(1)
    branch = shop.branch("trial")
    assert branch.things.get("counter", 1).value == 6
    engine.increment(1)
    assert shop.at(f"v{then}").things.get("counter", 1).value == 5
    assert shop.at("~1").things.get("counter", 1).value == 6
    assert shop.fork("copy").things.get("counter", 1).value == 7
    assert [v.state.value for v in shop.history(("counter", 1))] == [5, 6, 7]
    branch.things.update(("counter", 1), value=60)
    shop.merge("trial", on_conflict="theirs")
    assert engine.get(1) == 60


def test_consumers_hear_of_the_engines_writes(shop, engine):
    engine.increment(1)
    engine.increment(2)
    assert [e.name for e in shop.consume("c", "counters.*")] == ["counter.created"] * 2
    engine.increment(2)
    assert [e.after.value for e in shop.consume("c", "counters.*")] == [2]


def test_several_statements_as_one_pause_the_engine_too(shop, engine):
    engine.increment(1, 5)
    session = shop.store.session()

    def work():
        ((value,),) = session.execute("select value from counter where id = 1")
        session.execute("update counter set value = ? where id = 1", (value * 2,))
        return value

    assert session.mutate(work) == 5
    assert engine.get(1) == 10


def test_a_snapshot_stays_what_it_was(shop, engine):
    engine.increment(1, 5)
    session = shop.store.session()
    session.begin("snapshot")
    assert session.read("select value from counter") == [(5,)]
    engine.increment(1)
    assert session.read("select value from counter") == [(5,)]
    with pytest.raises(SerializationFailure):
        session.write("update counter set value = 0")
    assert engine.get(1) == 6


def test_what_the_engine_has_is_written_when_the_home_is_closed(shop, home, engine):
    engine.increment(1, 5)
    home.close()
    assert open_tenant("shop", home=home).things.get("counter", 1).value == 5


MODULE = """
import sys
sys.path.insert(0, {tests!r})
from test_owners import Engine
made = []
def make(store):
    made.append(Engine(store))
    return made[-1]
"""


def test_an_installed_package_is_loaded_when_a_file_has_nouns_of_its_owner(
    home, tmp_path, monkeypatch
):
    shop = open_tenant("shop", home=home)
    create_noun(shop.store.session(), COUNTERS)
    (tmp_path / "toy_package.py").write_text(MODULE.format(tests=str(Path(__file__).parent)))
    metadata = tmp_path / "toy_package-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy_package\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[dotdo.owners]\ntoy = toy_package:make\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._offers.cache_clear()
    try:
        home.close()
        shop = open_tenant("shop", home=home)
        shop.things.create("Doc")
        assert "toy_package" not in sys.modules
        assert shop.things.count("counter") == 0
        [engine] = sys.modules["toy_package"].made
        engine.increment(1, 5)
        assert shop.things.get("counter", 1).value == 5
    finally:
        home.close()
        registry._offers.cache_clear()
