"""The objects that statements about owners name, each with its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.ddl.functions import find_function
from dotdo_postgres.engine.objects.grantable import (
    Grantable,
    of_noun,
    of_schema,
    of_sequence,
    of_system,
)
from dotdo_postgres.engine.relations import FIRST_OID

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]
_ROUTINES = {"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"}
_PARTS = {
    "OBJECT_COLUMN", "OBJECT_POLICY", "OBJECT_TRIGGER", "OBJECT_TABCONSTRAINT", "OBJECT_RULE",
}  # fmt: skip
_DATABASE_OID = 5


def find_owned(planner: Planner, kind: str, item: Node) -> Grantable | None:
    """Return the object that a statement names; None when there is none, or none that has an owner of its own."""
    if kind in _ROUTINES:
        found = find_function(planner, item["ObjectWithArgs"], kind.removeprefix("OBJECT_"))
        return None if isinstance(found, str) else of_noun(found)
    if kind == "OBJECT_SCHEMA":
        name = item["String"]["sval"]
        objects = planner.names.objects
        return of_schema(planner.catalog, objects, name) if planner.names.has_schema(name) else None
    if kind == "OBJECT_DATABASE":
        name = item["String"]["sval"]
        return of_system(planner.catalog, "d", "database", name, _DATABASE_OID)
    names = _names(item)
    if names is None:
        return None
    if kind in {"OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_DOMCONSTRAINT"}:
        oid = planner.names.type(names[-2] if len(names) > 1 else None, names[-1])
        noun = None if oid is None else planner.catalog.by_id.get(oid - FIRST_OID)
        return None if noun is None else of_noun(noun)
    if kind in _PARTS:
        names = names[:-1]
    return find_relation(planner, names) if names else None


def _names(item: Node) -> list[str] | None:
    parts = item.get("List", item).get("items") or item.get("TypeName", {}).get("names")
    if parts is None or not all("String" in part for part in parts):
        return None
    return [part["String"]["sval"] for part in parts]


def find_relation(planner: Planner, parts: list[str]) -> Grantable | None:
    """Return a table, view, sequence or the table of an index."""
    schema, name = (parts[-2] if len(parts) > 1 else None), parts[-1]
    names = planner.names
    sequence = names.sequence(schema, name)
    if sequence is not None:
        return of_sequence(sequence)
    noun = names.noun(schema, name) or names.index(schema, name)
    return None if noun is None else of_noun(noun)
