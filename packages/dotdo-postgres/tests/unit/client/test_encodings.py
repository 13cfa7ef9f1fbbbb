"""Clients of other encodings than UTF-8: text in, text out, and what an encoding has not."""

from typing import Any

import psycopg
import pytest

import dotdo_postgres


@pytest.fixture
def latin(connection: Any) -> Any:
    connection.autocommit = True
    connection.execute("set client_encoding to latin1")
    return connection


def test_text_comes_and_goes_in_the_clients_encoding(latin: Any) -> None:
    assert latin.info.encoding == "iso8859-1"
    cursor = latin.cursor()
    row = cursor.execute("select 'caf\u00e9' as \"\u00e9t\u00e9\", %s", ("na\u00efve",)).fetchone()
    assert row == ("caf\u00e9", "na\u00efve")
    assert cursor.pgresult.get_value(0, 0) == b"caf\xe9"
    assert cursor.description[0].name == "\u00e9t\u00e9"


def test_binary_text_is_in_the_clients_encoding_too(latin: Any) -> None:
    cursor = latin.cursor(binary=True).execute("select 'caf\u00e9', array['\u00e9'], 7")
    assert cursor.pgresult.get_value(0, 0) == b"caf\xe9"
    assert cursor.fetchone() == ("caf\u00e9", ["\u00e9"], 7)


def test_character_that_the_encoding_has_not_is_an_error(latin: Any) -> None:
    with pytest.raises(psycopg.errors.UntranslatableCharacter, match="0xe2 0x82 0xac"):
        latin.execute("select chr(8364)")
    with pytest.raises(UnicodeEncodeError):
        latin.execute("select '\u20ac'")
    assert latin.execute("select 1").fetchone() == (1,)


def test_errors_are_told_in_the_clients_encoding(latin: Any) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn, match="\u00e9t\u00e9") as failure:
        latin.execute('select "\u00e9t\u00e9"')
    assert failure.value.diag.message_primary == 'column "\u00e9t\u00e9" does not exist'


def test_ascii_gives_bytes_as_psycopg_does(connection: Any) -> None:
    connection.execute("set client_encoding to sql_ascii")
    assert connection.execute("select 'caf\u00e9'::text".encode()).fetchone() == (b"caf\xc3\xa9",)


def test_bytes_that_are_no_text_are_refused(connection: Any) -> None:
    connection.autocommit = False
    connection.execute("select 1")
    with pytest.raises(psycopg.errors.CharacterNotInRepertoire, match="0xff"):
        connection.execute(b"select '\xff'")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        connection.execute("select 1")


def test_encoding_of_the_connection_string(connection: Any) -> None:
    dsn = f"dbname={connection.info.dbname} client_encoding=latin9"
    with dotdo_postgres.connect(dsn) as other:
        assert other.info.encoding == "iso8859-15"
        assert other.execute("select '\u20ac'").fetchone() == ("\u20ac",)
    with pytest.raises(psycopg.OperationalError, match="nonsense"):
        dotdo_postgres.connect(f"dbname={connection.info.dbname} client_encoding=nonsense")
