"""The objects of one version of the kernel's catalog as SQL sees them: relations, sequences, types, schemas; found by schema and name."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.documents.present import is_table
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.kept import derived_oid, facts_of, kind_of
from dotdo_postgres.engine.objects.usertypes import make_row_types, make_types
from dotdo_postgres.engine.relations import EXTRA, FIRST_OID
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.extension_types import BY_EXTENSION

if TYPE_CHECKING:
    from dotdo.graph import Shape
    from dotdo.storage import Catalog, Noun

Key = tuple[str, str]
KINDS = {
    "r": "table", "v": "view", "m": "materialized view", "S": "sequence", "i": "index", "c": "type",
}  # fmt: skip


@dataclass(slots=True, frozen=True)
class Sequence:
    """A sequence: by itself, or behind a serial or identity column.

    Args:
        key: Schema and name.
        noun: Its definition, or the table of the column.
        counter: The kernel's counter.
        column: Physical name of the column behind which it stands, None when it stands alone.
        type: OID of its values.
        start, increment, minimum, maximum, cache, is_cycled: As in `pg_sequence`.
        owner: Number of the noun and column name of OWNED BY, None without.
    """

    key: Key
    noun: Noun
    counter: str
    column: str | None
    type: int = t.INT8
    start: int = 1
    increment: int = 1
    minimum: int = 1
    maximum: int = (1 << 63) - 1
    cache: int = 1
    is_cycled: bool = False
    owner: tuple[int, str] | None = None

    @property
    def oid(self) -> int:
        """Its OID in `pg_class`."""
        return (
            FIRST_OID + self.noun.id
            if self.column is None
            else derived_oid(self.noun, "S", self.column)
        )


@dataclass(slots=True)
class Objects:
    """What is in a catalog.

    Args:
        schemas: Definition of each schema, None of those that are there without one.
        relations: Tables, views and materialized views.
        sequences: All sequences.
        indexes: The table of each index.
        types: Types that users made: OID by schema and name.
        by_oid: The same, by OID.
        functions: Definitions of functions and procedures by schema and name.
        operators: Definitions of operators by name.
        default_acls: What ALTER DEFAULT PRIVILEGES keeps, by role, schema (empty for all) and kind of object.
        row_types: Tables, whose rows are of types of the same names.
        described: Nouns of documents as tables, by number, each with what it was described by.
        children: Tables that inherit from a table or are its partitions, by its number.
    """

    schemas: dict[str, Noun | None] = field(default_factory=dict)
    relations: dict[Key, Noun] = field(default_factory=dict)
    sequences: dict[Key, Sequence] = field(default_factory=dict)
    indexes: dict[Key, Noun] = field(default_factory=dict)
    types: dict[Key, int] = field(default_factory=dict)
    by_oid: dict[int, t.PgType] = field(default_factory=dict)
    functions: dict[Key, list[Noun]] = field(default_factory=dict)
    roles: dict[str, Noun] = field(default_factory=dict)
    extensions: dict[str, Noun] = field(default_factory=dict)
    operators: dict[str, list[Noun]] = field(default_factory=dict)
    default_acls: dict[tuple[str, str, str], Noun] = field(default_factory=dict)
    described: dict[int, tuple[Shape, Noun]] = field(default_factory=dict)
    children: dict[int, list[Noun]] = field(default_factory=dict)
    row_types: dict[Key, Noun] = field(default_factory=dict)

    def relation_kind(self, key: Key) -> str | None:
        """Return `relkind` of the relation of that name, None when there is none."""
        noun = self.relations.get(key)
        if noun is not None:
            return kind_of(noun)
        if key in self.sequences:
            return "S"
        return "i" if key in self.indexes else None


def objects_of(catalog: Catalog) -> Objects:
    """Return the objects of a catalog, made once for each version of it."""
    found = catalog.derived.get(Objects)
    if not isinstance(found, Objects):
        found = catalog.derived[Objects] = _collect(catalog)
    return found


def _collect(catalog: Catalog) -> Objects:
    found = Objects(schemas={"public": None})
    for noun in catalog.by_name.values():
        if noun.layout == "definition":
            kind, schema, name = split_definition(noun.name)
            _DEFINITIONS.get(kind, _ignore)(found, noun, schema, name)
        elif not noun.name.startswith("$") and is_table(noun):
            _table(found, noun)
    return found


def _ignore(found: Objects, noun: Noun, schema: str, name: str) -> None:
    """Nothing that has a name of its own in SQL."""


def _table(found: Objects, noun: Noun) -> None:
    schema, name = split_name(noun.name)
    found.schemas.setdefault(schema, None)
    found.relations[schema, name] = noun
    for made in make_row_types(noun, schema, name):
        found.by_oid[made.oid] = made
    for number in facts_of(noun).get("inherits", ()):
        found.children.setdefault(number, []).append(noun)
    if noun.layout == "columns":
        found.row_types[schema, name] = noun
    for label in index_names_of(noun):
        found.indexes[schema, label] = noun
    for column in noun.columns:
        facts = column.extra.get(EXTRA, {})
        label = facts.get("sequence")
        if label is not None and isinstance(label, str):
            found.sequences[schema, label] = serial_sequence(noun, column, (schema, label))


def index_names_of(noun: Noun) -> list[str]:
    """Return the names of a table's indexes, those of its keys included."""
    names = [*(item.name for item in noun.uniques), *(item.name for item in noun.indexes)]
    names += [item["name"] for item in facts_of(noun).get("unbuilt", ())]
    return [noun.key_name, *names] if noun.key_name and noun.key else names


