"""Files that cannot be used, and files that fill up: a typed error, nothing lost, and the session goes on."""

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import apsw
import pytest

from dotdo.errors import (
    AlreadyExists,
    CorruptFile,
    NewerFormat,
    NotADatabase,
    ReadOnly,
    StorageError,
    StorageFull,
)
from dotdo.storage import (
    Noun,
    Session,
    Store,
    compact_file,
    create_file,
    create_noun,
    free_bytes,
)
from dotdo.storage.system import FORMAT
from dotdo.storage.template import PAGE_BYTES


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Store(str(tmp_path / "nothing.db"))
    with pytest.raises(StorageError):
        Store(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0"[:10], os.urandom(5000)])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(content)
    with pytest.raises(NotADatabase):
        Store(str(file)).session()
    assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    connection = apsw.Connection(str(file))
    connection.execute("create table t(x)")
    connection.close()
    content = file.read_bytes()
    with pytest.raises(NotADatabase):
        Store(str(file)).session()
    assert file.read_bytes() == content


def test_a_newer_format_is_left_alone(path: str) -> None:
    connection = apsw.Connection(path)
    connection.pragma("user_version", FORMAT + 1)
    connection.close()
    with pytest.raises(NewerFormat, match=str(FORMAT + 1)):
        Store(path).session()


@pytest.mark.parametrize("length", [101, 4096, -1])
def test_a_truncated_file_is_found(path: str, length: int) -> None:
    os.truncate(path, length if length > 0 else os.path.getsize(path) - 1)
    with pytest.raises(CorruptFile):
        Store(path).session()


def test_a_damaged_page_is_found(path: str) -> None:
    store = Store(path)
    session = store.session()
    create_noun(session, Noun(0, "d", "document", "d", key=("id",)))
    rows = [(n, n, '{"x": "' + "y" * 500 + '"}') for n in range(200)]
    session.write_many("insert into d(_id, id, data) values (?, ?, jsonb(?))", rows)
    session.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    ((root,),) = session.read("select rootpage from sqlite_schema where name = 'd'")
    store.close()
    with open(path, "r+b") as file:
        file.seek((int(str(root)) - 1) * PAGE_BYTES)
        file.write(b"\xff" * PAGE_BYTES)
    session = Store(path).session()
    with pytest.raises(CorruptFile):
        session.read("select * from d")


def test_what_deleted_rows_leave_is_given_back(path: str) -> None:
    store = Store(path)
    session = store.session()
    create_noun(session, Noun(0, "d", "document", "d", key=("id",)))
    insert = "insert into d(_id, id, data, bson) values (?, ?, jsonb('{}'), zeroblob(10000))"
    session.write_many(insert, [(n, n) for n in range(200)])
    other = store.session()
    other.begin("snapshot")
    assert other.read("select count(*) from d") == [(200,)]
    session.write("update d set bson = null")
    session.write("delete from d where _id > 100")
    log = session.read("select seq, noun, op, id from _log")
    free = free_bytes(store)
    assert free > 1_900_000
    assert compact_file(store) == free
    assert free_bytes(store) == 0
    assert other.read("select count(*) from d") == [(200,)]
    other.rollback()
    assert session.read("select max(_id), count(*) from d") == [(100, 101)]
    assert session.read("select seq, noun, op, id from _log") == log
    session.write("delete from d where _id = 100")
    store.close()
    reopened = Store(path).session()
    assert reopened.read("select max(_id) from d") == [(99,)]


def test_a_file_is_created_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = str(tmp_path / "x.db")
    create_file(file)
    assert os.stat(file).st_mode & 0o777 == 0o600
    with pytest.raises(AlreadyExists):
        create_file(file)
    with pytest.raises(StorageError):
        create_file(str(tmp_path / "no" / "x.db"))


class TestReadOnly:
    @pytest.fixture
    def frozen(self, path: str) -> Store:
        store = Store(path)
        session = store.session()
        create_noun(session, Noun(0, "d", "document", "d", key=("id",)))
        session.write("insert into d(_id, id, data) values (1, 1, jsonb('{}'))")
        store.close()
        store = Store(path)
        store.is_read_only = True  # as `os.access` says of it, except to root
        return store

    def test_it_can_be_read(self, frozen: Store) -> None:
        assert frozen.session().read("select id from d") == [(1,)]

    def test_it_refuses_writes(self, frozen: Store) -> None:
        session = frozen.session()
        with pytest.raises(ReadOnly):
            session.write("delete from d")
        session.begin()
        with pytest.raises(ReadOnly):
            session.write("delete from d")
        session.rollback()
        with pytest.raises(ReadOnly):
            create_noun(session, Noun(0, "e", "document", "e", key=("id",)))
        with pytest.raises(ReadOnly):
            session.next_number("c")
        assert session.read("select id from d") == [(1,)]


def test_a_tenant_on_a_read_only_file_system_can_be_read(path: str, tmp_path: Path) -> None:
    mounted = tmp_path / "a %3f?b"
    mounted.mkdir()
    shutil.copy(path, mounted)
    mount = ["mount", "--bind", str(mounted), str(mounted)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(mounted)], check=True)
        store = Store(str(mounted / "t.db"))
        assert store.is_read_only
        assert store.session().read("select count(*) from _noun") == [(0,)]
        with pytest.raises(ReadOnly):
            store.session().write("delete from _noun")
        store.close()
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


