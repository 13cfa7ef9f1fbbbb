"""Powers, roots and logarithms."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bson import Decimal128

from dotdo_mongo.engine.expressions.declare import (
    Expr,
    Family,
    Scope,
    folded,
)
from dotdo_mongo.engine.numbers import (
    DECIMAL,
    DECIMAL_CONTEXT,
    DOUBLE,
    WIDE,
    decimal128,
    integer,
    is_nan,
    to_decimal,
    to_double,
    width,
)
from dotdo_mongo.engine.values import (
    INT64_MAX,
    INT64_MIN,
    NULLISH,
    NUMBERS,
    type_name,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable
from dotdo_mongo.engine.expressions.arithmetic import check_number, is_zero

FAMILY = Family("powers")


def unary(
    name: str,
    of_double: Callable[[float], float],
    of_decimal: Callable[[Decimal], Decimal],
    refused: Callable[[Any], str | None] = lambda _: None,
    code: int = 0,
) -> Callable[[Any], Any]:
    """Return a function of one number that gives a double, or a decimal of one.

    Args:
        name: the operator's.
        of_double: on doubles.
        of_decimal: on decimals.
        refused: the text of the error for an argument out of its domain.
        code: that error's.
    """

    def apply(value: Any) -> Any:
        check_number(name, value)
        if is_nan(value):
            return value
        text = refused(value)
        if text:
            raise failure(code, text)
        if type(value) is Decimal128:
            return decimal128(_shortest(of_decimal(value.to_decimal())))
        try:
            return of_double(to_double(value))
        except OverflowError:
            return math.inf

    apply.__doc__ = f"Apply {name}. Code 28765."
    return apply


def _shortest(number: Decimal) -> Decimal:
    """Return a result of 34 digits without its trailing zeros, as the decimal library of MongoDB gives it."""
    if not number.is_finite() or not number:
        return number
    digits = number.as_tuple()
    if len(digits.digits) < DECIMAL_CONTEXT.prec or any(digits.digits[-15:]):
        return number
    short = number.normalize(DECIMAL_CONTEXT)
    exponent = short.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        return short.quantize(Decimal(1), context=DECIMAL_CONTEXT)
    return short


def _below(limit: int, text: str) -> Callable[[Any], str | None]:
    def refused(value: Any) -> str | None:
        number = value.to_decimal() if type(value) is Decimal128 else value
        return text if number < limit else None

    return refused


def _not_positive(name: str) -> Callable[[Any], str | None]:
    def refused(value: Any) -> str | None:
        number = value.to_decimal() if type(value) is Decimal128 else value
        return (
            f"{name}'s argument must be a positive number, but is {value}" if number <= 0 else None
        )

    return refused


exp = FAMILY.operator("$exp", null=True)(unary("$exp", math.exp, DECIMAL_CONTEXT.exp))
ln = FAMILY.operator("$ln", null=True)(
    unary("$ln", math.log, DECIMAL_CONTEXT.ln, _not_positive("$ln"), 28766)
)
log10 = FAMILY.operator("$log10", null=True)(
    unary("$log10", math.log10, DECIMAL_CONTEXT.log10, _not_positive("$log10"), 28761)
)
sqrt = FAMILY.operator("$sqrt", null=True)(
    unary(
        "$sqrt",
        math.sqrt,
        DECIMAL_CONTEXT.sqrt,
        _below(0, "$sqrt's argument must be greater than or equal to 0"),
        28714,
    )
)


@FAMILY.operator("$log", 2, null=True)
def log(value: Any, base: Any) -> Any:
    """Give the logarithm to a base. Codes 28756 to 28759."""
    if type(value) not in NUMBERS:
        raise failure(28756, f"$log's argument must be numeric, not {type_name(value)}")
    if type(base) not in NUMBERS:
        raise failure(28757, f"$log's base must be numeric, not {type_name(base)}")
    if is_nan(value) or is_nan(base):
        return _nan(width(value, base))
    if to_decimal(value) <= 0:
        raise failure(28758, f"$log's argument must be a positive number, but is {value}")
    if to_decimal(base) <= 0 or to_decimal(base) == 1:
        raise failure(28759, f"$log's base must be a positive number not equal to 1, but is {base}")
    if width(value, base) == DECIMAL:
        context = DECIMAL_CONTEXT
        return decimal128(
            context.divide(context.ln(to_decimal(value)), context.ln(to_decimal(base)))
        )
    return math.log(value) / math.log(base)


def _nan(kind: int) -> Any:
    return Decimal128("NaN") if kind == DECIMAL else math.nan


@FAMILY.operator("$pow", 2, null=True)
def power(base: Any, exponent: Any) -> Any:
    """Raise to a power. Codes 28762, 28763; 28764 zero to a negative power."""
    if type(base) not in NUMBERS:
        raise failure(28762, f"$pow's base must be numeric, not {type_name(base)}")
    if type(exponent) not in NUMBERS:
        raise failure(28763, f"$pow's exponent must be numeric, not {type_name(exponent)}")
    if is_zero(base) and to_decimal(exponent) < 0:
        raise failure(28764, "$pow cannot take a base of 0 and a negative exponent")
    kind = width(base, exponent)
    if kind == DECIMAL:
        return _decimal_power(to_decimal(base), to_decimal(exponent))
    if kind == DOUBLE:
        return _double_power(to_double(base), to_double(exponent))
    return _integer_power(int(base), int(exponent), kind)


def _decimal_power(base: Decimal, exponent: Decimal) -> Decimal128:
    if exponent == 0 or base == 1:
        return Decimal128("1")
    result = DECIMAL_CONTEXT.power(base, exponent)
    if result.is_zero():
        return Decimal128("0E-6176")
    if not result.is_finite():
        return decimal128(result)
    place = max(result.adjusted() + 1 - DECIMAL_CONTEXT.prec, -6176)
    return decimal128(result.quantize(Decimal((0, (1,), place)), context=WIDE))


def _double_power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        is_odd = exponent == int(exponent) and int(exponent) % 2 == 1
        return -math.inf if base < 0 and is_odd else math.inf
    except ValueError:
        return math.nan


def _integer_power(base: int, exponent: int, kind: int) -> Any:
    if exponent < 0 and base not in {1, -1}:
        return _double_power(float(base), float(exponent))
    if base in {0, 1, -1}:
        return integer(base ** (exponent % 2) if base == -1 else (base if exponent else 1), kind)
    if exponent > 64:
        return _double_power(float(base), float(exponent))
    result = base**exponent
    if not INT64_MIN <= result <= INT64_MAX:
        return _double_power(float(base), float(exponent))
    return integer(result, kind)


@FAMILY.form("$sigmoid")
def sigmoid(argument: Any, scope: Scope) -> Expr:
    """Give 1 / (1 + e^-x). Code 14."""
    part = scope.compile(argument)
    return folded(lambda document, variables: _sigmoid(part.evaluate(document, variables)), (part,))


def _sigmoid(value: Any) -> Any:
    if type(value) in NULLISH:
        return None
    check_number("$sigmoid", value, 14)
    if type(value) is Decimal128:
        context = DECIMAL_CONTEXT
        power = context.exp(value.to_decimal().copy_negate())
        return decimal128(context.divide(Decimal(1), context.add(Decimal(1), power)))
    number = to_double(value)
    try:
        return 1 / (1 + math.exp(-number))
    except OverflowError:
        return 0.0