_LIMITS = {t.INT2: (1 << 15) - 1, t.INT4: (1 << 31) - 1, t.INT8: (1 << 63) - 1}


def serial_sequence(noun: Noun, column: Any, key: Key) -> Sequence:
    """Return the sequence behind a serial or identity column."""
    from dotdo.storage.counters import sequence_counter

    facts = column.extra[EXTRA]
    oid = facts.get("oid", t.INT8)
    made = {"type": oid, "maximum": _LIMITS.get(oid, _LIMITS[t.INT8])} | facts.get("options", {})
    return Sequence(
        key, noun, sequence_counter(noun.id, column.column), column.column,
        owner=(noun.id, column.name), **made,
    )  # fmt: skip


def _sequence(found: Objects, noun: Noun, schema: str, name: str) -> None:
    from dotdo.storage.counters import sequence_counter

    facts = facts_of(noun)
    owner = tuple(facts["owned_by"]) if facts.get("owned_by") else None
    found.sequences[schema, name] = Sequence(
        (schema, name), noun, sequence_counter(noun.id, ""), None, owner=owner, **facts["options"]
    )


def _schema(found: Objects, noun: Noun, schema: str, name: str) -> None:
    found.schemas[name] = noun


def _view(found: Objects, noun: Noun, schema: str, name: str) -> None:
    found.relations[schema, name] = noun
    for made in make_row_types(noun, schema, name):
        found.by_oid[made.oid] = made


def _type(found: Objects, noun: Noun, schema: str, name: str) -> None:
    oid = FIRST_OID + noun.id
    found.types[schema, name] = oid
    for made in make_types(noun, schema, name):
        found.by_oid[made.oid] = made
        if made.oid != oid:
            found.types[schema, made.name] = made.oid


def _function(found: Objects, noun: Noun, schema: str, name: str) -> None:
    found.functions.setdefault((schema, name.partition("(")[0]), []).append(noun)


def _role(found: Objects, noun: Noun, schema: str, name: str) -> None:
    found.roles[name] = noun


def _extension(found: Objects, noun: Noun, schema: str, name: str) -> None:
    found.extensions[name] = noun
    for oid in BY_EXTENSION.get(name, ()):
        made = t.BY_OID[oid]
        found.types[facts_of(noun)["schema"], made.name] = oid
        found.by_oid[oid] = made


def _operator(found: Objects, noun: Noun, schema: str, name: str) -> None:
    found.operators.setdefault(facts_of(noun)["name"], []).append(noun)


def _default_acl(found: Objects, noun: Noun, schema: str, name: str) -> None:
    facts = facts_of(noun)
    found.default_acls[facts["role"], facts["schema"], facts["kind"]] = noun


_DEFINITIONS = {
    "defacl": _default_acl,
    "operator": _operator,
    "schema": _schema, "view": _view, "sequence": _sequence, "type": _type, "function": _function,
    "role": _role, "extension": _extension,
}  # fmt: skip
