"""Compilers of rows: ROW(...), their fields and comparisons, where a row is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.array_values import PACKED, array_item
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.compile.compiler import Compiler


def compile_row(compiler: Compiler, expr: ir.Row) -> Sql:
    """Write a row as the JSON text of its fields, an anonymous one with their types."""
    parts = [array_item(compiler, compiler.expression(arg), arg.type) for arg in expr.args]
    made = n.call("json_array", *parts)
    if expr.type == t.RECORD:
        types = n.call("json_array", *[n.integer(arg.type) for arg in expr.args])
        made = n.call("json_object", n.string("t"), types, n.string("v"), made)
    text = n.binary("||", made, n.string(""))
    if expr.absent is None:
        return Sql(text)
    return Sql(n.call("iif", compiler.node(expr.absent), n.null(), text))


def compile_row_id(compiler: Compiler, expr: ir.RowId) -> Sql:
    """Write where a row is."""
    entry = expr.entry
    assert entry.relation is not None
    rowid = entry.relation.noun.rowid
    first = compiler.columns.get((id(entry), 0))
    column = None if first is None else _column_in(first.node)
    alias = column.table if column is not None else ""
    node = n.column(alias, rowid) if alias else n.bare_column(rowid)
    return Sql(n.call("printf", n.string("(0,%d)"), node))


def _column_in(node: n.Node) -> exp.Column | None:
    return node if isinstance(node, exp.Column) else node.find(exp.Column)


def compile_missing(compiler: Compiler, expr: ir.Missing) -> Sql:
    """Tell by the row id that an outer join gave no row."""
    assert expr.entry.relation is not None
    first = compiler.columns[id(expr.entry), 0].node
    column = _column_in(first)
    assert column is not None
    return Sql(n.is_null(n.column(column.table, expr.entry.relation.noun.rowid)))


def compile_field(compiler: Compiler, expr: ir.FieldOf) -> Sql:
    """Write a field of a row."""
    path = f"$.v[{expr.index}]" if expr.arg.type == t.RECORD else f"$[{expr.index}]"
    node = compiler.node(expr.arg)
    if expr.type in PACKED:
        return Sql(n.call("unhex", n.call("json_extract", node, n.string(f"{path}.b"))))
    return Sql(n.call("json_extract", node, n.string(path)))


def compile_row_compare(compiler: Compiler, expr: ir.RowCompare) -> Sql:
    """Write a comparison of rows by its fields."""
    equalities = [compiler.node(item) for item in expr.comparisons]
    if expr.op == "=":
        return Sql(n.conjunction("and", equalities))
    if expr.op == "<>":
        return Sql(n.conjunction("or", equalities))
    sides = [eq.this if type(eq).__name__ == "Paren" else eq for eq in equalities]
    if not all(isinstance(side, exp.Binary) for side in sides):
        raise not_supported("an ordering of rows of these types", expr.location)
    left = exp.Tuple(expressions=[side.this for side in sides])
    right = exp.Tuple(expressions=[side.expression for side in sides])
    return Sql(type(sides[-1])(this=left, expression=right))
