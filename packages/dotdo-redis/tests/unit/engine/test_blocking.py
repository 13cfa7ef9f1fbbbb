"""Clients that wait: served in the order in which they came, released, timed out."""

from dotdo_redis.engine import Blocked
from dotdo_redis.mapping.replies import NULL_ARRAY


def test_waiters_are_served_first_come_first_served(rig):
    one, other = rig.other(), rig.other()
    first, second = rig("BLPOP", "l", 0, client=one), rig("BLPOP", "l", 0, client=other)
    assert isinstance(first, Blocked)
    rig("RPUSH", "l", "a")
    assert first.reply == [b"l", b"a"]
    assert not second.done
    rig("RPUSH", "l", "b")
    assert second.reply == [b"l", b"b"]
    assert rig("EXISTS", "l") == 0


def test_a_key_of_another_type_wakes_nobody(rig):
    blocked = rig("BLPOP", "k", 0, client=rig.other())
    rig("SADD", "k", "a")
    assert not blocked.done


def test_a_push_within_a_transaction_serves_after_it(rig):
    blocked = rig("BLPOP", "l", 0, client=rig.other())
    rig("MULTI")
    rig("RPUSH", "l", "a")
    rig("LPUSH", "l", "b")
    rig("EXEC")
    assert blocked.reply == [b"l", b"b"]


def test_time_is_over_once(rig):
    blocked = rig("BLMOVE", "a", "b", "LEFT", "RIGHT", 1, client=rig.other())
    assert blocked.timeout_ms == 1000
    rig.engine.time_out(blocked)
    rig("RPUSH", "a", "x")
    assert blocked.reply is NULL_ARRAY
    assert rig("LRANGE", "a", 0, -1) == [b"x"]


def test_a_moved_element_serves_the_next_waiter(rig):
    mover = rig("BLMOVE", "a", "b", "LEFT", "RIGHT", 0, client=rig.other())
    popper = rig("BLPOP", "b", 0, client=rig.other())
    rig("RPUSH", "a", "x")
    assert mover.reply == b"x"
    assert popper.reply == [b"b", b"x"]


def test_a_client_that_is_gone_takes_nothing(rig):
    client = rig.other()
    rig("BZPOPMIN", "z", 0, client=client)
    rig.engine.disconnect(client)
    rig("ZADD", "z", 1, "a")
    assert rig("ZCARD", "z") == 1


def test_nobody_waits_within_a_transaction(rig):
    rig("MULTI")
    rig("BLPOP", "l", 0)
    assert rig("EXEC") == [NULL_ARRAY]


def test_what_a_waiter_took_is_logged_without_the_waiting(rig):
    rig("BLPOP", "l", 0, client=rig.other())
    rig("RPUSH", "l", "a")
    assert rig.journal == [(b"RPUSH", b"l", b"a"), (b"LPOP", b"l")]
