"""Every provider of a relation of the catalog."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog import (
    information_schema,
    pg_objects,
    pg_partitions,
    pg_relations,
    pg_views,
    roles,
    session_views,
)

if TYPE_CHECKING:
    from dotdo_postgres.engine.catalog.providers import Provider
from dotdo_postgres.spec.catalog import relations, static_rows


@cache
def computed() -> frozenset[str]:
    """Return the qualified names of the relations that are kept here."""
    static = (
        name
        for name in relations()
        if static_rows(name.partition(".")[2]) and name.startswith("pg_catalog.")
    )
    return frozenset({*providers(), *static})


@cache
def providers() -> dict[str, Provider]:
    """Return every provider by the relation's qualified name."""
    tuples = (
        pg_partitions.PROVIDERS, pg_relations.PROVIDERS, pg_objects.PROVIDERS, pg_views.PROVIDERS, session_views.PROVIDERS,
        information_schema.PROVIDERS, roles.PROVIDERS,
    )  # fmt: skip
    return {provider.relation: provider for group in tuples for provider in group}
