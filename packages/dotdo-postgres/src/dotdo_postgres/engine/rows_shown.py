"""Rows and keys as the details of errors show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.compile.document_values import shown_key
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.mapping import codecs, numeric_codecs
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.relations import Relation, RelationColumn


Row = dict[str, Any]


MAX_SHOWN = 64


def show(column: RelationColumn, value: Any) -> str:
    """Write a stored value as PostgreSQL's text."""
    if value is None:
        return "null"
    if column.type == t.NUMERIC:
        codec = (
            numeric_codecs.NUMERIC_BYTES
            if column.scale is None
            else numeric_codecs.numeric_scaled(column.scale)
        )
        return codec.to_text(value)
    if column.type == t.JSONB and isinstance(value, bytes):
        return "..."
    codec_found = codecs.codec_of(column.type)
    return codec_found.to_text(value) if codec_found else str(value)


def _clipped(text: str) -> str:
    data = text.encode()
    return text if len(data) <= MAX_SHOWN else data[:MAX_SHOWN].decode(errors="ignore") + "..."


def failing_row(relation: Relation, row: Row) -> str:
    """Return the detail that shows a row at fault."""
    shown = ", ".join(
        _clipped(show(column, row.get(column.physical))) for column in relation.columns
    )
    return f"Failing row contains ({shown})."


def error_fields(relation: Relation, **more: str | None) -> dict[str, Any]:
    """Return the fields of an error that name a relation, and what more is given."""
    return {"schema": relation.schema, "table": relation.name, **more}


def key_text(relation: Relation, columns: Sequence[str], row: Row) -> str:
    """Write `(a, b)=(1, x)`."""
    by_physical = {column.physical: column for column in relation.columns}
    names = ", ".join(by_physical[name].name for name in columns)
    if is_documents(relation.noun):
        return f"({names})=({', '.join(shown_key(row.get(name)) for name in columns)})"
    values = ", ".join(show(by_physical[name], row.get(name)) for name in columns)
    return f"({names})=({values})"
