"""Nouns created, altered and dropped: rows, constraints, log, and who sees it when."""

import subprocess
import sys
from collections.abc import Callable

import msgspec
import pytest

from dotdo.errors import (
    AlreadyExists,
    CheckViolation,
    ForeignKeyViolation,
    NotNullViolation,
    UniqueViolation,
    UnknownNoun,
)
from dotdo.storage import (
    Blocked,
    CatalogChanged,
    Check,
    Column,
    ForeignKey,
    Index,
    Noun,
    Session,
    Store,
    Unique,
    alter_noun,
    create_noun,
    drop_noun,
)

change = msgspec.structs.replace
LOOK = """
import sys
from dotdo.storage import Store
print(*sorted(noun.name for noun in Store(sys.argv[1]).session().catalog.nouns))
"""


def elsewhere(path: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, path], capture_output=True, check=True, text=True
    )
    return done.stdout.split()


def names(session: Session) -> list[str]:
    return sorted(noun.name for noun in session.catalog.nouns)


def triggers(session: Session) -> list[object]:
    return session.read("select name from sqlite_schema where type = 'trigger' and tbl_name = 't'")


def test_a_noun_is_there_once(session: Session, numbers: Noun) -> None:
    assert session.catalog.noun("t") == numbers
    with pytest.raises(AlreadyExists):
        create_noun(session, change(numbers, id=0))
    with pytest.raises(UnknownNoun):
        create_noun(session, change(numbers, id=0, name="u", table="u", foreign_keys=(ForeignKey("f", ("v",), "nothing", ("id",)),)))  # fmt: skip
    assert names(session) == ["t"]
    assert session.read("select count(*) from sqlite_schema where name = 'u'") == [(0,)]


def test_definitions_are_seen_by_others_after_the_commit_only(
    session: Session, other: Session, path: str, make: Callable[..., Noun]
) -> None:
    session.begin()
    make("t", v="bigint")
    session.write("insert into t(id, v) values (1, 1)")
    assert names(session) == ["t"]
    assert names(other) == []
    assert elsewhere(path) == []
    session.commit()
    assert names(other) == ["t"]
    assert elsewhere(path) == ["t"]
    assert other.read("select v from t") == [(1,)]


def test_another_process_is_seen_to_change_definitions(
    session: Session, numbers: Noun, path: str
) -> None:
    planned = session.catalog
    theirs = Store(path).session()  # shares nothing with ours but the file
    alter_noun(theirs, change(numbers, columns=(*numbers.columns, Column("w", "text", "w", default="'x'"))))  # fmt: skip
    with pytest.raises(CatalogChanged):
        session.read("select v from t", planned_for=planned)
    with pytest.raises(CatalogChanged):
        session.write("update t set v = 0", planned_for=planned)
    assert session.read("select distinct w from t", planned_for=session.catalog) == [("x",)]
    theirs.close()


def test_a_stale_plan_leaves_nothing_behind(
    session: Session, other: Session, numbers: Noun
) -> None:
    other.begin()
    other.read("select 1 from t")
    planned = other.catalog
    create_noun(session, change(numbers, id=0, name="u", table="u"))
    with pytest.raises(CatalogChanged):
        other.read("select v from t", planned_for=planned)
    with pytest.raises(CatalogChanged):
        other.write("update t set v = 0", planned_for=planned)
    other.write("update t set v = 1 where id = 1", planned_for=other.catalog)
    other.commit()
    assert session.read("select v from t order by id") == [(1,), (20,), (30,)]


def test_definitions_of_another_process_are_seen_when_asked_for(
    session: Session, numbers: Noun, path: str
) -> None:
    theirs = Store(path).session()
    create_noun(theirs, change(numbers, id=0, name="u", table="u"))
    assert names(session) == ["t"]
    session.refresh()
    assert names(session) == ["t", "u"]
    theirs.close()


def test_a_stale_plan_of_a_vanished_table_is_no_error(
    session: Session, other: Session, numbers: Noun
) -> None:
    other.read("select 1 from t")
    planned = other.catalog
    drop_noun(session, numbers)
    with pytest.raises(CatalogChanged):
        other.read("select v from t", planned_for=planned)


