"""A tenant in a home of its own, in-process, and a served one with its address."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from dotdo.serving import Host, Services, TcpListener, serve_in_thread
from dotdo_redis.durability import keyspaces
from dotdo_redis.server import redis_protocol


@pytest.fixture
def tenant(monkeypatch, tmp_path) -> Iterator[str]:
    """A tenant that nobody else uses; its home goes with the test."""
    name = f"t{uuid4().hex}"
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    monkeypatch.setenv("DOTDO_NS", name)
    yield name
    keyspaces.close_all()


@pytest.fixture
def url() -> Iterator[str]:
    """The address of an empty keyspace on the wire."""
    host = Host([TcpListener(redis_protocol(), port=0)], Services(lambda name: name))
    with serve_in_thread(host):
        address, port = host.addresses[0][:2]
        yield f"redis://{address}:{port}"
