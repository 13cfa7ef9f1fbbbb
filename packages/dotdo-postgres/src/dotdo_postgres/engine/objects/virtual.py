"""Relations of pg_catalog and information_schema as tables that are computed when a statement names them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dotdo.storage import Column, Noun
from dotdo_postgres.engine.relations import Relation, RelationColumn
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import relations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dotdo_postgres.engine.objects.collected import Sequence as SequenceObject
    from dotdo_postgres.engine.objects.names import Names

PREFIX = "_pg "
"""Begins the name of a virtual table in the file's statements."""
SEQUENCE_PREFIX = "_pg sequence "
SEQUENCE_COLUMNS = (("last_value", t.INT8), ("log_cnt", t.INT8), ("is_called", t.BOOL))


def virtual_relation(names: Names, schema: str, name: str) -> Relation | None:
    """Describe a relation of the catalog; None when it is not kept here."""
    relation = _relation(schema, name) if f"{schema}.{name}" in names.computed else None
    if relation is not None:
        names.virtual[relation.noun.table] = relation
    return relation


@cache
def _relation(schema: str, name: str) -> Relation:
    qualified = f"{schema}.{name}"
    oid, _, columns = relations()[qualified]
    return _described(schema, name, oid, f"{PREFIX}{qualified}", columns)


def _described(
    schema: str, name: str, oid: int, table: str, columns: Iterable[tuple[str, int, int]]
) -> Relation:
    listed = tuple(
        RelationColumn(column, column, kind, typmod, number, is_nullable=True)
        for number, (column, kind, typmod) in enumerate(columns, start=1)
    )
    noun = Noun(0, name, "columns", table, tuple(Column(c.name, "any", c.name) for c in listed))
    return Relation(noun, name, oid, listed, schema)


def sequence_relation(names: Names, sequence: SequenceObject) -> Relation:
    """Describe a sequence as the relation of one row that it is."""
    schema, name = sequence.key
    columns = [(column, oid, -1) for column, oid in SEQUENCE_COLUMNS]
    table = f"{SEQUENCE_PREFIX}{sequence.counter} {schema}.{name}"  # counters come again after a rollback
    relation = _described(schema, name, sequence.oid, table, columns)
    names.virtual[table] = relation
    return relation


def is_virtual(relation: Relation) -> bool:
    """Tell whether a relation is computed, so that it cannot be written to."""
    return relation.noun.table.startswith(PREFIX)
