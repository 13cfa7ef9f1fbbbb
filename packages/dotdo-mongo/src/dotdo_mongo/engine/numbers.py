"""Numbers of BSON's four types: promotion, rounding to 34 digits and the readings of whole numbers."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bson import Decimal128, Int64

from dotdo_mongo.engine.values import INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable

INT, LONG, DOUBLE, DECIMAL = 1, 2, 3, 4
WIDTH: dict[type, int] = {int: INT, Int64: LONG, float: DOUBLE, Decimal128: DECIMAL}

DECIMAL_CONTEXT = decimal.Context(
    prec=34, rounding=decimal.ROUND_HALF_EVEN, Emin=-6143, Emax=6144, capitals=1, clamp=1, traps=[]
)
WIDE = decimal.Context(
    prec=80, rounding=decimal.ROUND_HALF_EVEN, Emin=-999999, Emax=999999, traps=[]
)
_NOT_NUMBER = Decimal128("NaN")


def decimal128(number: Decimal) -> Decimal128:
    """Return the decimal of 34 digits nearest to a number."""
    if number.is_nan():
        return _NOT_NUMBER
    return Decimal128(DECIMAL_CONTEXT.create_decimal(number))


def double_as_decimal(number: float) -> Decimal:
    """Return a double as MongoDB widens it: with 15 significant digits."""
    if math.isnan(number) or math.isinf(number):
        return Decimal(number)
    if number == 0:
        return Decimal("-0") if math.copysign(1, number) < 0 else Decimal(0)
    return Decimal(f"{number:.14e}")


def to_decimal(value: Any) -> Decimal:
    """Return any number as a decimal, doubles rounded to 15 digits."""
    kind = type(value)
    if kind is Decimal128:
        return value.to_decimal()  # type: ignore[no-any-return]  # Decimal128's own method
    if kind is float:
        return double_as_decimal(value)
    return Decimal(int(value))


def decimal_as_double(number: Decimal) -> float:
    """Return the nearest double; beyond the range, an infinity."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def to_double(value: Any) -> float:
    """Return any number as a double."""
    if type(value) is Decimal128:
        return decimal_as_double(value.to_decimal())
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def width(*values: Any) -> int:
    """Return the widest type among numbers."""
    return max(WIDTH[type(value)] for value in values)


def integer(number: int, kind: int) -> Any:
    """Return a whole number of type INT, or LONG where it does not fit; beyond 64 bits a double."""
    if kind == INT and INT32_MIN <= number <= INT32_MAX:
        return int(number)
    if INT64_MIN <= number <= INT64_MAX:
        return Int64(number)
    return float(number)


def of_width(kind: int, exact: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Return what an operation of two numbers gives in the type of `kind`."""
    if kind <= LONG:
        return integer(exact(int(left), int(right)), kind)
    if kind == DOUBLE:
        return exact(to_double(left), to_double(right))
    with decimal.localcontext(DECIMAL_CONTEXT):
        return decimal128(exact(to_decimal(left), to_decimal(right)))


def multiplied(left: Any, right: Any) -> Any:
    """Return the product of two numbers in the wider type."""
    return of_width(width(left, right), lambda a, b: a * b, left, right)


def divided(left: Any, right: Any) -> Any:
    """Return a quotient: a double, or a decimal where one of the numbers is."""
    if width(left, right) == DECIMAL:
        return decimal128(DECIMAL_CONTEXT.divide(to_decimal(left), to_decimal(right)))
    return to_double(left) / to_double(right)


def is_nan(value: Any) -> bool:
    """Whether a number is NaN."""
    if type(value) is float:
        return math.isnan(value)
    return type(value) is Decimal128 and value.to_decimal().is_nan()


def is_infinite(value: Any) -> bool:
    """Whether a number is an infinity."""
    if type(value) is float:
        return math.isinf(value)
    return type(value) is Decimal128 and value.to_decimal().is_infinite()


def is_finite(value: Any) -> bool:
    """Whether a number is neither NaN nor an infinity."""
    return not is_nan(value) and not is_infinite(value)


def whole(value: Any) -> int | None:
    """Return the whole number that a number of any type stands for, None when it is none."""
    kind = type(value)
    if kind not in NUMBERS:
        return None
    if kind is float:
        return int(value) if math.isfinite(value) and value == int(value) else None
    if kind is Decimal128:
        number = value.to_decimal()
        if not number.is_finite() or abs(number.adjusted()) > 40:
            return 0 if number.is_finite() and number == 0 else None
        return int(number) if number == number.to_integral_value() else None
    return int(value)


def whole32(value: Any) -> int | None:
    """Return the whole number of 32 bits that a number stands for, None when it is none."""
    number = whole(value)
    return number if number is not None and INT32_MIN <= number <= INT32_MAX else None


def whole64(value: Any) -> int | None:
    """Return the whole number of 64 bits that a number stands for, None when it is none."""
    number = whole(value)
    return number if number is not None and INT64_MIN <= number <= INT64_MAX else None


def rounded64(value: Any) -> int:
    """Return a number as 64 bits: doubles cut, decimals rounded to even, out of range the nearest end, NaN 0."""
    if type(value) is Decimal128 and is_finite(value):
        return truncated64(
            Decimal128(value.to_decimal().to_integral_value(context=DECIMAL_CONTEXT))
        )
    return truncated64(value)


def truncated64(value: Any) -> int:
    """Return a number cut to 64 bits: fractions dropped, out of range the nearest end, NaN 0."""
    if is_nan(value):
        return 0
    if is_infinite(value):
        return INT64_MAX if to_double(value) > 0 else INT64_MIN
    number = int(value.to_decimal()) if type(value) is Decimal128 else int(value)
    return max(INT64_MIN, min(INT64_MAX, number))
