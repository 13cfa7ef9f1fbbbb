"""Extensions: what of them is refused here, and that a branch has its own; what they answer is recorded in definitions."""

import pytest

from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError


def run(session: Session, sql: str) -> None:
    for _ in session.simple(sql):
        pass


def refusal(session: Session, sql: str) -> tuple[str, str]:
    with pytest.raises(PostgresError) as failure:
        run(session, sql)
    return failure.value.sqlstate, failure.value.message


def value(session: Session, sql: str) -> object:
    (result,) = session.simple(sql)
    return result.rows[0][0]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("select encrypt('a', 'k', 'aes')", "function encrypt"),
        ("select pgp_sym_encrypt('a', 'k')", "function pgp_sym_encrypt"),
        ("select crypt('a', '$1$abcdefgh')", "crypt with a salt of another kind than bf"),
        ("select crypt('a', 'ab')", "crypt with a salt of another kind than bf"),
        (
            "create or replace function digest(text, text) returns bytea language sql as 'select null::bytea'",
            "replacing a function of an extension",
        ),
        ("drop extension plpgsql", "DROP EXTENSION plpgsql"),
    ],
)
def test_what_is_lacking_is_not_supported(session: Session, sql: str, what: str) -> None:
    run(session, "create extension pgcrypto")
    assert refusal(session, sql) == ("0A000", f"{what} is not supported")


def test_unsupported_function_of_an_extension_that_is_not_there_does_not_exist(
    session: Session,
) -> None:
    assert refusal(session, "select encrypt('a', 'k', 'aes')")[0] == "42883"


@pytest.mark.parametrize(
    "definition",
    [
        "create index on t (digest(x, 'sha1'))",
        "alter table t add check (digest(x, 'md5') is not null)",
        "create table u (x text, d bytea generated always as (digest(x, 'md5')) stored)",
        "create domain d as text check (digest(value, 'md5') is not null)",
        "create policy p on t using (digest(x, 'md5') is not null)",
    ],
)
def test_extension_that_a_definition_calls_stays(session: Session, definition: str) -> None:
    run(session, "create extension pgcrypto")
    run(session, "create table t (x text)")
    run(session, definition)
    assert refusal(session, "drop extension pgcrypto cascade")[0] == "0A000"
    assert value(session, "select count(*) from pg_extension where extname = 'pgcrypto'") == 1


def test_extension_goes_with_the_schema_and_the_tables_that_call_it(session: Session) -> None:
    run(session, "create schema e")
    run(session, "create extension pgcrypto schema e")
    run(session, "create table e.t (x text)")
    run(session, "create index on e.t (e.digest(x, 'sha1'))")
    run(session, "drop schema e cascade")
    assert value(session, "select count(*) from pg_extension") == 1


def test_creation_that_is_rolled_back_leaves_no_functions(session: Session) -> None:
    run(session, "begin")
    run(session, "create extension pgcrypto")
    assert value(session, "select octet_length(digest('a', 'md5'))") == 16
    run(session, "rollback")
    assert refusal(session, "select digest('a', 'md5')")[0] == "42883"


def test_function_that_a_user_made_goes_before_that_of_an_extension(session: Session) -> None:
    run(session, "create extension pgcrypto")
    run(session, "create function digest(int) returns int language sql as 'select $1 + 1'")
    assert value(session, "select digest(1)") == 2
    assert value(session, "select octet_length(digest('a', 'md5'))") == 16


def test_uuids_of_version_1_are_of_one_node_and_those_of_1mc_of_many(session: Session) -> None:
    run(session, 'create extension "uuid-ossp"')
    node = "right(uuid_generate_{}()::text, 12)"
    one, many = node.format("v1"), node.format("v1mc")
    assert value(session, f"select {one} = {one}") == 1
    assert value(session, f"select {many} = {many}") == 0
