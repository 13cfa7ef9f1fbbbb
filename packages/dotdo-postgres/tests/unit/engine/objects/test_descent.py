"""Families of tables: whose rows a session sees."""

from pathlib import Path

from dotdo.tenancy import Home, connect
from dotdo_postgres.engine.session import Session


def test_temporary_descendants_of_other_sessions_keep_to_themselves(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    mine = Session(connect("shop", create=True, home=home))
    other = Session(connect("shop", home=home))
    list(mine.simple("create table whole (a int); insert into whole values (1)"))
    for session, number in ((mine, 2), (other, 3)):
        list(session.simple("create temp table part () inherits (whole)"))
        list(session.simple(f"insert into part values ({number})"))
    list(mine.simple("update whole set a = a + 10"))
    (seen,) = other.simple("select a from whole order by a")
    assert seen.rows == [(3,), (11,)]
    list(mine.simple("truncate whole"))
    (seen,) = other.simple("select a from whole")
    assert seen.rows == [(3,)]
    for session in (mine, other):
        session.close()
    home.close()
