"""`dotdo show`: nouns with counts and fields, things of a noun, one thing with history and relationships."""

import json

import pytest


def test_nouns_come_with_counts_and_fields(run, shop) -> None:
    answer = run("show", "acme", "--json").document
    assert answer["version"] == shop.acme.version
    nouns = {n["noun"]: n for n in answer["nouns"]}
    assert {name: n["count"] for name, n in nouns.items()} == {
        "Album": 1,
        "Customer": 1,
        "Order": 1,
    }
    assert nouns["Album"]["fields"] == [
        {"name": "id", "type": "integer", "is_key": True},
        {"name": "title", "type": "text", "is_key": False},
        {"name": "price", "type": "numeric(10,2)", "is_key": False},
    ]
    assert [f["name"] for f in nouns["Customer"]["fields"]] == ["id", "age", "name"]
    assert [v["event"] for v in answer["verbs"]] == ["placed"]


def test_a_past_reference_shows_the_past(run, shop) -> None:
    assert run("show", "acme@~1", "Customer", "--json").document["total"] == 2
    assert run("show", "acme@~2", "Customer", shop.alice, "--json").document["thing"]["fields"] == {
        "name": "Alice",
        "age": 30,
    }


def test_things_are_filtered_and_limited(run, shop) -> None:
    answer = run(
        "show", "globex", "Item", "--where", '{"n": {"$gte": 10}}', "-n", "3", "--json"
    ).document
    assert [t["fields"]["n"] for t in answer["things"]] == [10, 11, 12]
    assert answer["total"] == 20
    assert len(run("show", "globex", "Item", "--limit", "0", "--json").document["things"]) == 30
    assert "3 of 30 things" in run("show", "globex", "Item", "-n", "3").err


def test_values_are_in_the_kernels_json_and_may_be_asked_for_in_it(run, shop) -> None:
    found = run("show", "acme", "Album", "--where", '{"price": {"$n": "9.99"}}', "--json").document
    assert [t["fields"]["price"] for t in found["things"]] == [{"$n": "9.99"}]
    assert run("show", "acme", "Album").out.splitlines()[1].split() == ["1", "Blue", "9.99"]


def test_one_thing_comes_with_its_history_and_relationships(run, shop) -> None:
    answer = run("show", "acme", "Customer", shop.alice, "--json").document
    assert answer["thing"]["fields"] == {"name": "Alicia", "age": 30}
    assert [(v["verb"], v["fields"]) for v in answer["history"]] == [
        ("created", ["name", "age"]),
        ("updated", ["name"]),
    ]
    assert answer["relationships"] == [
        {"kind": "relationship", "direction": "out", "verb": "placed", "noun": "Order", "id": shop.order, "data": {"channel": "web"}}
    ]  # fmt: skip
    [back] = run("show", "acme", "Order", shop.order, "--json").document["relationships"]
    assert (back["direction"], back["noun"], back["id"]) == ("in", "Customer", shop.alice)


def test_a_deleted_thing_still_has_its_history(run, shop) -> None:
    answer = run("show", "acme", "Customer", shop.bob, "--json").document
    assert answer["thing"] is None
    assert [v["verb"] for v in answer["history"]] == ["created", "deleted"]
    assert answer["history"][0]["actor"] == "Human/42"
    assert "it was deleted" in run("show", "acme", "Customer", shop.bob).err


def test_the_past_of_a_thing_ends_at_the_moment_named(run, shop) -> None:
    answer = run("show", "acme@~2", "Customer", shop.alice, "--json").document
    assert [v["verb"] for v in answer["history"]] == ["created"]
    bob = run("show", "acme@~1", "Customer", shop.bob, "--json").document
    assert (bob["thing"]["fields"]["name"], bob["versions"]) == ("Bob", 1)


def test_numbers_are_found_as_ids(run, shop) -> None:
    assert run("show", "acme", "Album", "1", "--json").document["thing"]["id"] == 1
    shop.acme.things.create("Note", 7, text="a number as id")
    shop.acme.things.create("Note", "8", text="text as id")
    assert run("show", "acme", "Note", "7", "--json").document["thing"]["id"] == 7
    assert run("show", "acme", "Note", "8", "--json").document["thing"]["id"] == "8"


def test_people_get_tables_of_one_thing(run, shop) -> None:
    outcome = run("show", "acme", "Customer", shop.alice)
    assert "name   Alicia" in outcome.out
    assert f'->  placed  Order  {shop.order}  {{"channel": "web"}}' in outcome.out
    assert not outcome.err


def test_an_empty_tenant_says_so(run, shop) -> None:
    shop.home.create("new")
    assert "new is empty" in run("show", "new").err


@pytest.mark.parametrize(
    ("args", "code", "part"),
    [
        (("nobody",), 3, "tenant nobody does not exist in "),
        (("acme@nobranch",), 3, "acme@nobranch"),
        (("acme@~99",), 3, "99"),
        (("acme@v999",), 3, "999"),
        (("acme@~x",), 2, "~x"),
        (("../etc",), 2, "'../etc'"),
        (("acme", "Nothing"), 3, "'Nothing'"),
        (("acme", "Order", "99"), 3, "no Order '99'"),
        (("acme", "Album", "99"), 3, "no Album '99'"),
        (("acme", "Customer", "--where", "{"), 2, "--where is not JSON"),
        (("acme", "Customer", "--where", '{"a": {"$no": 1}}'), 2, "'$no'"),
        (("acme", "Customer", "--where", "[]"), 2, "must be a JSON object"),
        (("acme", "--where", "{}"), 2, "--where"),
        (("acme", "Customer", "--limit", "-1"), 2, "--limit"),
        ((), 2, "REF"),
    ],
)
def test_errors_are_one_line_and_name_what_is_wrong(run, shop, args, code, part) -> None:
    outcome = run("show", *args)
    assert (outcome.code, outcome.out) == (code, "")
    assert part in outcome.err
    assert outcome.err.count("\n") == 1
    error = run("show", *args, "--json").document["error"]
    assert error["exit_code"] == code
    assert part in error["message"]


def test_looking_never_creates_a_tenant(run, folder) -> None:
    for verb in (["show"], ["log"], ["branch"], ["diff", "x"], ["merge", "x"], ["fork", "x"]):
        assert run(verb[0], "nobody", *verb[1:]).code == 3
    assert not folder.exists()


def test_json_is_json_for_every_kind_of_value(run, shop) -> None:
    values = {"b": b"\x00", "deep": {"$odd": [1, None, True]}, "text": "\x1b[31m\n", "big": 1 << 70}
    shop.acme.things.create("Odd", "o", **values)
    [thing] = run("show", "acme", "Odd", "--json").document["things"]
    assert thing["fields"]["b"] == {"$b": "00"}
    assert json.loads(json.dumps(thing["fields"]))["text"] == "\x1b[31m\n"
    assert "\x1b" not in run("show", "acme", "Odd").out
