"""What a process waits for is what others read: every place, as often as it is waited for."""

import os

import pytest

from dotdo.storage.byte_locks import SharedHandle
from dotdo.storage.wait_board import BOARD_SIZE, WaitBoard


@pytest.fixture
def handle(tmp_path):
    made = SharedHandle(str(tmp_path / "rows"))
    yield made
    made.close()


def test_a_place_stands_there_until_its_last_wait_is_over(handle):
    one, other = WaitBoard(handle.number), WaitBoard(handle.number)  # of two files
    one.add(8)
    other.add(9)
    one.add(8)
    one.remove(8)
    assert sorted(one.of(os.getpid())) == [8, 9]
    one.remove(8)
    other.remove(9)
    assert other.of(os.getpid()) == ()


def test_of_very_many_waits_the_oldest_are_told(handle):
    board = WaitBoard(handle.number)
    for place in range(1000):
        board.add(place)
    told = board.of(os.getpid())
    assert told == tuple(range(len(told)))
    assert 100 < len(told) < 1000
    for place in range(1000):
        board.remove(place)
    assert board.of(os.getpid()) == ()


def test_who_never_waited_waits_for_nothing(handle):
    board = WaitBoard(handle.number)
    assert board.of(os.getpid() + 1) == ()
    assert os.fstat(handle.number).st_size <= BOARD_SIZE
