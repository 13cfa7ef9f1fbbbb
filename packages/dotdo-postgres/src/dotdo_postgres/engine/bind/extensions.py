"""Functions of extensions: found only where the extension was created, by the schema that it is in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions import pgcrypto, uuid_ossp
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.overloads import Candidate, choose
from dotdo_postgres.errors import not_supported
from dotdo_postgres.spec.extensions import EXTENSIONS

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.routines.declare import Family

_FAMILIES: dict[str, Family] = {"pgcrypto": pgcrypto.FAMILY, "uuid-ossp": uuid_ossp.FAMILY}


@cache
def functions_of(extension: str) -> dict[str, list[Candidate]]:
    """Return the functions of an extension by name; those that are lacking have no candidates."""
    found: dict[str, list[Candidate]] = {name: [] for name in EXTENSIONS[extension].missing}
    for routine in _FAMILIES[extension].routines:
        candidate = Candidate(routine.arguments, routine.arguments, routine.result, "f")
        found.setdefault(routine.name, []).append(candidate)
    return found


def resolve_extension_function(  # noqa: PLR0917 -- what a call is made of
    names: Names,
    schema: str | None,
    name: str,
    types: tuple[int, ...],
    labels: tuple[str, ...],
    location: int,
) -> Candidate | str:
    """Choose a function of the extensions that are there; `missing` or `ambiguous` when no single one is meant.

    Raises:
        PostgresError: the extension has it and this lacks it, or arguments are named (0A000).
    """
    for extension, noun in names.objects.extensions.items():
        place = facts_of(noun)["schema"]
        candidates = functions_of(extension).get(name)
        if candidates is None or place not in (names.path if schema is None else (schema,)):
            continue
        if not candidates:
            raise not_supported(f"function {name}", location)
        if labels:
            raise not_supported(f"{name} with named arguments", location)
        fitting = [one for one in candidates if len(one.arguments) == len(types)]
        return choose(fitting, types)
    return "missing"


def is_of_extension(names: Names, schema: str, name: str, arguments: list[int]) -> bool:
    """Tell whether an extension that is there has a function of that name and those arguments in a schema."""
    return any(
        candidate.declared == tuple(arguments)
        for extension, noun in names.objects.extensions.items()
        if facts_of(noun)["schema"] == schema
        for candidate in functions_of(extension).get(name, ())
    )


def sql_names_of(extension: str) -> list[str]:
    """Return the names by which SQLite knows the functions of an extension."""
    return [routine.sql_name for routine in _FAMILIES[extension].routines]
