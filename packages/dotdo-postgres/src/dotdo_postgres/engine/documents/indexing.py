"""Indexes over fields of documents: terms that every door's queries have, and which columns they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo.graph import field_expression
from dotdo.graph.nouns import member_path
from dotdo.storage.names import literal
from dotdo_postgres.engine.documents.present import KEY, WHOLE, field_of, is_documents, undescribed
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from dotdo.storage import Column, Index, Noun


def index_term(noun: Noun, name: str) -> str:
    """Return the term of an index over a column.

    Args:
        noun: As `described` gives it.
        name: Name of the column.

    Raises:
        PostgresError: its values are not what SQLite compares (0A000).
    """
    if name == KEY:
        return '"id"'
    if name == WHOLE or "." in name or not field_of(noun, name).is_plain:
        raise not_supported(f'an index over "{name}" of documents')
    return field_expression(undescribed(noun), name)


def columns_by_term(noun: Noun) -> dict[str, Column]:
    """Return the columns of documents by the terms that indexes of every door have for them."""
    if not is_documents(noun):
        return {}
    found = {}
    for column in noun.columns:
        if column.name not in {KEY, WHOLE}:
            for path in (column.name, f'$."{column.name}"', member_path(column.name)):
                found[f"data ->> {literal(path)}"] = column
    return found


def shown_indexes(noun: Noun) -> tuple[Index, ...]:
    """Return the indexes that SQL lists: not those over what MongoDB's own have apart."""
    return tuple(
        index
        for index in noun.indexes
        if not ("mongo" in index.extra and index.terms == ("_id",) and is_documents(noun))
    )
