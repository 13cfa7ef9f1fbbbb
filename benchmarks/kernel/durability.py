"""Commits that survive a loss of power: one after the other, by many threads, and with replies held back, against plain SQLite at FULL."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.harness import Comparison
from benchmarks.kernel.statements import CUSTOMER, INSERT, open_bare, record
from dotdo.storage import Session, Store, create_file, create_noun

THREADS = 32
EACH = 10
COMMITS = THREADS * EACH


class Always:
    """A store whose every commit is brought to the disk."""

    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, "always.db")
        create_file(path)
        store = Store(path, durability="always")
        self.sessions = [store.session(api="bench") for _ in range(THREADS)]
        create_noun(self.sessions[0], CUSTOMER)
        self.threads = ThreadPoolExecutor(THREADS)
        self.number = 0

    def commit(self, session: Session, first: int, n: int) -> None:
        for number in range(first, first + n):
            session.write(INSERT, record(number))

    def take(self) -> int:
        first, self.number = self.number + 1, self.number + COMMITS
        return first

    def alone(self) -> None:
        self.commit(self.sessions[0], self.take(), COMMITS)

    def together(self) -> None:
        first = self.take()
        work = [
            self.threads.submit(self.commit, session, first + i * EACH, EACH)
            for i, session in enumerate(self.sessions)
        ]
        for done in work:
            done.result()

    def held_back(self) -> None:
        """One thread, as a server of many clients: the replies of a turn leave after one sync."""
        session, first = self.sessions[0], self.take()
        session.defers_sync = True
        for start in range(first, first + COMMITS, THREADS):
            self.commit(session, start, THREADS)
            session.when_durable().wait()
        session.defers_sync = False


class Full:
    """Plain SQLite, a sync for each commit."""

    def __init__(self, folder: str) -> None:
        self.connection = open_bare(folder, "full.db")
        self.connection.pragma("synchronous", 2)
        self.number = 0

    def commit(self) -> None:
        for _ in range(COMMITS):
            self.number += 1
            self.connection.execute("begin immediate")
            self.connection.execute(INSERT, record(self.number)).fetchall()
            self.connection.execute("commit")


def benchmarks() -> Iterator[Comparison]:
    """Yield the benchmarks of durability `always`."""
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = Always(folder), Full(folder)
        compare = partial(
            Comparison, peers={"apsw FULL": bare.commit}, operations=COMMITS, rounds=7
        )
        yield compare(name="durable commit, one after the other", ours=ours.alone)
        yield compare(name=f"durable commit, {THREADS} threads", ours=ours.together)
        yield compare(name=f"durable commit, {THREADS} replies at once", ours=ours.held_back)
        ours.threads.shutdown()
