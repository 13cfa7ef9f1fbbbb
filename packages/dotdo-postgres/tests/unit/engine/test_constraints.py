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
