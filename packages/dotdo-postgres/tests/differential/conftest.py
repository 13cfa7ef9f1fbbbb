"""A connection to a real PostgreSQL 15 and one to a tenant, each in a transaction that is never committed."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import dotdo_postgres

sys.path.insert(0, str(Path(__file__).parent))

from postgres_sides import Side


@pytest.fixture(scope="session")
def real() -> Iterator[Side]:
    """The server of DOTDO_REAL_POSTGRES; without one the tests are skipped."""
    address = os.environ.get("DOTDO_REAL_POSTGRES")
    if address is None:
        pytest.skip("DOTDO_REAL_POSTGRES names no server to compare with")
    connection = psycopg.connect(address)
    yield Side(connection)
    connection.close()  # which ends its transaction without a commit


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """A tenant of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOTDO_HOME", str(tmp_path_factory.mktemp("home")))
        connection: Any = dotdo_postgres.connect("dbname=shop host=db.example.com")
        yield Side(connection)
        connection.close()
