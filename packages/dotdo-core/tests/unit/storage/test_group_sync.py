"""Durability `always`: each commit is on the disk before it returns, several share one sync."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dotdo.errors import StorageError
from dotdo.storage import Store
from dotdo.storage.group_sync import GroupSync


class Disk:
    """Notes how much of the log each sync found, and can be held up."""

    def __init__(self, store):
        self.store, self.seen = store, []
        self.is_open = threading.Event()
        self.is_open.set()

    def __call__(self, handle):
        self.is_open.wait(30)
        with open(f"{self.store.path}-wal", "rb") as log:
            self.seen.append(len(log.read()))


@pytest.fixture
def store(path):
    opened = Store(path, durability="always")
    opened.disk = Disk(opened)
    opened.group_sync = GroupSync(path, opened.disk)
    yield opened
    opened.disk.is_open.set()
    opened.close()


def test_a_commit_is_synced_before_it_returns(store, session, numbers):
    before = len(store.disk.seen)
    session.write("update t set v = 0 where id = 1")
    session.begin()
    session.write("update t set v = 1 where id = 1")
    assert len(store.disk.seen) == before + 1
    session.commit()
    session.set_fact("a", 1)
    assert len(store.disk.seen) == before + 3


def test_what_wrote_nothing_is_not_synced(store, session, numbers):
    before = len(store.disk.seen)
    session.write("update t set v = 0 where id = 77")
    session.read("select * from t")
    session.begin()
    session.read("select * from t")
    session.commit()
    assert len(store.disk.seen) == before


def test_commits_made_during_a_sync_share_the_next_one(store, numbers):
    before = len(store.disk.seen)
    store.disk.is_open.clear()
    sessions = [store.session() for _ in range(10)]
    with ThreadPoolExecutor(10) as threads:
        first = threads.submit(sessions[0].write, "update t set v = v + 1 where id = 1")
        while not store.group_sync._is_running:
            pass
        others = [
            threads.submit(s.write, "update t set v = v + 1 where id = 1") for s in sessions[1:]
        ]
        while sessions[0].connection.execute("select v from t where id = 1").get < 20:
            pass
        assert not any(other.done() for other in (first, *others))
        store.disk.is_open.set()
        for done in (first, *others):
            done.result(30)
    assert len(store.disk.seen) <= before + 3


def test_a_commit_that_cannot_be_brought_to_the_disk_says_so(store, session, numbers):
    def fail(handle):
        raise OSError(5, "the disk is broken")

    store.group_sync = GroupSync(store.path, fail)
    with pytest.raises(StorageError, match="loss of power: the disk is broken"):
        session.write("update t set v = 0 where id = 1")
    store.group_sync = GroupSync(store.path, store.disk)
    session.write("update t set v = 1 where id = 1")


def test_a_session_may_leave_the_waiting_to_its_user(store, session, numbers):
    session.defers_sync = True
    before = len(store.disk.seen)
    store.disk.is_open.clear()
    for _ in range(5):
        session.write("update t set v = v + 1 where id = 1")
    waiters = [session.when_durable() for _ in range(5)]
    assert not any(waiter.is_done for waiter in waiters)
    store.disk.is_open.set()
    assert all(waiter.wait(30) for waiter in waiters)
    assert before < len(store.disk.seen) <= before + 2


def test_a_session_has_a_durability_of_its_own(store, session, numbers):
    before = len(store.disk.seen)
    session.durability = "process"
    session.write("update t set v = 0 where id = 1")
    assert len(store.disk.seen) == before
    session.durability = "always"
    session.write("update t set v = 1 where id = 1")
    assert len(store.disk.seen) == before + 1


def test_a_log_that_was_replaced_is_opened_anew(tmp_path):
    synced = []
    group = GroupSync(str(tmp_path / "t.db"), lambda handle: synced.append(os.fstat(handle).st_ino))
    group.wait()  # no log yet
    log = tmp_path / "t.db-wal"
    log.write_bytes(b"1")
    group.wait()
    group.wait()
    (tmp_path / "new").write_bytes(b"2")
    (tmp_path / "new").rename(log)
    group.wait()
    assert synced[0] == synced[1]
    assert synced[2] == log.stat().st_ino
    group.close()
