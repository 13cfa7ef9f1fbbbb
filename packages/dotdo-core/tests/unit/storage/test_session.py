"""Statements of a session: what they return, count, refuse, and how they are stopped."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from dotdo.errors import (
    Interrupted,
    LockTimeout,
    ReadOnly,
    StatementTimeout,
    TransactionError,
    UniqueViolation,
)
from dotdo.storage import Noun, Session, Store, TurnOver

ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


def commits(session: Session) -> list[object]:
    return session.read("select actor, action, api from _tx where seq0 > 1 order by seq1")


def test_returning_gives_rows_and_counts_them(session: Session, numbers: Noun) -> None:
    assert session.write("update t set v = v + 1 where id < 3 returning id") == [(1,), (2,)]
    assert session.changes == 2
    session.write("update t set v = 0 where id = 99")
    assert session.changes == 0
    session.write("delete from t")
    assert session.changes == 3


def test_many_are_counted_without_what_follows_from_them(session: Session, numbers: Noun) -> None:
    session.write_many("insert into t(id, v) values (?, ?)", [(n, n) for n in range(4, 9)])
    assert session.changes == 5
    session.write_many("update t set v = 0 where id = ?", [(1,), (99,), (2,)])
    assert session.changes == 2


def test_many_may_come_from_an_iterator(session: Session, numbers: Noun) -> None:
    rows: Iterator[tuple[int, int]] = ((n, n) for n in range(4, 9))
    session.write_many("insert into t(id, v) values (?, ?)", rows)
    assert session.read("select count(*) from t") == [(8,)]


def test_many_are_one_statement(session: Session, numbers: Noun) -> None:
    for is_in_transaction in (False, True):
        if is_in_transaction:
            session.begin()
        with pytest.raises(UniqueViolation):
            session.write_many("insert into t(id, v) values (?, 0)", [(4,), (5,), (1,)])
        assert session.read("select count(*) from t") == [(3,)]
    session.rollback()


def test_parameters_go_by_name(session: Session, numbers: Noun) -> None:
    assert session.read("select v from t where id = :id", {"id": 2}) == [(20,)]


def test_a_commit_says_who_and_why(session: Session, numbers: Noun) -> None:
    session.describe(actor="Human/2", action="tidy 'up'", api="psycopg")
    session.write("delete from t where id = 1")
    assert commits(session)[-1] == ("Human/2", "tidy 'up'", "psycopg")


def test_what_changes_nothing_makes_no_commit(session: Session, numbers: Noun) -> None:
    before = commits(session)
    session.write("update t set v = 1 where id = 99")
    session.begin()
    session.write("update t set v = 1 where id = 99")
    session.commit()
    session.mutate(lambda: session.execute("insert into _consumer values ('c', 1)"))
    assert commits(session) == before
    assert session.read("select seq from _consumer") == [(1,)]


def test_listeners_hear_of_commits_only(store: Store, session: Session, numbers: Noun) -> None:
    heard: list[tuple[int, int]] = []
    store.listen(lambda first, last: heard.append((first, last)))
    session.write("update t set v = 1 where id = 1")
    session.write("update t set v = 1 where id = 99")
    session.begin()
    session.write("update t set v = 2")
    session.rollback()
    session.begin()
    session.write("update t set v = 3")
    session.commit()
    ranges = session.read("select seq0, seq1 from _tx order by seq1 desc limit 2")
    assert heard == ranges[::-1]


def test_the_time_of_commits_never_goes_back(path: str) -> None:
    times = iter([5_000_000, 4_000_000, 9_000_000])
    store = Store(path, clock=lambda: next(times))
    session = store.session()
    for n in range(3):
        session.write("insert into _verb(id, action, def) values (?, ?, '')", (n, str(n)))
    assert session.read("select ts_us from _tx where seq0 > 1 order by seq1") == [(5_000_000,), (5_000_000,), (9_000_000,)]  # fmt: skip
    store.close()


def test_work_inside_work_is_one_statement(session: Session, numbers: Noun) -> None:
    def work() -> None:
        session.write("update t set v = 0 where id = 1")
        session.mutate(lambda: session.write("update t set v = 0 where id = 2"))
        assert session.read("select v from t where id = 2") == [(0,)]
        session.write("insert into t(id) values (1)")

    with pytest.raises(UniqueViolation):
        session.mutate(work)
    assert session.read("select v from t order by id") == [(10,), (20,), (30,)]
    assert not session._is_running


def test_a_read_only_transaction_refuses_writes(session: Session, numbers: Noun) -> None:
    session.begin(read_only=True)
    with pytest.raises(ReadOnly):
        session.write("update t set v = 0")
    session.commit()
    session.write("update t set v = 0")


def test_transactions_out_of_turn_are_refused(session: Session) -> None:
    for call in (session.commit, session.rollback):
        with pytest.raises(TransactionError):
            call()
    session.begin()
    with pytest.raises(TransactionError):
        session.begin()
    session.rollback()
    assert not session.in_transaction


def test_rows_cannot_be_locked_outside_a_transaction(session: Session, numbers: Noun) -> None:
    with pytest.raises(TransactionError):
        session.lock_rows(numbers, [1])


def test_functions_are_the_sessions_own(session: Session, other: Session) -> None:
    session.create_function("twice", lambda x: x * 2, 1)
    assert session.read("select twice(21)") == [(42,)]
    from dotdo.errors import UnknownFunction

    with pytest.raises(UnknownFunction):
        other.read("select twice(21)")
    session.create_function("twice", None, 1)
    with pytest.raises(UnknownFunction):
        session.read("select twice(21)")


def test_an_aggregate_and_a_window_function(session: Session, numbers: Noun) -> None:
    class Product:
        def __init__(self) -> None:
            self.product = 1

        def step(self, value: int) -> None:
            self.product *= value

        def inverse(self, value: int) -> None:
            self.product //= value

        def value(self) -> int:
            return self.product

        final = value

    session.create_aggregate("product", Product, 1)
    session.create_window("running", Product, 1)
    assert session.read("select product(v) from t") == [(6000,)]
    assert session.read("select running(v) over (order by id rows 1 preceding) from t") == [(10,), (200,), (600,)]  # fmt: skip


class TestStopping:
    def test_a_statement_past_its_deadline_is_stopped(self, session: Session) -> None:
        session.deadline_us = session.store.clock() + 20_000
        with pytest.raises(StatementTimeout):
            session.read(ENDLESS)
        session.deadline_us = None
        assert session.read("select 1") == [(1,)]

    def test_an_interrupted_statement_is_stopped(self, session: Session) -> None:
        timer = threading.Timer(0.05, session.interrupt)
        timer.start()
        with pytest.raises(Interrupted):
            session.read(ENDLESS)
        assert session.read("select 1") == [(1,)]

    def test_a_stopped_write_leaves_nothing(self, session: Session, numbers: Noun) -> None:
        before = session.read("select max(seq) from _log")
        session.deadline_us = session.store.clock() + 20_000
        with pytest.raises(StatementTimeout):
            session.write(f"insert into t(id, v) select 100, ({ENDLESS})")
        session.deadline_us = None
        assert session.read("select max(seq) from _log") == before

    def test_a_stopped_write_takes_its_transaction_with_it(
        self, session: Session, other: Session, numbers: Noun
    ) -> None:
        session.begin()
        session.write("update t set v = 0 where id = 1")
        session.deadline_us = session.store.clock() + 20_000
        with pytest.raises(StatementTimeout):
            session.write(f"update t set v = ({ENDLESS})")
        session.deadline_us = None
        assert not session.in_transaction
        other.write("update t set v = v + 1", wait=False)
        assert session.read("select v from t order by id") == [(11,), (21,), (31,)]

    def test_a_stopped_read_keeps_the_transaction(self, session: Session, numbers: Noun) -> None:
        session.begin()
        session.write("update t set v = 0 where id = 1")
        session.deadline_us = session.store.clock() + 20_000
        with pytest.raises(StatementTimeout):
            session.read(ENDLESS)
        session.deadline_us = None
        session.commit()
        assert session.read("select v from t where id = 1") == [(0,)]

    def test_a_long_read_gives_way_when_its_turn_is_over_and_runs_again(
        self, session: Session
    ) -> None:
        session.turn_ends_us = session.store.clock() + 1_000
        with pytest.raises(TurnOver):
            session.read(ENDLESS)
        session.turn_ends_us = None
        assert session.read(ENDLESS.replace("from n)", "from n where i < 9)")) == [(9,)]

    def test_a_deadline_that_is_over_does_not_disturb_who_takes_the_writer(
        self, session: Session, other: Session, numbers: Noun
    ) -> None:
        rows = [(n, n) for n in range(100, 3000)]
        session.begin()
        session.write_many("insert into t(id, v) values (?, ?)", rows)
        session.deadline_us = 0
        other.write("update t set v = 0 where id = 1")
        session.deadline_us = None
        session.commit()
        assert other.read("select count(*) from t") == [(3 + len(rows),)]


class TestWaiting:
    @pytest.fixture
    def held(self, session: Session, numbers: Noun) -> Iterator[Callable[[], None]]:
        """Another thread's transaction holds row 1 until the returned function is called."""
        is_held, is_over = threading.Event(), threading.Event()

        def hold() -> None:
            session.begin()
            session.write("update t set v = v + 1 where id = 1")
            is_held.set()
            is_over.wait(30)
            session.commit()

        thread = threading.Thread(target=hold)
        thread.start()
        is_held.wait(30)
        yield is_over.set
        is_over.set()
        thread.join()

    def test_a_thread_goes_on_when_the_row_is_free(
        self, other: Session, held: Callable[[], None]
    ) -> None:
        threading.Timer(0.05, held).start()
        other.write("update t set v = v * 2 where id = 1")
        assert other.read("select v from t where id = 1") == [(22,)]

    def test_patience_has_a_limit(self, other: Session, held: Callable[[], None]) -> None:
        other.lock_timeout_us = 20_000
        other.begin()
        with pytest.raises(LockTimeout):
            other.write("update t set v = 0 where id = 1")
        other.write("update t set v = 0 where id = 2")
        other.commit()

    def test_a_deadline_ends_waiting(self, other: Session, held: Callable[[], None]) -> None:
        other.deadline_us = other.store.clock() + 20_000
        with pytest.raises(StatementTimeout):
            other.write("update t set v = 0 where id = 1")

    def test_interrupting_ends_waiting(self, other: Session, held: Callable[[], None]) -> None:
        stopper = threading.Thread(target=interrupt_when_waiting, args=(other,))
        stopper.start()
        with pytest.raises(Interrupted):
            other.write("update t set v = 0 where id = 1")
        stopper.join()


def interrupt_when_waiting(session: Session) -> None:
    while cast("object", session._patience._alarm) is None:
        time.sleep(0.001)
    session.interrupt()


def test_an_attempt_that_fails_can_be_caught_and_leaves_the_rest(
    session: Session, numbers: Noun
) -> None:
    def work() -> None:
        session.execute("insert into t(id, v) values (7, 0)")
        with pytest.raises(UniqueViolation):
            session.attempt(lambda: session.execute("insert into t(id, v) values (8, 0), (1, 0)"))
        session.execute("insert into t(id, v) values (9, 0)")

    session.mutate(work)
    assert session.read("select id from t where id > 3") == [(7,), (9,)]
