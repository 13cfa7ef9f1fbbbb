"""Aggregates and window calls: DISTINCT, FILTER, ORDER BY and OVER around SQLite's or Python's functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.ordering import needs_key, order_terms, sort_node
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.query import SortKey
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.routines.declare import Routine

_RANGE, _ROWS, _GROUPS = 0x2, 0x4, 0x8
_STARTS = {
    0x20: ("UNBOUNDED", "PRECEDING"),
    0x200: ("CURRENT ROW", None),
    0x800: (None, "PRECEDING"),
    0x2000: (None, "FOLLOWING"),
}
_ENDS = {
    0x100: ("UNBOUNDED", "FOLLOWING"),
    0x400: ("CURRENT ROW", None),
    0x1000: (None, "PRECEDING"),
    0x4000: (None, "FOLLOWING"),
}
_EXCLUDES = {0x8000: "CURRENT ROW", 0x10000: "GROUP", 0x20000: "TIES"}


def compile_aggregate(compiler: Compiler, expr: ir.Aggregate) -> Sql:
    """Write an aggregate or window call; its arguments see the rows, whatever the grouping set."""
    left_out, compiler.left_out = compiler.left_out, []
    try:
        return _aggregate(compiler, expr)
    finally:
        compiler.left_out = left_out


def compile_grouping(compiler: Compiler, expr: ir.Grouping) -> Sql:
    """Write GROUPING: which of its arguments the grouping set leaves out."""
    bits = 0
    for arg in expr.args:
        bits = bits << 1 | compiler.is_left_out(arg)
    return Sql(n.integer(bits), value=bits)


def _aggregate(compiler: Compiler, expr: ir.Aggregate) -> Sql:
    args = [compiler.expression(arg) for arg in expr.args]
    routine = expr.routine
    if routine.build is not None:
        return routine.build(compiler, args, expr)
    types = [arg.type for arg in expr.args]
    if expr.window is not None and not routine.takes_window:
        raise not_supported(f"{routine.name} over a window", expr.location)
    return Sql(python_aggregate(compiler, expr, routine, args, types))


def python_aggregate(
    compiler: Compiler, expr: ir.Aggregate, routine: Routine, args: list[Sql], types: list[int]
) -> n.Node:
    """Write a call of a Python aggregate; DISTINCT of several arguments or uneven types is its own to do."""
    nodes = [arg.node for arg in args]
    is_own = expr.is_distinct and (
        len(args) > 1 or any(needs_key(oid, arg) for oid, arg in zip(types, args, strict=True))
    )
    if expr.is_distinct and not expr.order:
        expr = replace(expr, order=[SortKey(arg, False, False) for arg in expr.args[:1]])
    if is_own:
        routine = replace(routine, is_distinct=True, sql_name=f"{routine.sql_name}__distinct")
    name = compiler.python(routine, args, types).this
    return decorated(compiler, expr, name, nodes, distinct=expr.is_distinct and not is_own)


def decorated(
    compiler: Compiler,
    expr: ir.Aggregate,
    name: str,
    args: list[n.Node],
    *,
    distinct: bool | None = None,
) -> n.Node:
    """Write `name(DISTINCT args ORDER BY ...) FILTER (...) OVER (...)`.

    Args:
        compiler: The statement's.
        expr: The call, for its clauses.
        name: SQLite's name of the function.
        args: Compiled arguments.
        distinct: Override of the call's DISTINCT.

    Returns:
        The call with its clauses.
    """
    is_distinct = expr.is_distinct if distinct is None else distinct
    listed = list(args)
    if is_distinct and listed:
        if len(listed) > 1:
            raise not_supported(
                f"{expr.routine.name} with DISTINCT and several arguments", expr.location
            )
        listed = [exp.Distinct(expressions=listed)]
    if expr.order and listed:
        last = listed.pop()
        listed.append(exp.Order(this=last, expressions=order_terms(compiler, expr.order)))
    node: n.Node = n.call(name, *listed)
    if expr.condition is not None:
        node = exp.Filter(this=node, expression=exp.Where(this=compiler.node(expr.condition)))
    if expr.window is not None:
        node = over(compiler, node, expr.window)
    return node


def over(compiler: Compiler, node: n.Node, window: ir.WindowSpec) -> n.Node:
    """Write `node OVER (...)`."""
    return exp.Window(
        this=node,
        partition_by=[sort_node(compiler, item, is_group=True) for item in window.partition]
        or None,
        order=exp.Order(expressions=order_terms(compiler, window.order)) if window.order else None,
        spec=_frame(compiler, window),
    )


def _frame(compiler: Compiler, window: ir.WindowSpec) -> n.Node | None:
    options = window.frame_options
    if not options & 0x1:
        return None
    kind = "RANGE" if options & _RANGE else "ROWS" if options & _ROWS else "GROUPS"
    start, start_side = _edge(compiler, options, _STARTS, window.start)
    end, end_side = _edge(compiler, options, _ENDS, window.end)
    if kind == "RANGE" and (window.start is not None or window.end is not None):
        _check_range(window)
    exclude = next((exp.Var(this=word) for bit, word in _EXCLUDES.items() if options & bit), None)
    return exp.WindowSpec(
        kind=kind, start=start, start_side=start_side, end=end, end_side=end_side, exclude=exclude
    )


def _check_range(window: ir.WindowSpec) -> None:
    key = window.order[0].expr.type if len(window.order) == 1 else 0
    if key not in {t.INT2, t.INT4, t.INT8, t.FLOAT8}:
        raise not_supported("RANGE with an offset over this type")


def _edge(
    compiler: Compiler,
    options: int,
    table: dict[int, tuple[str | None, str | None]],
    offset: ir.Expr | None,
) -> tuple[object, str | None]:
    for bit, (word, side) in table.items():
        if options & bit:
            if word is not None:
                return word, side
            assert offset is not None
            return compiler.node(offset), side
    raise not_supported("this frame of a window")
