"""A table's columns, indexes and constraints in the form in which the catalog lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Index
from dotdo_postgres.engine.documents.indexing import columns_by_term, shown_indexes
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.objects.columns import type_facts
from dotdo_postgres.engine.objects.kept import HIDDEN, derived_oid, facts_of
from dotdo_postgres.engine.relations import EXTRA, FIRST_OID, relation_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Catalog, Noun

_ACTIONS = {"no action": "a", "restrict": "r", "cascade": "c", "set null": "n", "set default": "d"}
DESCENDING, NULLS_FIRST = 1, 2


@dataclass(slots=True, frozen=True)
class TableColumn:
    """A column as `pg_attribute` has it."""

    name: str
    physical: str
    type: int
    typmod: int
    number: int
    is_nullable: bool
    has_default: bool
    identity: str
    generated: Any
    default: Any
    sequence: str | None


@dataclass(slots=True, frozen=True)
class IndexKey:
    """One column or expression of an index; `options` as in `pg_index.indoption`."""

    name: str
    physical: str | None
    type: int
    options: int
    text: str = ""


@dataclass(slots=True, frozen=True)
class IndexEntry:
    """An index, that of a key or unique constraint included."""

    name: str
    oid: int
    keys: tuple[IndexKey, ...]
    is_unique: bool
    is_primary: bool
    where: str | None
    key_count: int
    is_constraint: bool = False
    method: str = "btree"


@dataclass(slots=True, frozen=True)
class ConstraintEntry:
    """A constraint as `pg_constraint` has it."""

    name: str
    oid: int
    kind: str
    columns: tuple[int, ...] = ()
    index_oid: int = 0
    target_oid: int = 0
    target_columns: tuple[int, ...] = ()
    on_update: str = " "
    on_delete: str = " "
    match: str = " "
    is_deferrable: bool = False
    is_deferred: bool = False
    is_validated: bool = True
    operators: tuple[int, ...] = ()
    source: str = ""
    target: str = ""


def table_columns(noun: Noun) -> list[TableColumn]:
    """Return the columns of a table or view."""
    found = []
    for column in relation_of(noun).columns:
        has_default = (
            column.default is not None
            or column.generated is not None
            or (column.sequence is not None and not column.identity)
        )
        kind = column.domain or column.type
        own = noun.column(column.name)
        facts = {} if own is None else own.extra.get(EXTRA, {})
        found.append(
            TableColumn(
                column.name,
                column.physical,
                kind,
                -1 if column.domain else column.typmod,
                column.number,
                column.is_nullable,
                has_default,
                column.identity,
                column.generated,
                column.default,
                facts.get("sequence"),
            )
        )
    return found


def index_entries(noun: Noun) -> list[IndexEntry]:
    """Return the indexes of a table, in the order in which they were made, the primary key's first."""
    found = []
    names = {column.column: column.name for column in noun.columns}
    if noun.key and noun.key_name:
        keys = tuple(IndexKey(names[c], c, 0, 0) for c in noun.key)
        oid = derived_oid(noun, "i", noun.key_name)
        found.append(IndexEntry(noun.key_name, oid, keys, True, True, None, len(keys), True))
    for unique in noun.uniques:
        keys = tuple(IndexKey(names[c], c, 0, 0) for c in unique.columns)
        oid = derived_oid(noun, "i", unique.name)
        found.append(IndexEntry(unique.name, oid, keys, True, False, None, len(keys), True))
    unbuilt = [msgspec.convert(item, Index) for item in facts_of(noun).get("unbuilt", ())]
    found.extend(_secondary(noun, index) for index in (*shown_indexes(noun), *unbuilt))
    return found


def _secondary(noun: Noun, index: Index) -> IndexEntry:
    facts = index.extra.get(EXTRA, {})
    by_physical = {f'"{column.column}"': column for column in noun.columns}
    by_physical |= columns_by_term(noun)
    keys = []
    expressions = facts.get("expressions", {})
    for at, term in enumerate(index.terms):
        bare, options = _direction(term, facts.get("nulls", {}).get(str(at)))
        column = by_physical.get(bare)
        if column is not None:
            keys.append(IndexKey(column.name, column.column, 0, options))
        else:
            told = expressions.get(str(at), {})
            keys.append(
                IndexKey(
                    told.get("name", "expr"),
                    None,
                    told.get("type", t.TEXT),
                    options,
                    told.get("text", bare),
                )
            )
    count = len(keys)
    names = {column.column: column.name for column in noun.columns}
    keys += [IndexKey(names[c], c, 0, 0) for c in facts.get("include", ()) if c in names]
    oid = derived_oid(noun, "i", index.name)
    where = facts.get("where", index.where) if index.where is not None else None
    method = facts.get("method", "btree")
    return IndexEntry(
        index.name, oid, tuple(keys), index.is_unique, False, where, count, method=method
    )


def _direction(term: str, nulls: str | None) -> tuple[str, int]:
    """Return a term without its direction, and the direction as `pg_index.indoption` has it."""
    is_descending = term.endswith(" desc")
    is_first = nulls == "first" if nulls is not None else is_descending
    options = (DESCENDING if is_descending else 0) | (NULLS_FIRST if is_first else 0)
    return term.removesuffix(" desc"), options


def constraint_entries(catalog: Catalog, noun: Noun) -> list[ConstraintEntry]:
    """Return the constraints of a table."""
    columns = table_columns(noun)
    numbers = {column.physical: column.number for column in columns}
    kinds = {column.physical: column.type for column in columns}
    unvalidated = set(facts_of(noun).get("not_valid", ()))
    found = []
    full = set(facts_of(noun).get("match_full", ()))
    for check in () if is_documents(noun) else noun.checks:
        if check.name.startswith(HIDDEN):
            continue
        used = tuple(numbers[c] for c in numbers if f'"{c}"' in check.sql)
        found.append(
            ConstraintEntry(check.name, derived_oid(noun, "c", check.name), "c", used, source=check.source,
                            is_validated=check.name not in unvalidated)
        )  # fmt: skip
    if noun.key and noun.key_name:
        places = tuple(numbers[c] for c in noun.key)
        found.append(
            ConstraintEntry(noun.key_name, derived_oid(noun, "c", noun.key_name), "p", places,
                            derived_oid(noun, "i", noun.key_name))
        )  # fmt: skip
    for unique in noun.uniques:
        places = tuple(numbers[c] for c in unique.columns)
        found.append(
            ConstraintEntry(unique.name, derived_oid(noun, "c", unique.name), "u", places,
                            derived_oid(noun, "i", unique.name))
        )  # fmt: skip
    for fk in noun.foreign_keys:
        target = catalog.noun(fk.target)
        if target is None:
            continue
        there = {c.physical: c.number for c in table_columns(target)}
        found.append(
            ConstraintEntry(
                fk.name,
                derived_oid(noun, "c", fk.name),
                "f",
                tuple(numbers[c] for c in fk.columns),
                _index_of_key(target, fk.target_columns),
                FIRST_OID + target.id,
                tuple(there[c] for c in fk.target_columns),
                _ACTIONS[fk.on_update],
                _ACTIONS[fk.on_delete],
                "f" if fk.name in full else "s",
                fk.is_deferrable,
                fk.is_deferred,
                fk.name not in unvalidated,
                tuple(type_facts(kinds[c]).equality for c in fk.columns),
                target=fk.target,
            )
        )
    return found


def _index_of_key(target: Noun, columns: tuple[str, ...]) -> int:
    for entry in index_entries(target):
        if entry.is_unique and {key.physical for key in entry.keys} == set(columns):
            return entry.oid
    return 0
