"""The deviation over a window that moves: values leave it again, and one that is not finite makes it null."""

from __future__ import annotations

import math
from typing import Any

from dotdo_mongo.engine.numbers import is_finite, to_double
from dotdo_mongo.engine.values import NUMBERS


class MovingSpread:
    """$stdDevPop and $stdDevSamp of what is in the window.

    Args:
        is_sample: whether it is of a sample.
    """

    __slots__ = ("_count", "_is_sample", "_not_finite", "_squares", "_sum")

    def __init__(self, *, is_sample: bool) -> None:
        self._is_sample = is_sample
        self._count = self._not_finite = 0
        self._sum = self._squares = 0.0

    def add(self, value: Any) -> None:
        """Take a value that enters the window."""
        self._change(value, 1)

    def remove(self, value: Any) -> None:
        """Forget a value that leaves it."""
        self._change(value, -1)

    def _change(self, value: Any, quantity: int) -> None:
        if type(value) not in NUMBERS:
            return
        if not is_finite(value):
            self._not_finite += quantity
            return
        number = to_double(value)
        before = self._count
        self._count += quantity
        if not before or not self._count:
            self._sum = number if self._count else 0.0
            self._squares = 0.0
            return
        distance = before * number - self._sum
        self._sum += quantity * number
        self._squares += distance * distance * quantity / (self._count * before)

    def value(self) -> Any:
        """Return the deviation, None where there is none."""
        count = self._count - 1 if self._is_sample else self._count
        if self._not_finite or count <= 0:
            return None
        if self._squares < 0 or self._count == 1:
            return 0  # an int, as MongoDB gives it
        return math.sqrt(self._squares / count)
