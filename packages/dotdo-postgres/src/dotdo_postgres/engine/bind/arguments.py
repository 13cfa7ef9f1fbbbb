"""Arguments of calls: given by name, left to their defaults, or an array marked VARIADIC."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.coercion import is_array
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Node
    from dotdo_postgres.engine.overloads import Candidate
    from dotdo_postgres.engine.routines.declare import Routine


def split_named(nodes: list[Node]) -> tuple[list[Node], tuple[str, ...]]:
    """Return the arguments without their names, and the names of the last of them.

    Raises:
        PostgresError: a name used twice, or a nameless argument after a named one (SQLSTATE 42601).
    """
    plain: list[Node] = []
    names: list[str] = []
    for node in nodes:
        named = node.get("NamedArgExpr")
        if named is None:
            if names:
                message = "positional argument cannot follow named argument"
                raise error("42601", message, position=_location(node))
            plain.append(node)
            continue
        if named["name"] in names:
            message = f'argument name "{named["name"]}" used more than once'
            raise error("42601", message, position=named.get("location", 0))
        names.append(named["name"])
        plain.append(named["arg"])
    return plain, tuple(names)


def _location(node: Node) -> int:
    ((_, body),) = node.items()
    found: int = body.get("location", 0)
    return found


def in_order(
    found: Candidate, routine: Routine, args: list[ir.Expr], location: int
) -> list[ir.Expr]:
    """Put arguments given by name into their places; what is left out gets its default.

    Raises:
        PostgresError: a default that is not known here (SQLSTATE 0A000).
    """
    if not found.order:
        return args
    placed = dict(zip(found.order, args, strict=True))
    defaults = _defaults(routine)
    full: list[ir.Expr] = []
    for at in range(len(found.declared)):
        if at in placed:
            full.append(placed[at])
        elif all(later not in placed for later in range(at, len(found.declared))):
            break
        elif at not in defaults:
            raise not_supported(f"{routine.name} without all of its arguments", location)
        else:
            full.append(ir.Const(found.declared[at], -1, -1, defaults[at]))
    return full


def _defaults(routine: Routine) -> dict[int, object]:
    if routine.body is None:
        return {}
    parameters = list(inspect.signature(routine.body).parameters.values())
    if routine.takes_session:
        parameters = parameters[1:]
    return {
        at: one.default
        for at, one in enumerate(parameters)
        if one.default is not inspect.Parameter.empty
    }


def spread(routine: Routine, args: list[ir.Expr], location: int) -> Routine:
    """Return the routine for a last argument that is an array marked VARIADIC.

    Raises:
        PostgresError: it is no array (42804), or the function is SQLite's own (0A000).
    """
    if not (is_array(args[-1].type) or _is_null(args[-1])):
        raise error("42804", "VARIADIC argument must be an array", position=args[-1].location)
    if routine.body is None:
        raise not_supported(f"{routine.name} with a VARIADIC argument", location)
    return replace(routine, is_spread=True, sql_name=f"{routine.sql_name}__spread")


def _is_null(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Const) and expr.type == t.UNKNOWN and expr.value is None
