"""A home of its own for each test's tenant."""

from uuid import uuid4

import pytest

from dotdo_redis.durability import keyspaces


@pytest.fixture
def tenant(monkeypatch, tmp_path):
    """A tenant that nobody else uses, in a home that goes with the test."""
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    name = f"t{uuid4().hex}"
    monkeypatch.setenv("DOTDO_NS", name)
    yield name
    keyspaces.close_all()
