"""Aggregates and window calls: DISTINCT, FILTER, ORDER BY and OVER around SQLite's or Python's functions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.ordering import needs_key, order_terms, sort_node
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.query import SortKey
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import interval
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
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
        order=exp.Order(expressions=_order(compiler, window)) if window.order else None,
        spec=_frame(compiler, window),
    )


def _has_distance(window: ir.WindowSpec) -> bool:
    is_range = bool(window.frame_options & _RANGE)
    return is_range and (window.start is not None or window.end is not None)


def _order(compiler: Compiler, window: ir.WindowSpec) -> list[n.Node]:
    """Write the order of a window; dates as microseconds where a frame reaches by an interval."""
    if not (_has_distance(window) and window.order[0].expr.type == t.DATE):
        return order_terms(compiler, window.order)
    (key,) = window.order
    us = n.binary("*", compiler.node(key.expr), n.integer(interval.DAY_US))
    return [n.ordered(us, key.is_descending, key.nulls_first)]


def _distance(compiler: Compiler, window: ir.WindowSpec, offset: ir.Expr) -> n.Node:
    """Write how far a frame reaches in the measure of what the window is ordered by."""
    if not _has_distance(window) or offset.type not in {t.INTERVAL, t.NUMERIC}:
        return compiler.node(offset)
    if not isinstance(offset, ir.Const) or offset.value is None:  # SQLite takes literals only
        raise not_supported("RANGE with an offset that is no literal", offset.location)
    if offset.type == t.INTERVAL:
        return n.integer(checks.span_us(interval.decode(offset.value)))
    key = compiler.expression(window.order[0].expr)
    if key.scale is None:
        raise not_supported("RANGE with an offset over a numeric without limits")
    assert isinstance(offset.value, Decimal)
    if offset.value < 0:
        raise error("22013", "invalid preceding or following size in window function")
    distance = checks.at_scale(offset.value, key.scale)
    return n.integer(distance) if isinstance(distance, int) else n.real(distance)


def _frame(compiler: Compiler, window: ir.WindowSpec) -> n.Node | None:
    options = window.frame_options
    if not options & 0x1:
        return None
    kind = "RANGE" if options & _RANGE else "ROWS" if options & _ROWS else "GROUPS"
    start, start_side = _edge(compiler, window, options, _STARTS, window.start)
    end, end_side = _edge(compiler, window, options, _ENDS, window.end)
    if _has_distance(window) and window.order[0].expr.type in {t.TIMETZ, t.INTERVAL}:
        shown = t.format_type(window.order[0].expr.type)
        raise not_supported(f"RANGE with an offset over {shown}")
    exclude = next((exp.Var(this=word) for bit, word in _EXCLUDES.items() if options & bit), None)
    return exp.WindowSpec(
        kind=kind, start=start, start_side=start_side, end=end, end_side=end_side, exclude=exclude
    )


def _edge(
    compiler: Compiler,
    window: ir.WindowSpec,
    options: int,
    table: dict[int, tuple[str | None, str | None]],
    offset: ir.Expr | None,
) -> tuple[object, str | None]:
    for bit, (word, side) in table.items():
        if options & bit:
            if word is not None:
                return word, side
            assert offset is not None
            return _distance(compiler, window, offset), side
    raise not_supported("this frame of a window")
