"""Compilers of type modifiers: values cut, padded, rounded or refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines import array_checks, checks
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler


def compile_fit(  # noqa: PLR0911 -- one return for each kind of type
    compiler: Compiler, expr: ir.Fit
) -> Sql:
    """Write a value with its type modifier enforced."""
    sql = compiler.expression(expr.arg)
    if sql.is_null:
        return sql
    if expr.type == t.NUMERIC:
        return _fit_numeric(compiler, sql, expr.typmod)
    if expr.type in {t.VARCHAR, t.BPCHAR}:
        return _fit_text(compiler, sql, expr)
    if expr.type in {t.TIME, t.TIMESTAMP, t.TIMESTAMPTZ}:
        if expr.typmod >= 6:
            return sql
        routine = checks.FIT_TIME if expr.type == t.TIME else checks.FIT_MOMENT
        return Sql(
            compiler.python(routine, [sql, Sql(n.integer(expr.typmod))], [t.TIMESTAMP, t.INT4])
        )
    if expr.type in {t.BIT, t.VARBIT, t.TIMETZ}:
        return _fit_other(compiler, sql, expr)
    if expr.type == t.VECTOR:
        listed = [sql, Sql(n.integer(expr.typmod))]
        return Sql(compiler.python(checks.FIT_VECTOR, listed, [t.VECTOR, t.INT4]))
    if expr.type == t.INTERVAL:
        return Sql(
            compiler.python(
                checks.FIT_INTERVAL, [sql, Sql(n.integer(expr.typmod))], [t.INTERVAL, t.INT4]
            )
        )
    element = t.BY_OID[expr.type].element
    if element in {t.VARCHAR, t.BPCHAR, t.NUMERIC}:
        extra = [Sql(n.integer(expr.typmod)), Sql(n.integer(int(expr.is_explicit)))]
        return Sql(
            compiler.python(
                array_checks.array_fit(element), [sql, *extra], [t.TEXT, t.INT4, t.INT4]
            )
        )
    raise not_supported(f"a type modifier of {t.format_type(expr.type)}", expr.location)


def _fit_other(compiler: Compiler, sql: Sql, expr: ir.Fit) -> Sql:
    if expr.type == t.TIMETZ:
        listed = [sql, Sql(n.integer(expr.typmod))]
        return Sql(compiler.python(checks.FIT_TIMETZ, listed, [t.TIMETZ, t.INT4]))
    given = expr.arg
    if isinstance(given, ir.Call) and given.args and given.args[0].type in {t.INT4, t.INT8}:
        listed = [sql, Sql(n.integer(expr.typmod))]
        return Sql(compiler.python(checks.FIT_NUMBER_BITS, listed, [t.TEXT, t.INT4]))
    extra = [Sql(n.integer(expr.typmod)), Sql(n.integer(int(expr.is_explicit)))]
    routine = checks.FIT_BIT if expr.type == t.BIT else checks.FIT_VARBIT
    return Sql(compiler.python(routine, [sql, *extra], [t.TEXT, t.INT4, t.INT4]))


def _fit_text(compiler: Compiler, sql: Sql, expr: ir.Fit) -> Sql:
    length = expr.typmod - 4
    if isinstance(sql.value, str):
        body = checks.FIT_VARCHAR.body if expr.type == t.VARCHAR else checks.FIT_CHAR.body
        assert body is not None
        fitted_text = body(sql.value, length, int(expr.is_explicit))
        return Sql(n.string(fitted_text), value=fitted_text)
    routine = checks.FIT_VARCHAR if expr.type == t.VARCHAR else checks.FIT_CHAR
    extra = [Sql(n.integer(length)), Sql(n.integer(int(expr.is_explicit)))]
    fitted = compiler.python(routine, [sql, *extra], [t.TEXT, t.INT4, t.INT4])
    if expr.type == t.BPCHAR or not sql.is_simple:
        return Sql(fitted)
    fits = n.binary("<=", n.call("length", sql.node.copy()), n.integer(length))
    return Sql(n.call("iif", fits, sql.node.copy(), fitted))


def _fit_numeric(compiler: Compiler, sql: Sql, typmod: int) -> Sql:
    precision, scale = t.numeric_limits(typmod)
    is_scaled = 0 <= scale <= precision <= 18
    extra = [Sql(n.integer(precision)), Sql(n.integer(scale))]
    types = [t.NUMERIC, t.INT4, t.INT4]
    if not is_scaled or compiler.is_wide:
        return Sql(compiler.python(checks.FIT_NUMERIC, [sql, *extra], types))
    if sql.scale is not None and sql.scale <= scale and sql.digits + scale - sql.scale <= precision:
        fitted = numerics.rescaled(compiler, sql, scale)
        return Sql(fitted.node, scale, precision, value=fitted.value)
    if isinstance(sql.value, Decimal):
        from dotdo_postgres.mapping import numeric

        if sql.value.is_nan():
            raise not_supported(f"NaN of type numeric({precision},{scale})")

        return numerics.rescaled(
            compiler, numerics.literal(numeric.fit(sql.value, precision, scale)), scale
        )
    return Sql(compiler.python(checks.FIT_SCALED, [sql, *extra], types), scale, precision)
