"""Aggregates in Python (9.21): bits, intervals, arrays of arrays, byte strings; each a class with `step` and `final`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.routines.array_checks import array_key
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = Family("9.21")


def _folding(name: str, fold: Callable[[int, int], int]) -> None:
    class Fold:
        def __init__(self) -> None:
            self.value: int | None = None

        def step(self, value: int) -> None:
            self.value = value if self.value is None else fold(self.value, value)

        def final(self) -> int | None:
            return self.value

    for type_name in ("smallint", "integer", "bigint"):
        FAMILY.aggregate(f"{name}({type_name})", returns=type_name)(Fold)


_folding("bit_and", int.__and__)
_folding("bit_or", int.__or__)
_folding("bit_xor", int.__xor__)


@FAMILY.aggregate("sum(interval)", returns="interval", takes_window=True)
class IntervalSum:
    """Adds intervals field by field."""

    def __init__(self) -> None:
        self.count = self.months = self.days = self.us = 0

    def step(self, span: Interval) -> None:
        """Take an interval."""
        self._add(span, 1)

    def inverse(self, span: Interval) -> None:
        """Take back an interval that the frame has left."""
        self._add(span, -1)

    def _add(self, span: Interval, sign: int) -> None:
        self.count += sign
        self.months += sign * span.months
        self.days += sign * span.days
        self.us += sign * span.us

    def final(self) -> Interval | None:
        """Return the sum, NULL of no rows."""
        return Interval(self.months, self.days, self.us) if self.count else None


@FAMILY.aggregate("avg(interval)", returns="interval", takes_window=True)
class IntervalAverage(IntervalSum):
    """Averages intervals."""

    def final(self) -> Interval | None:
        """Return the average, NULL of no rows."""
        from dotdo_postgres.engine.functions.spans import interval_divided

        total = super().final()
        return None if total is None else interval_divided(total, float(self.count))


@FAMILY.aggregate("string_agg(bytea, bytea)", returns="bytea", is_strict=False)
class BytesJoined:
    """Joins byte strings by a delimiter."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def step(self, value: bytes | None, delimiter: bytes | None) -> None:
        """Take a value and what stands before it."""
        if value is not None:
            self.parts += [delimiter or b"", value] if self.parts else [value]

    def final(self) -> bytes | None:
        """Return the whole, NULL of no values."""
        return b"".join(self.parts) if self.parts else None


@FAMILY.aggregate("array_agg(anyarray)", returns="anyarray", is_strict=False)
class ArraysCollected:
    """Collects arrays of one shape into an array of one more dimension."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    def step(self, stored: str | None) -> None:
        """Take an array.

        Raises:
            PostgresError: NULL (22004), an empty one or one of another shape (2202E).
        """
        if stored is None:
            raise error("22004", "cannot accumulate null arrays")
        items = arrays.unpack(stored)
        if not items:
            raise error("2202E", "cannot accumulate empty arrays")
        if self.items and arrays.dimensions(items) != arrays.dimensions(self.items[0]):
            raise error("2202E", "cannot accumulate arrays of different dimensionality")
        self.items.append(items)

    def final(self) -> str | None:
        """Return the array, NULL of no rows."""
        return arrays.pack(self.items) if self.items else None


def _extreme(name: str, order: Callable[[str], bytes]) -> None:
    class Extreme:
        def __init__(self) -> None:
            self.best: str | None = None
            self.key = b""

        def step(self, stored: str) -> None:
            key = order(stored)
            if self.best is None or (key > self.key if name == "max" else key < self.key):
                self.best, self.key = stored, key

        def final(self) -> str | None:
            return self.best

    FAMILY.aggregate(f"{name}(anyarray)", returns="anyarray")(Extreme)


_ORDER = array_key(0).body
assert _ORDER is not None  # it is Python
_extreme("min", _ORDER)
_extreme("max", _ORDER)
