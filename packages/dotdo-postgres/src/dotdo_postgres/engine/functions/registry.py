"""Every declared routine by PostgreSQL's identity; what PostgreSQL has and this lacks is not supported."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions import (
    advisory,
    aggregates,
    arithmetic,
    arrays,
    bitstrings,
    booleans,
    bytestrings,
    casts,
    catalog_types,
    citext,
    collecting,
    comparison,
    date_fields,
    datetimes,
    enums,
    info_comments,
    info_definitions,
    info_names,
    info_privileges,
    info_sequences,
    info_server,
    jsonb_casts,
    jsonbuild,
    jsonchanges,
    jsonpaths,
    jsonrows,
    jsons,
    math,
    moment_casts,
    moment_reading,
    moment_writing,
    networks,
    number_reading,
    number_writing,
    ordered_set,
    patterns,
    pg_trgm,
    pgcrypto,
    powers,
    ranges,
    records,
    regexps,
    series,
    session,
    spans,
    statistics,
    strings,
    text_casts,
    text_search,
    trigonometry,
    tsquery_operators,
    uuid_ossp,
    vector,
    windows,
    zonedtimes,
)

if TYPE_CHECKING:
    from dotdo_postgres.engine.routines.declare import Family, Routine

FAMILIES: tuple[Family, ...] = (
    advisory.FAMILY,
    jsonb_casts.FAMILY,
    moment_casts.FAMILY,
    text_casts.FAMILY,
    text_search.FAMILY,
    trigonometry.FAMILY,
    tsquery_operators.FAMILY,
    powers.FAMILY,
    aggregates.FAMILY,
    arithmetic.FAMILY,
    arrays.FAMILY,
    bitstrings.FAMILY,
    booleans.FAMILY,
    networks.FAMILY,
    zonedtimes.FAMILY,
    bytestrings.FAMILY,
    casts.FAMILY,
    catalog_types.FAMILY,
    collecting.FAMILY,
    comparison.FAMILY,
    vector.FAMILY,
    pg_trgm.FAMILY,
    citext.FAMILY,
    date_fields.FAMILY,
    datetimes.FAMILY,
    spans.FAMILY,
    enums.FAMILY,
    info_comments.FAMILY,
    info_definitions.FAMILY,
    info_names.FAMILY,
    info_privileges.FAMILY,
    info_sequences.FAMILY,
    info_server.FAMILY,
    moment_reading.FAMILY,
    jsonbuild.FAMILY,
    jsonchanges.FAMILY,
    jsonpaths.FAMILY,
    jsonrows.FAMILY,
    jsons.FAMILY,
    math.FAMILY,
    moment_writing.FAMILY,
    number_reading.FAMILY,
    number_writing.FAMILY,
    ordered_set.FAMILY,
    patterns.FAMILY,
    pgcrypto.FAMILY,
    ranges.FAMILY,
    records.FAMILY,
    regexps.FAMILY,
    session.FAMILY,
    series.FAMILY,
    statistics.FAMILY,
    strings.FAMILY,
    uuid_ossp.FAMILY,
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
