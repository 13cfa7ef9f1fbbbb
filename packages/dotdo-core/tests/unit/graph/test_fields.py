"""Fields of documents: entered with the first that has them, without keeping others from writing."""

from contextlib import suppress

from dotdo.graph import enter_new_fields, fields_of


def test_a_transaction_with_new_fields_does_not_keep_others_from_writing(shop):
    shop.things.create("Note", "x", a=1)
    first, second = shop.store.acquire(), shop.store.acquire()
    noun = first.catalog.by_name["Note"]
    first.begin()
    first.mutate(lambda: enter_new_fields(first, noun, ["a", "b"]))
    second.mutate(lambda: enter_new_fields(second, noun, ["a", "c"]))
    assert fields_of(first, noun) == ["a", "b", "c"]
    assert fields_of(second, noun) == ["a", "c"]
    first.commit()
    assert fields_of(second, noun) == ["a", "b", "c"]


def test_fields_of_what_is_undone_are_not_entered(shop):
    shop.things.create("Note", "x", a=1)
    session = shop.store.acquire()
    noun = session.catalog.by_name["Note"]
    session.begin()
    session.mutate(lambda: enter_new_fields(session, noun, ["b"]))
    session.rollback()
    assert fields_of(session, noun) == ["a"]


def test_fields_of_what_is_undone_in_part_are_not_entered(shop):
    shop.things.create("Note", "x", a=1)
    session = shop.store.acquire()
    noun = session.catalog.by_name["Note"]
    session.begin()
    session.savepoint("outer")
    session.mutate(lambda: enter_new_fields(session, noun, ["kept"]))
    session.savepoint("inner")
    session.mutate(lambda: enter_new_fields(session, noun, ["kept", "lost"]))
    session.rollback_to("inner")
    session.release("outer")
    session.savepoint("again")
    session.mutate(lambda: enter_new_fields(session, noun, ["lost too"]))
    session.rollback_to("again")

    def fail():
        enter_new_fields(session, noun, ["of a statement that fails"])
        raise ZeroDivisionError

    with suppress(ZeroDivisionError):
        session.mutate(fail)
    session.commit()
    assert fields_of(session, noun) == ["a", "kept"]
