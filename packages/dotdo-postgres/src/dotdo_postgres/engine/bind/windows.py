"""OVER clauses and named windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.sorting import bind_sort_keys
from dotdo_postgres.engine.coercion import can_coerce
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder, Node
    from dotdo_postgres.engine.bind.scope import Scope

RANGE, ROWS, GROUPS = 0x2, 0x4, 0x8
NON_DEFAULT = 0x1
START_OFFSET, END_OFFSET = 0x800 | 0x2000, 0x1000 | 0x4000


def bind_window(binder: Binder, node: Node, scope: Scope) -> ir.WindowSpec:
    """Bind `OVER name` or `OVER (...)`.

    Raises:
        PostgresError: 42704 no such window, 42P20 what may not be overridden.
    """
    definition = dict(node)
    base_name = node.get("name") or node.get("refname")
    if "name" in node and "WindowDef" not in node:
        definition = _named(scope, node["name"], node)
        return bind_window(binder, {k: v for k, v in definition.items() if k != "name"}, scope)
    if base_name:
        base = _named(scope, base_name, node)
        definition = _extended(base, node, base_name)
    if "refname" in definition and definition["refname"] != base_name:
        return bind_window(binder, definition, scope)
    partition = [
        binder.known(binder.expression(item, scope))
        for item in definition.get("partitionClause", [])
    ]
    order = bind_sort_keys(binder, definition.get("orderClause", []), scope)
    options = definition.get("frameOptions", 0)
    spec = ir.WindowSpec(partition, order, options)
    if options & GROUPS and not order:
        raise error(
            "42P20", "GROUPS mode requires an ORDER BY clause", position=node.get("location")
        )
    if options & START_OFFSET:
        spec.start = _offset(binder, definition["startOffset"], scope, spec)
    if options & END_OFFSET:
        spec.end = _offset(binder, definition["endOffset"], scope, spec)
    return spec


_OFFSETS = {
    **dict.fromkeys((t.DATE, t.TIME, t.TIMETZ, t.TIMESTAMP, t.TIMESTAMPTZ, t.INTERVAL), t.INTERVAL),
    **dict.fromkeys((t.FLOAT4, t.FLOAT8), t.FLOAT8),
    t.NUMERIC: t.NUMERIC,
}


def _offset(binder: Binder, node: Node, scope: Scope, spec: ir.WindowSpec) -> ir.Expr:
    """Bind how far a frame reaches.

    Raises:
        PostgresError: it refers to rows (42P10), or does not go with what the window is ordered by (0A000, 42P20).
    """
    expr = binder.expression(node, scope)
    if _has_columns(expr):
        word = "RANGE" if spec.frame_options & RANGE else "ROWS"
        word = "GROUPS" if spec.frame_options & GROUPS else word
        message = f"argument of {word} must not contain variables"
        raise error("42P10", message, position=expr.location)
    if not spec.frame_options & RANGE:
        return binder.coercer.coerce(expr, t.INT8, -1, "assignment")
    if len(spec.order) != 1:
        message = "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column"
        raise error("42P20", message, position=expr.location)
    key = spec.order[0].expr.type
    if key in t.INTEGERS:
        wanted = expr.type if expr.type in t.INTEGERS else t.INT8
    else:
        wanted = _OFFSETS.get(key, 0)
    if not wanted or not can_coerce(expr.type, wanted):
        shown = t.format_type(key), t.format_type(expr.type)
        message = (
            f"RANGE with offset PRECEDING/FOLLOWING is not supported for column type {shown[0]}"
        )
        if wanted:
            message += f" and offset type {shown[1]}"
        raise error("0A000", message, position=expr.location)
    return binder.coercer.coerce(expr, wanted)


def _has_columns(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Column) or any(map(_has_columns, ir.children(expr)))


def _named(scope: Scope, name: str, node: Node) -> Node:
    definition = scope.named_windows.get(name)
    if definition is None:
        raise error("42704", f'window "{name}" does not exist', position=node.get("location"))
    return definition


def _extended(base: Node, node: Node, name: str) -> Node:
    location = node.get("location")
    if node.get("partitionClause"):
        raise error(
            "42P20", f'cannot override PARTITION BY clause of window "{name}"', position=location
        )
    if base.get("orderClause") and node.get("orderClause"):
        raise error(
            "42P20", f'cannot override ORDER BY clause of window "{name}"', position=location
        )
    if base.get("frameOptions", 0) & NON_DEFAULT:
        raise error(
            "42P20", f'cannot copy window "{name}" because it has a frame clause', position=location
        )
    merged = {key: value for key, value in base.items() if key != "name"}
    merged |= {
        key: value for key, value in node.items() if key not in {"name", "refname"} and value
    }
    return merged
