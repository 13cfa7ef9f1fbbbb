"""Compilers of conditions and conditionals: AND, IS, CASE, COALESCE, GREATEST, NULLIF, IN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.ordering import key_node, needs_key
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler


def compile_bool(compiler: Compiler, expr: ir.Bool) -> Sql:
    """Write AND, OR, NOT: three-valued as in SQL on both sides."""
    parts = [compiler.node(arg) for arg in expr.args]
    if expr.op == "not":
        return Sql(n.negate(parts[0]))
    return Sql(n.conjunction(expr.op, parts))


def compile_null_test(compiler: Compiler, expr: ir.NullTest) -> Sql:
    """Write IS [NOT] NULL."""
    test = n.is_null(compiler.node(expr.arg))
    return Sql(test if expr.is_null else n.negate(test))


_TESTS = {
    "IS TRUE": ("is not distinct from", 1), "IS NOT TRUE": ("is distinct from", 1),
    "IS FALSE": ("is not distinct from", 0), "IS NOT FALSE": ("is distinct from", 0),
}  # fmt: skip


def compile_boolean_test(compiler: Compiler, expr: ir.BooleanTest) -> Sql:
    """Write IS [NOT] TRUE, FALSE, UNKNOWN."""
    arg = compiler.node(expr.arg)
    if expr.test.endswith("UNKNOWN"):
        test = n.is_null(arg)
        return Sql(n.negate(test) if "NOT" in expr.test else test)
    op, value = _TESTS[expr.test]
    return Sql(n.binary(op, arg, n.integer(value)))


def compile_distinct(compiler: Compiler, expr: ir.DistinctFrom) -> Sql:
    """Write IS [NOT] DISTINCT FROM out of the operands' equality."""
    op = "is not distinct from" if expr.is_not else "is distinct from"
    comparison = expr.comparison
    if not isinstance(comparison, ir.Call):
        raise not_supported("IS DISTINCT FROM on rows", expr.location)
    equality = compiler.node(comparison)
    inner = equality.this if type(equality).__name__ == "Paren" else equality
    if type(inner).__name__ != "EQ":
        return Sql(_distinct_by_parts(compiler, comparison, equality, is_not=expr.is_not))
    return Sql(n.binary(op, inner.this, inner.expression))


def _distinct_by_parts(
    compiler: Compiler, comparison: ir.Call, equality: n.Node, *, is_not: bool
) -> n.Node:
    """Write IS DISTINCT FROM for types whose equality is a call."""
    left, right = (n.is_null(compiler.node(arg)) for arg in comparison.args)
    either = n.conjunction("or", [left.copy(), right.copy()])
    nulls = n.binary("=" if is_not else "<>", n.wrap(left), n.wrap(right))
    return n.call("iif", either, nulls, equality if is_not else n.negate(equality))


def compile_case(compiler: Compiler, expr: ir.Case) -> Sql:
    """Write CASE."""
    conditions = [compiler.node(condition) for condition, _ in expr.whens]
    results = [compiler.expression(result) for _, result in expr.whens]
    default = compiler.expression(expr.default) if expr.default is not None else None
    results, scale, digits = _unify(
        compiler, expr.type, [*results, *([default] if default else [])]
    )
    tail = results.pop() if default else None
    whens = [
        (condition, result.node) for condition, result in zip(conditions, results, strict=True)
    ]
    return Sql(n.case(whens, tail.node if tail else None), scale, digits)


def _unify(compiler: Compiler, oid: int, parts: list[Sql]) -> tuple[list[Sql], int | None, int]:
    return numerics.unified(compiler, parts) if oid == t.NUMERIC else (parts, None, 0)


def compile_coalesce(compiler: Compiler, expr: ir.Coalesce) -> Sql:
    """Write COALESCE."""
    parts, scale, digits = _unify(
        compiler, expr.type, [compiler.expression(arg) for arg in expr.args]
    )
    if len(parts) == 1:
        return parts[0]
    return Sql(n.call("coalesce", *[part.node for part in parts]), scale, digits)


def compile_min_max(compiler: Compiler, expr: ir.MinMax) -> Sql:
    """Write GREATEST and LEAST: NULLs are passed over, unlike SQLite's max(a, b)."""
    parts, scale, digits = _unify(
        compiler, expr.type, [compiler.expression(arg) for arg in expr.args]
    )
    is_array, is_enum = t.BY_OID[expr.type].category == "A", t.BY_OID[expr.type].kind == "e"
    if expr.type != t.NUMERIC and (is_array or is_enum or needs_key(expr.type, parts[0])):
        return _keyed_extreme(compiler, expr, parts)
    name = "max" if expr.is_greatest else "min"
    result = parts[0].node
    for part in parts[1:]:
        a, b = result, part.node
        result = n.call("coalesce", n.call(name, a, b), a.copy(), b.copy())
    return Sql(result, scale, digits)


def _keyed_extreme(compiler: Compiler, expr: ir.MinMax, parts: list[Sql]) -> Sql:
    """Write GREATEST and LEAST of values that order by a key: the first row in that order."""
    alias = compiler.alias()
    # VALUES names its columns only where they refer to nothing outside
    listed: Any = _row_of(parts[0])
    for part in parts[1:]:
        listed = exp.Union(this=listed, expression=_row_of(part), distinct=False)
    value = n.column(alias, "v")
    select = exp.Select(expressions=[value])
    select.set("from_", exp.From(this=n.subquery(listed, alias)))
    select.set("where", exp.Where(this=n.negate(n.is_null(value.copy()))))
    key = key_node(compiler, Sql(value.copy()), expr.type, is_group=False)
    order = n.ordered(key, expr.is_greatest, nulls_first=False)
    select.set("order", exp.Order(expressions=[order]))
    select.set("limit", exp.Limit(expression=n.integer(1)))
    return Sql(n.subquery(select))


def _row_of(part: Sql) -> n.Node:
    return exp.Select(expressions=[exp.Alias(this=part.node, alias=n.name("v"))])


def compile_null_if(compiler: Compiler, expr: ir.NullIf) -> Sql:
    """Write NULLIF: the first operand unless both are equal."""
    equal = compiler.node(expr.comparison)
    first = compiler.expression(expr.comparison.args[0])
    return Sql(n.case([(equal, n.null())], first.node), first.scale, first.digits)


def compile_in(compiler: Compiler, expr: ir.InList) -> Sql:
    """Write IN as SQLite's IN where all comparisons share their left side, else as OR."""
    found = n.one_of([compiler.node(comparison) for comparison in expr.comparisons])
    return Sql(n.negate(found) if expr.is_not else found)
