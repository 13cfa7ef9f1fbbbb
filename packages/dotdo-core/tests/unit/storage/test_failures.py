from collections.abc import Callable

import pytest

from dotdo.errors import (
    CheckViolation,
    ConstraintViolation,
    ForeignKeyViolation,
    NotNullViolation,
    StatementError,
    TypeViolation,
    UniqueViolation,
)
from dotdo.storage import (
    Check,
    Column,
    ForeignKey,
    Index,
    Noun,
    Session,
    Unique,
    create_noun,
)


@pytest.fixture
def noun(session: Session) -> Noun:
    return create_noun(
        session,
        Noun(
            0,
            "order items",
            "columns",
            "order items",
            columns=(
                Column("id", "bigint", "id", is_nullable=False),
                Column("a.b", "text", "a.b", is_nullable=False),
                Column("c", "integer", "c"),
                Column("up", "bigint", "up"),
            ),
            key=("id",),
            rowid="id",
            uniques=(Unique("u", ("a.b", "c")),),
            checks=(Check("c is small", "c < 10"),),
            foreign_keys=(ForeignKey("f", ("up",), "order items", ("id",)),),
            indexes=(Index("lower", ('lower("a.b")', "c"), is_unique=True),),
        ),
    )


INSERT = 'insert into "order items"(id, "a.b", c, up) values (?, ?, ?, ?)'


def broken(session: Session, *values: object) -> ConstraintViolation:
    with pytest.raises(ConstraintViolation) as caught:
        session.write(INSERT, values)  # type: ignore[arg-type]
    return caught.value


def test_a_taken_key_names_table_and_column(session: Session, noun: Noun) -> None:
    session.write(INSERT, (1, "x", 1, None))
    error = broken(session, 1, "y", 1, None)
    assert (type(error), error.table, error.columns) == (UniqueViolation, "order items", ("id",))


def test_a_taken_value_of_several_columns_names_them_all(session: Session, noun: Noun) -> None:
    session.write(INSERT, (1, "x", 1, None))
    error = broken(session, 2, "x", 1, None)
    assert type(error) is UniqueViolation
    assert error.columns == ("a.b", "c") or error.constraint == "_ix order items lower"


def test_a_taken_value_of_an_expression_names_the_index(session: Session, noun: Noun) -> None:
    session.write(INSERT, (1, "x", 1, None))
    error = broken(session, 2, "X", 1, None)
    assert (type(error), error.constraint) == (UniqueViolation, "_ix order items lower")


def test_null_in_a_required_column_names_it(session: Session, noun: Noun) -> None:
    error = broken(session, 1, None, 1, None)
    assert (type(error), error.table, error.columns) == (
        NotNullViolation,
        "order items",
        ("a.b",),
    )


def test_a_false_check_names_the_constraint(session: Session, noun: Noun) -> None:
    error = broken(session, 1, "x", 10, None)
    assert (type(error), error.constraint) == (CheckViolation, "c is small")


def test_a_reference_to_nothing_is_refused(session: Session, noun: Noun) -> None:
    assert type(broken(session, 1, "x", 1, 7)) is ForeignKeyViolation


def test_a_wrong_storage_class_names_the_column(session: Session, noun: Noun) -> None:
    error = broken(session, 1, "x", "text", None)
    assert (type(error), error.table, error.columns) == (TypeViolation, "order items", ("c",))


def test_nothing_is_left_of_a_refused_statement(session: Session, noun: Noun) -> None:
    before = session.read("select max(seq) from _log")
    broken(session, 1, "x", 10, None)
    assert session.read('select count(*) from "order items"') == [(0,)]
    assert session.read("select max(seq) from _log") == before


def test_a_statement_that_sqlite_does_not_understand_is_our_fault(
    session: Session, make: Callable[..., Noun]
) -> None:
    with pytest.raises(StatementError):
        session.read("select nothing from nowhere")
    with pytest.raises(StatementError):
        session.write("insert into nowhere values (1)")
