"""GREATEST and LEAST of values that do not order as they are stored."""

from dotdo_postgres.engine.session import Session


def test_labels_of_an_enum_order_as_they_were_declared(session: Session) -> None:
    list(session.simple("create type mood as enum ('sad', 'ok', 'happy')"))
    query = "select greatest('happy'::mood, 'sad', null), least('happy'::mood, 'sad')"
    (result,) = session.simple(query)
    assert result.rows == [("happy", "sad")]


def test_labels_of_columns_order_as_they_were_declared(session: Session) -> None:
    list(session.simple("create type mood as enum ('sad', 'ok', 'happy')"))
    list(session.simple("create table felt(id int, how mood)"))
    list(session.simple("insert into felt values (1, 'ok'), (2, 'happy'), (3, null)"))
    (result,) = session.simple("select greatest(how, 'ok'), least(how, 'ok') from felt order by id")
    assert result.rows == [("ok", "ok"), ("happy", "ok"), ("ok", "ok")]
