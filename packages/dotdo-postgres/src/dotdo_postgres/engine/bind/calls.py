"""Function calls: scalar functions, aggregates, window functions, set-returning functions, casts written as calls."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.arguments import in_order, split_named, spread
from dotdo_postgres.engine.bind.binder import Binder, Node, names_of
from dotdo_postgres.engine.bind.composites import opened
from dotdo_postgres.engine.bind.expressions import explicit_cast
from dotdo_postgres.engine.bind.extensions import resolve_extension_function
from dotdo_postgres.engine.bind.operators import call_operator
from dotdo_postgres.engine.bind.series import bind_series
from dotdo_postgres.engine.bind.sorting import bind_sort_keys
from dotdo_postgres.engine.bind.windows import bind_window
from dotdo_postgres.engine.coercion import can_coerce
from dotdo_postgres.engine.functions import ordered_set
from dotdo_postgres.engine.functions.catalog_types import VECTOR_SUBSCRIPTS, VECTORS
from dotdo_postgres.engine.functions.jsonbuild import ROW_TO_JSON
from dotdo_postgres.engine.functions.jsonrows import is_populating, populating
from dotdo_postgres.engine.functions.registry import routines
from dotdo_postgres.engine.functions.session import CLOCK_FUNCTIONS
from dotdo_postgres.engine.overloads import (
    Candidate,
    bind_polymorphic,
    missing_function,
    resolve_function,
)
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.operators import BY_FUNCTION

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.scope import Scope
    from dotdo_postgres.engine.routines.declare import Routine


def bind_call(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind a function call of any kind."""
    call = _bind_form(binder, node, scope)
    if isinstance(call, ir.Call):
        call.is_syntax = node.get("funcformat") == "COERCE_SQL_SYNTAX"
    return call


def _bind_form(  # noqa: C901, PLR0912 -- one step for each form of a call
    binder: Binder, node: Node, scope: Scope
) -> ir.Expr:
    location = node.get("location", 0)
    parts = names_of(node["funcname"])
    name = parts[-1]
    is_made = binder.names.has_routine(parts[-2] if len(parts) > 1 else None, name)
    is_own = is_made or len(parts) == 1 or parts[0] in {"pg_catalog", "public"}
    if not is_own and not binder.names.has_schema(parts[0]):
        raise error("3F000", f'schema "{parts[0]}" does not exist', position=location)
    inner = scope.clause
    nodes, names = split_named(node.get("args", []))
    args = [_row_as_json(name, arg, scope) or binder.expression(arg, scope) for arg in nodes]
    if name in _ROW_TO_JSON:
        args = [_json_of(binder, arg) for arg in args]
    if name == "row_to_json" and len(args) == 1 and args[0].type == t.JSON:
        return args[0]
    nested = next((arg for arg in args if isinstance(arg, ir.SeriesCall)), None)
    if nested is not None:
        message = "set-returning functions must appear at top level of FROM"
        raise error("0A000", message, position=nested.location)
    if node.get("agg_within_group"):
        args += _within_group(binder, node["agg_order"], scope, location)
    scope.clause = inner
    special = _special(binder, name, args, location)
    if special is not None:
        return special
    if node.get("agg_star") and name != "count" and not is_made:
        raise missing_function(name, [], location, ambiguous=False)
    types = tuple(arg.type for arg in args)
    found: Candidate | str
    if is_made:
        assert binder.names.routines is not None  # it has some
        made = binder.names.routines.bind_call(binder, node, parts, args, names, scope)
        if isinstance(made, ir.Expr):
            return made
        found = "missing" if made is None else made
    elif types == (t.UNKNOWN,) and not names and name in t.BY_NAME and "agg_filter" not in node:
        return _cast_call(binder, name, args, names, location, why="missing")
    else:
        found = resolve_function(name, types, names, bool(node.get("func_variadic")))
    found = _or_of_extension(binder, parts, types, names, location, found)
    if isinstance(found, str):
        return _cast_call(binder, name, args, names, location, why=found)
    if not args and found.kind == "a" and not node.get("agg_star"):
        message = f"{name}(*) must be used to call a parameterless aggregate function"
        raise error("42809", message, position=location)
    return _call(binder, node, found, args, scope, name)


def _or_of_extension(  # noqa: PLR0917 -- what a call is made of
    binder: Binder,
    parts: list[str],
    types: tuple[int, ...],
    names: tuple[str, ...],
    location: int,
    found: Candidate | str,
) -> Candidate | str:
    """Return what was found, or else the function that an extension has."""
    if not binder.names.objects.extensions:
        return found
    schema = parts[-2] if len(parts) > 1 else None
    return resolve_extension_function(
        binder.names, schema, parts[-1], types, names, location, found
    )


