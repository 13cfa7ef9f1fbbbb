"""Several open transactions on one file: what each sees, what waits for what, and that nothing is lost on the way."""

from collections.abc import Callable

import pytest

from dotdo.errors import (
    Deadlock,
    ForeignKeyViolation,
    LockTimeout,
    SerializationFailure,
    UniqueViolation,
)
from dotdo.storage import (
    Blocked,
    Column,
    ForeignKey,
    Index,
    Mode,
    Noun,
    Session,
    State,
    Unique,
    create_noun,
)

ID = Column("id", "bigint", "id", is_nullable=False)


def values(session: Session) -> list[object]:
    return [v for (v,) in session.read("select v from t order by id")]


def refuses(session: Session, sql: str, *params: int | str | None) -> Session:
    """Return for whom the statement must wait."""
    with pytest.raises(Blocked) as caught:
        session.write(sql, params, wait=False)
    owner = caught.value.owner
    assert isinstance(owner, Session)
    return owner


@pytest.fixture
def unique(session: Session) -> Noun:
    """A noun `t(id, v)` with unique `v`, and the row (1, 'a')."""
    noun = create_noun(
        session,
        Noun(0, "t", "columns", "t", columns=(ID, Column("v", "text", "v")), key=("id",), rowid="id", uniques=(Unique("u", ("v",)),)),
    )  # fmt: skip
    session.write("insert into t(id, v) values (1, 'a')")
    return noun


@pytest.fixture
def family(session: Session) -> Callable[..., None]:
    def create(**options: object) -> None:
        """Make `parent` with rows 1 and 2, and `child` with the row (1, parent 1)."""
        create_noun(
            session,
            Noun(
                0,
                "parent",
                "columns",
                "parent",
                columns=(ID, Column("v", "bigint", "v")),
                key=("id",),
                rowid="id",
            ),
        )
        fk = ForeignKey("f", ("parent",), "parent", ("id",), **options)  # type: ignore[arg-type]
        create_noun(
            session,
            Noun(
                0,
                "child",
                "columns",
                "child",
                columns=(ID, Column("parent", "bigint", "parent")),
                key=("id",),
                rowid="id",
                foreign_keys=(fk,),
            ),
        )
        session.write("insert into parent(id) values (1), (2)")
        session.write("insert into child(id, parent) values (1, 1)")

    return create  # fmt: skip


def test_each_sees_its_own_writes_and_not_the_others(
    session: Session, other: Session, third: Session, numbers: Noun
) -> None:
    session.begin()
    session.write("update t set v = v + 1 where id = 1")
    other.begin()
    other.write("update t set v = v + 1 where id = 2")
    assert session.state is State.SUSPENDED
    assert values(session) == [11, 20, 30]
    assert values(other) == [10, 21, 30]
    assert values(third) == [10, 20, 30]
    session.commit()
    assert values(other) == [11, 21, 30]
    other.commit()
    assert values(third) == [11, 21, 30]


def test_a_written_row_waits(session: Session, other: Session, numbers: Noun) -> None:
    session.begin()
    session.write("update t set v = 0 where id = 1")
    assert refuses(other, "update t set v = v + 1 where id = 1") is session
    assert refuses(other, "delete from t where id <= 2") is session
    other.begin()
    assert refuses(other, "insert or replace into t(id, v) values (1, 1)") is session
    other.write("update t set v = v + 1 where id = 2")
    session.commit()
    other.write("update t set v = v + 1 where id = 1", wait=False)
    other.commit()
    assert values(session) == [1, 21, 30]


