"""Subqueries in expressions: EXISTS, scalar, ARRAY(...), IN, ANY and ALL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.array_values import array_item, quantified
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.query import Query, Select
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler


def compile_subquery(compiler: Compiler, expr: ir.Subquery) -> Sql:
    """Write EXISTS, a scalar subquery, ARRAY(...), IN, ANY and ALL."""
    if expr.kind in {"any", "all"}:
        return Sql(_quantified(compiler, expr))
    node, forms = compiler.query(expr.query)
    if expr.kind == "exists":
        return Sql(exp.Exists(this=node))
    if expr.kind == "array":
        return _array(compiler, node, forms[0], expr)
    form = forms[0]
    if _gives_one_row(expr.query):
        return Sql(n.subquery(node), form.scale, form.digits)
    alias = compiler.alias()
    inner: Any = exp.Select(expressions=[n.aliased(n.column(alias, "c0"), "c0")])
    inner.set("from_", exp.From(this=n.subquery(node, alias)))
    inner.set("limit", exp.Limit(expression=n.integer(2)))
    rows = n.call("count", exp.Star())
    too_many = compiler.python(checks.TOO_MANY_ROWS, [Sql(rows.copy())], [t.INT8])
    value = n.case(
        [(n.binary(">", rows, n.integer(1)), too_many)], n.call("max", n.bare_column("c0"))
    )
    outer: Any = exp.Select(expressions=[value])
    outer.set("from_", exp.From(this=n.subquery(inner)))
    return Sql(n.subquery(outer), form.scale, form.digits)


def _gives_one_row(query: Query) -> bool:
    if isinstance(query.limit, ir.Const) and query.limit.value in {0, 1}:
        return True
    if not isinstance(query, Select):
        return False
    if query.has_groups and not query.group:
        return True
    if not query.from_items:
        return True
    return len(query.from_items) == 1 and query.where is not None and _pins_key(query)


def _pins_key(select: Select) -> bool:
    """Tell whether WHERE fixes the primary key of the only table."""
    (entry,) = select.from_items
    relation = getattr(entry, "relation", None)
    if relation is None or not relation.noun.key:
        return False
    where = select.where
    terms = where.args if isinstance(where, ir.Bool) and where.op == "and" else [where]
    fixed = set()
    for term in terms:
        if not (isinstance(term, ir.Call) and term.routine.name == "=" and len(term.args) == 2):
            continue
        for side, other in (term.args, term.args[::-1]):
            if isinstance(side, ir.Column) and side.entry is entry and not _mentions(other, entry):
                fixed.add(relation.columns[side.index].physical)
    return set(relation.noun.key) <= fixed


def _mentions(expr: ir.Expr, entry: object) -> bool:
    if isinstance(expr, ir.Column):
        return expr.entry is entry
    return isinstance(expr, ir.Subquery) or any(
        _mentions(child, entry) for child in ir.children(expr)
    )


def _array(compiler: Compiler, node: Any, form: Sql, expr: ir.Subquery) -> Sql:
    alias = compiler.alias()
    item = array_item(
        compiler, Sql(n.column(alias, "c0"), form.scale, form.digits), expr.query.columns[0].type
    )
    if t.BY_OID[expr.query.columns[0].type].category == "A":
        item = n.call("json", item)
    outer: Any = exp.Select(expressions=[n.call("json_group_array", item)])
    outer.set("from_", exp.From(this=n.subquery(node, alias)))
    return Sql(n.subquery(outer))


def _quantified(compiler: Compiler, expr: ir.Subquery) -> n.Node:
    node, forms = compiler.query(expr.query)
    alias = compiler.alias()
    compiler.subquery_columns.append(
        [Sql(n.column(alias, f"c{at}"), f.scale, f.digits) for at, f in enumerate(forms)]
    )
    comparisons = [compiler.node(item) for item in expr.comparisons]
    compiler.subquery_columns.pop()
    plain = [item.this if isinstance(item, exp.Paren) else item for item in comparisons]
    if (expr.op, expr.kind) in {("=", "any"), ("<>", "all")} and all(
        isinstance(item, (exp.EQ, exp.NEQ)) for item in plain
    ):
        rows: Any = exp.Select(expressions=[item.expression for item in plain])
        rows.set("from_", exp.From(this=n.subquery(node, alias)))
        left = (
            n.compared_left(plain[0])
            if len(plain) == 1
            else exp.Tuple(expressions=[n.compared_left(item) for item in plain])
        )
        found = exp.In(this=left, query=n.subquery(rows))
        return n.negate(found) if expr.kind == "all" else found
    if len(comparisons) > 1:
        raise not_supported("ANY and ALL of several columns with this operator", expr.location)
    rows = exp.Select(expressions=[n.aliased(comparisons[0], "r")])
    rows.set("from_", exp.From(this=n.subquery(node, alias)))
    return quantified(rows, expr.kind == "any")
