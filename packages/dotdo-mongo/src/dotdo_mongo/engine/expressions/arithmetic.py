"""Arithmetic operators; they refuse what is no number with MongoDB's code for each."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bson import DatetimeMS, Decimal128, Int64

from dotdo_mongo.engine.expressions.declare import (
    Expr,
    Family,
    Scope,
    arguments_of,
    check_arity,
    constants_last,
    folded,
)
from dotdo_mongo.engine.numbers import (
    DECIMAL,
    DOUBLE,
    WIDE,
    WIDTH,
    decimal128,
    divided,
    integer,
    is_finite,
    of_width,
    to_decimal,
    to_double,
    width,
)
from dotdo_mongo.engine.values import (
    DATES,
    INT64_MAX,
    INT64_MIN,
    NULLISH,
    NUMBERS,
    millis,
    type_name,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable


FAMILY = Family("arithmetic")


def check_number(name: str, value: Any, code: int = 28765) -> Any:
    """Return the number. Raises `code` for others."""
    if type(value) not in NUMBERS:
        raise failure(code, f"{name} only supports numeric types, not {type_name(value)}")
    return value


def _date(milliseconds: int) -> DatetimeMS:
    if not INT64_MIN <= milliseconds <= INT64_MAX:
        raise failure(15, "date overflow")
    return DatetimeMS(milliseconds)


def _milliseconds(value: Any) -> int:
    """Read a number of milliseconds, rounded half away from zero for doubles, to even for decimals."""
    if not is_finite(value):
        raise failure(15, "date overflow in $add")
    kind = type(value)
    if kind is float:
        return math.floor(abs(float(value)) + 0.5) * (1 if value >= 0 else -1)
    if kind is Decimal128:
        return int(value.to_decimal().to_integral_value(decimal.ROUND_HALF_EVEN, WIDE))
    return int(value)


class _Sum:
    """What $add has summed so far."""

    __slots__ = ("date", "total")

    def __init__(self) -> None:
        self.total: Any = 0
        self.date: int | None = None

    def take(self, value: Any) -> None:
        if type(value) in DATES:
            if self.date is not None:
                raise failure(16612, "only one date allowed in an $add expression")
            self.date = millis(value)
            return
        if type(value) not in NUMBERS:
            raise failure(14, f"$add only supports numeric or date types, not {type_name(value)}")
        self.total = of_width(width(self.total, value), lambda a, b: a + b, self.total, value)


@FAMILY.form("$add")
def add(argument: Any, scope: Scope) -> Expr:
    """Sum numbers, or numbers and one date. Codes 14, 15, 16612."""
    parts = constants_last([scope.compile(one) for one in arguments_of(argument)])
    calls = [part.evaluate for part in parts]

    def evaluate(document: Any, variables: Any) -> Any:
        total = _Sum()
        is_null = False
        for call in calls:
            value = call(document, variables)
            if type(value) in NULLISH:
                is_null = True
                break
            total.take(value)
        if is_null:
            return None
        if total.date is None:
            return total.total
        return _date(total.date + _milliseconds(total.total))

    return folded(evaluate, parts)


@FAMILY.operator("$subtract", 2, null=True)
def subtract(left: Any, right: Any) -> Any:
    """Subtract numbers, a number from a date, or dates. Codes 14, 15."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return of_width(width(left, right), lambda a, b: a - b, left, right)
    if type(left) in DATES:
        if type(right) in DATES:
            return Int64(_date(millis(left) - millis(right)))
        if type(right) in NUMBERS:
            return _date(millis(left) - _milliseconds(right))
    raise failure(14, f"can't $subtract {type_name(right)} from {type_name(left)}")


def _times(left: Any, right: Any) -> Any:
    return left * right


@FAMILY.form("$multiply")
def multiply(argument: Any, scope: Scope) -> Expr:
    """Multiply numbers. Code 14."""
    parts = constants_last([scope.compile(one) for one in arguments_of(argument)])
    calls = [part.evaluate for part in parts]

    def evaluate(document: Any, variables: Any) -> Any:
        product: Any = 1
        for call in calls:
            value = call(document, variables)
            if type(value) in NULLISH:
                return None
            if type(value) not in NUMBERS:
                raise failure(14, f"$multiply only supports numeric types, not {type_name(value)}")
            product = of_width(width(product, value), _times, product, value)
        return product

    return folded(evaluate, parts)


def is_zero(value: Any) -> bool:
    """Whether a number is zero."""
    return (value.to_decimal() if type(value) is Decimal128 else value) == 0


def _by_zero(name: str, compiled: Callable[[Any, Any], Any], code: int) -> None:
    """Declare an operator whose division by zero is told apart in the stages that run compiled."""

    def parse(argument: Any, scope: Scope) -> Expr:
        given = arguments_of(argument)
        check_arity(name, len(given), 2, 2)
        left, right = (scope.compile(one) for one in given)
        is_late = "compiled" in scope.context.features and not (
            left.is_constant and right.is_constant
        )

        def evaluate(document: Any, variables: Any) -> Any:
            a, b = left.evaluate(document, variables), right.evaluate(document, variables)
            if type(a) in NULLISH or type(b) in NULLISH:
                return None
            if is_late and type(a) in NUMBERS and type(b) in NUMBERS and is_zero(b):
                raise failure(code, f"can't {name} by zero")
            return compiled(a, b)

        return folded(evaluate, (left, right))

    FAMILY.form(name)(parse)


def divide(left: Any, right: Any) -> Any:
    """Divide; whole numbers give a double. Codes 2 by zero, 14."""
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        raise failure(
            14,
            f"$divide only supports numeric types, not {type_name(left)} and {type_name(right)}",
        )
    if is_zero(right):
        raise failure(2, "can't $divide by zero")
    return divided(left, right)


def _remainder(left: Any, right: Any) -> Any:
    return math.fmod(left, right)


def decimal_remainder(left: Decimal, right: Decimal) -> Decimal:
    """Return the remainder with the sign of `left`, exact for every exponent."""
    with decimal.localcontext(decimal.Context(prec=12500, Emin=-99999, Emax=99999, traps=[])):
        return left % right


def mod(left: Any, right: Any) -> Any:
    """Give the remainder, with the sign of the dividend. Codes 16610, 16611, 5733415."""
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        raise failure(
            16611,
            f"$mod only supports numeric types, not {type_name(left)} and {type_name(right)}",
        )
    kind = width(left, right)
    if is_zero(right):
        raise failure(5733415 if kind == DECIMAL else 16610, "can't $mod by zero")
    if kind == DECIMAL:
        return decimal128(decimal_remainder(to_decimal(left), to_decimal(right)))
    if kind == DOUBLE:
        return _double_mod(left, right)
    return integer(abs(int(left)) % abs(int(right)) * (-1 if left < 0 else 1), kind)


_by_zero("$divide", divide, 4848401)
_by_zero("$mod", mod, 4848403)


def _double_mod(left: Any, right: Any) -> Any:
    a, b = to_double(left), to_double(right)
    if math.isinf(a) or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.fmod(a, b)


@FAMILY.operator("$abs", null=True)
def absolute(value: Any) -> Any:
    """Give the absolute value. Codes 28765, 28680 for the least long."""
    check_number("$abs", value)
    if type(value) is Int64 and value == INT64_MIN:
        raise failure(28680, "can't take $abs of long long min")
    if type(value) is Decimal128:
        return decimal128(value.to_decimal().copy_abs())
    return integer(abs(int(value)), WIDTH[type(value)]) if type(value) is not float else abs(value)
