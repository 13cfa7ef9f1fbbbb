"""Identifiers: made of time and randomness."""

from dotdo.ids import id_source


def test_ids_sort_by_time_and_are_of_one_length():
    now = [1_700_000_000_000_000]
    make = id_source(lambda: now[0], bytes)
    first = make()
    now[0] += 1_000
    assert first < make()
    assert len(first) == 20


def test_randomness_tells_ids_of_one_moment_apart():
    make = id_source(lambda: 0)
    assert len({make() for _ in range(1_000)}) == 1_000