def test_definitions_undone_are_gone(session: Session, other: Session, numbers: Noun) -> None:
    version = session.catalog.version
    session.begin()
    create_noun(session, change(numbers, id=0, name="u", table="u"))
    session.savepoint("s")
    alter_noun(session, change(numbers, columns=(*numbers.columns, Column("w", "text", "w"))))
    session.write("update t set w = 'x'")
    session.rollback_to("s")
    assert session.catalog.noun("t") == numbers
    assert names(session) == ["t", "u"]
    session.write("update t set v = 0 where id = 1")
    session.write("insert into u(id, v) values (1, 1)")
    session.rollback()
    assert names(session) == ["t"]
    assert session.catalog.version == version
    assert session.read("select v from t order by id") == [(10,), (20,), (30,)]
    create_noun(session, change(numbers, id=0, name="u", table="u"))
    assert other.read("select count(*) from u") == [(0,)]


def test_a_failed_change_in_a_transaction_leaves_the_rest(session: Session, numbers: Noun) -> None:
    session.begin()
    session.write("update t set v = 0 where id = 1")
    with pytest.raises(CheckViolation):
        alter_noun(session, change(numbers, checks=(Check("c", "v > 5"),)))
    assert session.catalog.noun("t") == numbers
    session.write("update t set v = 1 where id = 2")
    session.commit()
    assert session.read("select v from t order by id") == [(0,), (1,), (30,)]


def test_changing_definitions_waits_for_open_writers(
    session: Session, other: Session, numbers: Noun
) -> None:
    other.begin()
    other.write("update t set v = 0 where id = 1")
    wider = change(numbers, columns=(*numbers.columns, Column("w", "text", "w")))
    from dotdo.errors import LockTimeout

    with pytest.raises(LockTimeout):  # the other could only go on in this thread
        alter_noun(session, wider)
    assert session.catalog.noun("t") == numbers
    other.commit()
    alter_noun(session, wider)
    assert session.read("select v, w from t where id = 1") == [(0, None)]


def test_a_transaction_that_changed_definitions_keeps_the_writer(
    session: Session, other: Session, numbers: Noun
) -> None:
    session.begin()
    create_noun(session, change(numbers, id=0, name="u", table="u"))
    with pytest.raises(Blocked):
        other.write("update t set v = 0", wait=False)
    session.commit()
    other.write("update t set v = 0", wait=False)


class TestColumns:
    def test_an_added_column_is_filled(self, session: Session, numbers: Noun) -> None:
        added = (
            Column("w", "text", "w", default="'d'"),
            Column("twice", "bigint", "twice", is_nullable=False),
        )
        alter_noun(session, change(numbers, columns=numbers.columns + added), {"twice": "v * 2"})
        assert session.read("select w, twice from t order by id") == [
            ("d", 20),
            ("d", 40),
            ("d", 60),
        ]
        session.write("insert into t(id, v, twice) values (4, 1, 1)")
        assert session.read("select w from t where id = 4") == [("d",)]
        with pytest.raises(NotNullViolation):
            session.write("insert into t(id, v) values (5, 1)")

    def test_an_added_required_column_without_values_is_refused(
        self, session: Session, numbers: Noun
    ) -> None:
        more = Column("w", "text", "w", is_nullable=False)
        with pytest.raises(NotNullViolation) as caught:
            alter_noun(session, change(numbers, columns=(*numbers.columns, more)))
        assert caught.value.columns == ("w",)
        assert session.read("select * from t where id = 1") == [(1, 10, None, None)]

    def test_a_dropped_column_stays_in_the_log(self, session: Session, numbers: Noun) -> None:
        alter_noun(session, change(numbers, columns=numbers.columns[:1]))
        assert session.read("select * from t where id = 1") == [(1, None, None)]
        assert session.read("select count(*) from _log where noun = ? and before ->> 3 = 20", (numbers.id,)) == [(1,)]  # fmt: skip
        session.write("update t set _visibility = 'x' where id = 1")

    def test_a_dropped_column_may_have_been_checked_indexed_and_referring(
        self, session: Session, numbers: Noun
    ) -> None:
        rich = change(
            numbers,
            checks=(Check("c", "v > 0"),),
            indexes=(Index("i", ('"v"',)),),
            uniques=(Unique("u", ("v",)),),
            foreign_keys=(ForeignKey("f", ("v",), "t", ("id",), is_deferrable=True),),
        )
        session.write("update t set v = id")
        alter_noun(session, rich)
        alter_noun(session, change(numbers, columns=numbers.columns[:1]))
        session.write("insert into t(id) values (9)")
        assert session.read("pragma integrity_check") == [("ok",)]

    def test_a_rewritten_column_changes_its_storage(self, session: Session, numbers: Noun) -> None:
        columns = (numbers.columns[0], Column("v", "text", "v"))
        alter_noun(session, change(numbers, columns=columns), {"v": "'n' || v"})
        assert session.read("select v from t order by id") == [("n10",), ("n20",), ("n30",)]
        session.write("insert into t(id, v) values (4, 'x')")
        assert len(triggers(session)) >= 3

    def test_the_log_goes_on_after_a_change(self, session: Session, numbers: Noun) -> None:
        wide = alter_noun(
            session, change(numbers, columns=(*numbers.columns, Column("w", "text", "w")))
        )
        session.write("update t set w = 'x' where id = 1")
        session.write("update t set w = 'y' where id = 1")
        found = session.read("select before ->> 3, before ->> 4 from _log where noun = ? and op = 2 order by seq", (wide.id,))  # fmt: skip
        assert found == [(10, None), (10, "x")]


