"""Python routines that checks, indexes, defaults and generated columns call: found again by their SQLite names, at every door."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sqlglot import exp

from dotdo.registry import SqlFunction
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.compiler import PythonCall
from dotdo_postgres.engine.facts import Facts
from dotdo_postgres.engine.functions import arithmetic, arrays, math, patterns
from dotdo_postgres.engine.functions.registry import FAMILIES
from dotdo_postgres.engine.routines import array_checks, checks, float_checks
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.engine.run.functions import make_function
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo_postgres.engine.compile.compiler import Compiler

SEPARATOR = "__"
UNLISTED = (arithmetic, arrays, math, patterns, array_checks, checks)
"""Modules with routines that compiled expressions call and no name of SQL leads to."""


def find_function(name: str) -> SqlFunction | None:
    """Return the function of that SQLite name, None when there is none; an entry point of `dotdo.functions`."""
    for base, routine in _storable().items():
        if name == base or name.startswith(base + SEPARATOR):
            call = _call(name, base, routine)
            if call is not None:
                return SqlFunction(make_function(call, Facts()), len(call.types))
    return None


@cache
def _storable() -> dict[str, Routine]:
    """Return the routines that give the same for the same arguments, by their names in lower case, long ones first."""
    found = {routine.sql_name.lower(): routine for routine in _declared() if is_storable(routine)}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _declared() -> Iterator[Routine]:
    for family in FAMILIES:
        yield from family.routines
        yield from family.fallbacks
    yield from float_checks.ROUTINES.values()
    for module in UNLISTED:
        yield from (value for value in vars(module).values() if isinstance(value, Routine))


def is_storable(routine: Routine) -> bool:
    """Tell whether a routine may be called from a definition."""
    return (
        routine.body is not None
        and not (routine.is_volatile or routine.takes_session or routine.writes)
        and routine.kind not in {"aggregate", "window", "series"}
    )


def storable_text(compiler: Compiler, node: n.Node) -> str:
    """Return a compiled expression as the text that a definition keeps.

    Raises:
        PostgresError: it needs a subquery, or a routine that is not found again by its name (0A000).
    """
    if node.find(exp.Select) is not None:
        raise not_supported("a stored expression that SQLite can compute by a subquery alone")
    for call in compiler.python_calls.values():
        own = all(oid < t.FIRST_USER_OID for oid in call.types)
        known = _storable().get(call.routine.sql_name.lower())
        if not own or known is not call.routine:
            raise not_supported(f"{call.routine.name} in a stored expression")
    return n.to_text(node)


def _call(name: str, base: str, routine: Routine) -> PythonCall | None:
    parts = name[len(base) :].split(SEPARATOR)[1:]
    types = routine.arguments
    if t.ANY in types or any(oid in t.POLYMORPHIC for oid in types):
        if not parts:
            return None
        types = tuple(int(part) for part in parts.pop(0).split("_"))
    scales: tuple[int | None, ...] = (None,) * len(types)
    if parts:
        scales = tuple(None if part == "b" else int(part[1:]) for part in parts.pop(0).split("_"))
    if parts or len(scales) != len(types):
        return None
    return PythonCall(routine, name, types, scales)
