"""Ordered-set aggregates (9.21): percentiles and the most common value of what WITHIN GROUP sorts, in ascending order."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import floats
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.routines.declare import Routine

FAMILY = Family("9.21")
# Types whose values as Python sees them order and compare as PostgreSQL's do.
_ORDERED = frozenset({
    t.BOOL, t.INT2, t.INT4, t.INT8, t.NUMERIC, t.FLOAT4, t.FLOAT8, t.TEXT, t.VARCHAR, t.DATE, t.TIME, t.TIMESTAMP,
    t.TIMESTAMPTZ,
})  # fmt: skip


def of_type(routine: Routine, result: int, sorted_type: int, location: int) -> Routine:
    """Return the aggregate for a type of values.

    Raises:
        PostgresError: the type cannot be sorted here (SQLSTATE 0A000).
    """
    if sorted_type not in _ORDERED:
        raise not_supported(f"{routine.name} of {t.format_type(sorted_type)}", location)
    return replace(routine, result=result, sql_name=f"{routine.sql_name}_{sorted_type}")


def _in_order(values: list[Any]) -> list[Any]:
    """Sort values; NaN, stored as text among numbers, is the greatest."""
    try:
        numbers = sorted([value for value in values if value == value])
    except TypeError:
        numbers = sorted([value for value in values if value != floats.NAN])
    return (
        numbers
        + [value for value in values if value != value or value == floats.NAN][
            : len(values) - len(numbers)
        ]
    )


class _Percentile:
    def __init__(self) -> None:
        self.fraction = 0.0
        self.values: list[Any] = []

    def step(self, fraction: float, value: Any) -> None:
        """Take a value."""
        if not 0 <= fraction <= 1:
            raise error("22003", f"percentile value {fraction:g} is not between 0 and 1")
        self.fraction = fraction
        self.values.append(value)


@FAMILY.aggregate("percentile_cont(double precision, double precision)", returns="double precision")
class PercentileContinuous(_Percentile):
    """Finds the value at a fraction of the ordering, between two values if need be."""

    def final(self) -> float | None:
        """Return the value, NULL of no rows."""
        if not self.values:
            return None
        self.values = _in_order(self.values)
        at = self.fraction * (len(self.values) - 1)
        low, high = self.values[math.floor(at)], self.values[math.ceil(at)]
        found: float = low + (at - math.floor(at)) * (high - low) if low != high else low
        return found


@FAMILY.aggregate("percentile_disc(double precision, anyelement)", returns="anyelement")
class PercentileDiscrete(_Percentile):
    """Finds the first value whose place in the ordering reaches a fraction."""

    def final(self) -> Any:
        """Return the value, NULL of no rows."""
        if not self.values:
            return None
        self.values = _in_order(self.values)
        return self.values[max(math.ceil(self.fraction * len(self.values)), 1) - 1]


@FAMILY.aggregate("mode(anyelement)", returns="anyelement")
class Mode:
    """Finds the most common value, the first of several in their order."""

    def __init__(self) -> None:
        self.counts: dict[Any, int] = {}

    def step(self, value: Any) -> None:
        """Take a value."""
        self.counts[value] = self.counts.get(value, 0) + 1

    def final(self) -> Any:
        """Return the value, NULL of no rows."""
        most = max(self.counts.values(), default=0)
        return next(iter(_in_order([v for v, count in self.counts.items() if count == most])), None)
