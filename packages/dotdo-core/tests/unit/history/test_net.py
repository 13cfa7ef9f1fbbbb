"""Net changes of rows since a log position, field by field."""

from dotdo.history.net import Snapshots, container_of, member_of, split


def changed(shop, since):
    session = shop.store.session()
    found = Snapshots(session).changes(since)
    session.close()
    return {change.row: (change.before, change.after, change.changed) for change in found}


def test_several_changes_of_a_row_are_one(shop):
    doc = shop.things.create("Doc", "d", n=1, s="x")
    since = shop.version
    for n in range(5):
        shop.things.update(doc, n=n)
    [(before, after, fields)] = changed(shop, since).values()
    assert (before["$.n"], after["$.n"]) == ("1", "4")
    assert fields == {"$.n"}


def test_what_comes_back_to_what_it_was_is_no_change(shop):
    doc = shop.things.create("Doc", "d", n=1)
    since = shop.version
    shop.things.update(doc, n=2)
    shop.things.update(doc, n=1)
    shop.things.create("Doc", "e")
    shop.things.delete(("Doc", "e"))
    assert changed(shop, since) == {}
    session = shop.store.session()
    assert len(Snapshots(session).changes(since, is_net=False)) == 2


def test_rows_made_and_gone_have_one_side_only(shop):
    gone = shop.things.create("Doc", "gone", n=1)
    since = shop.version
    shop.things.delete(gone)
    made = shop.things.create("Doc", "made", n=2)
    found = changed(shop, since)
    assert found[gone.row][0]["$.n"] == "1"
    assert found[gone.row][1] is None
    assert found[made.row][0] is None
    assert found[made.row][1]["$.n"] == "2"


def test_a_row_is_known_at_any_position(shop):
    shop.nouns.define("Row", {"id": "bigint", "n": "integer", "j": "jsonb"})
    row = shop.things.create("Row", 1, n=1, j={"a": 1}, beside=True)
    first = shop.version
    shop.things.update(row, n=2, beside=False)
    second = shop.version
    shop.things.delete(row)
    session = shop.store.session()
    snapshots, noun = Snapshots(session), shop.nouns["Row"]
    shown = [
        snapshots.thing(noun, 1, snapshots.at(noun, 1, seq))
        for seq in (first, second, shop.version)
    ]
    assert [thing and dict(thing) for thing in shown] == [
        {"id": 1, "n": 1, "j": {"a": 1}, "beside": True},
        {"id": 1, "n": 2, "j": {"a": 1}, "beside": False},
        None,
    ]
    assert snapshots.last(noun, 1)["n"] == 2
    assert snapshots.last(noun, 7) is None
    assert container_of(noun) == "_extra"


def test_fields_are_columns_and_members():
    assert split({"n": 1, "$.a": "[1]", "$.b": None}) == ({"n": 1}, {"a": [1]})
    assert [member_of(name) for name in ("n", "$.a")] == ["n", "a"]
