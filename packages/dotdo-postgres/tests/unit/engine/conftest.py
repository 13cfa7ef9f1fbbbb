"""A session on a tenant of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dotdo.tenancy import Home, connect
from dotdo_postgres.engine.session import Session

NOON = 1_704_110_400_000_000  # 2024-01-01 12:00:00 UTC


@pytest.fixture(scope="module")
def shared_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Yield a session for statements that leave nothing behind."""
    home = Home(str(tmp_path_factory.mktemp("home")))
    made = Session(connect("shop", create=True, home=home), clock=lambda: NOON)
    yield made
    made.close()
    home.close()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    home = Home(str(tmp_path))
    made = Session(connect("shop", create=True, home=home), clock=lambda: NOON)
    yield made
    made.close()
    home.close()
