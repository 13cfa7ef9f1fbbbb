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
    DECIMAL_CONTEXT,
    DOUBLE,
    LONG,
    WIDE,
    WIDTH,
    decimal128,
    divided,
    integer,
    is_finite,
    is_nan,
    of_width,
    to_decimal,
    to_double,
    whole,
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


def _number(name: str, value: Any, code: int = 28765) -> Any:
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


def _is_zero(value: Any) -> bool:
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
            if is_late and type(a) in NUMBERS and type(b) in NUMBERS and _is_zero(b):
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
    if _is_zero(right):
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
    if _is_zero(right):
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
    _number("$abs", value)
    if type(value) is Int64 and value == INT64_MIN:
        raise failure(28680, "can't take $abs of long long min")
    if type(value) is Decimal128:
        return decimal128(value.to_decimal().copy_abs())
    return integer(abs(int(value)), WIDTH[type(value)]) if type(value) is not float else abs(value)


def _rounder(name: str, of_double: Callable[[float], Any], mode: str) -> Callable[[Any], Any]:
    def rounded(value: Any) -> Any:
        _number(name, value)
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
        _number(name, value)
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
    if _is_zero(base) and to_decimal(exponent) < 0:
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


@FAMILY.form("$sigmoid")
def sigmoid(argument: Any, scope: Scope) -> Expr:
    """Give 1 / (1 + e^-x). Code 14."""
    part = scope.compile(argument)
    return folded(lambda document, variables: _sigmoid(part.evaluate(document, variables)), (part,))


def _sigmoid(value: Any) -> Any:
    if type(value) in NULLISH:
        return None
    _number("$sigmoid", value, 14)
    if type(value) is Decimal128:
        context = DECIMAL_CONTEXT
        power = context.exp(value.to_decimal().copy_negate())
        return decimal128(context.divide(Decimal(1), context.add(Decimal(1), power)))
    number = to_double(value)
    try:
        return 1 / (1 + math.exp(-number))
    except OverflowError:
        return 0.0
