"""Casts between numbers and booleans: native where the values allow it."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.functions.arithmetic import in_range
from dotdo_postgres.engine.ir import Call, Expr
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import (
    floats,
    numeric,
)
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler

FAMILY = Family("casts")
_DAY_US = 86_400_000_000


@FAMILY.native_cast(
    "smallint as integer",
    "smallint as bigint",
    "integer as bigint",
    "integer as oid",
    "bigint as oid",
    "oid as bigint",
)
@FAMILY.native_cast("bool as integer", "name as text")
def widen_integer(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Keep the value."""
    return args[0]


@FAMILY.native_cast("integer as bool")
def integer_to_boolean(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Return whether it is not zero."""
    return Sql(n.binary("<>", args[0].node, n.integer(0)))


@FAMILY.native_cast("integer as smallint", "bigint as smallint", "bigint as integer")
def narrow_integer(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Keep the value if it is in range (22003)."""
    return in_range(compiler, args[0].node, expr.type)


@FAMILY.native_cast("smallint as numeric", "integer as numeric", "bigint as numeric")
def integer_to_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """See it as a numeric without decimal places."""
    assert isinstance(expr, Call)
    return numerics.narrowed_for_wide(compiler, numerics.from_integer(args[0], expr.args[0].type))


@FAMILY.native_cast(
    "smallint as double precision", "integer as double precision", "bigint as double precision"
)
@FAMILY.native_cast("smallint as real")
def integer_to_float(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Convert to floating point."""
    if isinstance(args[0].value, int):
        return Sql(n.real(float(args[0].value)), value=float(args[0].value))
    return Sql(n.cast(args[0].node, "real"))


@FAMILY.cast("integer as real", "bigint as real")
def integer_to_single(value: int) -> float:
    """Convert to single precision."""
    return floats.single(float(value))


@FAMILY.native_cast("real as double precision")
def real_to_double(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Keep the value."""
    return args[0]


@FAMILY.cast("double precision as real")
def double_to_real(value: float) -> float:
    """Round to single precision."""
    return floats.single(value)


def _float_to_integer(value: float, bits: int, name: str) -> int:
    if not math.isfinite(value):
        raise error("22003", f"{name} out of range")
    whole = round(value)
    if not -(1 << bits - 1) <= whole < 1 << bits - 1:
        raise error("22003", f"{name} out of range")
    return whole


@FAMILY.cast("double precision as smallint", "real as smallint")
def float_to_smallint(value: float) -> int:
    """Round half to even."""
    return _float_to_integer(value, 16, "smallint")


@FAMILY.cast("double precision as integer", "real as integer")
def float_to_integer(value: float) -> int:
    """Round half to even."""
    return _float_to_integer(value, 32, "integer")


@FAMILY.cast("double precision as bigint", "real as bigint")
def float_to_bigint(value: float) -> int:
    """Round half to even."""
    return _float_to_integer(value, 64, "bigint")


@FAMILY.cast("double precision as numeric")
def double_to_numeric(value: float) -> Decimal:
    """Keep 15 significant digits."""
    return numeric.from_float(value, 15)


@FAMILY.cast("real as numeric")
def real_to_numeric(value: float) -> Decimal:
    """Keep 6 significant digits."""
    return numeric.from_float(value, 6)


_NUMERIC_BITS = {t.INT2: ("smallint", 16), t.INT4: ("integer", 32), t.INT8: ("bigint", 64)}


def _numeric_to_whole(oid: int) -> None:
    name, bits = _NUMERIC_BITS[oid]

    def convert(value: Decimal) -> int:
        return numeric.to_integer(value, bits, name)

    FAMILY.cast(f"numeric as {name}")(convert)
    python = FAMILY.as_fallback()

    @FAMILY.native_cast(f"numeric as {name}")
    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        (arg,) = args
        if arg.scale == 0:
            return in_range(compiler, arg.node, expr.type) if arg.digits > 4 else Sql(arg.node)
        if isinstance(arg.value, Decimal):
            return Sql(n.integer(convert(arg.value)), value=convert(arg.value))
        return Sql(compiler.python(python, args, [t.NUMERIC]))


for _oid in _NUMERIC_BITS:
    _numeric_to_whole(_oid)


@FAMILY.cast("numeric as real")
def numeric_to_real(value: Decimal) -> float:
    """Round to single precision."""
    return floats.single(float(value))


def numeric_to_float(value: Decimal) -> float:
    """Return the nearest double (22003 when too large)."""
    result = float(value)
    if math.isinf(result) and value.is_finite():
        shown = numeric.to_text(value)
        raise error("22003", f'"{shown}" is out of range for type double precision')
    return result


FAMILY.cast("numeric as double precision")(numeric_to_float)
_NUMERIC_TO_FLOAT = FAMILY.as_fallback()


@FAMILY.native_cast("numeric as double precision")
def numeric_to_double(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Convert; a division of two exact doubles is rounded correctly."""
    (arg,) = args
    if isinstance(arg.value, Decimal):
        literal = numeric_to_float(arg.value)
        return Sql(n.real(literal), value=literal)
    if arg.scale is not None and arg.digits <= 15:
        real = n.cast(arg.node, "real")
        return Sql(real if arg.scale == 0 else n.binary("/", real, n.real(float(10**arg.scale))))
    return Sql(compiler.python(_NUMERIC_TO_FLOAT, args, [t.NUMERIC]))