def test_the_same_thread_does_not_wait_for_itself(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    session.write("update t set v = 0 where id = 1")
    with pytest.raises(LockTimeout):
        other.write("update t set v = v + 1 where id = 1")
    session.commit()
    other.write("update t set v = v + 1 where id = 1")


def test_two_that_wait_for_each_other_are_a_deadlock(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    other.begin()
    session.write("update t set v = 0 where id = 1")
    other.write("update t set v = 0 where id = 2")
    refuses(session, "update t set v = 0 where id = 2")
    with pytest.raises(Deadlock):
        other.write("update t set v = 0 where id = 1", wait=False)
    other.rollback()
    session.write("update t set v = 1 where id = 2", wait=False)
    session.commit()
    assert values(session) == [0, 1, 30]


def test_three_that_wait_in_a_circle_are_a_deadlock(
    session: Session, other: Session, third: Session, numbers: Noun
) -> None:
    ring = [session, other, third]
    for n, one in enumerate(ring, 1):
        one.begin()
        one.write("update t set v = 0 where id = ?", (n,))
    refuses(session, "delete from t where id = 2")
    refuses(other, "delete from t where id = 3")
    with pytest.raises(Deadlock):
        third.write("delete from t where id = 1", wait=False)
    for one in ring:
        one.rollback()
    assert values(session) == [10, 20, 30]


def test_an_inserted_key_waits_until_it_is_known(
    session: Session, other: Session, unique: Noun
) -> None:
    session.begin()
    session.write("insert into t(id, v) values (2, 'b')")
    assert refuses(other, "insert into t(id, v) values (3, 'b')") is session
    assert refuses(other, "update t set v = 'b' where id = 1") is session
    other.write("insert into t(id, v) values (4, 'd')")
    session.commit()
    with pytest.raises(UniqueViolation):
        other.write("insert into t(id, v) values (3, 'b')")


def test_an_inserted_key_undone_is_free(session: Session, other: Session, unique: Noun) -> None:
    session.begin()
    session.write("insert into t(id, v) values (2, 'b')")
    refuses(other, "insert into t(id, v) values (3, 'b')")
    session.rollback()
    other.write("insert into t(id, v) values (3, 'b')", wait=False)


@pytest.mark.parametrize(
    "change", ["delete from t where id = 1", "update t set v = 'z' where id = 1"]
)
def test_a_key_given_up_waits_until_it_is_known(
    session: Session, other: Session, unique: Noun, change: str
) -> None:
    session.begin()
    session.write(change)
    assert refuses(other, "insert into t(id, v) values (2, 'a')") is session
    other.begin()
    assert refuses(other, "insert into t(id, v) values (2, 'a')") is session
    session.commit()
    other.write("insert into t(id, v) values (2, 'a')", wait=False)
    other.commit()


def test_a_key_taken_by_nobody_open_fails_at_once(
    session: Session, other: Session, unique: Noun
) -> None:
    session.write("insert into t(id, v) values (2, 'b')")
    session.begin()
    session.write("delete from t where id = 1")
    with pytest.raises(UniqueViolation):
        other.write("insert into t(id, v) values (3, 'b')", wait=False)
    session.rollback()


def test_deleted_and_inserted_again_by_one(session: Session, other: Session, unique: Noun) -> None:
    session.begin()
    session.write("delete from t where id = 1")
    session.write("insert into t(id, v) values (1, 'a')")
    assert refuses(other, "update t set v = 'b' where id = 1") is session
    assert refuses(other, "insert into t(id, v) values (2, 'a')") is session
    session.commit()


def test_a_unique_value_that_is_referred_to_is_held(
    session: Session, other: Session, unique: Noun
) -> None:
    fk = ForeignKey("f", ("v",), "t", ("v",))
    create_noun(session, Noun(0, "child", "columns", "child", columns=(ID, Column("v", "text", "v")), key=("id",), rowid="id", foreign_keys=(fk,)))  # fmt: skip
    session.begin()
    session.write("insert into child(id, v) values (1, 'a')")
    assert refuses(other, "update t set v = 'b' where id = 1") is session
    other.write("update t set _visibility = 'public' where id = 1", wait=False)
    session.commit()
    session.begin()
    session.write("delete from child")
    session.write("update t set v = 'b' where id = 1")
    assert refuses(other, "insert into child(id, v) values (2, 'a')") is session
    session.commit()


def test_a_unique_index_of_an_expression_waits_too(session: Session, other: Session) -> None:
    index = Index("i", ('lower("v") desc',), is_unique=True, where="id < 10")
    create_noun(session, Noun(0, "t", "columns", "t", columns=(ID, Column("v", "text", "v")), key=("id",), rowid="id", indexes=(index,)))  # fmt: skip
    session.begin()
    session.write("insert into t(id, v) values (1, 'A')")
    assert refuses(other, "insert into t(id, v) values (2, 'a')") is session
    other.write("insert into t(id, v) values (11, 'a')", wait=False)
    session.commit()


def test_a_child_waits_for_the_deletion_of_its_parent(
    session: Session, other: Session, family: Callable[..., None]
) -> None:
    family()
    session.begin()
    session.write("delete from parent where id = 2")
    assert refuses(other, "insert into child(id, parent) values (2, 2)") is session
    assert refuses(other, "update child set parent = 2 where id = 1") is session
    session.commit()
    with pytest.raises(ForeignKeyViolation):
        other.write("insert into child(id, parent) values (2, 2)")


def test_the_deletion_of_a_parent_waits_for_a_new_child(
    session: Session, other: Session, family: Callable[..., None]
) -> None:
    family()
    session.begin()
    session.write("insert into child(id, parent) values (2, 2)")
    assert refuses(other, "delete from parent where id = 2") is session
    assert refuses(other, "update parent set id = 3 where id = 2") is session
    other.write("update parent set v = 1 where id = 2", wait=False)
    session.commit()
    with pytest.raises(ForeignKeyViolation):
        other.write("delete from parent where id = 2")


def test_the_deletion_of_a_parent_waits_for_that_of_its_child(
    session: Session, other: Session, family: Callable[..., None]
) -> None:
    family()
    session.begin()
    session.write("delete from child where id = 1")
    assert refuses(other, "delete from parent where id = 1") is session
    session.commit()
    other.write("delete from parent where id = 1", wait=False)


def test_a_reference_to_an_uncommitted_parent_fails_at_once(
    session: Session, other: Session, family: Callable[..., None]
) -> None:
    family()
    session.begin()
    session.write("insert into parent(id) values (3)")
    with pytest.raises(ForeignKeyViolation):
        other.write("insert into child(id, parent) values (2, 3)", wait=False)
    session.rollback()


@pytest.mark.parametrize("action", ["cascade", "set null", "no action"])
def test_a_moved_parent_keeps_its_children_across_suspension(
    session: Session, other: Session, family: Callable[..., None], action: str
) -> None:
    family(on_delete=action, on_update="cascade")
    session.begin()
    session.write("update parent set id = 7 where id = 1")
    other.write("update parent set v = 1 where id = 2")
    assert session.state is State.SUSPENDED
    assert session.read("select id, parent from child") == [(1, 7)]
    other.write("update parent set v = 2 where id = 2")
    session.commit()
    assert other.read("select id, parent from child") == [(1, 7)]


def test_a_restricted_parent_may_move_across_suspension(
    session: Session, other: Session, family: Callable[..., None]
) -> None:
    family(on_delete="restrict")
    session.begin()
    session.write("delete from child where id = 1")
    session.write("delete from parent where id = 1")
    session.write("insert into parent(id) values (1)")
    session.write("insert into child(id, parent) values (1, 1)")
    other.write("update parent set v = 1 where id = 2")
    session.commit()
    assert other.read("select id, parent from child") == [(1, 1)]


def test_a_deferred_reference_is_still_checked_after_suspension(
    session: Session, other: Session, family: Callable[..., None]
) -> None:
    family(is_deferrable=True, is_deferred=True)
    session.begin()
    session.write("insert into child(id, parent) values (2, 9), (3, 9)")
    other.write("update parent set v = 1 where id = 2")
    session.write("delete from child where id = 3")
    with pytest.raises(ForeignKeyViolation):
        session.commit()
    assert not session.in_transaction
    assert other.read("select count(*) from child") == [(1,)]


def test_a_deferred_reference_may_be_mended_after_suspension(
    session: Session, other: Session, family: Callable[..., None]
) -> None:
    family(is_deferrable=True, is_deferred=True)
    session.begin()
    session.write("insert into child(id, parent) values (2, 9)")
    for n in range(2):
        other.write("update parent set v = ? where id = 2", (n,))
        assert session.read("select count(*) from child") == [(2,)]
    session.write("insert into parent(id) values (9)")
    other.write("update parent set v = 5 where id = 2")
    session.commit()
    assert other.read("select parent from child order by id") == [(1,), (9,)]


def test_values_that_moved_in_a_circle_come_back(
    session: Session, other: Session, unique: Noun
) -> None:
    session.write("insert into t(id, v) values (2, 'b'), (3, 'c')")
    session.begin()
    for row, value in ((1, "x"), (2, "a"), (3, "b"), (1, "c")):
        session.write("update t set v = ? where id = ?", (value, row))
    other.write("insert into t(id, v) values (9, 'other')")
    assert values(session) == ["c", "a", "b", "other"]
    session.commit()
    assert values(other) == ["c", "a", "b", "other"]


def test_a_snapshot_sees_one_state_throughout(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin("snapshot")
    assert values(session) == [10, 20, 30]
    other.write("update t set v = 0")
    assert values(session) == [10, 20, 30]
    session.commit()
    assert values(session) == [0, 0, 0]


def test_a_snapshot_that_others_have_overtaken_cannot_write(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin("snapshot")
    values(session)
    other.write("update t set v = 0 where id = 3")
    with pytest.raises(SerializationFailure):
        session.write("update t set v = 1 where id = 1")
    assert not session.in_transaction
    session.write("update t set v = 1 where id = 1")


def test_a_suspended_snapshot_goes_on_only_when_nobody_has_committed(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin("snapshot")
    session.write("update t set v = 1 where id = 1")
    other.begin()
    other.write("update t set v = 2 where id = 2")
    other.rollback()
    assert values(session) == [1, 20, 30]
    other.write("update t set v = 2 where id = 2")
    with pytest.raises(SerializationFailure):
        values(session)
    assert values(session) == [10, 2, 30]


@pytest.mark.parametrize("asks", [False, True])
def test_a_suspended_snapshot_that_only_ends_may_do_so_on_what_others_have_committed(
    session: Session, other: Session, numbers: Noun, asks: bool
) -> None:
    session.begin("snapshot")
    session.write("update t set v = 1 where id = 1")
    other.write("update t set v = 2 where id = 2")
    if asks:
        assert not session.has_unmet_references(ends=True)
    session.commit()
    assert values(session) == [1, 2, 30]


def test_a_suspended_serializable_transaction_does_not_end_on_what_others_have_committed(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin("serializable")
    session.write("update t set v = 1 where id = 1")
    other.write("update t set v = 2 where id = 2")
    with pytest.raises(SerializationFailure):
        session.commit()
    assert values(session) == [10, 2, 30]


def test_a_row_changed_behind_a_suspended_transaction_is_found(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    session.write("update t set v = 1 where id = 1")
    other.write("update t set v = 2 where id = 2")
    session.store.locks.release(
        session
    )  # as if the other were another process, which knows no locks
    other.write("update t set v = 3 where id = 1")
    with pytest.raises(SerializationFailure):
        session.commit()
    assert values(session) == [3, 2, 30]


def test_a_pinned_transaction_makes_others_wait(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    session.write("update t set v = 1 where id = 1")
    session.pin()
    assert refuses(other, "update t set v = 2 where id = 2") is session
    session.commit()
    other.write("update t set v = 2 where id = 2", wait=False)


def test_the_log_of_a_suspended_transaction_is_whole(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    session.write("update t set v = 1 where id = 1")
    session.write("update t set v = 2 where id = 1")
    other.write("delete from t where id = 3")
    session.commit()
    ranges = session.read("select seq0, seq1, api from _tx order by seq1 desc limit 2")
    (mine, theirs) = ranges
    assert (mine[2], theirs[2]) == ("test", "other")
    assert mine[0] == int(str(theirs[1])) + 1
    assert session.read("select count(*) from _log where seq between ? and ? and op = 2", mine[:2]) == [(1,)]  # fmt: skip


class TestLocksByRequest:
    def test_nowait_is_blocked(self, session: Session, other: Session, numbers: Noun) -> None:
        session.begin()
        other.begin()
        assert session.lock_rows(numbers, [1, 2]) == [1, 2]
        with pytest.raises(Blocked) as caught:
            other.lock_rows(numbers, [3, 2], wait=False)
        assert caught.value.owner is session
        assert other.lock_rows(numbers, [3], wait=False) == [3]

    def test_locked_rows_are_skipped(self, session: Session, other: Session, numbers: Noun) -> None:
        session.begin()
        other.begin()
        session.lock_rows(numbers, [1])
        session.write("update t set v = 0 where id = 2")
        assert other.lock_rows(numbers, [1, 2, 3], skip_locked=True) == [3]

    def test_share_locks_go_together(self, session: Session, other: Session, numbers: Noun) -> None:
        session.begin()
        other.begin()
        session.lock_rows(numbers, [1], Mode.SHARE)
        other.lock_rows(numbers, [1], Mode.SHARE)
        assert refuses(session, "update t set v = 0 where id = 1") is other
        session.rollback()
        other.write("update t set v = 0 where id = 1", wait=False)
        other.commit()

    def test_a_lock_before_the_first_write_does_not_freeze_reads(
        self, session: Session, other: Session, numbers: Noun
    ) -> None:
        session.begin()
        session.lock_rows(numbers, [1])
        other.write("update t set v = 5 where id = 2")
        assert values(session) == [10, 5, 30]
        session.write("update t set v = 6 where id = 1")
        session.commit()
        assert values(other) == [6, 5, 30]

    def test_a_locked_row_changed_by_who_knows_no_locks_is_found(
        self, session: Session, other: Session, numbers: Noun
    ) -> None:
        session.begin()
        session.lock_rows(numbers, [1])
        session.store.locks.release(session)
        other.write("update t set v = v + 1 where id = 1")
        with pytest.raises(SerializationFailure):
            session.write("update t set v = 11 where id = 1")
        assert values(session) == [11, 20, 30]


def test_what_was_pinned_outside_a_transaction_does_not_pin_the_next_one(numbers, session, other):
    session.set_fact("a", 1)
    session.begin()
    session.write("update t set v = 11 where id = 1")
    other.write("update t set v = 22 where id = 2", wait=False)
    session.commit()
    assert session.read("select v from t order by id") == [(11,), (22,), (30,)]
    assert (session.fact("a"), session.fact("b")) == (1, None)
