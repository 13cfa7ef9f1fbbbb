"""Calls of routines that users made, bound: written in place where they are one SQL expression, called by SQLite otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.domains import base_type
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.security import require_usage
from dotdo_postgres.engine.coercion import is_array
from dotdo_postgres.engine.naming import split_definition
from dotdo_postgres.engine.objects.grantable import of_noun
from dotdo_postgres.engine.objects.rowtypes import fields_of
from dotdo_postgres.engine.overloads import Candidate, bind_polymorphic, missing_function
from dotdo_postgres.engine.procedures.calling import result_columns, routine_for
from dotdo_postgres.engine.procedures.inlining import inlined
from dotdo_postgres.engine.udf.resolve import resolve_routine
from dotdo_postgres.engine.udf.rowvalues import row_value
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.udf.definition import Stored

Node = dict[str, Any]


def bind_user_call(  # noqa: PLR0917 -- what a call is made of
    binder: Binder,
    node: Node,
    parts: list[str],
    args: list[ir.Expr],
    labels: tuple[str, ...],
    scope: Scope,
) -> ir.Expr | Candidate | None:
    """Bind a call whose name users gave to a routine.

    Returns:
        The call, or PostgreSQL's own function where that one is meant, or None when nothing of that name fits.

    Raises:
        PostgresError: not unique (42725), a procedure (42809), and what the arguments raise.
    """
    location = node.get("location", 0)
    schema, name = (parts[-2] if len(parts) > 1 else None), parts[-1]
    types = tuple(arg.type for arg in args)
    found = resolve_routine(
        binder.names, schema, name, types, labels, is_spread=bool(node.get("func_variadic"))
    )
    if isinstance(found, str):
        if found == "ambiguous" or schema is not None:
            raise missing_function(
                ".".join(parts), list(types), location, found == "ambiguous", labels
            )
        return None
    if found.stored is None:
        return found
    stored = found.stored
    if stored.kind == "p":
        shown = f"{'.'.join(parts)}({', '.join(t.format_type(oid) for oid in types)})"
        raise error(
            "42809",
            f"{shown} is a procedure",
            hint="To call a procedure, use CALL.",
            position=location,
        )
    if stored.result in {2279, 3838}:
        raise error("0A000", "trigger functions can only be called as triggers")
    require_execute(binder.names, stored.noun)
    given, result = call_arguments(binder, found, args, spread=bool(node.get("func_variadic")))
    if stored.kind == "a":
        from dotdo_postgres.engine.procedures.aggregate_calls import bind_aggregate

        return bind_aggregate(binder, node, scope, stored, given, result)
    _refuse_aggregate_forms(node, name, location)
    return make_call(binder, stored, given, result, scope, location)


def require_execute(names: Names, noun: Noun) -> None:
    """See that whoever runs a statement may call a routine, those in views included.

    Raises:
        PostgresError: it may not (42501).
    """
    actor = names.invoker or names.actor
    if actor.is_superuser:
        return
    require_usage(names, split_definition(noun.name)[1])
    if not actor.may(noun, "EXECUTE"):
        target = of_noun(noun)
        raise error("42501", f"permission denied for {target.word} {target.name}")


def _refuse_aggregate_forms(node: Node, name: str, location: int) -> None:
    from dotdo_postgres.engine.bind.calls import refuse_aggregate_forms

    refuse_aggregate_forms(node, name, location)


def call_arguments(
    binder: Binder, found: Candidate, args: list[ir.Expr], *, spread: bool = False
) -> tuple[list[ir.Expr], int]:
    """Cast arguments, put them into their places, add defaults; return them and the type of the result."""
    stored = found.stored
    assert stored is not None  # a user made it
    wanted = found.arguments
    bound = _bound(found, args)
    if bound:
        wanted = tuple(bound.get(oid, oid) for oid in wanted)
    coerced = [_argument(binder, arg, oid) for arg, oid in zip(args, wanted, strict=True)]
    if found.order:
        placed = dict(zip(found.order, coerced, strict=True))
    else:
        if found.is_variadic and not spread:
            coerced = _gathered(stored, coerced, len(found.declared), bound)
        placed = dict(enumerate(coerced))
    full = [
        placed[at] if at in placed else _default(binder, stored, at, bound, len(found.declared))
        for at in range(len(found.declared))
    ]
    return full, bound.get(found.result, found.result)


def _bound(found: Candidate, args: list[ir.Expr]) -> dict[int, int]:
    stored = found.stored
    assert stored is not None  # a user made it
    if not any(oid in t.POLYMORPHIC for oid in (*found.arguments, found.result)):
        return {}
    given = [arg.type for arg, oid in zip(args, found.arguments, strict=True) if oid in _SIMPLE]
    if given and all(oid == t.UNKNOWN for oid in given):
        raise error("42804", "could not determine polymorphic type because input has type unknown")
    return bind_polymorphic(found.arguments, [arg.type for arg in args]) or {}


_SIMPLE = frozenset({
    t.ANYELEMENT, t.ANYNONARRAY, t.ANYARRAY, t.ANYENUM, t.ANYRANGE, t.ANYMULTIRANGE, t.ANYCOMPATIBLERANGE, t.ANYCOMPATIBLEMULTIRANGE,
})  # fmt: skip


def _argument(binder: Binder, arg: ir.Expr, oid: int) -> ir.Expr:
    if isinstance(arg, ir.Row):
        return _row_argument(binder, arg, oid)
    base, modifier, domain = base_type(oid)
    if domain:
        from dotdo_postgres.engine.bind.domains import as_domain

        return as_domain(binder, binder.coercer.coerce(arg, base, modifier, "explicit"), domain)
    if isinstance(arg, ir.Const) and arg.value is None and fields_of(binder.names, oid) is not None:
        return ir.Const(oid, -1, arg.location, None)
    return binder.known(binder.coercer.coerce(arg, base))


def _row_argument(binder: Binder, arg: ir.Row, oid: int) -> ir.Expr:
    fields = fields_of(binder.names, oid)
    if fields is None:
        return row_value(arg, arg.type)
    if len(fields) != len(arg.args):
        message = f"cannot cast type record to {t.format_type(oid)}"
        raise error("42846", message, position=arg.location)
    cells = [
        binder.known(binder.coercer.coerce(item, base_type(kind)[0], -1, "explicit"))
        for item, (_, kind, _) in zip(arg.args, fields, strict=True)
    ]
    return row_value(ir.Row(oid, -1, arg.location, cells), oid)


def _gathered(
    stored: Stored, args: list[ir.Expr], count: int, bound: dict[int, int]
) -> list[ir.Expr]:
    """Put the last arguments into the array that a variadic routine takes."""
    array = bound.get(stored.arguments[-1], stored.arguments[-1])
    rest = args[count - 1 :]
    gathered = ir.ArrayOf(array, -1, rest[0].location if rest else -1, rest)
    return [*args[: count - 1], gathered]


def _default(binder: Binder, stored: Stored, at: int, bound: dict[int, int], count: int) -> ir.Expr:
    inputs = [place for place, mode in enumerate(stored.modes) if mode in "ibv"]
    if count != len(stored.arguments):  # a procedure's: those that come out count
        if stored.modes[at] == "o":
            return ir.Const(stored.all_arguments[at], -1, -1, None)
        at = inputs.index(at)
    tree = stored.defaults[at - (len(stored.arguments) - len(stored.defaults))]
    oid = bound.get(stored.arguments[at], stored.arguments[at])
    expr = binder.expression(tree, Scope(clause="DEFAULT"))
    found = _argument(binder, expr, oid)
    _forget_places(found)
    return found


def _forget_places(expr: ir.Expr) -> None:
    expr.location = -1
    for child in ir.children(expr):
        _forget_places(child)


def make_call(  # noqa: PLR0917 -- what a call is made of
    binder: Binder, stored: Stored, args: list[ir.Expr], result: int, scope: Scope, location: int
) -> ir.Expr:
    """Make the call of a function.

    Raises:
        PostgresError: rows where a value is wanted (0A000).
    """
    types = tuple(arg.type for arg in args)
    columns = result_columns(binder.names, stored, types, result)
    is_rows = stored.returns_set or columns is not None
    if columns is not None and not stored.returns_set and scope.clause != "FROM":
        routine = routine_for(binder.names, stored, types, result, columns, is_value=True)
        oid = (
            result
            if columns != () and stored.result != t.RECORD and result in t.BY_OID
            else t.RECORD
        )
        return ir.Call(oid, -1, location, routine, args)
    if (
        not is_rows and scope.clause == "FROM" and stored.columns
    ):  # the column is called as its parameter
        return _series(binder, stored, args, result, columns, scope, location)
    if not is_rows:
        is_shown = binder.coercer.keeps_casts  # a text shows the call itself
        written = None if is_shown else inlined(binder, stored, args, result)
        if written is not None:
            written.location = location
            return written
        base, _, _ = base_type(result)
        routine = routine_for(binder.names, stored, types, base, None, is_value=True)
        return ir.Call(base, -1, location, routine, args)
    return _series(binder, stored, args, result, columns, scope, location)


def _series(  # noqa: PLR0917 -- what a call is made of
    binder: Binder,
    stored: Stored,
    args: list[ir.Expr],
    result: int,
    columns: Any,
    scope: Scope,
    location: int,
) -> ir.Expr:
    from dotdo_postgres.engine.bind.series import place_series

    types = tuple(arg.type for arg in args)
    listed = (
        [("", base_type(result)[0])]
        if columns is None
        else [(name, base_type(oid)[0]) for name, oid, _ in columns]
    )
    if columns is None and stored.columns:
        listed = [(stored.columns[0][0], base_type(result)[0])]
    kind = t.RECORD if columns is not None else base_type(result)[0]
    if columns is not None and len(columns) == 1 and stored.columns and "t" in stored.modes:
        kind = listed[0][1]
    if columns == ():
        listed = [("", t.RECORD)]
    routine = routine_for(binder.names, stored, types, result, columns)
    call = ir.SeriesCall(kind, -1, location, routine, args, listed)
    if columns:
        call.typmods = tuple(typmod for _, _, typmod in columns)
    if result != t.RECORD and columns is not None:
        call.row_type = result
    return place_series(stored.name, call, scope, location)


def with_columns(
    binder: Binder, call: ir.SeriesCall, columns: list[tuple[str, int, int]]
) -> ir.SeriesCall | None:
    """Give a call of a user's function that returns records its columns; None when it is no such call."""
    if not call.routine.is_stored:
        return None
    number = call.routine.body.args[0]  # type: ignore[union-attr]  # `routine_for` bound it
    from dotdo_postgres.engine.udf.definition import stored_of

    stored = stored_of(binder.names.catalog.by_id[number])
    types = tuple(arg.type for arg in call.args)
    routine = routine_for(binder.names, stored, types, t.RECORD, tuple(columns))
    return ir.SeriesCall(
        t.RECORD,
        -1,
        call.location,
        routine,
        call.args,
        [(name, base_type(oid)[0]) for name, oid, _ in columns],
    )


__all__ = [
    "bind_user_call",
    "call_arguments",
    "is_array",
    "make_call",
    "not_supported",
    "with_columns",
]
