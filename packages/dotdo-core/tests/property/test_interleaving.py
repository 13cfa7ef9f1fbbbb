"""Open transactions of several sessions, interleaved at random in one thread, against SQLite without a log as the oracle.

The oracle of a statement is a plain database that holds what is committed plus the session's own changes. A statement that
goes through must leave the session seeing exactly what the oracle holds; one that breaks a constraint must break it there too;
one may wait only while others have open transactions; and none may fail for the sake of being suspended. Every commit is kept,
and at the end the log is undone step by step and compared.
"""

import itertools
import os
import shutil
import tempfile
from dataclasses import dataclass, field

import apsw
import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from dotdo.errors import ConstraintViolation, Deadlock, ForeignKeyViolation
from dotdo.storage import (
    Blocked,
    Catalog,
    Column,
    ForeignKey,
    Index,
    Mode,
    Noun,
    Session,
    Store,
    Unique,
    alter_noun,
    create_file,
    create_noun,
    ddl,
    system,
)
from dotdo.storage.images import Images
from dotdo.storage.names import quoted
from dotdo_testing.nouns import table_noun

Rows = dict[tuple[str, int], tuple[object, ...]]

PARENT = table_noun(
    "parent",
    id="bigint",
    code="text",
    blob="bytes",
    x="double",
    uniques=(Unique("parent_code", ("code",)),),
)
CHILD = table_noun(
    "child",
    key=2,
    a="integer",
    b="text",
    parent="bigint",
    note="any",
    foreign_keys=(
        ForeignKey(
            "child_parent", ("parent",), "parent", ("id",), on_delete="cascade", on_update="cascade"
        ),
    ),
    indexes=(Index("child_note", ('lower("b")', '"a" desc'), is_unique=True),),
)

LINK = table_noun(
    "link",
    name="text",
    code="text",
    next="text",
    foreign_keys=(
        ForeignKey(
            "link_code", ("code",), "parent", ("code",), on_delete="set null", on_update="cascade"
        ),
        ForeignKey("link_next", ("next",), "link", ("name",), is_deferrable=True, is_deferred=True),
    ),
)
PAGE = Noun(0, "page", "document", "page", columns=(Column("id", "any", "id"),), key=("id",))
NOUNS = (PARENT, CHILD, LINK, PAGE)
TABLES = tuple(noun.table for noun in NOUNS)

small = st.integers(1, 5)
code = st.sampled_from(["p", "q", "r", "s"]) | st.none()
letter = st.sampled_from(["k", "l", "K"])
blob = st.sampled_from([b"", b"\x00\xff", b"{}"]) | st.none()
anything = st.sampled_from([1, 1.5, "1", b"1", "", None, 2**62, "a\x00b", float("inf")])
real = st.sampled_from([0.1, 1 / 3, -1e308, 2.0]) | st.none()

Statement = tuple[
    str, str | None, tuple[object, ...]
]  # SQL, table whose hidden row id is bound first, values


def statement(
    sql: str, *values: st.SearchStrategy[object], hidden: str | None = None
) -> st.SearchStrategy[Statement]:
    return st.tuples(st.just(sql), st.just(hidden), st.tuples(*values))


