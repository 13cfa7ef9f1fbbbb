"""Conditions of jsonpath: comparisons, prefixes and regular expressions of single items, and what a failed run is."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.functions.jsonpath_moments import JsonMoment, order
from dotdo_postgres.engine.functions.patterns import compile_regex
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import jsons

if TYPE_CHECKING:
    from datetime import tzinfo

    from dotdo_postgres.mapping.jsonpath import Item


class UnknownCondition(Exception):
    """The run of a path failed, which a condition takes for unknown."""

    def __init__(self, failure: PostgresError) -> None:
        super().__init__(failure.message)
        self.failure = failure


def fail(code: str, message: str, hint: str | None = None) -> UnknownCondition:
    """Make the failure of a run with an SQLSTATE."""
    return UnknownCondition(error(code, message, hint=hint))


def compare(item: Item, one: object, other: object, zone: tzinfo | None = None) -> bool | None:
    """Tell whether two items stand in the relation of a condition; None is unknown."""
    if item.kind == "like_regex":
        return _matches(item, one)
    if isinstance(one, JsonMoment) or isinstance(other, JsonMoment):
        return _compare_moments(item, one, other, zone)
    kinds = jsons.kind_of(one), jsons.kind_of(other)
    if item.kind == "starts with":
        if kinds != ("string", "string"):
            return None
        return str(one).startswith(str(other))
    if kinds[0] != kinds[1]:
        return item.kind == "!=" if "null" in kinds else None
    if kinds[0] in {"array", "object"}:
        return None
    a: Any = Decimal(str(one)) if kinds[0] == "number" else one
    b: Any = Decimal(str(other)) if kinds[0] == "number" else other
    if kinds[0] == "null":
        a = b = 0
    found: bool = _ORDER[item.kind](a, b)
    return found


def _compare_moments(item: Item, one: object, other: object, zone: tzinfo | None) -> bool | None:
    if not (isinstance(one, JsonMoment) and isinstance(other, JsonMoment)):
        return item.kind == "!=" if one is None or other is None else None
    if item.kind == "starts with":
        return None
    found = order(one, other, zone)
    return None if found is None else bool(_ORDER[item.kind](found, 0))


def _matches(item: Item, one: object) -> bool | None:
    if isinstance(one, JsonMoment) or jsons.kind_of(one) != "string":
        return None
    assert isinstance(item.value, tuple)  # the parser made it so
    pattern, flags = item.value
    modes = {(False, False): "p", (False, True): "n", (True, False): "s", (True, True): "w"}
    mode = modes["s" in flags, "m" in flags] + ("i" if "i" in flags else "")
    mode += "q" if "q" in flags else ""
    return compile_regex(pattern, mode).search(str(one)) is not None


_ORDER = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
