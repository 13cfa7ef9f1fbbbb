"""BSON values: their types, names and the one order over all of them."""

from __future__ import annotations

from typing import Any


class Missing:
    """The type of MISSING."""

    def __bool__(self) -> bool:
        return False


MISSING = Missing()
"""What an absent field evaluates to; it is never stored."""


def sort_key(value: Any) -> tuple[Any, ...]:
    """Return what compares and hashes as `value` does in BSON order (int 1, long 1, 1.0 and NumberDecimal(1) alike)."""
    raise NotImplementedError


def compare(left: Any, right: Any) -> int:
    """Return -1, 0 or 1 by BSON order."""
    raise NotImplementedError


def type_name(value: Any) -> str:
    """Return the alias that $type gives: "double", "string", "object", ... "missing"."""
    raise NotImplementedError
