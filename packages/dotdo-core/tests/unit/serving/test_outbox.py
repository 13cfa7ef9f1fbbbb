"""Pushes that wait: counted, taken in one go, bounded."""

from dotdo.serving.outbox import Outbox


def test_what_waits_is_counted_until_it_is_taken():
    outbox = Outbox(max_bytes=10)
    outbox.add(b"abc")
    outbox.add(b"de")
    assert outbox.size_bytes == 5
    assert outbox.take(room_bytes=10) == b"abcde"
    assert outbox.size_bytes == 0


def test_beyond_the_bound_nothing_is_given():
    outbox = Outbox(max_bytes=3)
    outbox.add(b"abcd")
    assert outbox.is_overflown
    assert outbox.take(room_bytes=10) is None
