"""Random branches and merges against a three-way merge of plain dicts."""

import contextlib
import tempfile

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from dotdo import Home
from dotdo.errors import MergeConflict, ThingNotFound
from dotdo.tenancy import open_tenant

KEYS = st.sampled_from(["a", "b", "c", "d"])
NOUNS = st.sampled_from(["Doc", "Item", "Count"])
FIELDS = st.dictionaries(
    st.sampled_from(["x", "y", "z"]), st.sampled_from("123"), min_size=1, max_size=2
)
BRANCHES = st.sampled_from(["main", "one", "two", "deep"])
POLICIES = st.sampled_from(["fail", "ours", "theirs"])


def state_of(tenant):
    """Return the fields of every thing, those that are null left out."""
    found = {}
    for noun in ("Doc", "Item", "Count"):
        for thing in tenant.things.find(noun):
            found[noun, thing.id] = {
                k: v for k, v in thing.fields.items() if v is not None and k != "id"
            }
    return found


def merged(base, ours, theirs, policy):
    """Return the things of a three-way merge, and how many conflicts it had."""
    result, conflicts = dict(ours), 0
    for key in base.keys() | theirs.keys():
        b, o, t = base.get(key), ours.get(key), theirs.get(key)
        if t in (o, b):
            continue
        if o == b:
            result[key] = t
        elif o is None or t is None:
            conflicts += 1
            result[key] = t if policy == "theirs" else o
        else:
            result[key], found = merged_fields(b or {}, o, t, policy)
            conflicts += found
    return {key: fields for key, fields in result.items() if fields is not None}, conflicts


def merged_fields(base, ours, theirs, policy):
    result, conflicts = dict(ours), 0
    for name in base.keys() | theirs.keys():
        b, o, t = base.get(name), ours.get(name), theirs.get(name)
        if t in (o, b):
            continue
        if o != b:
            conflicts += 1
            t = t if policy == "theirs" else o
        result[name] = t
    return {k: v for k, v in result.items() if v is not None}, conflicts


class Branches(RuleBasedStateMachine):
    """A main branch, two branches of it, and one of a branch."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm")
        self.home = Home(self.folder.name)
        main = open_tenant("t", home=self.home)
        main.nouns.define("Doc")
        main.nouns.define("Item", {"id": "text", "x": "text", "y": "text"})
        main.nouns.define("Count", {"id": "integer", "x": "text", "y": "text"}, key="id")
        self.tenants = {"main": main}
        self.bases = {}  # (into, from): the state they had in common last

    def teardown(self):
        if hasattr(self, "home"):
            self.home.close()
            self.folder.cleanup()

    def tenant(self, name):
        """Return a branch, making it when there is none yet."""
        if name not in self.tenants:
            parent = "one" if name == "deep" else "main"
            origin = self.tenant(parent)
            self.tenants[name] = origin.branch(name)
            for other in list(self.tenants):
                if other == parent:
                    state = state_of(origin)
                elif other != name:
                    state = self.bases[other, parent]
                else:
                    continue
                self.bases[name, other] = self.bases[other, name] = state
        return self.tenants[name]

    def key(self, noun, key):
        return ord(key) if noun == "Count" else key

    @rule(branch=BRANCHES, noun=NOUNS, key=KEYS, fields=FIELDS)
    def write(self, branch, noun, key, fields):
        things = self.tenant(branch).things
        try:
            things.update((noun, self.key(noun, key)), **fields)
        except ThingNotFound:
            things.create(noun, self.key(noun, key), **fields)

    @rule(branch=BRANCHES, noun=NOUNS, key=KEYS)
    def delete(self, branch, noun, key):
        with contextlib.suppress(ThingNotFound):
            self.tenant(branch).things.delete((noun, self.key(noun, key)))

    @rule(branch=BRANCHES, key=KEYS, verb=st.sampled_from(["placed", "likes"]))
    def relate(self, branch, key, verb):
        tenant = self.tenant(branch)
        with contextlib.suppress(ThingNotFound):
            doc = tenant.things.get("Doc", key)
            tenant.relationships.create(doc, verb, tenant.things.get("Count", ord(key)))

    @rule(into=BRANCHES, branch=BRANCHES, policy=POLICIES)
    def merge(self, into, branch, policy):
        if into == branch:
            return
        ours, theirs = self.tenant(into), self.tenant(branch)
        before, other = state_of(ours), state_of(theirs)
        expected, conflicts = merged(self.bases[into, branch], before, other, policy)
        changes = ours.diff(branch)
        try:
            outcome = ours.merge(branch, on_conflict=policy)
        except MergeConflict as error:
            listed = len(error.conflicts)
        else:
            listed = None
        if listed is not None:
            assert state_of(ours) == before
            assert listed >= conflicts
            assert policy == "fail"
            return
        self.bases[into, branch] = self.bases[branch, into] = other
        ends = [c for c in outcome.conflicts if c.noun == "$relationship"]
        if not ends:
            assert state_of(ours) == expected
            assert len(outcome.conflicts) == conflicts
            assert not changes or state_of(ours) != before or expected == before
        self.has_no_dangling_ends(ours)
        assert ours.merge(branch).conflicts == ()  # nothing is left to bring

    def has_no_dangling_ends(self, tenant):
        with tenant.store.quiesced() as connection:
            for noun in tenant.nouns.all():
                for end in ("src", "dst"):
                    sql = f'select 1 from _rel where {end}_noun = ? and {end} not in (select "{noun.rowid}" from "{noun.table}")'
                    assert not connection.execute(sql, (noun.id,)).fetchall()


TestBranches = Branches.TestCase
TestBranches.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
