"""Hosts that serve tenants of a folder of their own, on a spare port."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dotdo.serving import Host, Services, TcpListener, serve_in_thread
from dotdo.tenancy import Home, open_tenant
from dotdo_postgres.server import protocol

Connect = Callable[..., psycopg.Connection[Any]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "home"))


@pytest.fixture
def services(home: Home) -> Services:
    def resolve(name: str) -> object:
        return open_tenant(name, create=name == "shop", home=home)

    return Services(resolve)


@pytest.fixture
def host(services: Services) -> Iterator[Host]:
    served = Host([TcpListener(protocol, port=0)], services)
    with serve_in_thread(served):
        yield served


@pytest.fixture
def address(host: Host) -> tuple[str, int]:
    found = host.addresses[0]
    assert isinstance(found, tuple)
    return found


@pytest.fixture
def connect(address: tuple[str, int]) -> Connect:
    """Connect by the real psycopg."""

    def connect(dbname: str = "shop", user: str = "ann", **options: Any) -> psycopg.Connection[Any]:
        options.setdefault("autocommit", True)
        return psycopg.connect(
            host=address[0], port=address[1], dbname=dbname, user=user, **options
        )

    return connect


@pytest.fixture
def connection(connect: Connect) -> Iterator[psycopg.Connection[Any]]:
    with connect() as made:
        yield made