def _call(  # noqa: PLR0917 -- what a call is made of
    binder: Binder, node: Node, found: Candidate, args: list[ir.Expr], scope: Scope, name: str
) -> ir.Expr:
    """Make the call of a resolved function."""
    location = node.get("location", 0)
    if is_populating(name):
        return _populated(binder, found, args, scope, name, location)
    routine = routines().get(("function", name, found.declared))
    if routine is None:
        other = _by_other_name(binder, name, found, args, location)
        if other is not None:
            return other
        shown = ", ".join(t.format_type(oid) for oid in found.declared)
        raise not_supported(f"function {name}({shown})", location)
    if found.is_variadic and node.get("func_variadic"):
        routine = spread(routine, args, location)
    is_within = bool(node.get("agg_within_group"))
    if is_within != (routine in ordered_set.FAMILY.routines):
        raise not_supported(f"{name} in this form", location)
    args, result = coerce_arguments(binder, found, args)
    args = in_order(found, routine, args, location)
    if name == "generate_subscripts" and args[0].type in VECTORS:
        routine = VECTOR_SUBSCRIPTS
    if routine.kind == "series":
        return bind_series(name, found, routine, args, result, scope, location)
    if is_within:
        node = {key: value for key, value in node.items() if key != "agg_order"}
        routine = ordered_set.of_type(routine, result, args[-1].type, location)
    if routine.kind in {"aggregate", "window"}:
        return _aggregate(binder, node, scope, routine, args, result)
    refuse_aggregate_forms(node, name, location)
    return ir.Call(result, -1, location, routine, args)


def _populated(  # noqa: PLR0917 -- what a call is made of
    binder: Binder, found: Candidate, args: list[ir.Expr], scope: Scope, name: str, location: int
) -> ir.Expr:
    """Bind json_populate_record and its kin: rows of the type of the first argument."""
    args, result = coerce_arguments(binder, found, args)
    is_from = scope.clause == "FROM"
    routine = populating(name, result, len(args), as_rows=is_from)
    if is_from:
        fields = [(label, oid) for label, oid, _ in t.BY_OID[result].fields]
        return ir.SeriesCall(result, -1, location, routine, args, fields)
    if routine.kind == "series":
        return bind_series(name, found, routine, args, result, scope, location)
    return ir.Call(result, -1, location, routine, args)


def _by_other_name(
    binder: Binder, name: str, found: Candidate, args: list[ir.Expr], location: int
) -> ir.Expr | None:
    """Take the function of a cast or an operator for these: int4(x), textcat(a, b)."""
    operator = BY_FUNCTION.get((name, found.declared))
    if operator is not None and not found.is_variadic:
        as_operator = replace(found, kind="o")
        return call_operator(binder, operator, as_operator, args, location)
    target = t.BY_NAME.get(name)
    if len(args) == 1 and target is not None and target.oid == found.result:
        arg = binder.coercer.coerce(args[0], found.arguments[0])
        return explicit_cast(binder, arg, target.oid, -1, location)
    return None


_ROW_TO_JSON = frozenset({"row_to_json", "to_json", "to_jsonb", "json_agg", "jsonb_agg"})


def _row_as_json(name: str, node: Node, scope: Scope) -> ir.Expr | None:
    """Return the row that a name of FROM stands for as json, None when it is no such name."""
    fields = node.get("ColumnRef", {}).get("fields", [])
    if name not in _ROW_TO_JSON or len(fields) != 1 or "String" not in fields[0]:
        return None
    location = node["ColumnRef"].get("location", 0)
    word = fields[0]["String"]["sval"]
    if scope.column(word, location) is not None:
        return None
    item = scope.item(word)
    if item is None or item.may_be_missing:
        return None
    if not item.row_type and (item.entry is None or (item.entry.calls and len(item.columns) == 1)):
        return None
    pairs: list[ir.Expr] = []
    for column, expr in item.columns:
        pairs += [ir.Const(t.TEXT, -1, location, column), expr]
    return ir.Call(t.JSON, -1, location, ROW_TO_JSON, pairs)


def _json_of(binder: Binder, expr: ir.Expr) -> ir.Expr:
    """Return a row as json, all else as it is."""
    row = opened(binder, expr)
    if row is None:
        return expr
    pairs: list[ir.Expr] = []
    names = row.names or tuple(f"f{at}" for at in range(1, len(row.args) + 1))
    for name, arg in zip(names, row.args, strict=True):
        pairs += [ir.Const(t.TEXT, -1, expr.location, name), _json_of(binder, binder.known(arg))]
    made = ir.Call(t.JSON, -1, expr.location, ROW_TO_JSON, pairs)
    if row.absent is None:
        return made
    there = ir.Bool(t.BOOL, -1, expr.location, "not", [row.absent])
    return ir.Case(t.JSON, -1, expr.location, [(there, made)], None)


