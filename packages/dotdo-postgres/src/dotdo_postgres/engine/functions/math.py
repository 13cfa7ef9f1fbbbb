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
def absolute_float(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
    """Drop the sign."""
    return Sql(n.call("abs", args[0].node))


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


@FAMILY.function("sqrt(double precision)", "dsqrt(double precision)", returns="double precision")
@FAMILY.operator("|/ double precision", returns="double precision")
def square_root(value: float) -> float:
    """Return the square root.

    Raises:
        PostgresError: of a negative number (2201F).
    """
    if value < 0:
        raise error("2201F", "cannot take square root of a negative number")
    return math.sqrt(value)


@FAMILY.function("sqrt(numeric)", returns="numeric")
def square_root_numeric(value: Decimal) -> Decimal:
    """Return the square root to at least 16 significant digits.

    Raises:
        PostgresError: of a negative number (2201F).
    """
    if not value.is_nan() and value < 0:
        raise error("2201F", "cannot take square root of a negative number")
    return numeric.square_root(value)


@FAMILY.function("cbrt(double precision)", returns="double precision")
@FAMILY.operator("||/ double precision", returns="double precision")
def cube_root(value: float) -> float:
    """Return the cube root."""
    return math.cbrt(value)


@FAMILY.operator("numeric ^ numeric", returns="numeric")
@FAMILY.function("power(numeric, numeric)", "pow(numeric, numeric)", returns="numeric")
def power_numeric(base: Decimal, exponent: Decimal) -> Decimal:
    """Raise to a power.

    Raises:
        PostgresError: undefined (2201F), overflow (22003).
    """
    if base.is_nan() or exponent.is_nan():
        return numeric.power(base, exponent)
    if base.is_zero() and exponent < 0:
        raise error("2201F", "zero raised to a negative power is undefined")
    is_whole = exponent.is_infinite() or exponent == exponent.to_integral_value()
    if base < 0 and not is_whole:
        raise error(
            "2201F", "a negative number raised to a non-integer power yields a complex result"
        )
    return numeric.power(base, exponent)


def _logarithm_argument(value: float | Decimal) -> None:
    if value != value:  # NaN
        return
    if value == 0:
        raise error("2201E", "cannot take logarithm of zero")
    if value < 0:
        raise error("2201E", "cannot take logarithm of a negative number")


@FAMILY.function("ln(double precision)", "dlog1(double precision)", returns="double precision")
def natural_logarithm(value: float) -> float:
    """Return the natural logarithm."""
    _logarithm_argument(value)
    return math.log(value)


@FAMILY.function("log(double precision)", "log10(double precision)", returns="double precision")
def common_logarithm(value: float) -> float:
    """Return the logarithm to base 10."""
    _logarithm_argument(value)
    return math.log10(value)


@FAMILY.function("ln(numeric)", returns="numeric")
def natural_logarithm_numeric(value: Decimal) -> Decimal:
    """Return the natural logarithm."""
    _logarithm_argument(value)
    return numeric.logarithm(value)


@FAMILY.function("log(numeric)", "log10(numeric)", returns="numeric")
def common_logarithm_numeric(value: Decimal) -> Decimal:
    """Return the logarithm to base 10."""
    _logarithm_argument(value)
    return numeric.logarithm(value, Decimal(10))


@FAMILY.function("log(numeric, numeric)", returns="numeric")
def logarithm_numeric(base: Decimal, value: Decimal) -> Decimal:
    """Return the logarithm to a base."""
    _logarithm_argument(base)
    _logarithm_argument(value)
    return numeric.logarithm(value, base)


@FAMILY.function("exp(double precision)", returns="double precision")
def exponential(value: float) -> float:
    """Return e to a power.

    Raises:
        PostgresError: overflow (22003).
    """
    try:
        result = math.exp(value)
    except OverflowError:
        raise error("22003", "value out of range: overflow") from None
    if result == 0 and not math.isinf(value):
        raise error("22003", "value out of range: underflow")
    return result


@FAMILY.function("exp(numeric)", returns="numeric")
def exponential_numeric(value: Decimal) -> Decimal:
    """Return e to a power.

    Raises:
        PostgresError: overflow (22003).
    """
    if value.is_finite() and value >= _EXPONENT_LIMIT:
        raise error("22003", "value overflows numeric format")
    return numeric.exponential(value)


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


@FAMILY.function("pi()", returns="double precision")
def pi() -> float:
    """Return pi."""
    return math.pi


@FAMILY.function("degrees(double precision)", returns="double precision")
def degrees(value: float) -> float:
    """Convert radians to degrees."""
    return value / (math.pi / 180.0)


@FAMILY.function("radians(double precision)", returns="double precision")
def radians(value: float) -> float:
    """Convert degrees to radians."""
    return value * (math.pi / 180.0)


def _in_domain(body: Callable[[float], float]) -> Callable[[float], float]:
    def compute(value: float) -> float:
        try:
            return body(value)
        except ValueError:
            raise error("22003", "input is out of range") from None
        except OverflowError:
            raise error("22003", "value out of range: overflow") from None

    return compute


for _name in (
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
):
    FAMILY.function(f"{_name}(double precision)", returns="double precision")(
        _in_domain(getattr(math, _name))
    )


def _cotangent(value: float) -> float:
    return 1.0 / math.tan(value)


def _sine_of_degrees(value: float) -> float:
    """Return the sine; exact where that is a simple number."""
    angle, sign = math.fmod(value, 360.0), 1.0
    if angle < 0:
        angle, sign = -angle, -sign
    if angle > 180:
        angle, sign = 360.0 - angle, -sign
    if angle > 90:
        angle = 180.0 - angle
    return sign * _sine_to_90(angle)


def _cosine_of_degrees(value: float) -> float:
    angle, sign = abs(math.fmod(value, 360.0)), 1.0
    if angle > 180:
        angle = 360.0 - angle
    if angle > 90:
        angle, sign = 180.0 - angle, -sign
    return sign * _cosine_to_90(angle)


_RADIAN = 0.0174532925199432957692


def _sine_to_90(angle: float) -> float:
    if angle <= 30:
        return math.sin(angle * _RADIAN) / math.sin(30.0 * _RADIAN) / 2.0
    return 1.0 - (1.0 - math.cos((90.0 - angle) * _RADIAN)) / (1.0 - math.cos(60.0 * _RADIAN)) / 2.0


def _cosine_to_90(angle: float) -> float:
    if angle <= 60:
        return 1.0 - (1.0 - math.cos(angle * _RADIAN)) / (1.0 - math.cos(60.0 * _RADIAN)) / 2.0
    return math.sin((90.0 - angle) * _RADIAN) / math.sin(30.0 * _RADIAN) / 2.0


def _tangent_of_degrees(value: float) -> float:
    angle, sign = math.fmod(value, 360.0), 1.0
    if angle < 0:
        angle, sign = -angle, -sign
    if angle > 180:
        angle, sign = 360.0 - angle, -sign
    if angle > 90:
        angle, sign = 180.0 - angle, -sign
    if angle == 90:
        return sign * math.inf
    ratio = _sine_to_90(angle) / _cosine_to_90(angle)
    return sign * (ratio / (_sine_to_90(45.0) / _cosine_to_90(45.0))) + 0.0


def _cotangent_of_degrees(value: float) -> float:
    angle, sign = math.fmod(value, 360.0), 1.0
    if angle < 0:
        angle, sign = -angle, -sign
    if angle > 180:
        angle, sign = 360.0 - angle, -sign
    if angle > 90:
        angle, sign = 180.0 - angle, -sign
    if angle == 0:
        return sign * math.inf
    ratio = _cosine_to_90(angle) / _sine_to_90(angle)
    return sign * (ratio / (_cosine_to_90(45.0) / _sine_to_90(45.0))) + 0.0


def _arcsine_in_degrees(value: float) -> float:
    if not -1 <= value <= 1:
        raise error("22003", "input is out of range")
    return math.copysign(_arcsine_to_90(abs(value)), value)


def _arcsine_to_90(value: float) -> float:
    if value <= 0.5:
        return math.asin(value) / math.asin(0.5) * 30.0
    return 90.0 - math.acos(value) / math.acos(0.5) * 60.0


def _arccosine_to_90(value: float) -> float:
    if value <= 0.5:
        return 90.0 - math.asin(value) / math.asin(0.5) * 30.0
    return math.acos(value) / math.acos(0.5) * 60.0


def _arccosine_in_degrees(value: float) -> float:
    if not -1 <= value <= 1:
        raise error("22003", "input is out of range")
    return _arccosine_to_90(value) if value >= 0 else 90.0 + _arcsine_to_90(-value)


def _arctangent_in_degrees(value: float) -> float:
    return math.atan(value) / math.atan(1.0) * 45.0


def _arctangent2_in_degrees(y: float, x: float) -> float:
    return math.atan2(y, x) / math.atan(1.0) * 45.0


for _name, _body in (
    ("cot", _cotangent), ("sind", _sine_of_degrees), ("cosd", _cosine_of_degrees), ("tand", _tangent_of_degrees),
    ("cotd", _cotangent_of_degrees), ("asind", _arcsine_in_degrees), ("acosd", _arccosine_in_degrees),
    ("atand", _arctangent_in_degrees),
):  # fmt: skip
    FAMILY.function(f"{_name}(double precision)", returns="double precision")(_in_domain(_body))
FAMILY.function("atan2d(double precision, double precision)", returns="double precision")(
    _arctangent2_in_degrees
)
FAMILY.function("atan2(double precision, double precision)", returns="double precision")(math.atan2)


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
