"""Every declared routine by PostgreSQL's identity; what PostgreSQL has and this lacks is not supported."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions import (
    aggregates,
    arithmetic,
    arrays,
    booleans,
    casts,
    comparison,
    datetimes,
    jsonbuild,
    jsons,
    math,
    moment_reading,
    moment_writing,
    number_reading,
    number_writing,
    ordered_set,
    patterns,
    series,
    session,
    strings,
    windows,
)

if TYPE_CHECKING:
    from dotdo_postgres.engine.routines.declare import Family, Routine

FAMILIES: tuple[Family, ...] = (
    aggregates.FAMILY,
    arithmetic.FAMILY,
    arrays.FAMILY,
    booleans.FAMILY,
    casts.FAMILY,
    comparison.FAMILY,
    datetimes.FAMILY,
    moment_reading.FAMILY,
    jsonbuild.FAMILY,
    jsons.FAMILY,
    math.FAMILY,
    moment_writing.FAMILY,
    number_reading.FAMILY,
    number_writing.FAMILY,
    ordered_set.FAMILY,
    patterns.FAMILY,
    session.FAMILY,
    series.FAMILY,
    strings.FAMILY,
    windows.FAMILY,
)
_GROUPS = {"operator": "operator", "cast": "cast"}


@cache
def routines() -> dict[tuple[str, str, tuple[int, ...]], Routine]:
    """Return every routine by (group, name, argument types); groups are `operator`, `cast` and `function`."""
    return {
        (_GROUPS.get(routine.kind, "function"), routine.name, routine.arguments): routine
        for family in FAMILIES
        for routine in family.routines
    }


@cache
def cast_routines() -> dict[tuple[int, int], Routine]:
    """Return every declared cast by (source, target)."""
    return {
        (routine.arguments[0], routine.result): routine
        for family in FAMILIES
        for routine in family.routines
        if routine.kind == "cast"
    }
