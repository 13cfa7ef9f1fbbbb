"""Functions of extensions: found only where the extension was created, by the schema that it is in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions import citext, pg_trgm, pgcrypto, uuid_ossp, vector
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.overloads import Candidate, choose, function_candidates
from dotdo_postgres.errors import not_supported
from dotdo_postgres.spec.extensions import EXTENSIONS

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.routines.declare import Family, Routine

_FAMILIES: dict[str, Family] = {
    "citext": citext.FAMILY, "pg_trgm": pg_trgm.FAMILY, "pgcrypto": pgcrypto.FAMILY, "uuid-ossp": uuid_ossp.FAMILY,
    "vector": vector.FAMILY,
}  # fmt: skip
_KINDS = {"function": "f", "series": "f", "aggregate": "a", "operator": "o"}


@cache
def routines_of(extension: str) -> dict[str, tuple[Routine, ...]]:
    """Return the functions of an extension by name."""
    found: dict[str, tuple[Routine, ...]] = {}
    for routine in _FAMILIES[extension].routines:
        if routine.kind in {"function", "series", "aggregate"}:
            found[routine.name] = (*found.get(routine.name, ()), routine)
    return found


def _candidate(routine: Routine) -> Candidate:
    return Candidate(
        routine.arguments,
        routine.arguments,
        routine.result,
        _KINDS[routine.kind],
        routine.kind == "series",
    )


@cache
def functions_of(extension: str) -> dict[str, list[Candidate]]:
    """Return the functions of an extension by name; those that are lacking have no candidates."""
    found: dict[str, list[Candidate]] = {name: [] for name in EXTENSIONS[extension].missing}
    for name, routines in routines_of(extension).items():
        found[name] = [_candidate(routine) for routine in routines]
    return found


@cache
def _operators_of(extension: str, name: str, count: int) -> tuple[Candidate, ...]:
    return tuple(
        _candidate(routine)
        for routine in _FAMILIES[extension].routines
        if routine.kind == "operator" and routine.name == name and len(routine.arguments) == count
    )


def extension_operators(names: Names, name: str, count: int) -> tuple[Candidate, ...]:
    """Return the operators of that name that the extensions have which are there and can be seen."""
    found: tuple[Candidate, ...] = ()
    for extension, noun in names.objects.extensions.items():
        if facts_of(noun)["schema"] in names.path:
            found += _operators_of(extension, name, count)
    return found


def resolve_extension_function(  # noqa: PLR0917 -- what a call is made of
    names: Names,
    schema: str | None,
    name: str,
    types: tuple[int, ...],
    labels: tuple[str, ...],
    location: int,
    found: Candidate | str,
) -> Candidate | str:
    """Choose among the functions of the extensions that are there and PostgreSQL's own.

    Args:
        names: The objects there are.
        schema: Where the function is looked for, None for the search path.
        name: Its name.
        types: Types of the arguments.
        labels: Names of the last of them.
        location: Where the call stands.
        found: What PostgreSQL's own functions give.

    Returns:
        The function; `missing` or `ambiguous` when no single one is meant.

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
        own = function_candidates(name, len(types)) if schema is None else []
        return choose([*own, *fitting], types)
    return found


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
