"""Savepoints: nested, repeated, released, undone; in transactions that hold the writer, have not written yet, or are suspended."""

from collections.abc import Callable

import pytest

from dotdo.errors import TransactionError, UniqueViolation
from dotdo.storage import Blocked, Mode, Noun, Session, State

ADD = "insert into t(id, v) values (?, ?)"


@pytest.fixture(params=["kept", "taken"])
def interrupt(request: pytest.FixtureRequest, other: Session, numbers: Noun) -> Callable[[], None]:
    """Let another session take the writer between statements, or not."""

    def interrupt() -> None:
        if request.param == "taken":
            other.write("update t set v = v + 1 where id = 3")

    return interrupt


def rows(session: Session) -> list[object]:
    return [v for (v,) in session.read("select id from t where id > 3 order by id")]


def test_going_back_keeps_what_was_before(session: Session, interrupt: Callable[[], None]) -> None:
    session.begin()
    session.savepoint("before all")
    session.write(ADD, (4, 0))
    session.savepoint("a")
    interrupt()
    session.write(ADD, (5, 0))
    session.savepoint("b")
    interrupt()
    session.write(ADD, (6, 0))
    interrupt()
    session.rollback_to("b")
    assert rows(session) == [4, 5]
    interrupt()
    session.rollback_to("a")
    session.rollback_to("a")
    interrupt()
    assert rows(session) == [4]
    session.write(ADD, (7, 0))
    session.rollback_to("before all")
    assert rows(session) == []
    session.write(ADD, (8, 0))
    session.commit()
    assert rows(session) == [8]


def test_a_repeated_name_means_the_newest(session: Session, interrupt: Callable[[], None]) -> None:
    session.begin()
    for n in (4, 5, 6):
        session.savepoint("s")
        session.write(ADD, (n, 0))
        interrupt()
    session.rollback_to("s")
    assert rows(session) == [4, 5]
    session.release("s")
    interrupt()
    session.rollback_to("s")
    assert rows(session) == [4]
    session.commit()
    assert rows(session) == [4]


def test_releasing_keeps_what_was_done(session: Session, interrupt: Callable[[], None]) -> None:
    session.begin()
    session.savepoint("outer")
    session.write("update t set v = 0 where id = 1")
    session.savepoint("inner")
    session.write("update t set v = v + 5 where id = 1")
    session.write(ADD, (4, 0))
    interrupt()
    session.release("inner")
    interrupt()
    session.savepoint("inner")
    session.write("delete from t where id = 4")
    interrupt()
    session.release("outer")
    with pytest.raises(TransactionError):
        session.rollback_to("inner")
    interrupt()
    session.commit()
    assert session.read("select v from t where id = 1") == [(5,)]
    assert rows(session) == []


def test_savepoints_set_while_suspended_hold(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    session.write(ADD, (4, 0))
    other.write("update t set v = 0 where id = 3")
    assert session.state is State.SUSPENDED
    session.savepoint("s")
    session.savepoint("t")
    session.write(ADD, (5, 0))
    session.rollback_to("s")
    assert rows(session) == [4]
    with pytest.raises(TransactionError):
        session.release("t")
    session.commit()
    assert rows(session) == [4]


def test_going_back_frees_what_was_locked_since(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    session.write("update t set v = 0 where id = 1")
    session.savepoint("s")
    session.write("update t set v = 0 where id = 2")
    session.lock_rows(numbers, [3], Mode.UPDATE)
    for row in (2, 3):
        with pytest.raises(Blocked):
            other.write("update t set v = 7 where id = ?", (row,), wait=False)
    assert session.state is State.SUSPENDED
    session.rollback_to("s")
    other.write("update t set v = 7 where id > 1", wait=False)
    with pytest.raises(Blocked):
        other.write("update t set v = 7 where id = 1", wait=False)
    session.commit()
    assert session.read("select v from t order by id") == [(0,), (7,), (7,)]


def test_a_lock_of_a_released_savepoint_outlives_a_later_one(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    session.savepoint("a")
    session.lock_rows(numbers, [1])
    session.release("a")
    session.savepoint("b")
    session.rollback_to("b")
    with pytest.raises(Blocked):
        other.write("update t set v = 7 where id = 1", wait=False)
    session.rollback()
    other.write("update t set v = 7 where id = 1", wait=False)


def test_going_back_without_having_written_frees_locks(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    session.savepoint("a")
    session.lock_rows(numbers, [1])
    session.rollback_to("a")
    other.write("update t set v = 7 where id = 1", wait=False)
    session.rollback()


def test_the_commit_time_survives_going_back(session: Session, make: Callable[..., Noun]) -> None:
    make("t", v="bigint")
    session.begin()
    session.write(ADD, (2**62, 0))
    session.savepoint("s")
    session.write("delete from t")
    session.rollback_to("s")
    session.write(ADD, (1, 0))
    session.commit()
    ((time_us,),) = session.read("select ts_us from _tx order by seq1 desc limit 1")
    assert isinstance(time_us, int)
    assert time_us < 2**60


def test_savepoints_out_of_turn_are_refused(session: Session, numbers: Noun) -> None:
    for call in (session.savepoint, session.release, session.rollback_to):
        with pytest.raises(TransactionError):
            call("s")
    session.begin()
    session.savepoint("S")
    for call in (session.release, session.rollback_to):
        with pytest.raises(TransactionError):
            call("s")
    with pytest.raises(TransactionError):
        session.mutate(lambda: session.savepoint("x"))
    session.rollback()


@pytest.mark.usefixtures("numbers")
def test_a_part_of_one_statement_is_undone_alone(session: Session) -> None:
    def work() -> None:
        session.execute(ADD, (4, 0))
        session.begin_part("p")
        session.execute(ADD, (5, 0))
        session.end_part("p", is_kept=False)
        session.begin_part("p")
        session.execute(ADD, (6, 0))
        session.end_part("p", is_kept=True)

    session.mutate(work)
    assert rows(session) == [4, 6]


@pytest.mark.usefixtures("numbers")
def test_a_step_of_one_statement_fails_with_an_error_of_the_kernel(session: Session) -> None:
    def work() -> None:
        session.execute(ADD, (4, 0))
        with pytest.raises(UniqueViolation):
            session.step(lambda: session.execute(ADD, (4, 0)))

    session.mutate(work)
    assert rows(session) == [4]
