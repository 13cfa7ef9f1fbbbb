"""Mathematical functions (9.3)."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.functions.arithmetic import in_range
from dotdo_postgres.engine.routines.declare import Family, Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

_EXPONENT_LIMIT = 6000
FAMILY = Family("9.3")


@FAMILY.native("abs(smallint)", returns="smallint")
@FAMILY.native("abs(integer)", returns="integer")
@FAMILY.native("abs(bigint)", returns="bigint")
@FAMILY.native_operator("@ integer", returns="integer")
def absolute(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Drop the sign."""
    if expr.type == t.INT8:
        guarded = in_range(compiler, n.binary("-", n.integer(0), args[0].node.copy()), t.INT8).node
        return Sql(
            n.call("iif", n.binary("<", args[0].node, n.integer(0)), guarded, args[0].node.copy())
        )
    return in_range(compiler, n.call("abs", args[0].node), expr.type)


@FAMILY.native("abs(double precision)", returns="double precision")
@FAMILY.native("abs(real)", returns="real")
@FAMILY.native_operator("@ double precision", returns="double precision")
@FAMILY.native_operator("@ real", returns="real")
def absolute_float(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Drop the sign, which NaN has not."""
    (arg,) = args
    is_number = n.binary("<", arg.node.copy(), n.string(""))
    return Sql(n.call("iif", is_number, n.call("abs", arg.node), arg.node.copy()))


def _python(name: str, body: Callable[..., Any], *types: int) -> Routine:
    return Routine(
        "function", name, types, t.NUMERIC, body=body, sql_name=f"pg__{name}_{len(types)}"
    )


_ABS = _python("abs", abs, t.NUMERIC)
_ROUND = _python("round", numeric.rounded, t.NUMERIC, t.INT4)
_TRUNC = _python("trunc", numeric.truncated, t.NUMERIC, t.INT4)


@FAMILY.native("abs(numeric)", returns="numeric")
def absolute_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Drop the sign."""
    (arg,) = args
    if arg.scale is not None:
        return Sql(n.call("abs", arg.node), arg.scale, arg.digits)
    return Sql(compiler.python(_ABS, args, [t.NUMERIC]))


def _places(args: list[Sql]) -> int | None:
    if len(args) == 1:
        return 0
    value = args[1].value
    return value if isinstance(value, int) else None


@FAMILY.native("round(numeric)", "round(numeric, integer)", returns="numeric")
def round_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Round half away from zero; negative places round to tens, hundreds ..."""
    arg, places = args[0], _places(args)
    if arg.scale is None or places is None or places < 0 or arg.digits > 17:
        count = args[1] if len(args) == 2 else Sql(n.integer(0))
        return Sql(compiler.python(_ROUND, [arg, count], [t.NUMERIC, t.INT4]))
    if places >= arg.scale:
        return (
            numerics.rescaled(compiler, arg, places)
            if arg.digits + places - arg.scale <= 18
            else Sql(compiler.python(_ROUND, [arg, Sql(n.integer(places))], [t.NUMERIC, t.INT4]))
        )
    unit = 10 ** (arg.scale - places)
    half = n.call(
        "iif",
        n.binary("<", arg.node.copy(), n.integer(0)),
        n.integer(-unit // 2),
        n.integer(unit // 2),
    )
    return Sql(n.binary("/", n.binary("+", arg.node, half), n.integer(unit)), places, arg.digits)


@FAMILY.native("trunc(numeric)", "trunc(numeric, integer)", returns="numeric")
def truncate_numeric(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Cut towards zero."""
    arg, places = args[0], _places(args)
    if arg.scale is None or places is None or not 0 <= places <= arg.scale:
        count = args[1] if len(args) == 2 else Sql(n.integer(0))
        return Sql(compiler.python(_TRUNC, [arg, count], [t.NUMERIC, t.INT4]))
    return Sql(n.binary("/", arg.node, n.integer(10 ** (arg.scale - places))), places, arg.digits)


@FAMILY.function("round(double precision)", returns="double precision")
def round_float(value: float) -> float:
    """Round half to even."""
    return float(round(value)) if math.isfinite(value) else value


@FAMILY.function("trunc(double precision)", returns="double precision")
def truncate_float(value: float) -> float:
    """Cut towards zero."""
    return float(math.trunc(value)) if math.isfinite(value) else value


@FAMILY.function("ceil(numeric)", "ceiling(numeric)", returns="numeric")
def ceiling_numeric(value: Decimal) -> Decimal:
    """Round up to a whole number."""
    return value.to_integral_value("ROUND_CEILING", numeric.WIDE) if value.is_finite() else value


@FAMILY.function("floor(numeric)", returns="numeric")
def floor_numeric(value: Decimal) -> Decimal:
    """Round down to a whole number."""
    return value.to_integral_value("ROUND_FLOOR", numeric.WIDE) if value.is_finite() else value


@FAMILY.function("ceil(double precision)", "ceiling(double precision)", returns="double precision")
def ceiling_float(value: float) -> float:
    """Round up to a whole number."""
    return float(math.ceil(value)) if math.isfinite(value) else value


@FAMILY.function("floor(double precision)", returns="double precision")
def floor_float(value: float) -> float:
    """Round down to a whole number."""
    return float(math.floor(value)) if math.isfinite(value) else value


@FAMILY.function("sign(numeric)", returns="numeric")
def sign_numeric(value: Decimal) -> Decimal:
    """Return -1, 0 or 1."""
    return value if value.is_nan() else Decimal((value > 0) - (value < 0))


@FAMILY.function("sign(double precision)", returns="double precision")
def sign_float(value: float) -> float:
    """Return -1, 0 or 1."""
    return float((value > 0) - (value < 0))


@FAMILY.function("div(numeric, numeric)", returns="numeric")
def whole_quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return the quotient cut to a whole number.

    Raises:
        PostgresError: division by zero (22012).
    """
    if dividend.is_nan() or divisor.is_nan():
        return Decimal("NaN")
    if divisor.is_zero():
        raise error("22012", "division by zero")
    if dividend.is_infinite():
        if divisor.is_infinite():
            return Decimal("NaN")
        return dividend if divisor > 0 else -dividend
    if divisor.is_infinite():
        return Decimal(0)
    return numeric.truncated(numeric.WIDE.divide_int(dividend, divisor), 0)


@FAMILY.function("gcd(integer, integer)", "gcd(bigint, bigint)", returns="bigint")
def greatest_divisor(left: int, right: int) -> int:
    """Return the greatest common divisor."""
    return math.gcd(left, right)


@FAMILY.function("lcm(integer, integer)", "lcm(bigint, bigint)", returns="bigint")
def least_multiple(left: int, right: int) -> int:
    """Return the least common multiple."""
    return math.lcm(left, right)


def _scaled(left: Decimal, right: Decimal) -> tuple[int, int, int]:
    scale = max(numeric.scale_of(left), numeric.scale_of(right))
    one, other = (int(value.scaleb(scale, numeric.WIDE)) for value in (left, right))
    return one, other, scale


@FAMILY.function("gcd(numeric, numeric)", returns="numeric")
def greatest_divisor_numeric(left: Decimal, right: Decimal) -> Decimal:
    """Return the greatest number of which both are multiples; NaN where one is not finite."""
    if not (left.is_finite() and right.is_finite()):
        return Decimal("NaN")
    one, other, scale = _scaled(left, right)
    return Decimal(math.gcd(one, other)).scaleb(-scale, numeric.WIDE)


@FAMILY.function("lcm(numeric, numeric)", returns="numeric")
def least_multiple_numeric(left: Decimal, right: Decimal) -> Decimal:
    """Return the least multiple of both (22003 when too large); NaN where one is not finite."""
    if not (left.is_finite() and right.is_finite()):
        return Decimal("NaN")
    one, other, scale = _scaled(left, right)
    return numeric.bounded(Decimal(math.lcm(one, other)).scaleb(-scale, numeric.WIDE))


@FAMILY.function("numeric_inc(numeric)", returns="numeric")
def one_more(value: Decimal) -> Decimal:
    """Add one."""
    return numeric.bounded(numeric.WIDE.add(value, Decimal(1)))


@FAMILY.function("factorial(bigint)", returns="numeric")
def factorial(value: int) -> Decimal:
    """Return n!.

    Raises:
        PostgresError: negative (22003).
    """
    if value < 0:
        raise error("22003", "factorial of a negative number is undefined")
    if value > 32177:
        raise error("22003", "value overflows numeric format")
    return Decimal(math.factorial(value))


@FAMILY.function("scale(numeric)", returns="integer")
def scale(value: Decimal) -> int | None:
    """Return the number of decimal places, NULL for what is not finite."""
    return numeric.scale_of(value) if value.is_finite() else None


@FAMILY.function("trim_scale(numeric)", returns="numeric")
def trim_scale(value: Decimal) -> Decimal:
    """Drop trailing zeros after the point."""
    if not value.is_finite():
        return value
    whole = value.normalize(numeric.WIDE)
    return (
        whole.quantize(Decimal(1), context=numeric.WIDE) if numeric.scale_of(whole) == 0 else whole
    )


@FAMILY.function("min_scale(numeric)", returns="integer")
def minimal_scale(value: Decimal) -> int | None:
    """Return the decimal places that are needed, NULL for what is not finite."""
    if not value.is_finite():
        return None
    return numeric.scale_of(value.normalize(numeric.WIDE))


@FAMILY.function("width_bucket(numeric, numeric, numeric, integer)", returns="integer")
@FAMILY.function(
    "width_bucket(double precision, double precision, double precision, integer)", returns="integer"
)
def width_bucket(operand: Decimal, low: Decimal, high: Decimal, count: int) -> int:
    """Return the bucket of equal widths that a number falls into.

    Raises:
        PostgresError: no buckets, or equal bounds (2201G).
    """
    if count <= 0:
        raise error("2201G", "count must be greater than zero")
    if any(value != value for value in (operand, low, high)):
        raise error("2201G", "operand, lower bound, and upper bound cannot be NaN")
    if any(abs(value) == Decimal("Infinity") for value in (low, high)):
        raise error("2201G", "lower and upper bounds must be finite")
    if low == high:
        raise error("2201G", "lower bound cannot equal upper bound")
    if low > high:
        operand, low, high = -operand, -low, -high
    if operand < low:
        return 0
    if operand >= high:
        return count + 1
    return int((operand - low) * count / (high - low)) + 1


@FAMILY.function("random()", returns="double precision", is_volatile=True, takes_session=True)
def random_number(facts: object) -> float:
    """Return a random number from 0 up to 1."""
    import os

    return int.from_bytes(os.urandom(7)) / (1 << 56)
