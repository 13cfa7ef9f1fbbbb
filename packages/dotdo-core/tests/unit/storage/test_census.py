"""Counting who has a file open."""

import pytest

from dotdo.storage.byte_locks import SharedHandle
from dotdo.storage.census import Census


@pytest.fixture
def handle(tmp_path):
    made = SharedHandle(str(tmp_path / "side"))
    yield made.number
    made.close()


def test_one_is_alone_and_two_are_not(tmp_path, handle):
    census, other = (Census(str(tmp_path / "count"), handle) for _ in range(2))
    assert not census.is_alone(7)
    census.add(7, 1)
    assert census.is_alone(7)
    assert not census.is_alone(8)
    other.add(7, 1)
    assert not census.is_alone(7)
    other.add(7, -1)
    assert census.is_alone(7)


def test_what_a_dead_process_left_is_forgotten_when_nobody_is_there(tmp_path, handle):
    Census(str(tmp_path / "count"), handle).add(7, 5)
    census = Census(str(tmp_path / "count"), handle)
    census.add(7, 1)
    assert census.is_alone(7)


def test_a_count_that_cannot_be_kept_says_nobody_is_alone(tmp_path, handle):
    census = Census(str(tmp_path / "missing" / "count"), handle)
    census.add(7, 1)
    assert not census.is_alone(7)


def test_very_many_are_counted_no_further(tmp_path, handle):
    census = Census(str(tmp_path / "count"), handle)
    for _ in range(300):
        census.add(7, 1)
    for _ in range(299):
        census.add(7, -1)
    assert not census.is_alone(7)
