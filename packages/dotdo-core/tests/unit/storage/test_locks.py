import pytest

from dotdo.errors import Deadlock, LockTimeout
from dotdo.storage.locks import Blocked, LockTable, Mode, Waiter


class Holder:
    """The least that the lock table asks of a transaction."""

    def __init__(self, thread: int = 0, task: object = None) -> None:
        self.waiter = Waiter(self)
        self.waiting_for: Waiter | None = None
        self.flow = (thread, task)


EXCLUDING = {
    (Mode.KEY_SHARE, Mode.UPDATE),
    (Mode.SHARE, Mode.NO_KEY_UPDATE),
    (Mode.SHARE, Mode.UPDATE),
    (Mode.NO_KEY_UPDATE, Mode.NO_KEY_UPDATE),
    (Mode.NO_KEY_UPDATE, Mode.UPDATE),
    (Mode.UPDATE, Mode.UPDATE),
}
ROW = (16, 1)


@pytest.mark.parametrize("held", Mode)
@pytest.mark.parametrize("wanted", Mode)
def test_modes_exclude_each_other_as_in_postgresql(held: Mode, wanted: Mode) -> None:
    table: LockTable[Holder] = LockTable()
    one, two = Holder(), Holder()
    table.lock(one, ROW, held)
    excludes = (held, wanted) in EXCLUDING or (wanted, held) in EXCLUDING
    assert table.conflict(two, ROW, wanted) is (one if excludes else None)
    assert table.conflict(one, ROW, wanted) is None
    assert table.conflict(two, (16, 2), wanted) is None


def test_a_lock_only_gets_stronger() -> None:
    table: LockTable[Holder] = LockTable()
    one, two = Holder(), Holder()
    table.lock(one, ROW, Mode.UPDATE)
    table.lock(one, ROW, Mode.KEY_SHARE)
    assert table.conflict(two, ROW, Mode.KEY_SHARE) is one


def test_released_locks_are_gone() -> None:
    table: LockTable[Holder] = LockTable()
    one, two = Holder(), Holder()
    table.lock(one, ROW, Mode.SHARE)
    table.lock(two, ROW, Mode.SHARE)
    table.lock_key(one, ("index", (1,)))
    table.release(one)
    assert table.conflict(one, ROW, Mode.UPDATE) is two
    assert table.key_conflict(two, ("index", (1,))) is None
    table.release(two)
    assert not table


def test_a_key_belongs_to_who_took_it_first() -> None:
    table: LockTable[Holder] = LockTable()
    one, two = Holder(), Holder()
    table.lock_key(one, "k")
    table.lock_key(two, "k")
    assert table.key_conflict(two, "k") is one
    table.release(two)
    assert table.key_conflict(two, "k") is one


def test_any_row_of_a_noun_holds_its_definition() -> None:
    table: LockTable[Holder] = LockTable()
    one, two = Holder(), Holder()
    table.lock(one, ROW, Mode.KEY_SHARE)
    assert table.noun_conflict(two, 16) is one
    assert table.noun_conflict(one, 16) is None
    assert table.noun_conflict(two, 17) is None


def test_a_cycle_of_two_is_a_deadlock() -> None:
    table: LockTable[Holder] = LockTable()
    one, two = Holder(1), Holder(2)
    table.await_end(one, two.waiter, is_blocking=True)
    with pytest.raises(Deadlock):
        table.await_end(two, one.waiter, is_blocking=True)
    assert two.waiting_for is None


def test_a_cycle_of_three_is_a_deadlock() -> None:
    table: LockTable[Holder] = LockTable()
    one, two, three = Holder(1), Holder(2), Holder(3)
    table.await_end(one, two.waiter, is_blocking=True)
    table.await_end(two, three.waiter, is_blocking=True)
    with pytest.raises(Deadlock):
        table.await_end(three, one.waiter, is_blocking=True)


def test_a_wait_that_is_over_closes_no_cycle() -> None:
    table: LockTable[Holder] = LockTable()
    one, two = Holder(1), Holder(2)
    table.await_end(one, two.waiter, is_blocking=True)
    two.waiter.finish()
    two.waiter = Waiter(two)  # its next transaction
    table.await_end(two, one.waiter, is_blocking=True)
    assert two.waiting_for is one.waiter


def test_a_thread_does_not_wait_for_itself() -> None:
    table: LockTable[Holder] = LockTable()
    with pytest.raises(LockTimeout):
        table.await_end(Holder(1), Holder(1).waiter, is_blocking=True)


def test_a_thread_does_not_wait_for_who_waits_for_it_through_another() -> None:
    table: LockTable[Holder] = LockTable()
    mine, asked, theirs = Holder(1), Holder(1), Holder(2)
    table.await_end(theirs, mine.waiter, is_blocking=True)
    with pytest.raises(LockTimeout):
        table.await_end(asked, theirs.waiter, is_blocking=True)


def test_tasks_of_one_thread_may_wait_for_each_other() -> None:
    table: LockTable[Holder] = LockTable()
    table.await_end(Holder(1, "a"), Holder(1, "b").waiter, is_blocking=False)
    with pytest.raises(LockTimeout):
        table.await_end(Holder(1, "a"), Holder(1, "a").waiter, is_blocking=False)
    with pytest.raises(LockTimeout):
        table.await_end(Holder(1, "a"), Holder(1, "b").waiter, is_blocking=True)


def test_a_waiter_calls_back_once() -> None:
    calls: list[int] = []
    waiter = Waiter(Holder())
    waiter.add_done_callback(lambda: calls.append(1))
    assert not waiter.wait(0)
    waiter.finish()
    waiter.finish()
    waiter.add_done_callback(lambda: calls.append(2))
    assert calls == [1, 2]
    assert waiter.wait(0)
    holder = Holder()
    assert Blocked(holder).waiter is holder.waiter
