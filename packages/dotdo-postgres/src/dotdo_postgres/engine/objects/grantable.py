"""Objects that privileges are granted on: where their lists are kept, who owns them, how errors call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.acl import PUBLIC, Items, default_items, read_items
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.objects.namespaces import NAMESPACES, namespace_oid
from dotdo_postgres.engine.relations import EXTRA

if TYPE_CHECKING:
    from dotdo.storage import Catalog, Column, Noun
    from dotdo_postgres.engine.objects.collected import Objects, Sequence

OWNER = "postgres"
_KINDS = {"view": "r", "sequence": "S", "schema": "n", "type": "T", "function": "f"}
_FUNCTIONS = {"f": "function", "a": "aggregate", "p": "procedure", "w": "function"}


@dataclass(slots=True, frozen=True)
class Grantable:
    """An object that privileges are granted on.

    Args:
        kind: As in `acl.ALL`.
        word: How errors call its kind.
        name: How errors call it.
        owner: Name of the role that owns it.
        items: What was granted, None when nothing was yet.
        noun: The definition that keeps the list; None while there is none.
        column: Physical name of the column that keeps it, empty when the definition itself does.
        key: Name under which the list is kept.
    """

    kind: str
    word: str
    name: str
    owner: str
    items: Items | None
    noun: Noun | None
    column: str = ""
    key: str = "acl"

    @property
    def actual(self) -> Items:
        """What is granted, PostgreSQL's own grants included."""
        return default_items(self.kind, self.owner) if self.items is None else self.items


def owner_of(noun: Noun) -> str:
    """Return the name of the role that owns an object."""
    found: str = facts_of(noun).get("owner", OWNER)
    return found


def of_noun(noun: Noun) -> Grantable:
    """Return a table, view, sequence, schema, type or function."""
    facts = facts_of(noun)
    items, owner = read_items(facts.get("acl")), owner_of(noun)
    if noun.layout != "definition":
        return Grantable("r", "table", split_name(noun.name)[1], owner, items, noun)
    kind, _, name = split_definition(noun.name)
    word = {"m": "materialized view"}.get(kind_of(noun), kind)
    if kind == "function":
        word, name = _FUNCTIONS[facts.get("kind", "f")], name.partition("(")[0]
    return Grantable(_KINDS.get(kind, "T"), word, name, owner, items, noun)


def of_column(noun: Noun, column: Column) -> Grantable:
    """Return a column of a table or view."""
    items = read_items(column.extra.get(EXTRA, {}).get("acl"))
    return Grantable("c", "column", column.name, owner_of(noun), items, noun, column.column)


def of_sequence(sequence: Sequence) -> Grantable:
    """Return a sequence, by itself or behind a column."""
    if sequence.column is None:
        return of_noun(sequence.noun)
    column = next(c for c in sequence.noun.columns if c.column == sequence.column)
    items = read_items(column.extra.get(EXTRA, {}).get("sequence_acl"))
    owner = owner_of(sequence.noun)
    return Grantable(
        "S", "sequence", sequence.key[1], owner, items, sequence.noun, column.column, "sequence_acl"
    )


def of_system(catalog: Catalog, kind: str, word: str, name: str, oid: int) -> Grantable:
    """Return an object without a definition of its own: the database, a language, PostgreSQL's own functions, types and schemas."""
    key = f"{kind}.{oid}"
    noun = catalog.by_name.get(f"$acl {key}")
    facts: dict[str, Any] = {} if noun is None else facts_of(noun)
    owner = facts.get("owner", _SYSTEM_OWNERS.get(key, OWNER))
    items = read_items(facts.get("acl", _SYSTEM_ITEMS.get(key)))
    return Grantable(kind, word, name, owner, items, noun, key=key)


def of_schema(catalog: Catalog, objects: Objects, name: str) -> Grantable:
    """Return a schema."""
    noun = objects.schemas.get(name)
    if noun is None or name in NAMESPACES:
        return of_system(catalog, "n", "schema", name, namespace_oid(objects, name))
    return of_noun(noun)


DATABASE_OWNER = "pg_database_owner"
_SYSTEM_OWNERS = {f"n.{NAMESPACES['public']}": DATABASE_OWNER}
_SYSTEM_ITEMS = {
    f"n.{NAMESPACES['public']}": [
        [DATABASE_OWNER, DATABASE_OWNER, "UC", ""],
        [PUBLIC, DATABASE_OWNER, "U", ""],
    ],
    **{
        f"n.{NAMESPACES[name]}": [[OWNER, OWNER, "UC", ""], [PUBLIC, OWNER, "U", ""]]
        for name in ("pg_catalog", "information_schema")
    },
}
