"""Trigonometric functions (9.3), in radians and in degrees."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from collections.abc import Callable


_EXPONENT_LIMIT = 6000
FAMILY = Family("9.3")


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
        if math.isnan(value):
            return value
        try:
            return body(value)
        except ValueError:
            raise error("22003", "input is out of range") from None
        except OverflowError:
            raise error("22003", "value out of range: overflow") from None

    return compute


def _hyperbolic(body: Callable[[float], float], least: float) -> Callable[[float], float]:
    """Return a function that grows past all numbers instead of failing."""

    def compute(value: float) -> float:
        try:
            return body(value)
        except OverflowError:
            return math.inf if value > 0 else least

    return compute


def _area_tangent(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) == 1 else math.atanh(value)


_NAMED = {
    "sinh": _hyperbolic(math.sinh, -math.inf), "cosh": _hyperbolic(math.cosh, math.inf), "atanh": _area_tangent,
}  # fmt: skip


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
        _in_domain(_NAMED.get(_name) or getattr(math, _name))
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


def _folded(value: float) -> tuple[float, float]:
    """Return the angle between 0 and 90 degrees with the same tangent but for the sign, and the sign."""
    angle, sign = math.fmod(value, 360.0), 1.0
    if angle < 0:
        angle, sign = -angle, -sign
    if angle > 180:
        angle, sign = 360.0 - angle, -sign
    if angle > 90:
        angle, sign = 180.0 - angle, -sign
    return angle, sign


def _tangent_of_degrees(value: float) -> float:
    angle, sign = _folded(value)
    if angle == 90:
        return sign * math.inf
    ratio = _sine_to_90(angle) / _cosine_to_90(angle)
    return sign * (ratio / (_sine_to_90(45.0) / _cosine_to_90(45.0))) + 0.0


def _cotangent_of_degrees(value: float) -> float:
    angle, sign = _folded(value)
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
