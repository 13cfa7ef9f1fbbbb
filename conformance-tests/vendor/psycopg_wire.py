"""The door for psycopg's suite over the wire: a host with a fresh tenant, named to the suite as its server."""

import tempfile
from contextlib import ExitStack

import pytest

from dotdo.serving import Host, Services, TcpListener, serve_in_thread
from dotdo.tenancy import Home, open_tenant
from dotdo_postgres.server import protocol

_stack = ExitStack()


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Start the host before the suite reads its options."""
    home = Home(_stack.enter_context(tempfile.TemporaryDirectory()))
    home.create("psycopg")
    services = Services(lambda name: open_tenant(name, create=False, home=home))
    host = Host([TcpListener(protocol, port=0)], services)
    _stack.enter_context(serve_in_thread(host))
    port = host.addresses[0][1]  # type: ignore[index]  # of TCP
    args.append(f"--test-dsn=host=127.0.0.1 port={port} user=postgres dbname=psycopg")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the host."""
    _stack.close()
