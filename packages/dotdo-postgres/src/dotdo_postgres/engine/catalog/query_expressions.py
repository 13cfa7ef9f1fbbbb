"""Expressions that only queries have, as PostgreSQL writes them back: aggregates, windows, subqueries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.catalog.deparse import row_text
from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.catalog.query_text import QueryText

_NONDEFAULT, _RANGE, _ROWS, _GROUPS, _BETWEEN = 1, 2, 4, 8, 16
_STARTS = {
    32: "UNBOUNDED PRECEDING", 512: "CURRENT ROW", 2048: " PRECEDING", 8192: " FOLLOWING",
}  # fmt: skip
_ENDS = {256: "UNBOUNDED FOLLOWING", 1024: "CURRENT ROW", 4096: " PRECEDING", 16384: " FOLLOWING"}
_EXCLUSIONS = {32768: " EXCLUDE CURRENT ROW", 65536: " EXCLUDE GROUP", 131072: " EXCLUDE TIES"}


def _aggregate(writer: QueryText, expr: ir.Aggregate) -> str:
    routine = expr.routine
    if routine.name in _WITHIN:
        return _within(writer, expr)
    args = ", ".join(writer.text(arg) for arg in expr.args)
    if not expr.args and routine.name == "count":
        args = "*"
    distinct = "DISTINCT " if expr.is_distinct else ""
    order = f" ORDER BY {', '.join(map(writer.sort_term, expr.order))}" if expr.order else ""
    schema = f"{quote_ident(routine.schema)}." if routine.schema else ""
    text = f"{schema}{quote_ident(routine.name)}({distinct}{args}{order})"
    if expr.condition is not None:
        text += f" FILTER (WHERE {writer.text(expr.condition)})"
    return text if expr.window is None else f"{text} OVER ({_window(writer, expr.window)})"


_WITHIN = frozenset({"percentile_cont", "percentile_disc", "mode"})


def _within(writer: QueryText, expr: ir.Aggregate) -> str:
    """Write an ordered-set aggregate; its last argument is what is ordered."""
    if len(expr.order) > 1:
        raise not_supported("showing WITHIN GROUP of several terms")
    args = ", ".join(map(writer.text, expr.args[:-1]))
    order = writer.sort_term(expr.order[0]) if expr.order else writer.term(expr.args[-1])
    text = f"{quote_ident(expr.routine.name)}({args}) WITHIN GROUP (ORDER BY {order})"
    return (
        text if expr.condition is None else f"{text} FILTER (WHERE {writer.text(expr.condition)})"
    )


def _row(writer: QueryText, expr: ir.Row) -> str:
    columns = [cell for cell in expr.args if isinstance(cell, ir.Column)]
    entry = columns[0].entry if columns else None
    if entry is None or not expr.names or [c.index for c in columns if c.entry is entry] != [*range(len(expr.args))]:  # fmt: skip
        return row_text(writer, expr)
    shown = "" if expr.type == t.RECORD else f"::{t.format_type(expr.type)}"
    return f"{quote_ident(writer.label(entry))}.*{shown}"


def _window(writer: QueryText, spec: ir.WindowSpec) -> str:
    parts = []
    if spec.partition:
        parts.append(f"PARTITION BY {', '.join(map(writer.term, spec.partition))}")
    if spec.order:
        parts.append(f"ORDER BY {', '.join(map(writer.sort_term, spec.order))}")
    if spec.frame_options & _NONDEFAULT:
        parts.append(_frame(writer, spec))
    return " ".join(parts)


def _frame(writer: QueryText, spec: ir.WindowSpec) -> str:
    options = spec.frame_options
    kind = "RANGE" if options & _RANGE else "GROUPS" if options & _GROUPS else "ROWS"
    start, end = (
        _bound(writer, _STARTS, options, spec.start),
        _bound(writer, _ENDS, options, spec.end),
    )
    shown = f"BETWEEN {start} AND {end}" if options & _BETWEEN else start
    excluded = next((text for bit, text in _EXCLUSIONS.items() if options & bit), "")
    return f"{kind} {shown}{excluded}"


def _bound(writer: QueryText, words: dict[int, str], options: int, value: ir.Expr | None) -> str:
    word = next(text for bit, text in words.items() if options & bit)
    return f"{writer.text(value)}{word}" if word.startswith(" ") and value is not None else word


def _subquery(writer: QueryText, expr: ir.Subquery) -> str:
    if expr.kind == "array":
        return f"ARRAY({writer.inner(expr.query, is_named=False)})"
    inner = writer.inner(expr.query, is_named=False)
    if expr.kind == "scalar":
        return f"({inner})"
    if expr.kind == "exists":
        return f"(EXISTS ({inner}))"
    calls = [item for item in expr.comparisons if isinstance(item, ir.Call)]
    if len(calls) != len(expr.comparisons):
        raise not_supported("showing this comparison with a subquery")
    lefts = [writer.text(call.args[0]) for call in calls]
    left = lefts[0] if len(lefts) == 1 else f"({', '.join(lefts)})"
    is_in = expr.kind == "any" and expr.op == "="
    word = "IN" if is_in else f"{expr.op} {expr.kind.upper()}"
    return f"({left} {word} ({inner}))"


def _grouping(writer: QueryText, expr: ir.Grouping) -> str:
    return f"GROUPING({', '.join(map(writer.text, expr.args))})"


def _row_compare(writer: QueryText, expr: ir.RowCompare) -> str:
    sides = [
        f"ROW({', '.join(writer.text(call.args[at]) for call in expr.comparisons)})"
        for at in (0, 1)
    ]
    return writer.wrapped(f"{sides[0]} {expr.op} {sides[1]}")


QUERY_WRITERS: dict[type[ir.Expr], Any] = {
    ir.Aggregate: _aggregate, ir.Subquery: _subquery, ir.Grouping: _grouping, ir.RowCompare: _row_compare,
    ir.Row: _row,
}  # fmt: skip
