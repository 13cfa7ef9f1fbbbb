"""Compilers of arrays: ARRAY[...], elements, subscripts, ANY and ALL; arrays travel as JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines import array_checks
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler


# Types kept as bytes: in JSON text they are objects with hexadecimal digits.
PACKED = frozenset({
    t.NUMERIC, t.UUID, t.BYTEA, t.INTERVAL, t.TIMETZ, t.INET, t.CIDR, t.MACADDR, t.MACADDR8,
})  # fmt: skip
# Types of which equal values are kept as equal JSON.
PLAIN = frozenset({t.INT2, t.INT4, t.INT8, t.TEXT, t.VARCHAR, t.BOOL, t.DATE})
MOST_COMPARED = 200
"""Elements that are compared one by one: more would nest deeper than SQLite allows."""


def compile_array(compiler: Compiler, expr: ir.ArrayOf) -> Sql:
    """Write ARRAY[...] as JSON text."""
    if expr.args and t.BY_OID[expr.args[0].type].category == "A":
        parts = [compiler.expression(arg) for arg in expr.args]
        return Sql(compiler.python(array_checks.nested(len(parts)), parts, [t.TEXT] * len(parts)))
    return Sql(
        n.call(
            "json_array",
            *[array_item(compiler, compiler.expression(arg), arg.type) for arg in expr.args],
        )
    )


def array_item(compiler: Compiler, sql: Sql, oid: int) -> n.Node:
    """Write a value as an element of the JSON text that carries an array."""
    if oid == t.NUMERIC:
        sql = numerics.widened(compiler, sql)
    if oid in PACKED and not sql.is_null:
        packed = n.call("json_object", n.string("b"), n.call("hex", sql.node))
        return n.call("iif", n.is_null(sql.node.copy()), n.null(), packed)
    if oid in {t.JSON, t.JSONB, t.RECORD} or t.BY_OID[oid].category in {"A", "C"}:
        return n.binary("||", sql.node, n.string(""))
    return sql.node


def array_element(node: n.Node, oid: int) -> n.Node:
    """Read an element of such JSON text."""
    if oid in PACKED:
        return n.call("unhex", n.call("json_extract", node, n.string("$.b")))
    return node


def compile_array_compare(compiler: Compiler, expr: ir.ArrayCompare) -> Sql:
    """Write ANY and ALL over an array: IN for equality, else three-valued over its elements."""
    items = listed(expr.array)
    is_membership = expr.op == "=" and expr.is_any
    if items is not None and (compiler.is_persistent or is_membership):
        return Sql(_compared_one_by_one(compiler, expr, items))
    array = compiler.node(expr.array)
    element_type = t.BY_OID[expr.array.type].element
    if compiler.is_persistent and is_membership and element_type in PLAIN:
        assert isinstance(expr.comparison, ir.Call)
        arguments = [Sql(array), compiler.expression(expr.comparison.args[0])]
        return Sql(compiler.python(array_checks.HAS, arguments, [t.TEXT, element_type]))
    return Sql(n.call("iif", n.is_null(array.copy()), n.null(), _over_rows(compiler, expr, array)))


def _over_rows(compiler: Compiler, expr: ir.ArrayCompare, array: n.Node) -> n.Node:
    """Write ANY and ALL as a query of the elements of an array that is not NULL."""
    element_type = t.BY_OID[expr.array.type].element
    alias = compiler.alias("a")
    element = array_element(n.column(alias, "value"), element_type)
    compiler.array_elements.append(Sql(element))
    comparison = compiler.node(expr.comparison)
    compiler.array_elements.pop()
    is_deep = n.binary("=", n.call("substr", array, n.integer(1), n.integer(2)), n.string("[["))
    flat = compiler.python(array_checks.FLAT, [Sql(array.copy())], [t.TEXT])
    rows_of = n.call("iif", is_deep, flat, array.copy())
    source = exp.Table(this=n.call("json_each", rows_of), alias=exp.TableAlias(this=n.name(alias)))
    inner = comparison.this if type(comparison).__name__ == "Paren" else comparison
    if expr.op == "=" and expr.is_any and type(inner).__name__ == "EQ":
        chosen = exp.Select(expressions=[inner.expression])
        chosen.set("from_", exp.From(this=source))
        return exp.In(this=n.compared_left(inner), query=n.subquery(chosen))
    rows = exp.Select(expressions=[n.aliased(comparison, "r")])
    rows.set("from_", exp.From(this=source))
    return quantified(rows, expr.is_any)


def listed(array: ir.Expr) -> list[ir.Expr] | None:
    """Return the elements of an array that is written one by one, None of another."""
    while isinstance(array, ir.Relabel):
        array = array.arg
    if not isinstance(array, ir.ArrayOf) or len(array.args) > MOST_COMPARED:
        return None
    return None if any(t.BY_OID[arg.type].category == "A" for arg in array.args) else array.args


def _compared_one_by_one(compiler: Compiler, expr: ir.ArrayCompare, items: list[ir.Expr]) -> n.Node:
    """Write ANY and ALL over listed elements without a subquery, which a check or an index may not hold."""
    comparisons = []
    for item in items:
        compiler.array_elements.append(compiler.expression(item))
        comparisons.append(compiler.node(expr.comparison))
        compiler.array_elements.pop()
    if not comparisons:
        return n.integer(int(not expr.is_any))
    return n.one_of(comparisons) if expr.is_any else n.conjunction("and", comparisons)


def quantified(rows: Any, is_any: bool) -> n.Node:
    """Fold the column `r` of rows into ANY or ALL, three-valued."""
    hit, miss = (1, 0) if is_any else (0, 1)
    fold = n.call("max" if is_any else "min", n.bare_column("r"))
    known = n.call("count", n.bare_column("r"))
    everything = n.call("count", exp.Star())
    result = n.case(
        [
            (n.binary("=", fold, n.integer(hit)), n.integer(hit)),
            (n.binary(">", everything, known), n.null()),
        ],
        n.integer(miss),
    )
    select = exp.Select(expressions=[result])
    select.set("from_", exp.From(this=n.subquery(rows)))
    return n.subquery(select)


def compile_array_element(
    compiler: Compiler,
    expr: ir.ArrayElement,  # noqa: ARG001 -- compilers are called alike
) -> Sql:
    """Write the element that an ANY or ALL stands at."""
    found = compiler.array_elements[-1]
    return Sql(found.node.copy(), found.scale, found.digits)


def compile_subscript(compiler: Compiler, expr: ir.Subscript) -> Sql:
    """Write `array[n]`: NULL outside the array."""
    arg = compiler.expression(expr.arg)
    indexes = [None if index is None else compiler.expression(index) for index in expr.indexes]
    if expr.is_slice:
        is_open = sum(1 << at for at, index in enumerate(indexes) if index is None)
        bounds = [Sql(n.integer(is_open)), *(index or Sql(n.null()) for index in indexes)]
        routine = array_checks.array_slice(len(indexes) // 2)
        return Sql(compiler.python(routine, [arg, *bounds], [t.TEXT, *[t.INT4] * len(bounds)]))
    listed = [index for index in indexes if index is not None]
    if len(listed) > 1 or not arg.is_simple:
        routine = array_checks.subscript(len(listed), expr.type)
        types = [t.TEXT, *[t.INT4] * len(listed)]
        return Sql(compiler.python(routine, [arg, *listed], types))
    index_node = n.binary("-", listed[0].node, n.integer(1))
    packed = expr.type in PACKED
    tail = n.string("].b" if packed else "]")
    path = n.binary("||", n.binary("||", n.string("$["), index_node), tail)
    guarded = n.call("iif", n.binary(">=", index_node.copy(), n.integer(0)), path, n.null())
    value = n.call("json_extract", arg.node, guarded)
    found = n.call("unhex", value) if packed else value
    is_deep = n.binary(
        "=", n.call("substr", arg.node.copy(), n.integer(1), n.integer(2)), n.string("[[")
    )
    return Sql(n.call("iif", is_deep, n.null(), found))
