"""Violated constraints of statements that write no rows themselves."""

import pytest
from psycopg import errors

import dotdo_postgres as psycopg


@pytest.fixture
def connection(tmp_path, monkeypatch):
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    with psycopg.connect("dbname=shop", autocommit=True) as opened:
        yield opened


def test_a_partition_is_not_attached_whose_rows_refer_to_nothing(connection):
    connection.execute("create table maker (id int primary key)")
    connection.execute("create table part (maker int references maker) partition by range (maker)")
    connection.execute("create table loose (maker int)")
    connection.execute("insert into loose values (15)")
    with pytest.raises(errors.ForeignKeyViolation, match='"part_maker_fkey"'):
        connection.execute("alter table part attach partition loose for values from (10) to (20)")
    assert connection.execute("select count(*) from part").fetchone() == (0,)


@pytest.mark.parametrize(
    ("key", "reference", "value"),
    [("bigint", "smallint", "1"), ("numeric(10,2)", "numeric(12,2)", "1.5"), ("text", "varchar(3)", "'a'"), ("float8", "int", "1")],
)  # fmt: skip
def test_a_foreign_key_finds_equal_values_of_another_type(connection, key, reference, value):
    connection.execute(f"create table maker (id {key} primary key)")
    connection.execute(f"create table part (maker {reference} references maker)")
    connection.execute(f"insert into maker values ({value})")
    connection.execute(f"insert into part values ({value})")


@pytest.mark.parametrize(
    ("key", "reference", "failure"),
    [
        ("int", "numeric", errors.DatatypeMismatch),
        ("int", "text", errors.DatatypeMismatch),
        ("numeric", "int", errors.FeatureNotSupported),
        ("numeric(10,2)", "numeric(10,3)", errors.FeatureNotSupported),
        ("timestamp", "date", errors.FeatureNotSupported),
    ],
)
def test_a_foreign_key_that_would_find_nothing_is_refused(connection, key, reference, failure):
    connection.execute(f"create table maker (id {key} primary key)")
    with pytest.raises(failure):
        connection.execute(f"create table part (maker {reference} references maker)")
