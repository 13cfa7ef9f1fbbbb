"""Transfers between accounts by threads, by coroutines and by processes: no lost update, own writes visible, nobody hangs."""

import asyncio
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dotdo.errors import Deadlock, LockTimeout, SerializationFailure
from dotdo.storage import (
    Blocked,
    Mode,
    Session,
    Store,
    Waiter,
    create_file,
    create_noun,
)
from dotdo.storage.presence import SideFile
from dotdo_testing.nouns import table_noun

ACCOUNTS = 6
START = 1000
PATIENCE_S = 60
ACCOUNT = table_noun("account", id="bigint", balance="bigint", required=("balance",))
ADD = "update account set balance = balance + ? where id = ? returning balance"
READ = "select balance from account where id = ?"


def open_store(path: str, *, is_shared: bool = False) -> Store:
    if not is_shared:
        return Store(path)
    return Store(path, presence=SideFile(path + ".presence").join(path))


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = str(tmp_path / "bank.db")
    create_file(file)
    store = Store(file)
    session = store.session()
    create_noun(session, ACCOUNT)
    rows = [(i, START) for i in range(1, ACCOUNTS + 1)]
    session.write_many("insert into account(id, balance) values (?, ?)", rows)
    store.close()
    return file


class Clerk:
    """Makes transfers with one session; each is a transaction that may have to be begun again."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.rng = random.Random(seed)
        self.moved: Counter[int] = Counter()
        self.endings: Counter[str] = Counter()

    def plan(self) -> tuple[int, int, int, bool]:
        source, target = self.rng.sample(range(1, ACCOUNTS + 1), 2)
        return source, target, self.rng.randrange(1, 9), self.rng.random() < 0.3

    def note(self, source: int, target: int, amount: int) -> None:
        self.moved[source] -= amount
        self.moved[target] += amount
        self.endings["done"] += 1

    def give_up(self, error: Exception) -> None:
        self.endings[type(error).__name__] += 1
        if self.session.in_transaction:
            self.session.rollback()

    def transfer(self) -> None:
        source, target, amount, is_read_first = self.plan()
        session = self.session
        session.begin()
        if is_read_first:  # the lost update that row locks prevent
            session.lock_rows(session.catalog.by_table["account"], [source], Mode.UPDATE)
            ((balance,),) = session.read(READ, (source,))
            left = int(str(balance)) - amount
            session.write("update account set balance = ? where id = ?", (left, source))
        else:
            ((left,),) = session.write(ADD, (-amount, source))
        assert session.read(READ, (source,)) == [(left,)]
        session.write(ADD, (amount, target))
        assert session.read(READ, (source,)) == [(left,)]
        session.commit()
        self.note(source, target, amount)

    def work(self, rounds: int) -> None:
        for _ in range(rounds):
            try:
                self.transfer()
            except (Deadlock, SerializationFailure, LockTimeout) as error:
                self.give_up(error)


def check(path: str, clerks: list[Clerk]) -> None:
    session = Store(path).session()
    moved: Counter[int] = Counter()
    for clerk in clerks:
        moved.update(clerk.moved)
        assert clerk.endings["done"]
    found = dict(session.read("select id, balance from account"))
    assert found == {i: START + moved[i] for i in range(1, ACCOUNTS + 1)}
    session.close()


def test_threads_lose_no_update_and_never_hang(path: str) -> None:
    store = open_store(path)
    clerks = [Clerk(store.session(), n) for n in range(4)]
    threads = [threading.Thread(target=clerk.work, args=(60,), daemon=True) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads)
    failures = sum((clerk.endings for clerk in clerks), Counter())
    assert set(failures) <= {"done", "Deadlock"}
    store.close()
    check(path, clerks)


async def ended(waiter: Waiter) -> None:
    loop, free = asyncio.get_running_loop(), asyncio.Event()
    waiter.add_done_callback(lambda: loop.call_soon_threadsafe(free.set))
    await free.wait()


async def patiently(call: Callable[[], object]) -> object:
    """Call until it need not wait any more."""
    while True:
        try:
            return call()
        except Blocked as blocked:
            await ended(blocked.waiter)


class AsyncClerk(Clerk):
    async def transfer_later(self) -> None:
        source, target, amount, is_read_first = self.plan()
        session = self.session
        session.begin()
        if is_read_first:
            noun = session.catalog.by_table["account"]
            await patiently(lambda: session.lock_rows(noun, [source], wait=False))
        await patiently(lambda: session.write(ADD, (-amount, source), wait=False))
        await asyncio.sleep(0)
        await patiently(lambda: session.write(ADD, (amount, target), wait=False))
        await asyncio.sleep(0)
        await patiently(lambda: session.commit(wait=False))
        self.note(source, target, amount)

    async def work_later(self, rounds: int) -> None:
        for _ in range(rounds):
            try:
                await self.transfer_later()
            except (Deadlock, SerializationFailure) as error:
                self.give_up(error)


def test_coroutines_lose_no_update_and_never_hang(path: str) -> None:
    store = open_store(path)
    clerks = [AsyncClerk(store.session(), n) for n in range(8)]

    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            for clerk in clerks:
                group.create_task(clerk.work_later(40))

    asyncio.run(main())
    endings = sum((clerk.endings for clerk in clerks), Counter())
    assert set(endings) <= {"done", "Deadlock"}
    assert endings["Deadlock"]
    store.close()
    check(path, list(clerks))


def test_processes_lose_no_update_and_never_hang(path: str) -> None:
    running = [
        subprocess.Popen([sys.executable, __file__, path, str(n)], stdout=subprocess.PIPE)
        for n in range(3)
    ]
    clerks = []
    for process in running:
        told, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        clerk = Clerk.__new__(Clerk)
        clerk.moved, clerk.endings = Counter(), Counter(done=1)
        clerk.moved.update(
            {int(k): int(v) for k, v in (line.split() for line in told.splitlines())}
        )
        clerks.append(clerk)
    check(path, clerks)


def main() -> None:
    """Be one of the processes: two threads of clerks; say on standard output what was moved."""
    store = open_store(sys.argv[1], is_shared=True)
    seed = int(sys.argv[2])
    clerks = [Clerk(store.session(), 100 * seed + n) for n in range(2)]
    threads = [threading.Thread(target=clerk.work, args=(40,)) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moved = clerks[0].moved
    moved.update(clerks[1].moved)
    os.write(1, "".join(f"{account} {amount}\n" for account, amount in moved.items()).encode())
    store.close()


if __name__ == "__main__":
    main()
