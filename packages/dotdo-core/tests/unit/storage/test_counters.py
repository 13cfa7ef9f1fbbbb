import subprocess
import sys
from collections.abc import Callable

import pytest

from dotdo.storage import Noun, Session, Store, create_noun, sequence_counter

OTHER_PROCESS = """
import sys
from dotdo.storage import Store
session = Store(sys.argv[1]).session()
print(*[session.next_number("c") for _ in range(3)])
"""


def elsewhere(path: str) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, path], capture_output=True, check=True
    )
    return [int(n) for n in done.stdout.split()]


def test_numbers_begin_at_one_and_follow_each_other(session: Session) -> None:
    assert [session.next_number("c") for _ in range(3)] == [1, 2, 3]
    assert session.next_number("c", 5) == 4
    assert session.next_number("c") == 9
    assert session.next_number("d") == 1


def test_claiming_numbers_makes_no_commit_record(session: Session) -> None:
    before = session.read("select * from _tx")
    session.next_number("c", 5000)
    assert session.read("select * from _tx") == before


def test_a_number_never_comes_again_after_a_rollback(session: Session, path: str) -> None:
    session.begin()
    taken = [session.next_number("c", 700) for _ in range(4)]
    session.rollback()
    assert session.next_number("c") > taken[-1] + 699
    session.close()
    assert Store(path).session().next_number("c") > taken[-1] + 699


def test_a_number_never_comes_again_after_going_back_to_a_savepoint(
    session: Session, path: str
) -> None:
    session.begin()
    session.next_number("c")
    session.savepoint("s")
    last = session.next_number("c", 5000)
    session.rollback_to("s")
    session.commit()
    assert min(elsewhere(path)) > last + 4999


def test_a_number_never_comes_again_after_a_failed_statement(session: Session, path: str) -> None:
    taken = []

    def work() -> None:
        taken.append(session.next_number("c", 3000))
        msg = "no"
        raise RuntimeError(msg)

    for is_in_transaction in (False, True):
        if is_in_transaction:
            session.begin()
            session.next_number("d")
        with pytest.raises(RuntimeError):
            session.mutate(work)
    session.commit()
    assert min(elsewhere(path)) > taken[1] + 2999
    assert taken[1] > taken[0] + 2999


def test_a_number_of_a_suspended_transaction_is_not_given_to_another_process(
    session: Session, other: Session, numbers: Noun, path: str
) -> None:
    session.begin()
    mine = session.next_number("c")
    session.write("insert into t(id, v) values (?, 1)", (1000 + mine,))
    other.write("update t set v = 11 where id = 1")
    theirs = elsewhere(path)
    session.commit()
    assert mine not in theirs
    assert session.next_number("c") not in theirs


def test_another_process_goes_on_after_ours(session: Session, path: str) -> None:
    ours = [session.next_number("c") for _ in range(3)]
    theirs = elsewhere(path)
    ours += [session.next_number("c") for _ in range(1100)]
    assert not set(ours) & set(theirs)
    assert len(set(ours)) == 1103


def test_a_function_may_draw_numbers_while_its_statement_runs(
    session: Session, make: Callable[..., Noun]
) -> None:
    noun = make("t", key="name", name="text")
    session.create_function("draw", lambda: session.allocate(noun), 0, deterministic=False)
    session.write(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)"
        " insert into t(_id, name) select draw(), 'n' || i from n"
    )
    assert session.changes == 3000
    assert session.read("select count(distinct _id), max(_id) from t") == [(3000, 3000)]


@pytest.mark.parametrize("is_in_transaction", [False, True])
def test_a_function_may_draw_numbers_while_it_is_read(
    session: Session, other: Session, numbers: Noun, is_in_transaction: bool
) -> None:
    session.create_function("draw", lambda: session.next_number("s"), 0, deterministic=False)
    other.write("update t set v = 0 where id = 1")
    if is_in_transaction:
        session.begin()
    assert session.read("select draw() from t order by id") == [(1,), (2,), (3,)]
    if is_in_transaction:
        session.commit()
    assert other.next_number("s") == 4


def test_a_counter_goes_on_where_it_is_put(session: Session) -> None:
    assert session.peek_number("c", start=5) == 5
    assert session.next_number("c", start=5) == 5
    assert session.peek_number("c") == 6
    session.put_number("c", 3)
    assert [session.next_number("c"), session.next_number("c", 2), session.next_number("c")] == [
        3,
        4,
        6,
    ]
    session.put_number("c", -10)
    assert session.next_number("c") == -10


def test_a_noun_that_gets_the_number_of_one_that_was_undone_counts_from_the_start(
    session: Session,
) -> None:
    session.begin()
    undone = create_noun(session, Noun(0, "ticket", "columns", "ticket"))
    assert session.next_number(sequence_counter(undone.id, "n")) == 1
    session.rollback()
    made = create_noun(session, Noun(0, "ticket", "columns", "ticket"))
    assert made.id == undone.id
    assert session.next_number(sequence_counter(made.id, "n")) == 1
