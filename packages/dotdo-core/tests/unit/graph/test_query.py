"""Filters: what they find, and that nothing that is no filter gets through."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from dotdo.errors import DotdoError, InvalidName, InvalidQuery, InvalidValue

PEOPLE = [
    {"id": "a", "name": "Ann", "age": 30, "tags": ["x"], "home": {"city": "Rome"}, "ok": True},
    {
        "id": "b",
        "name": "Bob",
        "age": 20.5,
        "home": {"city": "Oslo"},
        "ok": False,
        "since": datetime(2026, 1, 1, tzinfo=UTC),
    },
    {"id": "c", "name": "Cy*", "age": "old", "ok": None, "price": Decimal("1.50"), "quote": "it's"},
]
HOSTILE = [
    'x"; drop table Doc; --',
    "a'b",
    "a]b",
    "a[0]",
    "a--b",
    "/*",
    "é",
    "a)b",
    "a;b",
    "a b",
    "a%b",
    "?",
    ":x",
    "a\\b",
    "{0}",
    "%s",
]


@pytest.fixture(params=["document", "columns"])
def people(request, shop):
    if request.param == "columns":
        shop.nouns.define("Person", {"id": "text", "name": "text"})
    shop.things.create_many("Person", PEOPLE)
    return shop


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, "abc"), ({"name": "Ann"}, "a"), ({"name": {"$eq": "Ann"}}, "a"), ({"name": {"$ne": "Ann"}}, "bc"),
        ({"age": 30}, "a"), ({"age": {"$gt": 20}}, "ab"), ({"age": {"$gte": 20.5, "$lt": 30}}, "b"), ({"age": {"$gt": "a"}}, "c"),
        ({"ok": True}, "a"), ({"ok": False}, "b"), ({"ok": None}, "c"), ({"ok": {"$exists": True}}, "abc"), ({"tags": {"$exists": True}}, "a"),
        ({"tags": {"$exists": False}}, "bc"), ({"tags": ["x"]}, "a"), ({"tags": []}, ""), ({"home": {"city": "Rome"}}, "a"),
        ({"home.city": "Oslo"}, "b"), ({"home.city": {"$in": ["Oslo", "Rome"]}}, "ab"), ({"name": {"$nin": ["Ann"]}}, "bc"),
        ({"name": {"$in": []}}, ""), ({"name": {"$startswith": "Cy*"}}, "c"), ({"name": {"$startswith": "C?"}}, ""),
        ({"name": {"$contains": "o"}}, "b"), ({"$or": [{"name": "Ann"}, {"age": 20.5}]}, "ab"), ({"$and": [{"ok": True}, {"age": 30}]}, "a"),
        ({"$nor": [{"name": "Ann"}]}, "bc"), ({"age": {"$not": {"$gt": 20}}}, "c"), ({"since": datetime(2026, 1, 1, tzinfo=UTC)}, "b"),
        ({"since": {"$gt": datetime(2025, 1, 1, tzinfo=UTC)}}, "b"), ({"price": Decimal("1.50")}, "c"), ({"quote": "it's"}, "c"),
        ({"name": "' or 1=1 --"}, ""), ({"id": "a"}, "a"), ({"id": {"$in": ["a", "c"]}}, "ac"), ({"name": {"$gt": "B"}}, "bc"),
    ],
)  # fmt: skip
def test_a_filter_finds_the_same_in_both_layouts(people, where, expected):
    found = people.things.find("Person", where, sort=[("id", 1)])
    assert "".join(thing.id for thing in found) == expected
    assert people.things.count("Person", where) == len(expected)


@pytest.mark.parametrize(
    ("where", "part"),
    [
        ({"$where": "1"}, "$where"), ({"name": {"$regex": "x"}}, "$regex"), ({"name": {"$gt": "1", "x": 2}}, "x"), ({"$or": []}, []),
        ({"$or": "x"}, "x"), ({"$and": {"a": 1}}, {"a": 1}), ({1: 2}, 1), ({"a..b": 1}, "a..b"), ({"": 1}, ""), ({"a\0b": 1}, "a\0b"),
        ({"a.$b": 1}, "a.$b"), ({"age": {"$exists": 1}}, 1), ({"age": {"$in": "ab"}}, "ab"), ({"age": {"$not": 5}}, 5),
        ({"age": {"$gt": None}}, None), ({"age": {"$gt": [1]}}, [1]), ({"name": {"$startswith": 5}}, 5), ("x", "x"), ([], []),
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused_by_its_offending_part(people, where, part):
    with pytest.raises(InvalidQuery) as caught:
        people.things.find("Person", where)
    assert caught.value.part == part


def test_values_that_cannot_be_compared_are_refused(people):
    for value in (object(), {"a": object()}, 1j):
        with pytest.raises(DotdoError):
            people.things.find("Person", {"age": value})


def test_nesting_is_bounded(people):
    where = {"name": "Ann"}
    for _ in range(150):
        where = {"$and": [where]}
    with pytest.raises(InvalidQuery, match="deeper"):
        people.things.find("Person", where)


@pytest.mark.parametrize(
    "sort",
    [
        "name",
        [("name", 2)],
        [("name",)],
        ["name"],
        [(1, 1)],
        [("a\0", 1)],
        [("name", True)],
        [("$x", 1)],
    ],
)
def test_what_is_no_order_is_refused(people, sort):
    with pytest.raises(InvalidQuery):
        people.things.find("Person", sort=sort)


@pytest.mark.parametrize(
    "page",
    [
        {"limit": -1},
        {"limit": "1"},
        {"offset": -1},
        {"limit": True},
        {"offset": 1.5},
        {"limit": 1 << 63},
    ],
)
def test_what_is_no_page_is_refused(people, page):
    with pytest.raises(InvalidQuery):
        people.things.find("Person", **page)


def test_pages_follow_each_other(people):
    pages = [
        people.things.find("Person", sort=[("ok", -1)], limit=1, offset=n)[0].id for n in range(3)
    ]
    assert sorted(pages) == ["a", "b", "c"]


@pytest.mark.parametrize("layout", [None, {"id": "text"}])
@pytest.mark.parametrize("name", [*HOSTILE, "from", "_id", "data", "_extra", "rowid", "x" * 128])
def test_a_hostile_field_name_is_a_name(shop, layout, name):
    shop.nouns.define("Doc", layout)
    thing = shop.things.create("Doc", "k", **{name: "v'\"--"})
    assert thing[name] == "v'\"--"
    assert shop.things.get("Doc", "k")[name] == "v'\"--"
    assert shop.things.update(thing, **{name: 2})[name] == 2
    assert [t.id for t in shop.things.find("Doc", {name: 2}, sort=[(name, 1)])] == ["k"]
    assert shop.things.count("Doc") == 1


@pytest.mark.parametrize(
    "name", [*HOSTILE, "select", "_rel", "_log", "sqlite_master", "Doc.x", 'a"b']
)
def test_a_hostile_noun_name_is_a_name(shop, name):
    thing = shop.things.create(name, "k", x=1)
    assert shop.things.get(name, "k") == thing
    assert shop.at("~0").things.get(name, "k") == thing
    shop.relationships.create(thing, "likes", thing)
    assert shop.things.related(thing, "likes") == [thing]
    shop.things.update(thing, x=2)
    assert shop.at("~1").things.get(name, "k").x == 1
    shop.nouns.drop(name)
    assert name not in shop.nouns


@pytest.mark.parametrize("name", ["", "$x", "a\0b", "a\nb", "x" * 129, None, 5])
def test_a_name_that_cannot_be_a_nouns_is_refused(shop, name):
    with pytest.raises(DotdoError):
        shop.things.create(name, "k")


@pytest.mark.parametrize("verb", ["a b", "x'y", "", "1x", "a--b", "a\0", "x" * 200, 'a"'])
def test_a_name_that_cannot_be_a_verbs_is_refused(shop, verb):
    thing = shop.things.create("Doc", "k")
    with pytest.raises(InvalidName):
        shop.relationships.create(thing, verb, thing)
    assert shop.verbs.all() == []


@pytest.mark.parametrize("value", [*HOSTILE, "\0", "{", "[", '"', "null", "true"])
def test_a_hostile_value_is_a_value(shop, value):
    thing = shop.things.create("Doc", value, v=value)
    assert shop.things.get("Doc", value).v == value
    assert shop.things.find("Doc", {"v": value}) == [thing]
    assert shop.things.find("Doc", {"id": value}) == [thing]


def test_text_that_is_no_unicode_is_refused(shop):
    with pytest.raises(InvalidValue):
        shop.things.create("Doc", "k", v="\ud800")


@pytest.mark.parametrize("n", [3, 17, 1_000, 50_000])
def test_a_list_of_any_length_is_looked_in(people, n):
    others = [str(i) for i in range(n - 2)]
    find = people.things.find
    assert [p.id for p in find("Person", {"name": {"$in": [*others, "Ann", None]}})] == ["a"]
    assert [p.id for p in find("Person", {"id": {"$in": [*others, "b", "c"]}})] == ["b", "c"]
    assert [p.id for p in find("Person", {"name": {"$nin": [*others, "Ann", "Bob"]}})] == ["c"]
    numbers = [*range(1_000, 998 + n), 30, 20.5]
    assert [p.id for p in find("Person", {"age": {"$in": numbers}})] == ["a", "b"]
    mixed = [*others, {"city": "Rome"}, True, Decimal("1.50"), ["x"], 2**70]
    assert [p.id for p in find("Person", {"home": {"$in": mixed}})] == ["a"]
    assert [p.id for p in find("Person", {"ok": {"$in": mixed}})] == ["a"]
    assert [p.id for p in find("Person", {"price": {"$in": mixed}})] == ["c"]


def test_a_list_finds_values_of_every_type_of_column(shop):
    types = {
        "n": "integer",
        "u": "uuid",
        "b": "bytes",
        "p": "numeric(6,2)",
        "q": "numeric",
        "d": "date",
        "x": "double",
        "j": "jsonb",
        "v": "varchar(3)",
    }
    shop.nouns.define("Row", {"id": "bigint"} | types)
    values = {
        "n": 7, "u": UUID(int=7), "b": b"\0x", "p": Decimal("1.50"), "q": Decimal("1e30"), "d": date(2026, 1, 1), "x": float("inf"), "j": {"a": [1, None]}, "v": "abc",
    }  # fmt: skip
    shop.things.create("Row", 1, **values)
    shop.things.create("Row", 2)
    fillers = {
        "n": range(100, 130), "u": [UUID(int=i) for i in range(100, 130)], "b": [b"%d" % i for i in range(30)], "p": range(2, 32),
        "q": range(30), "d": [date(2000, 1, i) for i in range(1, 31)], "x": range(30), "j": range(30), "v": [str(i) for i in range(30)],
    }  # fmt: skip
    for field, value in values.items():
        assert [r.id for r in shop.things.find("Row", {field: value})] == [1], field
        assert [r.id for r in shop.things.find("Row", {field: {"$in": [value]}})] == [1], field
        many = [*fillers[field], value]
        assert [r.id for r in shop.things.find("Row", {field: {"$in": many}})] == [1], field
        assert [r.id for r in shop.things.find("Row", {field: {"$in": [*many, None]}})] == [1, 2]


@pytest.mark.parametrize("n", [3, 17, 50_000])
def test_many_alternatives_are_looked_up(people, n):
    others = [{"name": str(i)} for i in range(n)]
    mixed = [*others, {"age": {"$gt": 29}}, {"name": "Cy*", "age": 5}]
    assert [p.id for p in people.things.find("Person", {"$or": [*mixed, {"name": "Bob"}]})] == [
        "a",
        "b",
    ]
    assert [p.id for p in people.things.find("Person", {"$nor": mixed})] == ["b", "c"]


@pytest.mark.parametrize("n", [17, 600])
def test_many_conditions_are_joined(people, n):
    others = [{"name": str(i), "age": i} for i in range(n)]
    assert [p.id for p in people.things.find("Person", {"$or": [*others, {"age": 30}]})] == ["a"]
    assert [p.id for p in people.things.find("Person", {"$nor": [*others, {"age": 30}]})] == [
        "b",
        "c",
    ]
    wanted = {"$and": [{"name": {"$ne": str(i)}} for i in range(n)]}
    assert people.things.count("Person", wanted | {f"x{i}": None for i in range(n)}) == 3


def test_more_conditions_than_can_be_joined_are_refused(people):
    with pytest.raises(
        InvalidQuery, match=r"more than 5000 conditions; of a list of values give \$in"
    ):
        people.things.find("Person", {"$or": [{"name": {"$ne": str(i)}} for i in range(5_000)]})


def test_deep_and_wide_filters_work_up_to_their_bounds(people):
    query = {"name": "Ann"}
    for _ in range(79):  # an even number of negations, each with as many others as the bound leaves
        query = {"$nor": [query, *[{"name": {"$gt": "X"}}] * 15]}
    query = {"$nor": [query]}
    found = people.things.find("Person", query)
    assert [p.id for p in found] == ["a"]


def test_a_long_list_uses_the_index(shop):
    shop.nouns.define("Row", {"id": "bigint", "n": "integer"}, index=["n"])
    shop.nouns.define("Doc", index=["n"])
    statements = []
    for noun in ("Row", "Doc"):
        with shop.transaction() as session:
            session.connection.trace_v2(1, lambda event: statements.append(event["sql"]))
            shop.things.find(noun, {"n": {"$in": list(range(1_000))}})
            shop.things.find(noun, {"id": {"$in": list(range(1_000))}})
            session.connection.trace_v2(0, None)
    with shop.transaction() as session:
        for sql in statements:
            plan = session.read(f"explain query plan {sql}", ["[]", -1, 0])
            assert any("SEARCH" in str(row[3]) for row in plan), (sql, plan)


def test_members_of_a_json_column_are_found(shop):
    shop.nouns.define("Row", {"id": "bigint", "j": "jsonb", "k": "json"})
    shop.things.create("Row", 1, j={"a": {"b": 5}}, k={"a": "x"})
    shop.things.create("Row", 2, j={"a": {"b": 6}}, k={"a": "y"})
    assert [r.id for r in shop.things.find("Row", {"j.a.b": 5, "k.a": "x"})] == [1]
    assert [r.id for r in shop.things.find("Row", {"j.a.b": {"$gt": 5}}, sort=[("j.a.b", 1)])] == [
        2
    ]
    assert [r.id for r in shop.things.find("Row", {"j": {"a": {"b": 6}}})] == [2]
    assert [r.id for r in shop.things.find("Row", {"k": {"$ne": {"a": "x"}}})] == [2]


def test_numbers_with_more_decimals_than_the_column_are_compared_exactly(shop):
    shop.nouns.define("Row", {"id": "bigint", "p": "numeric(6,2)", "s": "smallint"})
    for number in (99, 100, 101):
        shop.things.create("Row", number, p=Decimal(number) / 100, s=number)
    ids = lambda where: [r.id for r in shop.things.find("Row", where)]  # noqa: E731
    assert ids({"p": Decimal("1.005")}) == []
    assert ids({"p": {"$gt": Decimal("1.005")}}) == [101]
    assert ids({"p": {"$lte": Decimal("1.005")}}) == [99, 100]
    assert ids({"p": {"$in": [Decimal("1.005"), Decimal("1.000")]}}) == [100]
    assert ids({"p": {"$lt": 10**30}}) == [99, 100, 101]
    assert ids({"s": {"$lt": 2**40}}) == [99, 100, 101]


def test_decimals_and_large_numbers_in_documents_are_compared_as_numbers(shop):
    values = {
        "a": Decimal(9),
        "b": Decimal("10.5"),
        "c": 2**70,
        "d": 3,
        "e": 9.5,
        "f": "9",
        "g": None,
        "h": -(2**70),
    }
    for key, value in values.items():
        shop.things.create("Doc", key, x=value)
    ids = lambda where: "".join(t.id for t in shop.things.find("Doc", {"x": where}))  # noqa: E731
    assert ids({"$gt": Decimal(9)}) == "bce"
    assert ids({"$lte": Decimal("9.5")}) == "adeh"
    assert ids({"$lt": 2**70}) == "abdeh"
    assert ids({"$gte": -(2**70)}) == "abcdeh"
    assert shop.things.count("Doc", {"x": {"$gt": Decimal(9)}}) == 3
