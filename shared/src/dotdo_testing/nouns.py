"""Nouns for tests, written as `table_noun("t", id="bigint", v="text")`: tables whose first column is the key."""

from typing import Any

from dotdo.storage import Column, Noun


def table_noun(name: str, /, *, key: int = 1, required: tuple[str, ...] = (), **given: Any) -> Noun:
    """Return the definition of a table; it is not created.

    Args:
        name: Of the noun and its table.
        key: How many of the first columns are the primary key; one whole number alone is the row id.
        required: Columns that are never NULL, beside those of the key.
        given: Canonical types by column; what is no text is a part of the definition (`uniques`, `foreign_keys`, `indexes`, `owner=...`).
    """
    types = {column: kind for column, kind in given.items() if isinstance(kind, str)}
    rest = {part: value for part, value in given.items() if part not in types}
    names = tuple(types)[:key]
    columns = tuple(
        Column(column, kind, column, is_nullable=column not in {*names, *required})
        for column, kind in types.items()
    )
    rowid = names[0] if [types[column] for column in names] == ["bigint"] else "_id"
    return Noun(0, name, "columns", name, columns=columns, key=names, rowid=rowid, **rest)
