"""Processes that share a file: each knows of the others, an idle holder gives way, and a forked child begins anew."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dotdo.errors import StorageError
from dotdo.storage import Noun, Session, State, Store
from dotdo.storage.presence import FilePresence, SideFile

CHILD = """
import sys
from dotdo.storage import Store
from dotdo.storage.presence import SideFile
path = sys.argv[1]
store = Store(path, presence=SideFile(path + ".presence").join(path))
session = store.session(api="child")
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


def test_a_row_changed_by_another_process_is_found(session: Session, child: Child) -> None:
    from dotdo.errors import SerializationFailure

    session.begin()
    session.write("update t set v = 1 where id = 1")
    child.ask("session.write('update t set v = 2 where id = 1')")
    with pytest.raises(SerializationFailure):
        session.commit()
    assert session.read("select v from t where id = 1") == [(2,)]


def test_a_locked_row_changed_by_another_process_is_found(
    session: Session, child: Child, numbers: Noun
) -> None:
    from dotdo.errors import SerializationFailure

    session.begin()
    session.lock_rows(numbers, [1])
    child.ask("session.write('update t set v = 2 where id = 1')")
    with pytest.raises(SerializationFailure):
        session.write("update t set v = 1 where id = 1")


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
