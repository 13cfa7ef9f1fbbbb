"""Random writes and changes of definitions: every earlier position reads as it was, and a follower equals its source."""

import contextlib
import itertools
import os
import tempfile
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dotdo import Home
from dotdo.errors import ConstraintViolation, ThingNotFound, UnknownNoun
from dotdo.history import apply_batch
from dotdo.storage import Column, Store, alter_noun
from dotdo.storage.files import copy_store
from dotdo.tenancy import open_tenant

KEYS = st.sampled_from(["a", "b", "c", "d", "e"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text("xyzé'\"$.", max_size=4))
FIELDS = st.dictionaries(st.sampled_from(["name", "note", "a b", 'q"t', "x.y"]), VALUES, max_size=3)
UNLOGGED = {"_counter", "_consumer", "_meta", "_log_by_id"}  # each file's own
NOUNS = st.sampled_from(["Doc", "Item", "Count"])


class Undone(Exception):
    """Raised to undo a transaction."""


class Past(RuleBasedStateMachine):
    """One tenant, a list of what it looked like, and a follower."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm")
        self.home = Home(self.folder.name)
        self.tenant = open_tenant("t", home=self.home)
        self.tenant.nouns.define("Doc", search=("name",))
        self.tenant.nouns.define(
            "Item", {"id": "text", "name": "text", "data": "jsonb"}, unique=["name"]
        )
        self.tenant.nouns.define("Count", {"id": "integer", "note": "text"}, key="id")
        copy = Path(self.folder.name) / "follower.copy"
        copy_store(self.tenant.store, str(copy))
        self.follower = Store(str(copy))
        self.copied = self.tenant.version
        self.seen = {}
        self.columns = 0
        self.remember()

    def remember(self):
        self.seen[self.tenant.version] = state_of(self.tenant)

    def teardown(self):
        if hasattr(self, "follower"):
            self.follower.close()
            self.home.close()
            self.folder.cleanup()

    def key(self, noun, key):
        return ord(key) if noun == "Count" else key

    @rule(noun=NOUNS, key=KEYS, fields=FIELDS)
    def create(self, noun, key, fields):
        fields = texts(fields) if noun != "Doc" else fields
        with contextlib.suppress(ConstraintViolation):
            self.tenant.things.create(noun, self.key(noun, key), **fields)
        self.remember()

    @rule(noun=NOUNS, key=KEYS, fields=FIELDS)
    def update(self, noun, key, fields):
        fields = texts(fields) if noun != "Doc" else fields
        with contextlib.suppress(ConstraintViolation, ThingNotFound, UnknownNoun):
            self.tenant.things.update((noun, self.key(noun, key)), **fields)
        self.remember()

    @rule(noun=NOUNS, key=KEYS)
    def delete(self, noun, key):
        with contextlib.suppress(ThingNotFound, UnknownNoun):
            self.tenant.things.delete((noun, self.key(noun, key)))
        self.remember()

    @rule(noun=NOUNS, old=KEYS, new=KEYS)
    def change_key(self, noun, old, new):
        with (
            self.tenant.transaction() as session,
            contextlib.suppress(ConstraintViolation, UnknownNoun),
        ):
            table = session.catalog.find(noun).table
            session.write(
                f'update "{table}" set id = ? where id = ?',
                (self.key(noun, new), self.key(noun, old)),
            )
        self.remember()

    @rule(keys=st.lists(KEYS, max_size=3), name=st.sampled_from(["n", "m", None]))
    def replace(self, keys, name):
        item = self.item()
        if item is None or item.column("name") is None:
            return
        with self.tenant.transaction() as session:
            for key in keys:
                row = session.allocate(session.catalog.find("Item"))
                session.write(
                    "insert or replace into Item(_id, id, name) values (?, ?, ?)", (row, key, name)
                )
        self.remember()

    @rule(source=KEYS, verb=st.sampled_from(["placed", "likes", "owns"]), goal=KEYS)
    def relate(self, source, verb, goal):
        with contextlib.suppress(ThingNotFound, UnknownNoun):
            a = self.tenant.things.get("Doc", source)
            self.tenant.relationships.create(a, verb, self.tenant.things.get("Item", goal), n=1)
        self.remember()

    @rule(source=KEYS)
    def unrelate(self, source):
        with contextlib.suppress(ThingNotFound, UnknownNoun):
            for found in self.tenant.relationships.find(self.tenant.things.get("Doc", source)):
                self.tenant.relationships.delete(found)
        self.remember()

    @rule(key=KEYS, inner=KEYS, undoes_all=st.booleans())
    def undo(self, key, inner, undoes_all):
        with contextlib.suppress(ConstraintViolation, Undone), self.tenant.transaction():
            self.tenant.things.create("Doc", key, name="kept")
            with contextlib.suppress(ConstraintViolation, Undone), self.tenant.transaction():
                self.tenant.things.create("Item", inner, note="lost")
                raise Undone
            if undoes_all:
                raise Undone
        self.remember()

    @rule(default=st.sampled_from([None, "'filled'"]))
    def add_column(self, default):
        self.columns += 1
        column = Column(f"c{self.columns}", "text", f"c{self.columns}", default=default)
        self.alter(lambda noun: (*noun.columns, column))

    @rule()
    def drop_column(self):
        self.alter(lambda noun: tuple(c for c in noun.columns if not c.name.startswith("c")))

    @rule(kind=st.sampled_from(["text", "bytes"]))
    def rewrite_column(self, kind):
        noun = self.item()
        if noun is None or not noun.columns[-1].name.startswith("c"):
            return
        last = msgspec.structs.replace(noun.columns[-1], type=kind, default=None)
        cast = f'cast("{last.column}" as {"text" if kind == "text" else "blob"})'
        with self.tenant.transaction() as session:
            alter_noun(
                session,
                msgspec.structs.replace(noun, columns=(*noun.columns[:-1], last)),
                {last.column: cast},
            )
        self.remember()

    def item(self):
        return self.tenant.nouns.get("Item") if "Item" in self.tenant.nouns else None

    def alter(self, columns):
        noun = self.item()
        if noun is not None and noun.layout == "columns":
            with self.tenant.transaction() as session:
                alter_noun(session, msgspec.structs.replace(noun, columns=columns(noun)))
        self.remember()

    @rule()
    def rename_noun(self):
        names = {noun.name: noun for noun in self.tenant.nouns.all()}
        noun = names.get("Count")
        if noun is not None and "Zahl" not in names:
            with self.tenant.transaction() as session:
                alter_noun(session, msgspec.structs.replace(noun, name="Zahl"))
        self.remember()

    @rule(name=st.sampled_from(["Item", "Doc"]), comes_back=st.booleans())
    def drop_noun(self, name, comes_back):
        if name in self.tenant.nouns:
            self.tenant.nouns.drop(name)
        self.remember()
        if name not in self.tenant.nouns and comes_back:
            self.tenant.nouns.define(
                name, None if name == "Doc" else {"id": "text", "name": "text", "data": "jsonb"}
            )
        self.remember()

    @rule(data=st.data())
    def look_back(self, data):
        version = data.draw(st.sampled_from(sorted(self.seen)))
        assert state_of(self.tenant.at(f"v{version}")) == self.seen[version]

    @precondition(lambda self: hasattr(self, "follower"))
    @rule()
    def follow(self):
        session = self.follower.acquire()
        try:
            for batch in self.tenant.changes(self.copied):
                apply_batch(
                    session, msgspec.json.decode(msgspec.json.encode(batch), type=type(batch))
                )
                self.copied = batch.last
            with self.tenant.store.quiesced() as source:
                assert tables_of(session.connection) == tables_of(source)
        finally:
            self.follower.give_back(session)

    @invariant()
    def positions_are_contiguous(self):
        if hasattr(self, "tenant"):
            found = [(t.first, t.last) for t in self.tenant.log()]
            assert all(later[0] == earlier[1] + 1 for later, earlier in itertools.pairwise(found))


def texts(fields):
    return {name: None if value is None else str(value) for name, value in fields.items()}


def state_of(tenant):
    """Return nouns with their fields and things, and the relationships between things."""
    nouns = {noun.name: [c.name for c in noun.columns] for noun in tenant.nouns.all()}
    things, names = {}, {}
    for noun in nouns:
        for thing in tenant.things.find(noun):
            things[noun, thing.id] = (dict(thing.fields), thing.visibility)
            names[noun, thing.row] = thing.id
    edges = []
    for noun in nouns:
        for thing in tenant.things.find(noun):
            for found in tenant.relationships.find(thing):
                target = found.target and (found.target[0], names[found.target])
                edges.append((noun, thing.id, found.verb, target, sorted(found.data.items())))
            name = thing.get("name")
            words = name.split() if isinstance(name, str) else ()
            if tenant.nouns.get(noun).search and words and words[0].isalnum():
                assert any(
                    hit.id == thing.id for hit in tenant.things.search(noun, words[0], limit=100)
                )
    return nouns, things, sorted(edges, key=repr)


def tables_of(connection):
    """Return the rows of every table that followers repeat; caches of other forms are left out."""
    names = connection.execute(
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name not like '_fts%'"
    ).fetchall()
    found = {}
    for (name,) in names:
        if name not in UNLOGGED:
            listed = connection.execute(
                "select name from pragma_table_xinfo(?) where name <> 'bson'", (name,)
            )
            columns = ", ".join(
                f'iif(json_valid("{column}", 8), json("{column}"), "{column}")'
                for (column,) in listed.fetchall()
            )
            found[name] = sorted(
                connection.execute(f'select {columns} from "{name}"').fetchall(), key=repr
            )
    return found


TestPast = Past.TestCase
TestPast.settings = settings(
    max_examples=int(os.environ.get("DOTDO_EXAMPLES", "200")), stateful_step_count=40, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
