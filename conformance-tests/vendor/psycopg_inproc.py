"""The door for psycopg's suite in-process: what the suite imports as `psycopg` is ours, on a tenant of a home of its own."""

import importlib
import os
import pkgutil
import sys
import tempfile
from contextlib import suppress

import psycopg
import pytest

_home = tempfile.TemporaryDirectory()
os.environ["DOTDO_HOME"] = _home.name
os.environ["DOTDO_CREATE"] = "0"  # a database that is not there is not made by connecting to it

import dotdo_postgres  # noqa: E402 -- it reads its home from the environment
from dotdo.tenancy import Home  # noqa: E402 -- likewise

OURS = (
    "client_cursor",
    "connection",
    "connection_async",
    "cursor",
    "cursor_async",
    "raw_cursor",
)
for database in ("psycopg", "postgres"):
    Home(_home.name).create(database)
for module in pkgutil.walk_packages(psycopg.__path__, "psycopg."):
    with suppress(ImportError):  # of other implementations of libpq
        importlib.import_module(module.name)
for name, value in vars(psycopg).items():  # the suite looks into private modules, too
    if not hasattr(dotdo_postgres, name):
        setattr(dotdo_postgres, name, value)
sys.modules["psycopg"] = dotdo_postgres
for name in OURS:
    sys.modules[f"psycopg.{name}"] = importlib.import_module(f"dotdo_postgres.{name}")


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Name the tenant before the suite reads its options."""
    args.append("--test-dsn=dbname=psycopg user=postgres")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the home."""
    _home.cleanup()
