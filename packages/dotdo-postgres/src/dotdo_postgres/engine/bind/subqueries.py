"""Subqueries in expressions: EXISTS, scalar, IN, ANY and ALL, ARRAY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.operators import make_operator
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder, Node
    from dotdo_postgres.engine.bind.scope import Scope


def bind_subquery(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind a SubLink by its kind."""
    location = node.get("location", 0)
    kind = node["subLinkType"]
    query = binder.query(node["subselect"], scope)
    if kind == "EXISTS_SUBLINK":
        return ir.Subquery(t.BOOL, -1, location, "exists", query)
    if kind == "EXPR_SUBLINK":
        if len(query.columns) != 1:
            raise error("42601", "subquery must return only one column", position=location)
        return ir.Subquery(
            query.columns[0].type, query.columns[0].typmod, location, "scalar", query
        )
    if kind == "ARRAY_SUBLINK":
        if len(query.columns) != 1:
            raise error("42601", "subquery must return only one column", position=location)
        column = t.BY_OID[query.columns[0].type]
        oid = column.oid if column.category == "A" else column.array
        return ir.Subquery(oid, -1, location, "array", query)
    if kind in {"ANY_SUBLINK", "ALL_SUBLINK"}:
        return _any_all(
            binder, node, scope, ir.Subquery(t.BOOL, -1, location, kind[:3].lower(), query)
        )
    raise not_supported(f"a subquery of kind {kind}", location)


def _any_all(binder: Binder, node: Node, scope: Scope, found: ir.Subquery) -> ir.Expr:
    location = found.location
    left = binder.expression(node["testexpr"], scope)
    fields = left.args if isinstance(left, ir.Row) else [left]
    if len(fields) != len(found.query.columns):
        few = len(fields) < len(found.query.columns)
        raise error(
            "42601", f"subquery has too {'many' if few else 'few'} columns", position=location
        )
    op = node["operName"][-1]["String"]["sval"] if "operName" in node else "="
    found.op = "<>" if op == "!=" else op
    for at, (item, column) in enumerate(zip(fields, found.query.columns, strict=True)):
        right = ir.SubqueryColumn(column.type, column.typmod, location, at)
        found.comparisons.append(make_operator(binder, op, item, right, location))
    return found
