"""What most tests of the core start from: a home of their own, in memory where the system can."""

import os
import tempfile

import pytest

from dotdo import Home
from dotdo.tenancy import open_tenant


class Ticking:
    """A clock that goes on by a second at each look, unless it is set."""

    def __init__(self):
        self.now = 1_767_225_600_000_000  # 2026-01-01

    def __call__(self):
        self.now += 1_000_000
        return self.now


@pytest.fixture
def clock():
    return Ticking()


@pytest.fixture
def home(clock):
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        found = Home(folder, clock=clock)
        yield found
        found.close()


@pytest.fixture
def shop(home):
    return open_tenant("shop", home=home)
