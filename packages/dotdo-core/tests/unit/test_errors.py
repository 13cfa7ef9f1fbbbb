"""Whatever a program hands in by mistake is answered by a typed error, and nothing of the call remains."""

from datetime import date
from decimal import Decimal

import pytest

import dotdo
from dotdo import Home, Retention
from dotdo.errors import DotdoError, StatementError
from dotdo.tenancy import open_tenant
from dotdo.values import shown

HUGE = 10**5000
HALF = "a\ud800b"
NAN, INF = float("nan"), float("inf")
COLUMNS = {
    "id": "bigint", "n": "integer", "s": "smallint", "t": "text", "p": "numeric(10,2)", "q": "numeric(30,5)", "d": "date",
    "w": "timestamptz", "c": "time", "j": "jsonb", "u": "uuid", "x": "double", "r": "real", "b": "bytes", "v": "varchar(3)",
    "f": "boolean",
}  # fmt: skip


class Strange:
    """A value that nothing can be made of."""

    def __repr__(self):
        return "Strange"


STRANGE = Strange()


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A tenant that every wrong call must leave as it is."""
    home = Home(tmp_path_factory.mktemp("home"))
    shop = open_tenant("shop", home=home)
    shop.nouns.define("Row", COLUMNS)
    shop.nouns.define("Text", search=["body"])
    shop.nouns.define("Indexed", index=["a"])
    shop.ann = shop.things.create("Person", "ann", name="Ann")
    shop.bob = shop.things.create("Person", "bob", name="Bob")
    shop.row = shop.things.create("Row", n=1)
    shop.knows = shop.relationships.create(shop.ann, "knows", shop.bob)
    yield shop
    home.close()


NO_THINGS = [None, 5, "Person", ("Person",), ("Person", 1, 2), STRANGE, ["Person", "ann", 3]]
NO_VALUES = [HALF, HUGE, STRANGE, {1}, {1: 1}, {HALF: 1}, nested(300), nested(100_000), [HALF]]
NO_NAMES = [None, 5, "", "a\0b", HALF, b"x", ["x"]]
NO_ROWS = [
    {"n": HUGE}, {"n": 2**64}, {"n": 2**31}, {"n": 1.5}, {"n": "1"}, {"n": True}, {"s": 2**15}, {"s": -(2**15) - 1}, {"t": HALF}, {"t": 5},
    {"p": HUGE}, {"p": 10**8}, {"p": Decimal("99999999.995")}, {"p": NAN}, {"p": INF}, {"p": Decimal("sNaN")}, {"p": "x"}, {"p": [1]},
    {"q": 10**25}, {"q": INF}, {"d": "2026-99-01"}, {"d": 5}, {"w": 5}, {"w": "x"}, {"c": "25:00"}, {"c": "10:00+01:00"}, {"j": STRANGE},
    {"j": HALF}, {"u": "x"}, {"u": 5}, {"u": [1]}, {"x": NAN}, {"x": HUGE}, {"x": Decimal("1e999")}, {"x": "1"}, {"r": 1e39}, {"b": "x"},
    {"v": "abcd"}, {"v": HALF}, {"f": 2}, {"f": []}, {"f": "true"}, {"beside": HALF}, {"beside": STRANGE}, {"id": "x"}, {"id": HUGE},
]  # fmt: skip

CALLS = {
    **{f"open-{shown(n)}": lambda s, n=n: open_tenant(n, home=s._home) for n in [*NO_NAMES, "a/b", "..", "a@b@c@d", "a@~x"]},
    "open-before-creation": lambda s: open_tenant("shop@2001-01-01", home=s._home),
    "open-too-far-back": lambda s: open_tenant("shop@~99", home=s._home),
    "open-later-version": lambda s: open_tenant("shop@v999999", home=s._home),
    "open-year-0": lambda s: open_tenant("shop@0000-01-01", home=s._home),
    "open-missing-past": lambda s: open_tenant("new@~1", home=s._home),
    "open-missing-branch": lambda s: open_tenant("new@branch", home=s._home),
    "open-other-home": lambda s: open_tenant("shop", home="folder"),
    "connect-none": lambda s: dotdo.connect(None, home=s._home),
    "home-durability": lambda s: Home("x", durability="sometimes"),
    "home-nul": lambda s: Home("a\0b"),
    "home-none-open": lambda s: Home("x", max_open=0),
    "home-is-a-file": lambda s: open_tenant("a", home=Home(__file__)),
    **{f"at-{shown(m)}": lambda s, m=m: s.at(m) for m in [None, 5, "", "x", "~", "~x", "v", "2001-01-01", "~99", "v9999", "2026-01-01T00:00+99:00"]},
    **{f"create-noun-{shown(n)}": lambda s, n=n: s.things.create(n, x=1) for n in [*NO_NAMES, "$x", "n" * 200]},
    **{f"create-value-{i}": lambda s, v=v: s.things.create("Person", x=v) for i, v in enumerate(NO_VALUES)},
    **{f"create-new-noun-{i}": lambda s, v=v: s.things.create("Unheard", x=v) for i, v in enumerate(NO_VALUES)},
    **{f"create-id-{i}": lambda s, v=v: s.things.create("Person", v) for i, v in enumerate(NO_VALUES)},
    **{f"create-field-{shown(n)}": lambda s, n=n: s.things.create("Person", **{n: 1}) for n in ["", "a\0b", HALF, "$x", "a" * 200]},
    **{f"create-row-{shown(r)}": lambda s, r=r: s.things.create("Row", **r) for r in NO_ROWS},
    **{f"update-row-{shown(r)}": lambda s, r=r: s.things.update(s.row, **r) for r in NO_ROWS},
    **{f"create-visible-{shown(v)}": lambda s, v=v: s.things.create("Person", visibility=v) for v in ["x", 5, []]},
    "create-key-of-two": lambda s: s.things.create("Row", (1, 2)),
    **{f"many-{shown(m)}": lambda s, m=m: s.things.create_many("Person", m) for m in [None, 5, "ab", {"a": 1}, [5], [None], [{}, 5], [{1: 1}]]},
    "many-later-value": lambda s: s.things.create_many("Person", [{"a": 1}, {"a": STRANGE}]),
    "many-later-row": lambda s: s.things.create_many("Row", [{"n": 1}, {"n": "x"}]),
    "many-new-noun": lambda s: s.things.create_many("Unheard", [{"a": 1}, {"a": HALF}]),
    **{f"update-{shown(t)}": lambda s, t=t: s.things.update(t, x=1) for t in NO_THINGS},
    **{f"update-value-{i}": lambda s, v=v: s.things.update(s.ann, x=v) for i, v in enumerate(NO_VALUES)},
    "update-gone": lambda s: s.things.update(("Person", "zoe"), x=1),
    "update-too-many": lambda s: s.things.update(s.ann, **{f"f{i}": i for i in range(20_000)}),
    **{f"delete-{shown(t)}": lambda s, t=t: s.things.delete(t) for t in NO_THINGS},
    **{f"get-noun-{shown(n)}": lambda s, n=n: s.things.get(n, 1) for n in NO_NAMES},
    **{f"get-id-{i}": lambda s, v=v: s.things.get("Person", v) for i, v in enumerate(NO_VALUES)},
    **{f"get-row-{shown(v)}": lambda s, v=v: s.things.get("Row", v) for v in [HUGE, 2**64, "x", [1], (1, 2), 1.5]},
    **{f"find-noun-{shown(n)}": lambda s, n=n: s.things.find(n) for n in NO_NAMES},
    **{f"find-where-{shown(w)}": lambda s, w=w: s.things.find("Person", w) for w in [[1], 5, "x", {1: 1}, {HALF: 1}, {"$x": 1}, {"a": {"$x": 1}}]},
    **{
        f"find-{op}-{i}": lambda s, op=op, v=v: s.things.find("Person", {"x": {op: v}})
        for op in ["$eq", "$ne", "$gt", "$lte", "$in", "$nin", "$exists", "$startswith", "$contains", "$not"]
        for i, v in enumerate([HALF, HUGE, STRANGE, {1}, nested(300)])
    },
    **{f"find-id-{i}": lambda s, v=v: s.things.find("Person", {"id": {"$gt": v}}) for i, v in enumerate([HALF, STRANGE, HUGE, date(2026, 1, 1), None, True])},
    **{f"find-row-{shown(w)}": lambda s, w=w: s.things.find("Row", w) for w in [{"n": HUGE}, {"n": {"$in": [2**64]}}, {"x": {"$gt": HUGE}}, {"p": NAN}, {"u": "x"}, {"j": {"$gt": 1}}]},
    "find-many-conditions": lambda s: s.things.find("Person", {"$or": [{"a": i, "b": i} for i in range(5_000)]}),
    "find-deep-and-wide": lambda s: s.things.find("Person", wide(100)),
    **{f"find-sort-{shown(v)}": lambda s, v=v: s.things.find("Person", sort=v) for v in [5, None, "x", ["x"], [("x", 2)], [(HALF, 1)], [(5, 1)], [("a", 1)] * 101]},
    **{f"find-limit-{shown(v)}": lambda s, v=v: s.things.find("Person", limit=v) for v in [-1, "x", 1.5, True, HUGE]},
    "find-option": lambda s: s.things.find("Person", limits=5),
    **{f"search-{shown(v)}": lambda s, v=v: s.things.search("Text", v) for v in [None, 5, HALF]},
    "search-unsearched": lambda s: s.things.search("Person", "x"),
    **{f"related-{shown(t)}": lambda s, t=t: s.things.related(t, "knows") for t in NO_THINGS},
    **{f"related-verb-{shown(v)}": lambda s, v=v: s.things.related(s.ann, v) for v in [None, 5, "zzz", HALF, []]},
    "related-far": lambda s: s.things.related(s.ann, *["knows"] * 70),
    **{f"relate-{shown(t)}": lambda s, t=t: s.relationships.create(t, "knows", s.bob) for t in NO_THINGS},
    **{f"relate-to-{shown(t)}": lambda s, t=t: s.relationships.create(s.ann, "knows", t) for t in NO_THINGS[1:]},
    **{f"relate-by-{shown(v)}": lambda s, v=v: s.relationships.create(s.ann, v, s.bob) for v in [*NO_NAMES, "kn ows", "v" * 200]},
    **{f"relate-new-verb-{i}": lambda s, v=v: s.relationships.create(s.ann, "admires", s.bob, x=v) for i, v in enumerate(NO_VALUES)},
    "relate-ghost": lambda s: s.relationships.create(("Person", "zoe"), "admires", s.bob),
    **{f"relationships-of-{shown(t)}": lambda s, t=t: s.relationships.find(t) for t in NO_THINGS},
    **{f"advance-{shown(v)}": lambda s, v=v: s.relationships.advance(v) for v in [None, 5]},
    **{f"unrelate-{shown(v)}": lambda s, v=v: s.relationships.delete(v) for v in [None, 5, ("Person", "ann")]},
    **{f"change-{shown(v)}": lambda s, v=v: s.relationships.update(v, x=1) for v in [None, 5]},
    "change-value": lambda s: s.relationships.update(s.knows, x=HALF),
    **{f"define-{shown(n)}": lambda s, n=n: s.nouns.define(n) for n in NO_NAMES},
    **{f"define-field-{shown(n)}": lambda s, n=n: s.nouns.define("New", {n: "text"}) for n in ["", 5, "a\0b", HALF]},
    **{f"define-type-{shown(n)}": lambda s, n=n: s.nouns.define("New", {"a": n}) for n in [5, "x", "text(5)", "varchar", "varchar(0)", "numeric(0,0)", "numeric(9999,1)", None]},
    "define-wide": lambda s: s.nouns.define("New", {f"f{i}": "text" for i in range(3000)}),
    "define-list": lambda s: s.nouns.define("New", ["a"]),
    "define-key": lambda s: s.nouns.define("New", {"a": "text"}, key=None),
    **{
        f"define-{option}-{shown(v)}": lambda s, o=option, v=v: s.nouns.define("New", **{o: v})
        for option in ["index", "unique", "search"]
        for v in ["abc", 5, [None], [5], [HALF], ["a\0b"]]
    },
    **{f"define-search-{v}": lambda s, v=v: s.nouns.define("New", search=v) for v in (["a", "A"], ["rank"], ["rowid"])},
    "define-two-kinds": lambda s: s.nouns.define("New", index=["a"], unique=["a"]),
    **{f"retention-{shown(v)}": lambda s, v=v: s.nouns.set_retention("Person", v) for v in [None, 5, Retention(versions=-1), Retention(days="x")]},
    "index-of-another-kind": lambda s: s.nouns.add_index("Indexed", "a", unique=True),
    **{f"index-{shown(v)}": lambda s, v=v: s.nouns.add_index("Person", v) for v in [None, 5, "a..b", ".".join("a" * 300), HALF]},
    **{f"drop-{shown(n)}": lambda s, n=n: s.nouns.drop(n) for n in NO_NAMES},
    **{f"verb-{shown(n)}": lambda s, n=n: s.verbs.define(n) for n in NO_NAMES},
    "verb-event": lambda s: s.verbs.define("go", event=5),
    **{f"history-{shown(t)}": lambda s, t=t: s.history(t) for t in NO_THINGS},
    **{f"log-{shown(v)}": lambda s, v=v: s.log(v) for v in ["x", -1, 1.5, HUGE]},
    **{f"events-{shown(v)}": lambda s, v=v: s.events(v) for v in ["x", -1, None, HUGE]},
    **{f"pattern-{shown(v)}": lambda s, v=v: s.events(0, v) for v in [None, 5, "x", ".", "a."]},
    **{f"actor-{shown(v)}": lambda s, v=v: s.transaction(actor=v).__enter__() for v in [5, STRANGE, HALF]},
    "isolation": lambda s: s.transaction(isolation=5),
    **{f"emit-{shown(v)}": lambda s, v=v: s.emit(v) for v in [None, 5, "x", "A." + HALF, "A.*", "$A.b"]},
    **{f"emit-about-{shown(v)}": lambda s, v=v: s.emit("A.b", v) for v in [5, "x", ("Person", "ann")]},
    **{f"emit-value-{i}": lambda s, v=v: s.emit("A.b", x=v) for i, v in enumerate(NO_VALUES)},
    **{f"consume-{shown(n)}": lambda s, n=n: list(s.consume(n)) for n in NO_NAMES},
    "consume-pattern": lambda s: list(s.consume("c", "x")),
    **{f"consume-for-{shown(v)}": lambda s, v=v: list(s.consume("c", follow=True, timeout_s=v)) for v in ["x", -1, NAN]},
    **{f"branch-{shown(n)}": lambda s, n=n: s.branch(n) for n in [*NO_NAMES, "main", "~1", "v1", "2026-01-01", "a/b"]},
    **{f"{call}-{shown(n)}": lambda s, c=call, n=n: getattr(s, c)(n) for call in ["diff", "merge", "delete_branch"] for n in [*NO_NAMES, "nope"]},
    **{f"fork-{shown(n)}": lambda s, n=n: s.fork(n) for n in [*NO_NAMES, "shop"]},
    **{f"view-{shown(v)}": lambda s, v=v: s.viewed_by(v) for v in [None, 5, "x", []]},
    **{f"changes-{shown(v)}": lambda s, v=v: list(s.changes(v)) for v in ["x", -1, None]},
    "handler-of-5": lambda s: s.on[5],
    "handler-5": lambda s: s.on.Person.created(5),
}  # fmt: skip


def wide(depth):
    query = {"a": 1}
    for _ in range(depth):
        query = {"$nor": [query, *[{"a": 1}] * 300]}
    return query


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_wrong_call_gets_a_typed_error_and_leaves_nothing(call, shop):
    before = shop.version, [noun.name for noun in shop.nouns.all()], shop.verbs.all()
    with pytest.raises((DotdoError, TypeError)) as raised:
        call(shop)
    assert not isinstance(raised.value, StatementError), "SQLite's word for a fault of ours"
    if type(raised.value) is TypeError:
        assert str(raised.value).startswith(("home is", "a handler is", "Things.find() got"))
    assert (shop.version, [noun.name for noun in shop.nouns.all()], shop.verbs.all()) == before


@pytest.mark.parametrize("name", ["a.b", 'a"b', "a'b", "a b", "é", "a[0]", "?"])
def test_a_field_of_any_printable_name_is_kept(name, shop):
    thing = shop.things.create("Odd", **{name: 1})
    assert shop.things.get("Odd", thing.id)[name] == 1
    assert shop.things.update(thing, **{name: 2})[name] == 2
    row = shop.things.create("Row", **{name: 1})
    assert shop.things.update(row, **{name: 2})[name] == 2
    assert shop.things.get("Row", row.id)[name] == 2
