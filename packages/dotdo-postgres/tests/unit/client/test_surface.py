"""The names of the module are psycopg's; the classes are psycopg's or derive from them."""

import importlib
import pickle
import pkgutil
import subprocess
import sys

import psycopg
import pytest

import dotdo_postgres

PUBLIC = sorted(name for name in dir(psycopg) if not name.startswith("_"))
NOT_OFFERED = {"logger", "logging"}  # psycopg's own business, not in its __all__
OURS = sorted(
    name
    for name in psycopg.__all__
    if isinstance(getattr(psycopg, name), type)
    and getattr(dotdo_postgres, name) is not getattr(psycopg, name)
)
SUBMODULES = sorted(
    module.name for module in pkgutil.iter_modules(psycopg.__path__) if module.name[0] != "_"
)


def test_every_public_name_is_there() -> None:
    missing = [name for name in PUBLIC if not hasattr(dotdo_postgres, name)]
    assert set(missing) == NOT_OFFERED
    assert set(psycopg.__all__) <= set(dotdo_postgres.__all__)


def test_all_is_complete() -> None:
    public = {name for name in dir(dotdo_postgres) if not name.startswith("_")}
    rooms = {"asyncpg", "client", "engine", "mapping", "protocol", "server", "spec"}
    assert public - rooms - {"importlib", "sys", "Submodules"} == set(dotdo_postgres.__all__)


def test_the_classes_that_reach_the_engine_are_ours() -> None:
    assert OURS == [
        "AsyncClientCursor",
        "AsyncConnection",
        "AsyncCopy",
        "AsyncCursor",
        "AsyncPipeline",
        "AsyncRawCursor",
        "AsyncRawServerCursor",
        "AsyncServerCursor",
        "ClientCursor",
        "Connection",
        "Copy",
        "Cursor",
        "Pipeline",
        "RawCursor",
        "RawServerCursor",
        "ServerCursor",
    ]


@pytest.mark.parametrize("name", OURS)
def test_a_class_of_ours_derives_from_psycopgs_and_from_ours_of_its_bases(name: str) -> None:
    ours, theirs = getattr(dotdo_postgres, name), getattr(psycopg, name)
    assert issubclass(ours, theirs)
    for base in theirs.__mro__:
        if base.__name__ in OURS:
            assert issubclass(ours, getattr(dotdo_postgres, base.__name__))


@pytest.mark.parametrize("name", sorted(set(psycopg.__all__) - set(OURS) - {"connect"}))
def test_every_other_name_is_psycopgs_own(name: str) -> None:
    assert getattr(dotdo_postgres, name) is getattr(psycopg, name)


def test_connect_is_ours() -> None:
    assert dotdo_postgres.connect == dotdo_postgres.Connection.connect


@pytest.mark.parametrize("name", SUBMODULES)
def test_every_submodule_can_be_imported_with_all_its_names(name: str) -> None:
    ours = importlib.import_module(f"dotdo_postgres.{name}")
    theirs = importlib.import_module(f"psycopg.{name}")
    missing = [n for n in dir(theirs) if not n.startswith("_") and not hasattr(ours, n)]
    assert missing == []
    if isinstance(getattr(dotdo_postgres, name, None), type(sys)):
        assert getattr(dotdo_postgres, name) is ours


def test_submodules_of_submodules_are_psycopgs_and_not_loaded_twice() -> None:
    from dotdo_postgres.types.json import Jsonb

    assert Jsonb is psycopg.types.json.Jsonb
    assert sys.modules["psycopg.types.json"].__spec__.name == "psycopg.types.json"


def test_submodules_hold_our_classes() -> None:
    from dotdo_postgres.client_cursor import ClientCursor
    from dotdo_postgres.connection import Connection

    assert Connection is dotdo_postgres.Connection
    assert ClientCursor is dotdo_postgres.ClientCursor


def test_errors_are_psycopgs_classes() -> None:
    from dotdo_postgres import errors

    for name in dir(psycopg.errors):
        if isinstance(getattr(psycopg.errors, name), type) and name[0] != "_":
            assert getattr(errors, name) is getattr(psycopg.errors, name)
    assert errors.lookup("23505") is psycopg.errors.UniqueViolation


@pytest.mark.parametrize("name", OURS)
def test_our_classes_can_be_pickled_by_name(name: str) -> None:
    ours = getattr(dotdo_postgres, name)
    assert pickle.loads(pickle.dumps(ours)) is ours


def test_importing_changes_no_class_or_function_of_psycopg_but_escaping() -> None:
    script = """
import psycopg, sys
def seen():
    return {
        (module, name): id(value)
        for module, loaded in list(sys.modules.items())
        if module.split('.')[0] in {'psycopg', 'psycopg_binary'} and loaded
        for name, value in list(vars(loaded).items())
        if callable(value)
    }
before = seen()
import dotdo_postgres
after = seen()
print(sorted({name for key, name in before if before[key, name] != after[key, name]}))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['Escaping']"
