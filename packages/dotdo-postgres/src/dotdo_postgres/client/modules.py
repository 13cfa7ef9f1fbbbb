"""psycopg's submodules under this package's name: `dotdo_postgres.rows` is `psycopg.rows`; those that hold our classes hold ours."""

import importlib
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import psycopg

UPSTREAM = "psycopg"
KEPT = frozenset({"errors"})
"""Submodules that are files of this package and add to psycopg's."""


class Submodules(MetaPathFinder, Loader):
    """Finds psycopg's submodules below a package.

    Args:
        package: name of the package, `dotdo_postgres`.
        replaced: submodule -> names in it that are ours.
    """

    def __init__(self, package: str, replaced: Mapping[str, Mapping[str, Any]]) -> None:
        self.package = package
        self.replaced = replaced
        self.names = public_submodules() - KEPT

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a submodule of psycopg's below the package, None for anything else."""
        package, _, rest = fullname.partition(".")
        if package == self.package and rest.partition(".")[0] in self.names:
            return ModuleSpec(fullname, self)
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put psycopg's module in the place of the new one, or its names and ours into the new one."""
        name = module.__name__.removeprefix(f"{self.package}.")
        upstream = importlib.import_module(f"{UPSTREAM}.{name}")
        if name in self.replaced:
            vars(module).update(
                {key: value for key, value in vars(upstream).items() if not key.startswith("__")}
            )
            vars(module).update(self.replaced[name])
        else:
            sys.modules[module.__name__] = upstream


def public_submodules() -> frozenset[str]:
    """Return the names of psycopg's submodules that do not begin with an underscore."""
    return frozenset(
        module.name for module in pkgutil.iter_modules(psycopg.__path__) if module.name[0] != "_"
    )
