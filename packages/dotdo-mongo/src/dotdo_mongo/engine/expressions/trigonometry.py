"""Trigonometric operators, in radians; they refuse arguments out of their domains."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bson import Decimal128

from dotdo_mongo.engine.expressions.declare import Family
from dotdo_mongo.engine.numbers import (
    DECIMAL,
    DECIMAL_CONTEXT,
    decimal128,
    is_infinite,
    is_nan,
    to_decimal,
    to_double,
    width,
)
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = Family("trigonometry")
_WORK = decimal.Context(prec=50, Emin=-999999, Emax=999999, traps=[])
PI = Decimal("3.1415926535897932384626433832795028841971693993751058209749445923078164")


def _series(first: Decimal, ratio: Callable[[int], Decimal]) -> Decimal:
    total, term, index = first, first, 1
    while True:
        term = _WORK.multiply(term, ratio(index))
        if term == 0 or term.copy_abs() < Decimal("1e-48") * max(
            total.copy_abs(), Decimal("1e-48")
        ):
            return total
        total = _WORK.add(total, term)
        index += 1


def _reduced(angle: Decimal) -> Decimal:
    """Return the angle within half a turn, exact for every exponent."""
    if abs(angle) <= PI:
        return angle
    with decimal.localcontext(_WORK) as context:
        digits = angle.adjusted() + context.prec
        if digits <= len(PI.as_tuple().digits):
            return angle.remainder_near(2 * PI)
        context.prec = digits + context.prec
        return angle.remainder_near(2 * _pi(context.prec))


@lru_cache(maxsize=16)
def _pi(digits: int) -> Decimal:
    """Return pi by Machin's formula."""
    unit: int = 10 ** (digits + 10)

    def arccot(x: int) -> int:
        term = total = unit // x
        divisor, sign = 3, -1
        while term:
            term //= x * x
            total += sign * (term // divisor)
            divisor, sign = divisor + 2, -sign
        return total

    number = Decimal(4 * (4 * arccot(5) - arccot(239)))
    return number.scaleb(-(digits + 10), decimal.Context(prec=digits + 20))


def _sine(angle: Decimal) -> Decimal:
    x = _reduced(angle)
    square = _WORK.multiply(x, x)
    return _series(x, lambda k: _WORK.divide(square.copy_negate(), Decimal(2 * k * (2 * k + 1))))


def _cosine(angle: Decimal) -> Decimal:
    x = _reduced(angle)
    square = _WORK.multiply(x, x)
    return _series(
        Decimal(1), lambda k: _WORK.divide(square.copy_negate(), Decimal((2 * k - 1) * 2 * k))
    )


def _tangent(angle: Decimal) -> Decimal:
    return _WORK.divide(_sine(angle), _cosine(angle))


def _arctangent(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        if x.is_infinite():
            return (PI / 2).copy_sign(x)
        if abs(x) > 1:
            return (PI / 2).copy_sign(x) - _arctangent(1 / x)
        halvings = 0
        while abs(x) > Decimal("0.1"):
            x = x / (1 + (1 + x * x).sqrt())
            halvings += 1
        square = x * x
        total, power, index = x, x, 1
        while power != 0 and abs(power) > Decimal("1e-48") * abs(total):
            power *= -square
            index += 2
            total += power / index
        return total * Decimal(2**halvings)


def _arcsine(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        if abs(x) == 1:
            return (PI / 2).copy_sign(x)
        return _arctangent(x / (1 - x * x).sqrt())


def _arccosine(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        return PI / 2 - _arcsine(x)


def _sinh(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        return (x.exp() - (-x).exp()) / 2


def _cosh(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        return (x.exp() + (-x).exp()) / 2


def _tanh(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        return _sinh(x) / _cosh(x)


def _arsinh(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        return (abs(x) + (x * x + 1).sqrt()).ln().copy_sign(x) if x else x


def _arcosh(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        return (x + (x * x - 1).sqrt()).ln()


def _artanh(x: Decimal) -> Decimal:
    with decimal.localcontext(_WORK):
        if abs(x) == 1:
            return Decimal("Infinity").copy_sign(x)
        return ((1 + x) / (1 - x)).ln() / 2


def _within(lowest: float, highest: float) -> Callable[[Any], bool]:
    return lambda value: lowest <= to_decimal(value) <= highest


def _finite(value: Any) -> bool:
    return not is_infinite(value)


def _everything(_: Any) -> bool:
    return True


def _safe(function: Callable[[float], float]) -> Callable[[float], float]:
    def call(number: float) -> float:
        try:
            return function(number)
        except OverflowError:
            return math.copysign(math.inf, number) if function is math.sinh else math.inf
        except ValueError:
            return math.copysign(math.inf, number)

    return call


_FUNCTIONS: tuple[
    tuple[str, Callable[[float], float], Callable[[Decimal], Decimal], Callable[[Any], bool]], ...
] = (
    ("$sin", math.sin, _sine, _finite),
    ("$cos", math.cos, _cosine, _finite),
    ("$tan", math.tan, _tangent, _finite),
    ("$asin", math.asin, _arcsine, _within(-1, 1)),
    ("$acos", math.acos, _arccosine, _within(-1, 1)),
    ("$atan", math.atan, _arctangent, _everything),
    ("$sinh", math.sinh, _sinh, _everything),
    ("$cosh", math.cosh, _cosh, _everything),
    ("$tanh", math.tanh, _tanh, _everything),
    ("$asinh", math.asinh, _arsinh, _everything),
    ("$acosh", math.acosh, _arcosh, _within(1, math.inf)),
    ("$atanh", math.atanh, _artanh, _within(-1, 1)),
)


def _declare(
    name: str,
    of_double: Callable[[float], float],
    of_decimal: Callable[[Decimal], Decimal],
    is_allowed: Callable[[Any], bool],
) -> None:
    safe = _safe(of_double)

    def apply(value: Any) -> Any:
        if type(value) not in NUMBERS:
            raise failure(28765, f"{name} only supports numeric types, not {type_name(value)}")
        if is_nan(value):
            return value
        if not is_allowed(value):
            raise failure(50989, f"cannot apply {name} to {value}, value must be in its domain")
        if type(value) is Decimal128:
            return decimal128(of_decimal(value.to_decimal()))
        return safe(to_double(value))

    FAMILY.operator(name, null=True)(apply)


for _row in _FUNCTIONS:
    _declare(*_row)


@FAMILY.operator("$atan2", 2, null=True)
def arctangent2(y: Any, x: Any) -> Any:
    """Give the angle of a point. Codes 51044, 51045."""
    for value, code in ((y, 51044), (x, 51045)):
        if type(value) not in NUMBERS:
            raise failure(code, f"$atan2 only supports numeric types, not {type_name(value)}")
    if width(y, x) != DECIMAL:
        return math.atan2(to_double(y), to_double(x))
    return decimal128(_decimal_atan2(to_decimal(y), to_decimal(x)))


def _decimal_atan2(y: Decimal, x: Decimal) -> Decimal:
    if not y and x > 0:
        return Decimal("0E-6176").copy_sign(y)
    if y and not x:
        return _WORK.divide(PI, Decimal(2)).copy_sign(y)
    if not (y.is_finite() and x.is_finite()) or not x:
        return Decimal(repr(math.atan2(float(y), float(x))))
    with decimal.localcontext(_WORK):
        angle = _arctangent(y / x)
        if x > 0:
            return angle
        return angle + PI.copy_sign(y)


def _scaled(name: str, factor: float, exact: Callable[[], Decimal]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if type(value) not in NUMBERS:
            raise failure(28765, f"{name} only supports numeric types, not {type_name(value)}")
        if type(value) is Decimal128:
            return decimal128(DECIMAL_CONTEXT.multiply(value.to_decimal(), exact()))
        return to_double(value) * factor

    return apply


FAMILY.operator("$degreesToRadians", null=True)(
    _scaled("$degreesToRadians", math.pi / 180, lambda: _WORK.divide(PI, Decimal(180)))
)
FAMILY.operator("$radiansToDegrees", null=True)(
    _scaled("$radiansToDegrees", 180 / math.pi, lambda: _WORK.divide(Decimal(180), PI))
)