P, C, L, D = (
    "parent(id, code, blob, x) values (?, ?, ?, ?)",
    "child(_id, a, b, parent, note) values (?, ?, ?, ?, ?)",
    "link(_id, name, code, next) values (?, ?, ?, ?)",
    "page(_id, id, data) values (?, ?, jsonb(?))",
)
STATEMENTS = st.one_of(
    statement(f"insert into {P}", small, code, blob, real),
    statement(f"insert or replace into {P}", small, code, blob, real),
    statement(f"insert into {P} on conflict(id) do update set x = excluded.x, code = excluded.code", small, code, blob, real),
    statement("update parent set id = ? where id = ?", small, small),
    statement("update or replace parent set code = ? where id = ?", code, small),
    statement("update parent set code = ? where id = ?", code, small),
    statement("update parent set x = x * 1.1 where id between ? and ?", small, small),
    statement("update parent set id = id + 10 where id > ?", small),
    statement("delete from parent where id = ?", small),
    statement("delete from parent where id > ?", small),
    statement(f"insert into {C}", small, letter, small, anything, hidden="child"),
    statement(f"insert or replace into {C}", small, letter, small | st.none(), anything, hidden="child"),
    statement("update child set note = ?, parent = ? where a = ?", anything, small | st.none(), small),
    statement("update child set b = ? where a = ?", letter, small),
    statement("delete from child where a = ?", small),
    statement(f"insert into {L}", letter, code, letter | st.none(), hidden="link"),
    statement("update link set name = ? where name = ?", letter, letter),
    statement("update link set next = ?, code = ? where name = ?", letter | st.none(), code, letter),
    statement("delete from link where name = ?", letter),
    statement(f"insert into {D} on conflict(id) do update set data = jsonb_set(data, '$.n', data ->> 'n' + 1), bson = null",
              small | letter, st.sampled_from(['{"n": 1}', '{"n": null, "t": [1, "x"]}']), hidden="page"),
    statement("update page set data = jsonb_set(data, '$.m', ?), bson = null", anything.filter(lambda v: not isinstance(v, bytes))),
    statement("update page set id = ? where id = ?", small | letter, small | letter),
    statement("delete from page where id = ?", small | letter),
)  # fmt: skip


@dataclass
class Client:
    """A session and what it should see beyond what is committed; None stands for a deleted row."""

    session: Session
    own: dict[tuple[str, int], tuple[object, ...] | None] = field(default_factory=dict)
    savepoints: list[tuple[str, dict[tuple[str, int], tuple[object, ...] | None]]] = field(
        default_factory=list
    )

    def sees(self, committed: Rows) -> Rows:
        merged = {**committed, **self.own}
        return {key: row for key, row in merged.items() if row is not None}


def names(noun: Noun) -> list[str]:
    """Return the row id and the columns; where they lie in the file depends on when they were added."""
    if noun.layout == "document":
        return ["_id", "id", "data", "bson", "_visibility"]
    return [
        noun.rowid,
        *(c.column for c in noun.columns if c.column != noun.rowid),
        "_extra",
        "_visibility",
    ]


def select_all(noun: Noun) -> str:
    """Return the statement that reads a table; documents as text, for their binary form has several spellings."""
    listed = ", ".join(map(quoted, names(noun))).replace('"data"', "json(data)")
    return f"select {listed} from {quoted(noun.table)}"


def all_rows(connection: apsw.Connection, nouns: list[Noun]) -> Rows:
    return {
        (noun.table, row[0]): row
        for noun in nouns
        for row in connection.execute(select_all(noun)).fetchall()
    }


class Oracle:
    """Plain SQLite, filled with given rows."""

    def __init__(self, nouns: list[Noun], rows: Rows) -> None:
        self.nouns = nouns
        self.connection = apsw.Connection(":memory:")
        self.connection.pragma("recursive_triggers", 1)
        targets = {noun.name: noun.table for noun in nouns}
        for noun in nouns:
            self.connection.execute(ddl.table(noun, targets))
            for text in ddl.indexes(noun).values():
                self.connection.execute(text)
        columns = {noun.table: names(noun) for noun in nouns}
        for (table, _), row in rows.items():
            listed, marks = ", ".join(map(quoted, columns[table])), ", ".join("?" * len(row))
            marks = marks.replace("?, ?, ?", "?, ?, jsonb(?)", 1) if table == "page" else marks
            self.connection.execute(f"insert into {table}({listed}) values ({marks})", row)
        self.connection.pragma("foreign_keys", 1)

    def run(self, sql: str, values: tuple[object, ...], *, is_alone: bool) -> Rows | None:
        """Return the rows after the statement, None when it breaks a constraint."""
        try:
            self.connection.execute("begin")
            self.connection.execute(sql, values).fetchall()
            if is_alone:
                self.connection.execute("commit")
        except apsw.ConstraintError:
            return None
        return all_rows(self.connection, self.nouns)

    def has_dangling(self) -> bool:
        return bool(self.connection.execute("pragma foreign_key_check").fetchall())