def call_resolved(
    binder: Binder, found: Candidate, args: list[ir.Expr], name: str, location: int
) -> ir.Expr:
    """Make the call of one of PostgreSQL's own functions that has been chosen."""
    from dotdo_postgres.engine.bind.scope import Scope as Place

    node: Node = {"location": location}
    return _call(binder, node, found, args, Place(clause="SELECT"), name)


def make_aggregate_call(  # noqa: PLR0917 -- what a call is made of
    binder: Binder, node: Node, scope: Scope, routine: Routine, args: list[ir.Expr], result: int
) -> ir.Expr:
    """Make the call of an aggregate, over a window where OVER is given."""
    return _aggregate(binder, node, scope, routine, args, result)


def _within_group(binder: Binder, nodes: list[Node], scope: Scope, location: int) -> list[ir.Expr]:
    keys = bind_sort_keys(binder, nodes, scope)
    if any(key.is_descending for key in keys):
        raise not_supported("WITHIN GROUP in descending order", location)
    return [key.expr for key in keys]


def refuse_aggregate_forms(node: Node, name: str, location: int) -> None:
    """Refuse OVER, DISTINCT, FILTER and ORDER BY in the call of a plain function (42809)."""
    if "over" in node:
        message = f"OVER specified, but {name} is not a window function nor an aggregate function"
        raise error("42809", message, position=location)
    for key, word in (
        ("agg_distinct", "DISTINCT"),
        ("agg_filter", "FILTER"),
        ("agg_order", "ORDER BY"),
    ):
        if key in node:
            raise error(
                "42809",
                f"{word} specified, but {name} is not an aggregate function",
                position=location,
            )


def _special(binder: Binder, name: str, args: list[ir.Expr], location: int) -> ir.Expr | None:
    if not args and name in CLOCK_FUNCTIONS:
        kind, oid = CLOCK_FUNCTIONS[name]
        return ir.SessionValue(oid, -1, location, kind)
    if name == "pg_typeof" and len(args) == 1:
        return ir.Const(t.REGTYPE, -1, location, args[0].type)
    return None


def coerce_arguments(
    binder: Binder, found: Candidate, args: list[ir.Expr]
) -> tuple[list[ir.Expr], int]:
    """Cast arguments to the types of the chosen candidate; return them and the result type."""
    arguments, result = found.arguments, found.result
    for arg, oid in zip(args, arguments, strict=True):
        if oid == t.ANY and arg.type == t.UNKNOWN and isinstance(arg, ir.Param):
            raise error("42P18", f"could not determine data type of parameter ${arg.number}")
    _require_determined(args, arguments)
    bound = bind_polymorphic(found.arguments, [arg.type for arg in args])
    if bound:
        arguments = tuple(bound.get(oid, oid) for oid in arguments)
        result = bound.get(result, result)
    coerced = [binder.coercer.coerce(arg, oid) for arg, oid in zip(args, arguments, strict=True)]
    return [binder.known(arg) for arg in coerced], result


_SIMPLE_POLYMORPHIC = frozenset({t.ANYELEMENT, t.ANYNONARRAY, t.ANYARRAY, t.ANYENUM})


def _require_determined(args: list[ir.Expr], arguments: tuple[int, ...]) -> None:
    given = [
        arg.type for arg, oid in zip(args, arguments, strict=True) if oid in _SIMPLE_POLYMORPHIC
    ]
    if given and all(oid == t.UNKNOWN for oid in given):
        message = "could not determine polymorphic type because input has type unknown"
        raise error("42804", message)


def _cast_call(
    binder: Binder,
    name: str,
    args: list[ir.Expr],
    names: tuple[str, ...],
    location: int,
    *,
    why: str,
) -> ir.Expr:
    """`date('2024-01-01')`: a type name used as a function of one argument."""
    target = t.BY_NAME.get(name)
    if len(args) == 1 and target is not None and can_coerce(args[0].type, target.oid, "explicit"):
        return explicit_cast(binder, args[0], target.oid, -1, location)
    types = [arg.type for arg in args]
    raise missing_function(name, types, location, why == "ambiguous", names)


