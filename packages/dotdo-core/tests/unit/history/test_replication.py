"""Batches: what they refuse, and copies that become fit to be written to."""

from pathlib import Path

import pytest

from dotdo.errors import HistoryUnavailable, SerializationFailure
from dotdo.history import apply_batch, promote
from dotdo.storage.files import copy_store
from dotdo.tenancy import open_tenant


@pytest.fixture
def copied(home, shop):
    shop.things.create("Doc", "a", n=1)
    position = shop.version
    target = str(Path(home.path) / "copy.db")
    copy_store(shop.store, target)
    return shop, open_tenant("copy", home=home, create=False), position


def follow(shop, copy, position):
    session = copy.store.session()
    for batch in shop.changes(position):
        apply_batch(session, batch)
    session.close()


def test_a_follower_tells_the_same_history(copied):
    shop, copy, position = copied
    with shop.transaction(actor="Human/1", action="x"):
        shop.things.update(("Doc", "a"), n=2)
        shop.emit("Doc.seen")
    shop.things.create("Other", "b")
    follow(shop, copy, position)
    assert copy.log() == shop.log()
    assert copy.history(("Doc", "a")) == shop.history(("Doc", "a"))
    assert copy.at(f"v{position}").things.get("Doc", "a").n == 1


def test_a_batch_out_of_turn_changes_nothing(copied):
    shop, copy, position = copied
    shop.things.update(("Doc", "a"), n=2)
    shop.things.update(("Doc", "a"), n=3)
    _, second = shop.changes(position)
    session = copy.store.session()
    with pytest.raises(SerializationFailure, match="stands at"):
        apply_batch(session, second)
    session.close()
    assert copy.things.get("Doc", "a").n == 1
    assert copy.version == position


def test_a_hook_before_the_commit_can_refuse(copied):
    shop, copy, position = copied
    shop.things.update(("Doc", "a"), n=2)

    def refuse(session, first, last):
        raise TimeoutError

    copy.store.before_commit = refuse
    with pytest.raises(TimeoutError):
        follow(shop, copy, position)
    assert copy.things.get("Doc", "a").n == 1
    copy.store.before_commit = None
    follow(shop, copy, position)
    assert copy.things.get("Doc", "a").n == 2


def test_what_was_forgotten_cannot_be_followed(copied):
    shop, copy, position = copied
    shop.things.update(("Doc", "a"), n=2)
    shop.compact()
    with pytest.raises(HistoryUnavailable):
        follow(shop, copy, position)


def test_a_promoted_copy_hands_out_no_row_id_again(copied):
    shop, copy, position = copied
    shop.things.delete(shop.things.create("Doc", "gone"))
    exp = shop.branch("exp")
    exp.things.create("Doc", "branch")
    shop.merge("exp")
    last = shop.things.create("Doc", "b")
    follow(shop, copy, position)
    session = copy.store.session()
    promote(session)
    session.close()
    row = copy.things.create("Doc", "c").row
    assert last.row < row < 1 << 32