class TestConstraints:
    def test_a_check_comes_and_goes(self, session: Session, numbers: Noun) -> None:
        checked = alter_noun(session, change(numbers, checks=(Check("positive", "v > 0"),)))
        with pytest.raises(CheckViolation) as caught:
            session.write("update t set v = -1")
        assert caught.value.constraint == "positive"
        alter_noun(session, change(checked, checks=()))
        session.write("update t set v = -1")

    def test_not_null_comes_and_goes(self, session: Session, numbers: Noun) -> None:
        strict = (numbers.columns[0], change(numbers.columns[1], is_nullable=False))
        noun = alter_noun(session, change(numbers, columns=strict))
        with pytest.raises(NotNullViolation):
            session.write("update t set v = null")
        alter_noun(session, change(noun, columns=numbers.columns))
        session.write("update t set v = null")

    def test_a_default_comes_and_goes(self, session: Session, numbers: Noun) -> None:
        with_default = (numbers.columns[0], change(numbers.columns[1], default="7"))
        noun = alter_noun(session, change(numbers, columns=with_default))
        session.write("insert into t(id) values (4)")
        alter_noun(session, change(noun, columns=numbers.columns))
        session.write("insert into t(id) values (5)")
        assert session.read("select v from t where id > 3 order by id") == [(7,), (None,)]

    def test_unique_comes_and_goes(self, session: Session, numbers: Noun) -> None:
        noun = alter_noun(session, change(numbers, uniques=(Unique("u", ("v",)),)))
        with pytest.raises(UniqueViolation):
            session.write("update t set v = 1")
        alter_noun(session, change(noun, uniques=()))
        session.write("update t set v = 1")
        with pytest.raises(UniqueViolation):
            alter_noun(session, change(noun, uniques=(Unique("u", ("v",)),)))

    def test_a_foreign_key_comes_and_goes(
        self, session: Session, numbers: Noun, make: Callable[..., Noun]
    ) -> None:
        child = make("child", t="bigint")
        session.write("insert into child(id, t) values (1, 1), (2, null)")
        noun = alter_noun(
            session,
            change(
                child, foreign_keys=(ForeignKey("f", ("t",), "t", ("id",), on_delete="set null"),)
            ),
        )
        with pytest.raises(ForeignKeyViolation):
            session.write("insert into child(id, t) values (3, 99)")
        session.write("delete from t where id = 1")
        assert session.read("select t from child") == [(None,), (None,)]
        alter_noun(session, change(noun, foreign_keys=()))
        session.write("insert into child(id, t) values (3, 99)")
        with pytest.raises(ForeignKeyViolation) as caught:
            alter_noun(session, noun)
        assert (caught.value.constraint, caught.value.columns) == ("f", ("t",))

    def test_what_a_session_prepared_before_keeps_new_constraints(
        self, session: Session, other: Session, numbers: Noun
    ) -> None:
        other.write("insert into t(id, v) values (?, ?)", (4, 1))
        alter_noun(session, change(numbers, checks=(Check("positive", "v > 0"),)))
        with pytest.raises(CheckViolation):
            other.write("insert into t(id, v) values (?, ?)", (5, -1))


