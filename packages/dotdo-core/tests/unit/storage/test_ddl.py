"""Log triggers: every way to write a row leaves the entries that undo it."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from dotdo import errors
from dotdo.sql import numeric
from dotdo.storage import Column, Noun, Session, create_noun, system

INSERT, UPDATE, DELETE = system.INSERT, system.UPDATE, system.DELETE


def entries(session: Session, noun: Noun) -> list[tuple[object, object]]:
    return [(op, row) for op, row in session.read("select op, id from _log where noun = ? and op <> 5 order by seq", (noun.id,))]  # fmt: skip


@pytest.mark.parametrize("name", ["id", "rowid", "oid", "_rowid_", "ID"])
def test_a_moved_row_is_deleted_and_inserted(session: Session, numbers: Noun, name: str) -> None:
    session.write(f"update t set {name} = 9 where id = 1")
    assert entries(session, numbers)[3:] == [(DELETE, 1), (INSERT, 9)]


def test_an_assignment_that_keeps_the_key_is_an_update(session: Session, numbers: Noun) -> None:
    session.write("update t set id = id, v = 0 where id = 1")
    session.write("update t set v = 0 where id = 2")
    assert entries(session, numbers)[3:] == [(UPDATE, 1), (UPDATE, 2)]


def test_a_key_beside_a_hidden_row_id_moves_too(
    session: Session, make: Callable[..., Noun]
) -> None:
    noun = make("t", key="name", name="text", v="bigint")
    session.write("insert into t(_id, name, v) values (1, 'a', 1)")
    session.write("update t set name = 'b'")
    session.write("insert into t(_id, name) values (2, 'b') on conflict(name) do update set v = 2")
    session.write("insert into t(_id, name) values (3, 'c') on conflict(name) do update set name = 'd'")  # fmt: skip
    session.write("insert into t(_id, name) values (4, 'c') on conflict(name) do update set name = 'd'")  # fmt: skip
    assert entries(session, noun) == [
        (INSERT, 1),
        (DELETE, 1),
        (INSERT, 1),
        (UPDATE, 1),
        (INSERT, 3),
        (DELETE, 3),
        (INSERT, 3),
    ]


def test_a_computed_key_moves_with_what_it_is_computed_from(session: Session) -> None:
    columns = (
        Column("v", "bigint", "v"),
        Column("k", "bigint", "k", is_nullable=False, generated="v * 2"),
    )
    noun = create_noun(session, Noun(0, "t", "columns", "t", columns=columns, key=("k",)))
    session.write("insert into t(_id, v) values (1, 1)")
    session.write("update t set v = 2")
    session.write("update t set _visibility = 'x'")
    assert entries(session, noun) == [(INSERT, 1), (DELETE, 1), (INSERT, 1), (UPDATE, 1)]


def test_replacing_logs_what_is_replaced(session: Session, numbers: Noun) -> None:
    session.write("insert or replace into t(id, v) values (1, 0)")
    assert entries(session, numbers)[3:] == [(DELETE, 1), (INSERT, 1)]


def test_a_document_moves_with_its_id(session: Session) -> None:
    noun = create_noun(session, Noun(0, "d", "document", "d", columns=(Column("id", "any", "id"),), key=("id",)))  # fmt: skip
    session.write("insert into d(_id, id, data) values (1, 'a', jsonb('{}'))")
    session.write("update d set data = jsonb('{\"n\": 1}')")
    session.write("update d set id = 'b'")
    session.write("update d set bson = x'00'")
    assert entries(session, noun) == [(INSERT, 1), (UPDATE, 1), (DELETE, 1), (INSERT, 1), (UPDATE, 1)]  # fmt: skip


def test_equal_numbers_are_one_key_whatever_their_scale(
    session: Session, make: Callable[..., Noun]
) -> None:
    make("t", key="n", n="numeric", v="bigint")
    one, same, other = (numeric.encode(Decimal(text)) for text in ("1.0", "1.00", "1.01"))
    session.write("insert into t(_id, n) values (1, ?)", (one,))
    with pytest.raises(errors.UniqueViolation):
        session.write("insert into t(_id, n) values (2, ?)", (same,))
    session.write("insert into t(_id, n) values (3, ?)", (other,))
    assert [row for (row,) in session.read("select _id from t order by n")] == [1, 3]
