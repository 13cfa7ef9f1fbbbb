"""The clock: microseconds since 1970."""

from dotdo.clock import system_clock


def test_the_clock_counts_microseconds_and_does_not_go_back():
    first = system_clock()
    assert first > 1_600_000_000_000_000
    assert system_clock() >= first
