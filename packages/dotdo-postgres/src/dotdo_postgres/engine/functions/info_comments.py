"""Comments (9.26.5): obj_description, col_description, shobj_description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.spec.catalog import relations

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.26.5")
_CLASS = 1259


@FAMILY.function("obj_description(oid, name)", returns="text", takes_session=True)
def describe_object(facts: Facts, oid: int, catalog: str) -> str | None:
    """Return the comment on an object of a catalog."""
    relation = relations().get(f"pg_catalog.{catalog}")
    if relation is None:
        return None
    found: str | None = facts.catalog.ask("describe", oid, relation[0], 0)
    return found


@FAMILY.function("obj_description(oid)", returns="text", takes_session=True)
def describe_any(facts: Facts, oid: int) -> str | None:
    """Return the comment on the object of that number."""
    found: str | None = facts.catalog.ask("describe", oid, None, 0)
    return found


@FAMILY.function("col_description(oid, integer)", returns="text", takes_session=True)
def describe_column(facts: Facts, oid: int, number: int) -> str | None:
    """Return the comment on a column."""
    found: str | None = facts.catalog.ask("describe", oid, _CLASS, number)
    return found


@FAMILY.function("shobj_description(oid, name)", returns="text", takes_session=True)
def describe_shared(facts: Facts, oid: int, catalog: str) -> str | None:
    """Return the comment of a role or database, NULL without."""
    found: str | None = facts.catalog.ask("describe_shared", oid, catalog)
    return found