def undo(connection: apsw.Connection, catalog: Catalog, down_to: int) -> None:
    """The reference: take back each entry of the log, the newest first."""
    entries = connection.execute(
        "select noun, op, id, before from _log where seq > ? order by seq desc", (down_to,)
    ).fetchall()
    for number, op, row, before in entries:
        if number < system.FIRST_NOUN:
            continue
        images = Images(catalog.by_id[number])
        if op == system.INSERT:
            connection.execute(images.delete, (row,))
        elif op == system.DELETE:
            connection.execute(images.insert, (before,))
        elif op in {system.UPDATE, system.REWRITE}:
            connection.execute(images.update, (before, row))


class Interleaving(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        path = os.path.join(self.folder, "t.db")
        create_file(path)
        self.store = Store(path, clock=lambda: 1)
        self.clients = [Client(self.store.session()) for _ in range(3)]
        for noun in NOUNS:
            create_noun(self.clients[0].session, noun)
        self.reader = apsw.Connection(path)
        self.committed: Rows = {}
        self.kept: list[tuple[int, int, Rows]] = []

    @property
    def nouns(self) -> list[Noun]:
        return list(self.catalog().nouns)

    def catalog(self) -> Catalog:
        return self.store.read_catalog(self.reader)

    def keep(self) -> None:
        """Remember what is committed now, and see that it is what the model says."""
        assert all_rows(self.reader, self.nouns) == self.committed
        seq = self.reader.execute("select max(seq) from _log").get
        if self.kept and self.kept[-1][0] == seq:  # changes that cancel each other are no commit
            assert self.kept[-1][2] == self.committed
        else:
            self.kept.append((seq, self.catalog().version, dict(self.committed)))

    def others_are_open(self, client: Client) -> bool:
        return any(c.session.in_transaction for c in self.clients if c is not client)

    def lost(self, client: Client) -> None:
        client.own, client.savepoints = {}, []

    @initialize(rows=st.lists(STATEMENTS, max_size=6))
    def fill(self, rows: list[Statement]) -> None:
        for row in rows:
            self.run_statement(0, row)

    @rule(moves=st.lists(st.tuples(st.integers(0, 2), STATEMENTS), min_size=3, max_size=12))
    def run_statements(self, moves: list[tuple[int, Statement]]) -> None:
        for n, what in moves:
            self.run_statement(n, what)

    def run_statement(self, n: int, what: Statement) -> None:
        client = self.clients[n]
        sql, hidden, values = what
        session = client.session
        if hidden is not None:
            noun = session.catalog.noun(hidden)
            assert noun is not None
            values = (session.allocate(noun), *values)
        is_alone = not session.in_transaction
        oracle = Oracle(self.nouns, client.sees(self.committed))
        try:
            session.write(sql, values, wait=False)
        except (Blocked, Deadlock):
            assert self.others_are_open(client)
            return
        except ConstraintViolation:
            is_refused = True
        else:
            is_refused = False
        expected = oracle.run(sql, values, is_alone=is_alone)
        assert (expected is None) == is_refused
        if expected is None:
            return
        before = client.sees(self.committed)
        changes = {
            key: expected.get(key)
            for key in before.keys() | expected.keys()
            if before.get(key) != expected.get(key)
        }
        if is_alone:
            self.committed = expected
            if changes:
                self.keep()
        else:
            client.own.update(changes)

    @rule(n=st.integers(0, 2))
    def read(self, n: int) -> None:
        client = self.clients[n]
        found = {
            (noun.table, row[0]): row
            for noun in self.nouns
            for row in client.session.read(select_all(noun))
        }
        assert found == client.sees(self.committed)

    @precondition(lambda self: not all(c.session.in_transaction for c in self.clients))
    @rule(some=st.sets(st.integers(0, 2), min_size=1))
    def begin(self, some: set[int]) -> None:
        for n in some:
            if not self.clients[n].session.in_transaction:
                self.clients[n].session.begin()

    @precondition(lambda self: any(c.session.in_transaction for c in self.clients))
    @rule(n=st.integers(0, 2))
    def commit(self, n: int) -> None:
        client = self.clients[n]
        if not client.session.in_transaction:
            return
        merged = client.sees(self.committed)
        has_changed = bool(client.own)
        try:
            client.session.commit(wait=False)
        except ForeignKeyViolation:
            assert Oracle(self.nouns, merged).has_dangling()
        else:
            assert not Oracle(self.nouns, merged).has_dangling()
            self.committed = merged
            if has_changed:
                self.keep()
        self.lost(client)

    @precondition(lambda self: any(c.session.in_transaction for c in self.clients))
    @rule(n=st.integers(0, 2))
    def rollback(self, n: int) -> None:
        client = self.clients[n]
        if client.session.in_transaction:
            client.session.rollback()
            self.lost(client)

    @precondition(lambda self: any(c.session.in_transaction for c in self.clients))
    @rule(n=st.integers(0, 2), name=st.sampled_from("xy"))
    def savepoint(self, n: int, name: str) -> None:
        client = self.clients[n]
        if client.session.in_transaction:
            client.session.savepoint(name)
            client.savepoints.append((name, dict(client.own)))

    @precondition(lambda self: any(c.session.in_transaction for c in self.clients))
    @rule(n=st.integers(0, 2), name=st.sampled_from("xy"), is_undone=st.booleans())
    def end_savepoint(self, n: int, name: str, is_undone: bool) -> None:
        client = self.clients[n]
        depths = [i for i, (known, _) in enumerate(client.savepoints) if known == name]
        if not depths:
            return
        if is_undone:
            client.session.rollback_to(name)
            client.own = dict(client.savepoints[depths[-1]][1])
            del client.savepoints[depths[-1] + 1 :]
        else:
            client.session.release(name)
            del client.savepoints[depths[-1] :]

    @precondition(lambda self: any(c.session.in_transaction for c in self.clients))
    @rule(n=st.integers(0, 2), row=small)
    def lock(self, n: int, row: int) -> None:
        client = self.clients[n]
        if client.session.in_transaction:
            noun = client.session.catalog.by_table["parent"]
            try:
                client.session.lock_rows(noun, [row], Mode.SHARE, wait=False)
            except (Blocked, Deadlock):
                assert self.others_are_open(client)

    @precondition(lambda self: not any(c.session.in_transaction for c in self.clients))
    @rule(type_name=st.sampled_from(["text", "integer"]))
    def alter(self, type_name: str) -> None:
        session = self.clients[0].session
        parent = session.catalog.by_table["parent"]
        plain = tuple(c for c in parent.columns if c.name != "more")
        more = (
            ()
            if len(plain) < len(parent.columns)
            else (Column("more", type_name, "more", default="7"),)
        )
        alter_noun(
            session,
            msgspec.structs.replace(parent, columns=plain + more),
        )
        self.committed = all_rows(self.reader, self.nouns)
        self.keep()

    @invariant()
    def commits_are_contiguous(self) -> None:
        ranges = self.reader.execute("select seq0, seq1 from _tx order by seq1").fetchall()
        assert all(first == last + 1 for (_, last), (first, _) in itertools.pairwise(ranges))
        assert ranges[-1][1] == self.reader.execute("select max(seq) from _log").get

    def teardown(self) -> None:
        for client in self.clients:
            client.session.close()
        self.check_past()
        self.reader.close()
        self.store.close()
        shutil.rmtree(self.folder)

    def check_past(self) -> None:
        assert self.reader.execute("pragma integrity_check").get == "ok"
        assert not self.reader.execute("pragma foreign_key_check").fetchall()
        assert all_rows(self.reader, self.nouns) == self.committed
        seqs = [seq for seq, _, _ in self.kept]
        assert seqs == sorted(set(seqs))
        catalog = self.catalog()
        self.reader.execute("begin")
        for trigger in self.reader.execute(
            "select name from sqlite_schema where type = 'trigger'"
        ).fetchall():
            self.reader.execute(f"drop trigger {quoted(trigger[0])}")
        position = seqs[-1] if seqs else 0
        for seq, version, rows in reversed(self.kept):
            if version != catalog.version:
                break
            undo_between(self.reader, catalog, seq, position)
            position = seq
            assert all_rows(self.reader, self.nouns) == rows
        self.reader.execute("rollback")


def undo_between(connection: apsw.Connection, catalog: Catalog, down_to: int, top: int) -> None:
    connection.execute("delete from _log where seq > ?", (top,))
    undo(connection, catalog, down_to)


Interleaving.TestCase.settings = settings(
    max_examples=int(os.environ.get("DOTDO_EXAMPLES", "60")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
TestInterleaving = Interleaving.TestCase
