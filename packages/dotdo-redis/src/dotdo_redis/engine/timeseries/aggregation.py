"""What is made of the samples in one bucket; it refuses to find the buckets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan, sqrt

Values = Sequence[float]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One aggregation: its name, what it makes of values, and of a bucket without any."""

    name: str
    reduce: Callable[[Values], float]
    empty: float = nan


def _mean(values: Values) -> float:
    return sum(values) / len(values)


def _spread(values: Values, divisor: int) -> float:
    """Squared distances from the mean over `divisor`, never below zero for rounding."""
    mean = _mean(values)
    return max(sum((value - mean) ** 2 for value in values) / divisor, 0.0)


def _sample_variance(values: Values) -> float:
    return _spread(values, len(values) - 1) if len(values) > 1 else 0.0


def _aggregation(name: str, reduce: Callable[[Values], float], empty: float = nan) -> Aggregation:
    return Aggregation(name, reduce, empty)


AGGREGATIONS = {
    one.name: one
    for one in (
        _aggregation("avg", _mean),
        _aggregation("sum", lambda values: float(sum(values)), 0.0),
        _aggregation("min", min),
        _aggregation("max", max),
        _aggregation("range", lambda values: max(values) - min(values)),
        _aggregation("count", lambda values: float(len(values)), 0.0),
        _aggregation("first", lambda values: values[0]),
        _aggregation("last", lambda values: values[-1]),
        _aggregation("std.p", lambda values: sqrt(_spread(values, len(values)))),
        _aggregation("std.s", lambda values: sqrt(_sample_variance(values))),
        _aggregation("var.p", lambda values: _spread(values, len(values))),
        _aggregation("var.s", _sample_variance),
        _aggregation("twa", _mean),
    )
}
"""By name; `twa` weighs by time, which `ranges` does."""

REDUCERS = frozenset(AGGREGATIONS) - {"first", "last", "twa"}
