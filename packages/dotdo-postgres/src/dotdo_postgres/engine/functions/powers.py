"""Roots, powers, exponentials and logarithms (9.3)."""

from __future__ import annotations

import math
from decimal import Decimal

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import numeric

_EXPONENT_LIMIT = 6000
FAMILY = Family("9.3")


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
