"""Operators that round numbers."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bson import Decimal128

from dotdo_mongo.engine.expressions.declare import (
    Family,
)
from dotdo_mongo.engine.numbers import (
    DECIMAL_CONTEXT,
    LONG,
    WIDE,
    WIDTH,
    decimal128,
    integer,
    is_finite,
    whole,
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
from dotdo_mongo.engine.expressions.arithmetic import check_number

FAMILY = Family("rounding")


def _rounder(name: str, of_double: Callable[[float], Any], mode: str) -> Callable[[Any], Any]:
    def rounded(value: Any) -> Any:
        check_number(name, value)
        kind = type(value)
        if kind is Decimal128 and not (
            is_finite(value) and value.to_decimal().adjusted() < DECIMAL_CONTEXT.prec
        ):
            return Decimal128("NaN")  # what 34 digits cannot hold as a whole number
        if kind is float:
            if not math.isfinite(value):
                return value
            result = float(of_double(value))
            return math.copysign(result, value) if result == 0 else result
        if kind is Decimal128:
            return decimal128(value.to_decimal().to_integral_value(mode, WIDE))
        return value

    rounded.__doc__ = f"Apply {name}. Code 28765."
    return rounded


ceil = FAMILY.operator("$ceil", null=True)(_rounder("$ceil", math.ceil, decimal.ROUND_CEILING))
floor = FAMILY.operator("$floor", null=True)(_rounder("$floor", math.floor, decimal.ROUND_FLOOR))


def _place(name: str, place: Any) -> int:
    """Read the second argument of $round and $trunc. Codes 16004, 31109, 51082, 51083."""
    if type(place) not in NUMBERS:
        raise failure(16004, f"cannot apply {name} with precision of type {type_name(place)}")
    if type(place) is float and not is_finite(place):
        raise failure(31109, f"Can't coerce out of range value {place} to long")
    number = whole(place)
    if number is None:
        raise failure(51082, f"precision argument to  {name} must be a integral value")
    if not -20 <= number <= 100:
        raise failure(
            51083, f"cannot apply {name} with precision value {number} value must be in [-20, 100]"
        )
    return number


def _to_place(name: str, mode: str) -> Callable[..., Any]:
    def rounded(value: Any, place: Any = 0) -> Any:
        if type(value) in NULLISH:
            return None
        if type(value) not in NUMBERS:
            raise failure(51081, f"{name} only supports numeric types, not {type_name(value)}")
        if type(place) in NULLISH:
            return None
        places = _place(name, place)
        kind = WIDTH[type(value)]
        if kind <= LONG:
            return _whole_to_place(value, places, kind, mode)
        return _fraction_to_place(value, places, mode)

    rounded.__doc__ = f"Apply {name}. Codes 16004, 31109, 51080 to 51083."
    return rounded


def _whole_to_place(value: int, places: int, kind: int, mode: str) -> Any:
    if places >= 0:
        return value
    result = int(Decimal(int(value)).quantize(Decimal((0, (1,), -places)), mode, WIDE))
    if not INT64_MIN <= result <= INT64_MAX:
        raise failure(
            51080, "invalid conversion from Decimal128 result in $round resulting from arguments"
        )
    return integer(result, kind)


def _fraction_to_place(value: Any, places: int, mode: str) -> Any:
    if not is_finite(value):
        return value
    if type(value) is Decimal128:
        found = value.to_decimal().quantize(Decimal((0, (1,), -places)), mode, DECIMAL_CONTEXT)
        return value if found.is_nan() else decimal128(found)
    number = Decimal(value).quantize(Decimal((0, (1,), -places)), mode, _HUGE)
    result = float(number)
    return math.copysign(result, value)


_HUGE = decimal.Context(prec=7000, Emin=-999999, Emax=999999, traps=[])
round_ = FAMILY.operator("$round", 1, 2)(_to_place("$round", decimal.ROUND_HALF_EVEN))
trunc = FAMILY.operator("$trunc", 1, 2)(_to_place("$trunc", decimal.ROUND_DOWN))
