"""Objects found by OID, and OIDs by name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo_postgres.engine.naming import quote_ident, split_name
from dotdo_postgres.engine.objects.kept import derived_oid
from dotdo_postgres.engine.objects.tables import IndexEntry, index_entries
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import relations

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.objects.collected import Key
    from dotdo_postgres.engine.objects.names import Names


def relation_oid_of(names: Names, schema: str | None, name: str) -> int | None:
    """Return the OID of a relation of any kind, None when there is none of that name."""
    for place in names.path if schema is None else (schema,):
        if place in {"pg_catalog", "information_schema"}:
            found = relations().get(f"{place}.{name}")
            if found is not None:
                return found[0]
        key = (place, name)
        noun = names.objects.relations.get(key)
        if noun is not None:
            return FIRST_OID + noun.id
        if key in names.objects.sequences:
            return names.objects.sequences[key].oid
        if key in names.objects.indexes:
            return derived_oid(names.objects.indexes[key], "i", name)
    return None


def relation_key(names: Names, oid: int) -> Key | None:
    """Return schema and name of the relation of that OID."""
    index = names.catalog.derived.get(relation_key)
    if not isinstance(index, dict):
        index = names.catalog.derived[relation_key] = _relations_by_oid(names)
    found: Key | None = index.get(oid)
    return found or _system_relations().get(oid)


@cache
def _system_relations() -> dict[int, Key]:
    found = {}
    for qualified, (oid, _, _) in relations().items():
        schema, _, name = qualified.partition(".")
        found[oid] = (schema, name)
    return found


def _relations_by_oid(names: Names) -> dict[int, Key]:
    objects = names.objects
    found = {FIRST_OID + noun.id: key for key, noun in objects.relations.items()}
    found |= {sequence.oid: key for key, sequence in objects.sequences.items()}
    return found | {derived_oid(noun, "i", key[1]): key for key, noun in objects.indexes.items()}


def relation_name(names: Names, oid: int) -> str | None:
    """Write the name of a relation, with its schema where the search path does not lead to it."""
    key = relation_key(names, oid)
    if key is None:
        return None
    schema, name = key
    if schema == "pg_catalog" or names.is_visible(key):
        return quote_ident(name)
    return f"{quote_ident(schema)}.{quote_ident(name)}"


def table_of(names: Names, oid: int) -> Noun | None:
    """Return the noun of a table or view."""
    key = relation_key(names, oid)
    return None if key is None else names.objects.relations.get(key)


def index_of(names: Names, oid: int) -> tuple[Noun, IndexEntry] | None:
    """Return an index and its table."""
    key = relation_key(names, oid)
    noun = None if key is None else names.objects.indexes.get(key)
    if noun is None or key is None:
        return None
    return next(((noun, entry) for entry in index_entries(noun) if entry.name == key[1]), None)


def visible_type(names: Names, oid: int, typmod: int = -1) -> str:
    """Write a type, with its schema only where the search path does not lead to it."""
    shown, made = t.format_type(oid, typmod), t.BY_OID[oid]
    own = t.BY_OID.get(made.element, made) if made.category == "A" else made
    for schema in names.path:
        if names.objects.types.get((schema, own.name)) == own.oid:
            return shown.removeprefix(f"{quote_ident(schema)}.")
    return shown


__all__ = [
    "index_of",
    "relation_key",
    "relation_name",
    "relation_oid_of",
    "split_name",
    "table_of",
    "visible_type",
]
