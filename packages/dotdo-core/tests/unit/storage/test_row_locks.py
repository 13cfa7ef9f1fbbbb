"""Row locks that other processes see: what each mode keeps out, and what very many rows become."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dotdo.storage import Mode
from dotdo.storage.byte_locks import SharedHandle
from dotdo.storage.row_locks import RowLocks

OTHER = """
import sys
from dotdo.storage import Mode
from dotdo.storage.byte_locks import SharedHandle
from dotdo.storage.row_locks import RowLocks
locks = RowLocks(SharedHandle(sys.argv[1]).number, 7)
for line in sys.stdin:
    print(eval(line), flush=True)
"""


class Pair:
    """This process's locks of a file and another process's."""

    def __init__(self, path: Path) -> None:
        self.handle = SharedHandle(str(path))
        self.locks = RowLocks(self.handle.number, 7)
        self.other = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, expression: str) -> str:
        assert self.other.stdin is not None
        assert self.other.stdout is not None
        print(expression, file=self.other.stdin, flush=True)
        return self.other.stdout.readline().strip()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Each test lets go of what it held."""
    made = Pair(tmp_path_factory.mktemp("locks") / "rows")
    yield made
    made.other.stdin.close()
    made.other.wait(30)
    made.other.stdout.close()
    made.handle.close()


@pytest.mark.parametrize("held", Mode)
@pytest.mark.parametrize("asked", Mode)
def test_a_mode_keeps_out_what_it_excludes(pair, held, asked):
    pair.locks.hold_row((20, 1), [held])
    found = pair.ask(f"locks.row_conflict((20, 1), Mode({asked.value}))")
    assert (found != "None") is held.excludes(asked)
    assert pair.ask("locks.row_conflict((20, 2), Mode.UPDATE)") == "None"
    assert pair.ask("locks.has_foreign()") == "True"
    pair.locks.hold_row((20, 1), [])
    assert pair.ask("locks.has_foreign()") == "False"


def test_a_row_is_held_as_by_the_strongest_of_its_holders(pair):
    pair.locks.hold_row((20, 1), [Mode.KEY_SHARE, Mode.NO_KEY_UPDATE])
    assert pair.ask("locks.row_conflict((20, 1), Mode.KEY_SHARE)") == "None"
    assert pair.ask("locks.row_conflict((20, 1), Mode.SHARE)") != "None"
    pair.locks.hold_row((20, 1), [Mode.KEY_SHARE])
    assert pair.ask("locks.row_conflict((20, 1), Mode.SHARE)") == "None"
    pair.locks.hold_row((20, 1), [])


def test_a_key_is_held_until_let_go(pair):
    pair.locks.hold_key(("_key t", ("\ud800", 1)), is_held=True)
    place = pair.ask("locks.key_conflict(('_key t', ('\\ud800', 1)))")
    assert pair.ask(f"locks.is_free({place})") == "False"
    assert pair.ask("locks.key_conflict(('_key t', ('y', 1)))") == "None"
    pair.locks.hold_key(("_key t", ("\ud800", 1)), is_held=False)
    assert pair.ask(f"locks.is_free({place})") == "True"


def test_very_many_rows_are_held_as_one(pair):
    for row in range(1_000):
        pair.locks.hold_row((20, row), [Mode.UPDATE])
    assert pair.ask("locks.row_conflict((20, 5_000), Mode.KEY_SHARE)") != "None"
    assert pair.ask("locks.row_conflict((21, 1), Mode.UPDATE)") == "None"
    for row in range(1_000):
        pair.locks.hold_row((20, row), [])
    assert pair.ask("locks.has_foreign()") == "False"


def test_of_those_who_wait_in_a_circle_one_gives_in(pair):
    pair.locks.hold_row((20, 1), [Mode.UPDATE])
    pair.ask("locks.hold_row((20, 2), [Mode.UPDATE])")
    mine = pair.locks.row_conflict((20, 2), Mode.UPDATE)
    theirs = int(pair.ask("locks.row_conflict((20, 1), Mode.UPDATE)"))
    assert not pair.locks.closes_circle(mine)
    pair.locks.board.add(mine)
    pair.ask(f"locks.board.add({theirs})")
    pair.ask("locks.board.add(1)")  # another thread waits for something else
    verdicts = [
        pair.locks.closes_circle(mine),
        pair.ask(f"locks.closes_circle({theirs})") == "True",
    ]
    assert verdicts == [os.getpid() > pair.other.pid, os.getpid() < pair.other.pid]
    pair.locks.board.remove(mine)
    pair.ask(f"locks.board.remove({theirs})")
    assert not pair.locks.closes_circle(mine)
    assert pair.ask(f"locks.closes_circle({theirs})") == "False"
    pair.locks.hold_row((20, 1), [])
    pair.ask("locks.hold_row((20, 2), [])")
