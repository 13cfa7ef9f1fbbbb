"""Compilers of expressions: literals, parameters, columns, calls, values of the session."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.compile.compiler import Compiler


def compile_constant(compiler: Compiler, expr: ir.Const) -> Sql:
    """Write a literal."""
    value: Any = expr.value
    if value is None:
        return Sql(n.null(), 0 if expr.type == t.NUMERIC else None, 1, is_null=True)
    if isinstance(value, Decimal):
        return numerics.narrowed_for_wide(compiler, numerics.literal(value))
    if isinstance(value, int):
        return Sql(n.integer(value), value=value)
    if isinstance(value, float):
        return Sql(n.real(value), value=value)
    if isinstance(value, bytes):
        return Sql(n.blob(value), value=value)
    return Sql(n.string(value), value=value)


def compile_param(compiler: Compiler, expr: ir.Param) -> Sql:
    """Write a parameter; numeric ones arrive as byte strings."""
    return Sql(n.parameter(expr.number))


def compile_column(compiler: Compiler, expr: ir.Column) -> Sql:
    """Write a column."""
    found = compiler.columns[id(expr.entry), expr.index]
    copied = Sql(found.node, found.scale, found.digits)
    if expr.type == t.NUMERIC:
        return numerics.narrowed_for_wide(compiler, copied)
    return copied


def compile_call(compiler: Compiler, expr: ir.Call) -> Sql:
    """Write a function, operator or cast: natively where declared so, else as a Python function."""
    args = [compiler.expression(arg) for arg in expr.args]
    routine = expr.routine
    if routine.build is not None:
        return routine.build(compiler, args, expr)
    return Sql(compiler.python(routine, args, [arg.type for arg in expr.args]))


def compile_relabel(compiler: Compiler, expr: ir.Relabel) -> Sql:
    """Write the argument as it is."""
    return compiler.expression(expr.arg)


def compile_session_value(compiler: Compiler, expr: ir.SessionValue) -> Sql:
    """Write a value of the session as a parameter."""
    return Sql(compiler.session_value(expr.kind, expr.argument))


def compile_series(compiler: Compiler, expr: ir.SeriesCall) -> Sql:
    """Write a set-returning call: JSON text of its values."""
    args = [compiler.expression(arg) for arg in expr.args]
    return Sql(compiler.python(expr.routine, args, [arg.type for arg in expr.args]))


def compile_subquery_column(compiler: Compiler, expr: ir.SubqueryColumn) -> Sql:
    """Write a column of the subquery on the right of ANY or ALL."""
    found = compiler.subquery_columns[-1][expr.index]
    return Sql(found.node.copy(), found.scale, found.digits)
