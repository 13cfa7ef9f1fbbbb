"""Sums, averages, deviations and percentiles of values that come one by one; what is no number they pass over."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.numbers import (
    DECIMAL,
    DECIMAL_CONTEXT,
    DOUBLE,
    INT,
    WIDE,
    WIDTH,
    decimal128,
    integer,
    to_double,
)
from dotdo_mongo.engine.values import NULLISH, NUMBERS, Key

if TYPE_CHECKING:
    from collections.abc import Callable


class Total:
    """A sum kept exactly for whole numbers, in two doubles for fractions, and in 34 digits for decimals."""

    __slots__ = ("count", "decimals", "has_doubles", "high", "low", "whole", "width")

    def __init__(self, *, has_doubles: bool = False) -> None:
        self.has_doubles = has_doubles  # an average takes whole numbers as doubles
        self.count = 0
        self.width = INT
        self.whole = 0
        self.high = 0.0
        self.low = 0.0
        self.decimals = Decimal(0)

    def add(self, value: Any, sign: int = 1) -> None:
        """Take a value; what is no number changes nothing."""
        kind = WIDTH.get(type(value))
        if kind is None:
            return
        self.count += sign
        self.width = max(self.width, kind)
        if kind < DOUBLE and not self.has_doubles:
            self.whole += sign * int(value)
        elif kind <= DOUBLE:
            self._add_double(sign * float(value))
        else:
            number = value.to_decimal()
            self.decimals = DECIMAL_CONTEXT.add(
                self.decimals, number if sign > 0 else number.copy_negate()
            )

    def _add_double(self, value: float) -> None:
        total = self.high + value
        if math.isinf(total) or math.isnan(total):
            self.high, self.low = total, 0.0
            return
        part = total - self.high
        self.low += (self.high - (total - part)) + (value - part)
        self.high = total

    def double(self) -> float:
        """Return the sum of all but decimals as a double."""
        if math.isinf(self.high) or math.isnan(self.high):
            return self.high
        if not self.whole:
            return self.high + self.low
        return math.fsum((self.high, self.low, *_exact_doubles(self.whole)))

    def decimal(self) -> Decimal:
        """Return the sum of all as a decimal."""
        fractions = WIDE.add(Decimal(self.high), Decimal(self.low))
        others = DECIMAL_CONTEXT.plus(WIDE.add(fractions, Decimal(self.whole)))
        return DECIMAL_CONTEXT.add(self.decimals, others)

    def value(self) -> Any:
        """Return the sum in the widest type it has met; whole numbers beyond 64 bits as a double."""
        if self.width == DECIMAL:
            return decimal128(self.decimal())
        if self.width == DOUBLE:
            return self.double()
        return integer(self.whole, self.width)

    def mean(self) -> Any:
        """Return the average, None of nothing."""
        if self.count <= 0:
            return None
        if self.width == DECIMAL:
            return decimal128(DECIMAL_CONTEXT.divide(self.decimal(), Decimal(self.count)))
        return self.double() / self.count


def _exact_doubles(number: int) -> list[float]:
    high = float(number)
    return [high, float(number - int(high))] if math.isfinite(high) else [high]


class Deviation:
    """Spread by Welford's method."""

    __slots__ = ("count", "mean", "squares")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def add(self, value: Any) -> None:
        """Take a value; what is no number changes nothing."""
        if type(value) not in NUMBERS:
            return
        number = to_double(value)
        self.count += 1
        delta = number - self.mean
        if delta:
            self.mean += delta / self.count
            self.squares += delta * (number - self.mean)

    def population(self) -> float | None:
        """Return the deviation of all there is."""
        return math.sqrt(self.squares / self.count) if self.count else None

    def sample(self) -> float | None:
        """Return the deviation estimated from a sample, None of fewer than two."""
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None


def extreme(values: Any, key: Callable[[Any], Key], is_greatest: bool) -> Any:
    """Return the greatest or least of values, None of nothing; null and absent do not count."""
    present = [value for value in values if type(value) not in NULLISH]
    if not present:
        return None
    return (max if is_greatest else min)(present, key=key)


def percentiles(values: list[float], wanted: list[float]) -> list[float | None]:
    """Return for each share the least value that so many values do not exceed; None of nothing."""
    if not values:
        return [None] * len(wanted)
    ordered = sorted(values)
    count = len(ordered)
    found: list[float | None] = []
    for share in wanted:
        place = max(math.ceil(share * count) - 1, 0)
        found.append(ordered[min(place, count - 1)])
    return found


def numbers_in(values: Any) -> list[float]:
    """Return the numbers among values as doubles, NaN apart."""
    found = [to_double(value) for value in values if type(value) in NUMBERS]
    return [number for number in found if not math.isnan(number)]