def _require_listed(call: ir.Aggregate) -> None:
    """See that what orders the rows of a DISTINCT aggregate is among its arguments.

    Raises:
        PostgresError: it is not (SQLSTATE 42P10).
    """
    listed = [arg.arg if isinstance(arg, ir.Relabel) else arg for arg in call.args]
    for key in call.order:
        expr = key.expr.arg if isinstance(key.expr, ir.Relabel) else key.expr
        if not any(ir.same(expr, arg) for arg in (*listed, *call.args)):
            message = (
                "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list"
            )
            raise error("42P10", message, position=key.expr.location)


def _aggregate(  # noqa: C901, PLR0912, PLR0917 one step for each form of the grammar
    binder: Binder, node: Node, scope: Scope, routine: Routine, args: list[ir.Expr], result: int
) -> ir.Expr:
    location = node.get("location", 0)
    if routine.kind == "window" and "over" not in node:
        raise error(
            "42809", f"window function {routine.name} requires an OVER clause", position=location
        )
    is_window = "over" in node
    _check_place(routine, scope, location, is_window)
    call = ir.Aggregate(
        result, -1, location, routine, args, is_distinct=bool(node.get("agg_distinct"))
    )
    if "agg_filter" in node:
        call.condition = binder.boolean(node["agg_filter"], scope, "FILTER")
        inner = _nested_aggregate([call.condition])
        if inner is not None:
            message = "aggregate functions are not allowed in FILTER"
            raise error("42803", message, position=inner.location)
    if "agg_order" in node:
        call.order = bind_sort_keys(binder, node["agg_order"], scope)
        if call.is_distinct:
            _require_listed(call)
    if is_window:
        if call.is_distinct:
            raise not_supported("DISTINCT for window functions", location)
        if call.order:
            raise not_supported("aggregate ORDER BY for window functions", location)
        call.window = bind_window(binder, node["over"], scope)
        if _contains_window([*args, *ir.children(call)[len(args) :]]):
            raise error("42P20", "window function calls cannot be nested", position=location)
        scope.window_calls.append(call)
    else:
        nested = _nested_aggregate(args)
        if nested is not None:
            raise error(
                "42803", "aggregate function calls cannot be nested", position=nested.location
            )
        if _contains_window(args):
            raise error(
                "42803",
                "aggregate function calls cannot contain window function calls",
                position=location,
            )
        if _only_outer(args, scope):
            raise not_supported("an aggregate of an outer query's columns", location)
        scope.aggregates.append(call)
    if (
        call.is_distinct
        and call.order
        and not all(any(ir.same(_bare(key.expr), _bare(arg)) for arg in args) for key in call.order)
    ):
        message = "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list"
        raise error("42P10", message, position=call.order[0].expr.location)
    return call


def _bare(expr: ir.Expr) -> ir.Expr:
    return expr.arg if isinstance(expr, ir.Relabel) else expr


_NOT_ALLOWED = {
    "WHERE": "aggregate functions are not allowed in WHERE",
    "GROUP BY": "aggregate functions are not allowed in GROUP BY",
    "JOIN/ON": "aggregate functions are not allowed in JOIN conditions",
    "FROM": "aggregate functions are not allowed in functions in FROM",
    "VALUES": "aggregate functions are not allowed in VALUES",
    "UPDATE": "aggregate functions are not allowed in UPDATE",
    "RETURNING": "aggregate functions are not allowed in RETURNING",
    "CHECK": "aggregate functions are not allowed in check constraints",
    "DEFAULT": "aggregate functions are not allowed in DEFAULT expressions",
    "LIMIT": "aggregate functions are not allowed in LIMIT",
}


def _check_place(routine: Routine, scope: Scope, location: int, is_window: bool) -> None:
    message = _NOT_ALLOWED.get(scope.clause)
    if is_window:
        if message or scope.clause == "HAVING":
            place = (message or "aggregate functions are not allowed in HAVING").replace(
                "aggregate", "window"
            )
            raise error("42P20", place, position=location)
    elif message:
        raise error("42803", message, position=location)


def _nested_aggregate(args: list[ir.Expr]) -> ir.Expr | None:
    for arg in args:
        if isinstance(arg, ir.Aggregate) and arg.window is None:
            return arg
        found = _nested_aggregate(ir.children(arg))
        if found is not None:
            return found
    return None


def _contains_window(args: list[ir.Expr]) -> bool:
    return any(
        (isinstance(arg, ir.Aggregate) and arg.window is not None)
        or _contains_window(ir.children(arg))
        for arg in args
    )


def _only_outer(args: list[ir.Expr], scope: Scope) -> bool:
    found: list[ir.Column] = []

    def walk(expr: ir.Expr) -> None:
        if isinstance(expr, ir.Column):
            found.append(expr)
        for child in ir.children(expr):
            walk(child)

    for arg in args:
        walk(arg)
    return bool(found) and not any(column.entry in scope.entries for column in found)
