"""GREATEST and LEAST of values that do not order as they are stored."""

from dotdo_postgres.engine.session import Session


def test_labels_of_an_enum_order_as_they_were_declared(session: Session) -> None:
    list(session.simple("create type mood as enum ('sad', 'ok', 'happy')"))
    query = "select greatest('happy'::mood, 'sad', null), least('happy'::mood, 'sad')"
    (result,) = session.simple(query)
    assert result.rows == [("happy", "sad")]