class TestNames:
    def test_a_renamed_noun_keeps_its_rows(
        self, session: Session, other: Session, numbers: Noun
    ) -> None:
        alter_noun(session, change(numbers, name="u"))
        assert names(other) == ["u"]
        assert other.read("select count(*) from t") == [(3,)]

    def test_a_dropped_noun_stays_in_the_log(self, session: Session, numbers: Noun) -> None:
        drop_noun(session, numbers)
        assert names(session) == []
        found = session.read(
            "select before ->> 3 from _log where noun = ? and op = 3", (numbers.id,)
        )
        assert sorted(found) == [(10,), (20,), (30,)]
        create_noun(session, change(numbers, id=0))
        assert session.read("select count(*) from t") == [(0,)]

    def test_a_noun_that_is_referred_to_is_not_dropped(
        self, session: Session, numbers: Noun, make: Callable[..., Noun]
    ) -> None:
        child = make("child", t="bigint")
        alter_noun(session, change(child, foreign_keys=(ForeignKey("f", ("t",), "t", ("id",)),)))
        session.write("insert into child(id, t) values (1, 1)")
        with pytest.raises(ForeignKeyViolation):
            drop_noun(session, numbers)
        assert session.read("select count(*) from t") == [(3,)]

    def test_an_unknown_noun_is_not_altered(self, session: Session, numbers: Noun) -> None:
        with pytest.raises(UnknownNoun):
            alter_noun(session, change(numbers, id=999))


VIEW = Noun(0, "$test view", "definition", "", extra={"test": {"sql": "select 1"}})


def test_a_definition_has_no_table_and_is_no_noun_of_users(session: Session) -> None:
    made = create_noun(session, VIEW)
    assert session.catalog.noun("$test view") == made
    assert made.id > 0
    assert names(session) == []
    altered = alter_noun(session, change(made, extra={"test": {"sql": "select 2"}}))
    assert session.catalog.noun("$test view") == altered
    drop_noun(session, altered)
    assert session.catalog.noun("$test view") is None


def test_a_definition_goes_with_its_transaction(session: Session) -> None:
    session.begin()
    create_noun(session, VIEW)
    session.rollback()
    assert session.catalog.noun("$test view") is None


def test_a_column_with_keys_changes_its_storage(session: Session, numbers: Noun) -> None:
    unique = change(
        numbers,
        uniques=(Unique("t_v_key", ("v",)),),
        indexes=(Index("t_v_idx", ('"v"',)),),
        foreign_keys=(ForeignKey("t_v_fkey", ("v",), "t", ("v",)),),
    )
    alter_noun(session, unique)
    text = tuple(change(c, type="text") if c.name == "v" else c for c in numbers.columns)
    alter_noun(session, change(unique, columns=text), {"v": "cast(v as text)"})
    assert session.read("select v from t order by id") == [("10",), ("20",), ("30",)]
    with pytest.raises(UniqueViolation):
        session.write("insert into t(id, v) values (4, '10')")


def test_checks_of_documents_are_asked_of_what_is_written_without_a_cache(session: Session) -> None:
    checks = (
        Check("small", "new.data ->> 'n' < 10"),
        Check("once", "not exists (select 1 from docs o where o._id <> new._id and o.data ->> 'n' = new.data ->> 'n')", is_unique=True),
    )  # fmt: skip
    noun = create_noun(
        session, Noun(0, "docs", "document", "docs", (Column("id", "any", "id", False),), ("id",))
    )
    noun = alter_noun(session, change(noun, checks=checks))
    insert = "insert into docs(_id, id, data, bson) values (?, ?, jsonb(?), ?)"
    session.write(insert, (1, "a", '{"n": 1}', None))
    session.write(insert, (2, "b", '{"n": 99}', b"cached"))
    with pytest.raises(CheckViolation) as refused:
        session.write(insert, (3, "c", '{"n": 11}', None))
    assert refused.value.constraint == "small"
    with pytest.raises(UniqueViolation) as taken:
        session.write("update docs set data = jsonb('{\"n\": 1}'), bson = null where _id = 2")
    assert taken.value.constraint == "once"
    alter_noun(session, change(noun, checks=()))
    session.write("update docs set data = jsonb('{\"n\": 1}'), bson = null where _id = 2")
