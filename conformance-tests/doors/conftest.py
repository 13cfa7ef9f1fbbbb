"""A tenant with four doors for each test."""

import sys
from pathlib import Path
from uuid import uuid4

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from adaptors import Doors

import dotdo
from dotdo_redis.durability import keyspaces


@pytest.fixture
def doors(tmp_path, monkeypatch):
    """Every door to one tenant that nobody else uses."""
    name = f"t{uuid4().hex[:12]}"
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    monkeypatch.setenv("DOTDO_NS", name)
    with dotdo.open(name) as tenant:
        opened = Doors(tenant)
        yield opened
        opened.close()
        keyspaces.close_all()