class TestFull:
    @pytest.fixture
    def limit(self, path: str) -> Iterator[Callable[[int | None], None]]:
        """Let no file grow beyond so many bytes."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        def limit(size: int | None) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))

        yield limit
        limit(None)
        signal.signal(signal.SIGXFSZ, before)

    ROW = "insert into t(id, v) select 100 + value, value from json_each(?)"
    MANY = f"[{','.join(map(str, range(40000)))}]"

    def check_whole(self, session: Session) -> None:
        assert session.read("pragma integrity_check") == [("ok",)]
        ranges = session.read("select seq0, seq1 from _tx order by seq1")
        assert all(b[0] == int(str(a[1])) + 1 for a, b in pairwise(ranges))

    def test_a_statement_is_undone(
        self, session: Session, other: Session, numbers: Noun, path: str, limit: Callable[..., None]
    ) -> None:
        limit(os.path.getsize(path + "-wal") + 100_000)
        with pytest.raises(StorageError):
            session.write(self.ROW, (self.MANY,))
        limit(None)
        assert session.read("select count(*) from t") == [(3,)]
        session.write("insert into t(id, v) values (4, 4)")
        other.write("insert into t(id, v) values (5, 5)")
        self.check_whole(session)

    def test_a_transaction_is_undone(
        self, session: Session, other: Session, numbers: Noun, path: str, limit: Callable[..., None]
    ) -> None:
        session.begin()
        session.write("update t set v = 0")
        limit(os.path.getsize(path + "-wal") + 100_000)
        with pytest.raises(StorageError):
            self.fill(session)
        limit(None)
        if session.in_transaction:
            session.rollback()
        other.write("update t set v = v + 1", wait=False)
        assert session.read("select v from t order by id") == [(11,), (21,), (31,)]
        self.check_whole(session)

    def fill(self, session: Session) -> None:
        session.write(self.ROW, (self.MANY,))
        session.commit()

    def test_a_full_database_says_so(self, session: Session, numbers: Noun) -> None:
        pages = session.connection.pragma("page_count")
        assert isinstance(pages, int)
        session.connection.pragma("max_page_count", pages + 4)
        for is_in_transaction in (False, True):
            if is_in_transaction:
                session.begin()
            with pytest.raises(StorageFull):
                session.write(self.ROW, (self.MANY,))
            if session.in_transaction:
                session.rollback()
            assert session.read("select count(*) from t") == [(3,)]
        session.connection.pragma("max_page_count", 2**30)
        session.write(self.ROW, (self.MANY,))
        self.check_whole(session)
