"""Compiled queries inside another one: renumbered, ordered, deduplicated, limited, brought to one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.ordering import key_node
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.compile.compiler import Compiled, Compiler
    from dotdo_postgres.engine.query import OutputColumn, Query


def star_over(compiler: Compiler, node: Any, forms: list[Sql]) -> Any:
    """Select all columns of a query."""
    alias = compiler.alias()
    outer = exp.Select(
        expressions=[n.aliased(n.column(alias, f"c{at}"), f"c{at}") for at in range(len(forms))]
        or [n.aliased(n.null(), "c")]
    )
    outer.set("from_", exp.From(this=n.subquery(node, alias)))
    return outer


def is_plain(node: Any) -> bool:
    """Tell whether a query may stand in a compound as it is."""
    return isinstance(node, exp.Select) and not any(
        node.args.get(key) for key in ("order", "limit", "offset", "with_")
    )


def order_positions(
    compiler: Compiler,
    made: Any,
    forms: list[Sql],
    columns: list[OutputColumn],
    terms: list[tuple[int, bool, bool]],
) -> Any:
    """Order a query by its result columns."""
    outer = star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    nodes = []
    for position, is_descending, nulls_first in terms:
        form = forms[position - 1]
        sql = Sql(n.column(alias, f"c{position - 1}"), form.scale, form.digits)
        key = key_node(compiler, sql, columns[position - 1].type, is_group=False)
        nodes.append(n.ordered(key, is_descending, nulls_first))
    outer.set("order", exp.Order(expressions=nodes))
    return outer


def deduplicated(
    compiler: Compiler, made: Any, forms: list[Sql], columns: list[OutputColumn]
) -> Any:
    """Leave one of the rows that are equal by their keys."""
    outer = star_over(compiler, made, forms)
    alias = outer.args["from_"].this.alias
    keys = [
        key_node(
            compiler,
            Sql(n.column(alias, f"c{at}"), form.scale, form.digits),
            column.type,
            is_group=True,
        )
        for at, (form, column) in enumerate(zip(forms, columns, strict=True))
    ]
    outer.set("group", exp.Group(expressions=keys))
    return outer


def conform(  # noqa: PLR0917 -- a query, what it gives and what it shall give
    compiler: Compiler,
    node: Any,
    forms: list[Sql],
    scales: list[int | None],
    columns: list[OutputColumn],
    extra: int = 0,
) -> Compiled:
    """Bring numeric columns of a query to given scales (None: byte strings); `extra` columns o0 ... go along."""
    if all(form.scale == scale for form, scale in zip(forms, scales, strict=True)):
        return node, forms
    outer = star_over(compiler, node, forms)
    alias = outer.args["from_"].this.alias
    expressions, made = [], []
    for at, (form, scale) in enumerate(zip(forms, scales, strict=True)):
        sql = Sql(n.column(alias, f"c{at}"), form.scale, form.digits)
        if columns[at].type == t.NUMERIC and form.scale is not None and scale is None:
            sql = numerics.widened(compiler, sql)
        expressions.append(n.aliased(sql.node, f"c{at}"))
        made.append(Sql(n.null(), sql.scale, sql.digits))
    carried = [n.aliased(n.column(alias, f"o{at}"), f"o{at}") for at in range(extra)]
    outer.set("expressions", [*expressions, *carried])
    return outer, made


def limit(compiler: Compiler, made: Any, query: Query) -> None:
    """Write LIMIT and OFFSET, negative ones refused."""
    if query.limit is not None:
        made.set("limit", exp.Limit(expression=bound(compiler, query.limit, "LIMIT")))
    elif query.offset is not None:
        made.set("limit", exp.Limit(expression=n.integer(-1)))
    if query.offset is not None:
        made.set("offset", exp.Offset(expression=bound(compiler, query.offset, "OFFSET")))


def bound(compiler: Compiler, expr: ir.Expr, word: str) -> n.Node:
    """Write the number of LIMIT or OFFSET, checked."""
    sql = compiler.expression(expr)
    if isinstance(sql.value, int):
        if sql.value < 0:
            raise error("2201W" if word == "LIMIT" else "2201X", f"{word} must not be negative")
        return sql.node
    return compiler.python(
        checks.CHECK_LIMIT if word == "LIMIT" else checks.CHECK_OFFSET, [sql], [t.INT8]
    )
