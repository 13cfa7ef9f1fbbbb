"""Rows of the relations of pg_catalog and information_schema, computed when a statement names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import ComputedRows
from dotdo_postgres.engine.catalog.provided import providers
from dotdo_postgres.engine.objects.virtual import SEQUENCE_PREFIX
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import static_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.catalog.providers import Provider
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session


def rows_of(session: Session, relation: Relation) -> ComputedRows:
    """Compute the rows of a relation as the session sees it now."""
    if relation.noun.table.startswith(SEQUENCE_PREFIX):
        return _sequence_row(session, relation)
    session.documents.describe_all(session.names)
    qualified = f"{relation.schema}.{relation.name}"
    provider = providers().get(qualified)
    derived = session.names.catalog.derived
    key = ("rows", qualified)
    found = derived.get(key)
    if isinstance(found, ComputedRows):
        return found
    made = ComputedRows(_rows(session, relation, provider))
    if provider is None or not provider.needs_session:
        derived[key] = made
    return made


def _rows(session: Session, relation: Relation, provider: Provider | None) -> list[tuple[Any, ...]]:
    columns = relation.columns
    is_list = [at for at, column in enumerate(columns) if _is_list(column.type)]
    found = [_packed(row, is_list) for row in static_rows(relation.name)]
    if relation.schema != "pg_catalog":
        found = []
    if provider is None:
        return found
    if provider.is_whole:
        found = []
    names = [column.name for column in columns]
    blank = (
        [_BLANKS.get(column.type) for column in columns]
        if provider.has_blanks
        else [None] * len(names)
    )
    for row in provider.rows(session):
        values = tuple(row.get(name, empty) for name, empty in zip(names, blank, strict=True))
        found.append(_packed(values, is_list))
    return found


_BLANKS: dict[int, Any] = {16: 0, 26: 0, 24: 0, 21: 0, 23: 0, 18: "", 28: 0, 700: 0.0}


def _is_list(oid: int) -> bool:
    return oid in {22, 30} or t.BY_OID[oid].category == "A"


def _packed(row: Sequence[Any], is_list: list[int]) -> tuple[Any, ...]:
    if not is_list:
        return tuple(row)
    values = list(row)
    for at in is_list:
        if isinstance(values[at], (list, tuple)):
            values[at] = arrays.pack(list(values[at]))
    return tuple(values)


def _sequence_row(session: Session, relation: Relation) -> ComputedRows:
    sequence = session.names.sequence(relation.schema, relation.name)
    if sequence is None:
        return ComputedRows([])
    last, is_called = session.sequences.state(sequence)
    return ComputedRows([(last, 32 if is_called else 0, int(is_called))])
