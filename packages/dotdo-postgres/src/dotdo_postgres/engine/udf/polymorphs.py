"""Polymorphic routines: what their types are in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.overloads import bind_polymorphic
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.udf.definition import Stored


def is_polymorphic(stored: Stored) -> bool:
    """Tell whether types differ from call to call."""
    return any(oid in t.POLYMORPHIC for oid in (*stored.all_arguments, stored.result))


def bound_types(stored: Stored, types: Sequence[int]) -> dict[int, int]:
    """Return what polymorphic types stand for when the arguments that go in have given types."""
    if not is_polymorphic(stored):
        return {}
    return bind_polymorphic(stored.arguments, types) or {}


def actual_arguments(stored: Stored, types: Sequence[int]) -> tuple[int, ...]:
    """Return the types of all arguments, those that come out included."""
    bound = bound_types(stored, types)
    given = iter(types)
    found = []
    for oid, mode in zip(stored.all_arguments, stored.modes, strict=True):
        found.append(next(given) if mode in "ibv" else bound.get(oid, oid))
    return tuple(found)


def actual_columns(stored: Stored, types: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """Return names and types of OUT and TABLE columns."""
    bound = bound_types(stored, types)
    return tuple((name, bound.get(oid, oid)) for name, oid in stored.columns)
