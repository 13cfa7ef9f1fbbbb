"""The clock: microseconds since 1970."""

from dotdo.clock import nanoseconds_of, system_clock


def test_the_clock_counts_microseconds_and_does_not_go_back():
    first = system_clock()
    assert first > 1_600_000_000_000_000
    assert system_clock() >= first


def test_nanoseconds_are_those_of_the_same_clock():
    assert nanoseconds_of(lambda: 5)() == 5000
    first = system_clock()
    assert nanoseconds_of(system_clock)() // 1000 >= first
