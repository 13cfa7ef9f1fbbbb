"""Changes and deletions of each door on what any other has written, and what each door's change feed tells of them."""

import pytest
from adaptors import HOMES, READERS, WRITERS

OLD = {"things": "old", "sql": "old", "mongo": "old", "redis": b"old"}
NEW = {"things": "new", "sql": "new", "mongo": "new", "redis": b"new"}
COLUMNS = {"a b": "text", "other": "text"}


def written(doors, home, writer):
    doors.make(home, COLUMNS)
    doors["things"].write(home, 99, **{"a b": "x", "other": "x"})
    doors[writer].write(home, 1, **{"a b": OLD[writer], "other": OLD[writer]})


@pytest.mark.parametrize("changer", WRITERS)
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("home", HOMES)
def test_one_door_changes_and_deletes_what_another_wrote(doors, home, writer, changer):
    written(doors, home, writer)
    doors[changer].change(home, 1, "a b", NEW[changer])
    for reader in READERS:
        assert doors[reader].read(home, 1)["a b"] == NEW[reader]
        assert doors[reader].read(home, 1)["other"] == OLD[reader]
        assert doors[reader].find(home, "a b", NEW[reader]) == [1]
        assert doors[reader].find(home, "a b", OLD[reader]) == []
    doors[changer].delete(home, 1)
    for reader in READERS:
        assert doors[reader].read(home, 1) is None
        assert doors[reader].find(home, "other", OLD[reader]) == []


@pytest.mark.parametrize("listener", READERS)
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("home", HOMES)
def test_each_change_feed_tells_what_any_door_does(doors, home, writer, listener):
    doors.make(home, COLUMNS)
    doors["things"].write(home, 99, **{"a b": "x", "other": "x"})
    doors[listener].listen(home)
    doors[writer].write(home, 1, **{"a b": OLD[writer]})
    doors[writer].change(home, 1, "a b", NEW[writer])
    doors[writer].delete(home, 1)
    wanted = ["written", "written", "deleted"] if listener == "redis" else ["created", "updated", "deleted"]  # fmt: skip
    assert doors[listener].events() == [(verb, 1) for verb in wanted]
