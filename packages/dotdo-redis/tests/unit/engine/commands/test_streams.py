"""Streams, their groups, and readers that wait."""

from dotdo_redis.engine import Blocked
from dotdo_redis.errors import BusyGroup, NoGroup, ReplyError, Unblocked
from dotdo_redis.mapping.replies import NULL_ARRAY, OK


def text(reply: object) -> str:
    assert isinstance(reply, ReplyError)
    return reply.text


def test_ids_rise(rig) -> None:
    assert rig("XADD", "s", "5-1", "a", 1) == b"5-1"
    assert rig("XADD", "s", "5-*", "a", 1) == b"5-2"
    assert "equal or smaller" in text(rig("XADD", "s", "5-2", "a", 1))
    assert rig("XADD", "s", "*", "a", 1) == b"1700000000000-0"
    assert rig("XLEN", "s") == 3


def test_what_is_added_is_logged_with_its_id_and_length(rig) -> None:
    for number in range(1, 4):
        rig("XADD", "s", "MAXLEN", 2, f"{number}-0", "a", 1)
    assert rig.journal[-1] == (b"XADD", b"s", b"MAXLEN", b"=", b"2", b"3-0", b"a", b"1")


def test_about_so_many_entries_stay_by_whole_nodes(rig) -> None:
    for _ in range(250):
        rig("XADD", "s", "*", "a", 1)
    assert rig("XTRIM", "s", "MAXLEN", "~", 120) == 100
    assert rig("XTRIM", "s", "MAXLEN", "=", 120) == 30


def test_readers_wait_for_what_comes(rig) -> None:
    other = rig.other()
    waiting = rig("XREAD", "BLOCK", 0, "STREAMS", "s", "$", client=other)
    assert isinstance(waiting, Blocked)
    rig("XADD", "s", "1-1", "a", 1)
    assert waiting.reply == [[b"s", [[b"1-1", [b"a", b"1"]]]]]


def test_a_group_gives_each_entry_to_one_consumer(rig) -> None:
    rig("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
    assert isinstance(rig("XGROUP", "CREATE", "s", "g", "$"), BusyGroup)
    rig("XADD", "s", "1-1", "a", 1)
    rig("XADD", "s", "1-2", "a", 2)
    first = rig("XREADGROUP", "GROUP", "g", "ann", "COUNT", 1, "STREAMS", "s", ">")
    second = rig("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "s", ">")
    assert first == [[b"s", [[b"1-1", [b"a", b"1"]]]]]
    assert second == [[b"s", [[b"1-2", [b"a", b"2"]]]]]
    assert rig("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "s", ">") is NULL_ARRAY
    assert rig("XACK", "s", "g", "1-1") == 1
    assert rig("XPENDING", "s", "g")[0] == 1


def test_idle_entries_change_hands(rig) -> None:
    rig("XADD", "s", "1-1", "a", 1)
    rig("XGROUP", "CREATE", "s", "g", 0)
    rig("XREADGROUP", "GROUP", "g", "ann", "STREAMS", "s", ">")
    assert rig("XCLAIM", "s", "g", "bob", 1000, "1-1") == []
    rig.pass_ms(1000)
    assert rig("XAUTOCLAIM", "s", "g", "bob", 1000, 0, "JUSTID") == [b"0-0", [b"1-1"], []]
    [pending] = rig("XPENDING", "s", "g", "-", "+", 10)
    assert pending == [b"1-1", b"bob", 0, 1]


def test_readers_of_a_group_are_released_when_the_stream_goes(rig) -> None:
    rig("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
    waiting = rig(
        "XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">", client=rig.other()
    )
    rig("SET", "s", "x")
    assert isinstance(waiting.reply, Unblocked)
    assert isinstance(rig("XREADGROUP", "GROUP", "g", "c", "STREAMS", "t", ">"), NoGroup)


def test_a_payload_brings_a_stream_back_with_its_groups(rig) -> None:
    for number in range(1, 150):
        rig("XADD", "s", f"{number}-1", "a", number, "b", "x" * number)
    rig("XDEL", "s", "3-1")
    rig("XGROUP", "CREATE", "s", "g", 0)
    rig("XREADGROUP", "GROUP", "g", "c", "COUNT", 5, "STREAMS", "s", ">")
    payload = rig("DUMP", "s")
    assert rig("RESTORE", "t", 0, payload) == OK
    assert rig("DUMP", "t") == payload
    assert rig("XINFO", "STREAM", "t", "FULL") == rig("XINFO", "STREAM", "s", "FULL")
