"""Processes that share a file: each knows of the others, an idle holder gives way, and a forked child begins anew."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from dotdo.errors import Deadlock, LockTimeout, StorageError, UniqueViolation
from dotdo.storage import Blocked, Mode, Noun, Session, State, Store, Unique, alter_noun
from dotdo.storage.presence import FilePresence, SideFile

CHILD = """
import sys
from dotdo.storage import Mode, Store
from dotdo.storage.presence import SideFile
path = sys.argv[1]
store = Store(path, presence=SideFile(path + ".presence").join(path))
session = store.session(api="child")
def attempt(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__
for line in sys.stdin:
    print(eval(line), flush=True)
"""
PATIENCE_S = 30


class Child:
    """Another process with a session on the same file, which evaluates expressions."""

    def __init__(self, path: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.ask("1") == "1"

    def ask(self, expression: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(expression, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()


@pytest.fixture
def side(path: str) -> Iterator[SideFile]:
    opened = SideFile(path + ".presence")
    yield opened
    opened.close()


@pytest.fixture
def store(path: str, side: SideFile) -> Iterator[Store]:
    opened = Store(path, presence=side.join(path))
    yield opened
    opened.close()


@pytest.fixture
def child(path: str, numbers: Noun) -> Iterator[Child]:
    started = Child(path)
    yield started
    started.close()


def until(is_true: object) -> None:
    """Wait for something that another thread or process does."""
    limit = time.monotonic() + PATIENCE_S
    while not is_true():  # type: ignore[operator]
        assert time.monotonic() < limit
        time.sleep(0.002)


def test_another_process_is_noticed_and_missed(store: Store, path: str, numbers: Noun) -> None:
    assert not store.is_shared()
    child = Child(path)
    assert store.is_shared()
    child.process.kill()
    child.process.communicate()
    assert not store.is_shared()


def test_another_file_of_the_same_folder_is_not_shared(
    store: Store, path: str, side: SideFile, child: Child
) -> None:
    other = Path(path).with_name("other.db")
    other.write_bytes(Path(path).read_bytes())
    assert store.is_shared()
    assert not side.join(str(other)).has_others()


def test_a_second_home_of_the_process_does_not_undo_the_first(
    path: str, side: SideFile, child: Child
) -> None:
    side.join(path)
    SideFile(path + ".presence").close()
    assert child.ask("store.is_shared()") == "True"


def test_leaving_is_noticed(store: Store, child: Child) -> None:
    assert child.ask("store.is_shared()") == "True"
    presence = store._presence
    assert isinstance(presence, FilePresence)
    presence.leave()
    assert child.ask("store.is_shared()") == "False"


def test_an_idle_holder_gives_way_to_a_newcomer(session: Session, numbers: Noun, path: str) -> None:
    session.begin()
    session.write("update t set v = 0 where id = 1")
    assert session.state is State.HOLDING
    child = Child(path)
    assert child.ask("session.write('update t set v = 7 where id = 2 returning v')") == "[(7,)]"
    until(lambda: session.state is State.SUSPENDED)
    session.commit()
    assert child.ask("session.read('select v from t order by id')") == "[(0,), (7,), (30,)]"
    child.close()


def test_transactions_of_two_processes_interleave(session: Session, child: Child) -> None:
    session.begin()
    child.ask("session.begin()")
    session.write("update t set v = 1 where id = 1")
    assert session.state is State.SUSPENDED
    child.ask("session.write('update t set v = 2 where id = 2')")
    assert session.read("select v from t order by id") == [(1,), (20,), (30,)]
    assert child.ask("session.read('select v from t order by id')") == "[(10,), (2,), (30,)]"
    child.ask("session.commit()")
    session.commit()
    assert session.read("select v from t order by id") == [(1,), (2,), (30,)]


@pytest.mark.parametrize("is_autocommit", [True, False])
def test_a_writer_of_another_process_waits_for_the_row(
    session: Session, child: Child, *, is_autocommit: bool
) -> None:
    session.begin()
    session.write("update t set v = v + 1 where id = 1")
    if not is_autocommit:
        child.ask("session.begin()")
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(
            child.ask, "session.write('update t set v = v * 2 where id = 1 returning v')"
        )
        with pytest.raises(TimeoutError):
            answer.result(0.1)
        assert session.write("update t set v = v + 1 where id = 1 returning v") == [(12,)]
        session.commit()
        assert answer.result(PATIENCE_S) == "[(24,)]"
    if not is_autocommit:
        child.ask("session.commit()")
    assert session.read("select v from t where id = 1") == [(24,)]


def test_a_row_is_free_when_its_transaction_is_undone(session: Session, child: Child) -> None:
    child.ask("session.begin()")
    child.ask("session.write('update t set v = 0 where id = 1')")
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(session.write, "update t set v = v * 2 where id = 1 returning v")
        with pytest.raises(TimeoutError):
            answer.result(0.1)
        child.ask("session.rollback()")
        assert answer.result(PATIENCE_S) == [(20,)]


def test_a_row_is_free_when_its_process_dies(session: Session, child: Child) -> None:
    child.ask("session.begin()")
    child.ask("session.write('update t set v = 0 where id = 1')")
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(session.write, "update t set v = v * 2 where id = 1 returning v")
        with pytest.raises(TimeoutError):
            answer.result(0.1)
        child.process.kill()
        assert answer.result(PATIENCE_S) == [(20,)]


def test_other_rows_are_not_waited_for(session: Session, child: Child) -> None:
    child.ask("session.begin()")
    child.ask("session.write('update t set v = 0 where id = 1')")
    session.lock_timeout_us = 0
    assert session.write("update t set v = v * 2 where id = 2 returning v") == [(40,)]
    session.write("insert into t(id, v) values (4, 40)")
    with pytest.raises(LockTimeout):
        session.write("delete from t where id = 1")
    with pytest.raises(Blocked):
        session.write("update t set v = 1 where id = 1", wait=False)


@pytest.mark.parametrize(
    ("mode", "other", "is_free"),
    [
        (Mode.KEY_SHARE, Mode.NO_KEY_UPDATE, True), (Mode.KEY_SHARE, Mode.UPDATE, False), (Mode.SHARE, Mode.SHARE, True),
        (Mode.SHARE, Mode.NO_KEY_UPDATE, False), (Mode.NO_KEY_UPDATE, Mode.KEY_SHARE, True), (Mode.NO_KEY_UPDATE, Mode.NO_KEY_UPDATE, False),
        (Mode.UPDATE, Mode.KEY_SHARE, False),
    ],
)  # fmt: skip
def test_locks_by_request_are_seen_by_other_processes(
    session: Session, child: Child, numbers: Noun, *, mode: Mode, other: Mode, is_free: bool
) -> None:
    child.ask("session.begin()")
    noun = "session.catalog.by_table['t']"
    assert child.ask(f"session.lock_rows({noun}, [1, 2], Mode({mode.value}))") == "[1, 2]"
    session.begin()
    found = session.lock_rows(numbers, [1, 3], other, skip_locked=True)
    assert found == ([1, 3] if is_free else [3])
    session.rollback()
    session.begin()
    if not is_free:
        with pytest.raises(Blocked):
            session.lock_rows(numbers, [1], other, wait=False)
    child.ask("session.commit()")
    assert session.lock_rows(numbers, [1], other) == [1]


def test_a_locked_row_is_waited_for_and_read_anew(
    session: Session, child: Child, numbers: Noun
) -> None:
    session.begin()
    session.lock_rows(numbers, [1])
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(child.ask, "session.write('update t set v = v + 1 where id = 1')")
        with pytest.raises(TimeoutError):
            answer.result(0.1)
        session.write("update t set v = 100 where id = 1")
        session.commit()
        answer.result(PATIENCE_S)
    assert session.read("select v from t where id = 1") == [(101,)]


def test_a_unique_value_of_another_process_is_waited_for(
    session: Session, child: Child, numbers: Noun
) -> None:
    alter_noun(session, msgspec.structs.replace(numbers, uniques=(Unique("v", ("v",)),)))
    child.ask("session.begin()")
    child.ask("session.write('insert into t(id, v) values (4, 99)')")
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(session.write, "insert into t(id, v) values (5, 99)")
        with pytest.raises(TimeoutError):
            answer.result(0.1)
        child.ask("session.commit()")
        with pytest.raises(UniqueViolation):
            answer.result(PATIENCE_S)


def test_processes_that_wait_for_each_other_are_found(session: Session, child: Child) -> None:
    session.begin()
    child.ask("session.begin()")
    session.write("update t set v = 1 where id = 1")
    child.ask("session.write('update t set v = 2 where id = 2')")
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(
            child.ask,
            "attempt(lambda: session.write('update t set v = 2 where id = 1')), session.rollback()",
        )
        try:
            session.write("update t set v = 1 where id = 2")
            session.commit()
        except Deadlock:
            session.rollback()
            assert answer.result(PATIENCE_S) == "([], None)"
        else:
            assert answer.result(PATIENCE_S) == "('Deadlock', None)"
            assert session.read("select v from t order by id") == [(1,), (1,), (30,)]


def test_many_rows_are_held_as_the_whole_noun(
    session: Session, child: Child, numbers: Noun
) -> None:
    session.write_many("insert into t(id, v) values (?, ?)", [(n, n) for n in range(100, 2100)])
    session.begin()
    session.write("update t set v = v + 1 where id >= 100")
    assert (
        child.ask("attempt(lambda: session.write('update t set v = 0 where id = 1', wait=False))")
        == "Blocked"
    )
    session.commit()
    assert child.ask("session.write('update t set v = 0 where id = 1 returning v')") == "[(0,)]"


def test_locks_that_were_there_before_a_process_came_are_seen_by_it(
    session: Session, numbers: Noun, path: str
) -> None:
    session.begin()
    session.lock_rows(numbers, [1])
    session.write("update t set v = 0 where id = 2")
    child = Child(path)
    until(lambda: session.store.rows is not None and session.store.locks._is_public)
    for row in (1, 2):
        update = f"session.write('update t set v = 7 where id = {row}', wait=False)"
        assert child.ask(f"attempt(lambda: {update})") == "Blocked"
    session.commit()
    child.close()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_begins_anew(store: Store, session: Session, numbers: Noun) -> None:
    session.begin()
    session.write("update t set v = 0 where id = 1")
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        answer = b"failed"
        try:
            store.leave_parent(None)
            for call in (session.read, session.write):
                with pytest.raises(StorageError):
                    call("select 1")
            session.close()
            mine = store.session(api="child")
            answer = str(mine.read("select v from t order by id")).encode()
            mine.close()
        finally:
            os.write(write_end, answer)
            os._exit(0)
    os.close(write_end)
    os.waitpid(pid, 0)
    assert os.read(read_end, 1000) == b"[(10,), (20,), (30,)]"
    os.close(read_end)
    session.write("update t set v = 1 where id = 2")
    session.commit()
    assert session.read("select v from t order by id") == [(0,), (1,), (30,)]
