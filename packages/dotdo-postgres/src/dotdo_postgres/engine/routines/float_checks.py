"""Arithmetic of doubles as PostgreSQL does it, where SQLite's own answer may be wrong: overflow, underflow, infinities, NaN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable


def _unless_overflown(found: float, left: float, right: float) -> float:
    if math.isinf(found) and not math.isinf(left) and not math.isinf(right):
        raise error("22003", "value out of range: overflow")
    return found


def add(left: float, right: float) -> float:
    """Add (22003 for overflow)."""
    return _unless_overflown(left + right, left, right)


def subtract(left: float, right: float) -> float:
    """Subtract (22003 for overflow)."""
    return _unless_overflown(left - right, left, right)


def multiply(left: float, right: float) -> float:
    """Multiply (22003 for overflow and underflow)."""
    found = _unless_overflown(left * right, left, right)
    if found == 0 and left != 0 and right != 0:
        raise error("22003", "value out of range: underflow")
    return found


def divide(left: float, right: float) -> float:
    """Divide (22012 by zero, 22003 for overflow and underflow)."""
    if right == 0:
        if left != left:
            return left
        raise error("22012", "division by zero")
    try:
        found = left / right
    except OverflowError:  # of Python's own
        found = math.inf
    if math.isinf(found) and not math.isinf(left):
        raise error("22003", "value out of range: overflow")
    if found == 0 and left != 0 and not math.isinf(right):
        raise error("22003", "value out of range: underflow")
    return found


def _routine(name: str, body: Callable[[float, float], float]) -> Routine:
    types = (t.FLOAT8, t.FLOAT8)
    return Routine("function", name, types, t.FLOAT8, body=body, sql_name=f"pg__{name}_double")


ROUTINES = {
    "+": _routine("add", add), "-": _routine("subtract", subtract), "*": _routine("multiply", multiply),
    "/": _routine("divide", divide),
}  # fmt: skip
"""Routine of each operator."""
