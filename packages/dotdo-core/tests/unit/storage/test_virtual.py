"""Virtual tables: what statements see of rows that Python computes."""

import pytest

from dotdo.errors import DotdoError
from dotdo.storage import ComputedRows, Session


def add_letters(session: Session) -> list[str]:
    asked: list[str] = []

    def rows() -> ComputedRows:
        asked.append("scan")
        return ComputedRows([(1, "a", None), (2, "b", b"x"), (3, "a", 1.5)])

    session.create_virtual_table("letters", ["n", "letter", "other"], rows)
    return asked


def test_rows_are_read_as_they_are(session: Session) -> None:
    add_letters(session)
    assert session.read("select * from letters") == [(1, "a", None), (2, "b", b"x"), (3, "a", 1.5)]


def test_equality_filters_and_joins(session: Session) -> None:
    add_letters(session)
    assert session.read("select n from letters where letter = ? order by n", ("a",)) == [(1,), (3,)]
    joined = "select a.n, b.n from letters a join letters b on a.letter = b.letter and a.n < b.n"
    assert session.read(joined) == [(1, 3)]
    assert session.read("select n from letters where other = null") == []
    assert session.read("select n from letters where n = '2'") == []


def test_rows_are_computed_only_when_named(session: Session) -> None:
    asked = add_letters(session)
    session.read("select 1")
    assert asked == []
    session.read("select count(*) from letters")
    assert asked == ["scan"]


def test_it_cannot_be_written_to(session: Session) -> None:
    add_letters(session)
    with pytest.raises(DotdoError):
        session.write("delete from letters")
