"""A tenant for each test, in a home of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dotdo_postgres


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def connection() -> Iterator[Any]:
    with dotdo_postgres.connect("dbname=shop host=db.example.com", autocommit=True) as open_one:
        yield open_one


@pytest.fixture
def table(connection: Any) -> Any:
    """A connection with the table `item (id int primary key, name varchar(20), price numeric(6, 2))` of two rows."""
    connection.execute(
        "create table item (id int primary key, name varchar(20), price numeric(6, 2))"
    )
    connection.execute("insert into item values (1, 'pen', 1.50), (2, null, 20)")
    return connection
