"""Set-returning functions (9.25): their rows as a list, read by json_each."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.datetimes import add_interval
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping.datetimes import INFINITY

if TYPE_CHECKING:
    from dotdo_postgres.mapping.interval import Interval

FAMILY = Family("9.25")
_MAX_ROWS = 10_000_000


@FAMILY.series(
    "generate_series(integer, integer)", "generate_series(bigint, bigint)", returns="bigint"
)
def generate_series(start: int, stop: int) -> list[int]:
    """Count from start to stop."""
    return generate_series_by(start, stop, 1)


@FAMILY.series(
    "generate_series(integer, integer, integer)",
    "generate_series(bigint, bigint, bigint)",
    returns="bigint",
)
def generate_series_by(start: int, stop: int, step: int) -> list[int]:
    """Count from start to stop by steps.

    Raises:
        PostgresError: the step is zero (22023), too many rows (54000).
    """
    if step == 0:
        raise error("22023", "step size cannot equal zero")
    values = range(start, stop + (1 if step > 0 else -1), step)
    if len(values) > _MAX_ROWS:
        raise error("54000", f"a series of more than {_MAX_ROWS} rows")
    return list(values)


@FAMILY.series("generate_series(numeric, numeric)", returns="numeric")
def generate_series_numeric(start: Decimal, stop: Decimal) -> list[bytes]:
    """Count from start to stop."""
    return generate_series_numeric_by(start, stop, Decimal(1))


@FAMILY.series("generate_series(numeric, numeric, numeric)", returns="numeric")
def generate_series_numeric_by(start: Decimal, stop: Decimal, step: Decimal) -> list[bytes]:
    """Count from start to stop by steps."""
    for value, what in ((start, "start value"), (stop, "stop value"), (step, "step size")):
        if not value.is_finite():
            kind = "NaN" if value.is_nan() else "infinity"
            raise error("22023", f"{what} cannot be {kind}")
    if step.is_zero():
        raise error("22023", "step size cannot equal zero")
    out, value = [], start
    while value <= stop if step > 0 else value >= stop:
        out.append(numeric.encode(value))
        value = numeric.WIDE.add(value, step)
    return out


@FAMILY.series("generate_series(timestamp, timestamp, interval)", returns="timestamp")
def generate_series_timestamp(start: int, stop: int, step: Interval) -> list[int]:
    """Step from a timestamp to another by an interval."""
    if step.key == 0:
        raise error("22023", "step size cannot equal zero")
    if INFINITY in {abs(start), abs(stop)}:
        raise not_supported("a series of timestamps without end")
    out, value = [], start
    while value <= stop if step.key > 0 else value >= stop:
        out.append(value)
        value = add_interval(value, step)
    return out


@FAMILY.series("generate_series(timestamptz, timestamptz, interval)", returns="timestamptz")
def generate_series_instant(start: int, stop: int, step: Interval) -> list[int]:
    """Step from an instant to another by an interval (in UTC)."""
    return generate_series_timestamp(start, stop, step)
