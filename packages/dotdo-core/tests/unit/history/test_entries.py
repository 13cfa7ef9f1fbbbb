"""The log as changes: images before and after, and definitions as they were."""

from dotdo.history import Reader, entries, head
from dotdo.storage import system


def changes(shop, after=0, nouns=None):
    """Return (op, fields before, fields after) of each change of a row."""
    session = shop.store.session()
    reader = Reader(session)
    found = []
    for entry in entries(session, after, head(session), nouns):
        if entry.op in {system.INSERT, system.UPDATE, system.DELETE}:
            noun = reader.noun_at(entry.noun, entry.seq)
            before = None if entry.op == system.INSERT else reader.thing(noun, entry.before)
            after_ = reader.thing(noun, entry.after)
            found.append((entry.op, before and dict(before), after_ and dict(after_)))
    session.close()
    return found


def test_each_change_has_the_row_before_and_after(shop):
    doc = shop.things.create("Doc", "d", n=1)
    shop.things.update(doc, n=2)
    shop.things.update(doc, n=3)
    shop.things.delete(doc)
    shop.things.create("Doc", "d", n=4)
    assert changes(shop) == [
        (system.INSERT, None, {"n": 1}),
        (system.UPDATE, {"n": 1}, {"n": 2}),
        (system.UPDATE, {"n": 2}, {"n": 3}),
        (system.DELETE, {"n": 3}, None),
        (system.INSERT, None, {"n": 4}),
    ]


def test_an_image_after_the_range_comes_from_what_follows(shop):
    doc = shop.things.create("Doc", "d", n=1)
    shop.things.update(doc, n=2)
    upto = shop.version
    shop.things.update(doc, n=3)
    session = shop.store.session()
    *_, last, record = entries(session, 0, upto)
    assert (last.op, record.op) == (system.UPDATE, system.COMMIT)
    assert dict(Reader(session).thing(shop.nouns["Doc"], last.after)) == {"n": 2}


def test_only_some_nouns_can_be_asked_for(shop):
    shop.things.create("Doc", "d", n=1)
    shop.things.create("Other", "o", n=1)
    shop.things.update(("Doc", "d"), n=2)
    shop.emit("Doc.shown", x=1)
    number = shop.nouns["Doc"].id
    session = shop.store.session()
    found = entries(session, 0, head(session), [number])
    kinds = [(e.noun, e.op) for e in found if e.op != system.SCHEMA]
    assert kinds == [(number, system.INSERT), (number, system.UPDATE), (0, system.EVENT)]
    assert len(changes(shop, nouns=[number])) == 2


def test_a_definition_is_found_as_it_was(shop):
    noun = shop.nouns.define("Row", {"a": "text"})
    then = shop.version
    shop.nouns.add_index("Row", "a")
    now = shop.version
    shop.nouns.drop("Row")
    session = shop.store.session()
    reader = Reader(session)
    assert reader.noun_at(noun.id, then) == noun
    assert [i.name for i in reader.noun_at(noun.id, now).indexes] == ["a"]
    assert reader.noun_at(noun.id, shop.version) is None
    assert reader.noun_at(noun.id, 1) is None
    spans = list(reader.spans(noun))
    assert [len(definition.indexes) for definition, _ in spans] == [1, 0]
