"""Rows of storage values as the Python values that psycopg's loaders would give, without text in between."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from dotdo_postgres.client import seam
from dotdo_postgres.client.adapters import AdaptersMap
from dotdo_postgres.mapping.floats import NAN

JSON, JSONB = 114, 3802
Loader = Callable[[Any], Any]
LoaderOf = Callable[[int], Callable[[bytes], Any]]
"""OID -> what reads a value of that type from text."""


def loaders(
    columns: Sequence[Any], adapters: AdaptersMap, loader_of: LoaderOf
) -> list[Loader | None] | None:
    """Return for each column what makes the Python value of a storage value; None when all are Python values."""
    by_column: list[Loader | None] = [
        native(column)
        if adapters.has_stock_loader(column.oid)
        else through_text(column.codec.to_text, loader_of(column.oid))
        for column in columns
    ]
    return by_column if any(by_column) else None


def native(column: Any) -> Loader | None:
    """Return what does as psycopg's own loader; of JSON, by the function that the application chose."""
    if column.oid in {JSON, JSONB}:
        to_text = column.codec.to_text
        return lambda stored: seam.json_loads()(to_text(stored).encode())
    loader: Loader | None = column.codec.to_python
    return loader


def through_text(to_text: Callable[[Any], str], load: Callable[[bytes], Any]) -> Loader:
    """Return what writes a value as text and lets a loader read it."""
    return lambda stored: load(to_text(stored).encode())


def load(
    rows: Sequence[tuple[Any, ...]], by_column: Sequence[Loader | None] | None
) -> Sequence[tuple[Any, ...]]:
    """Return rows of Python values."""
    if by_column is None or not rows:
        return rows
    if len(rows) == 1:
        return [load_row(rows[0], by_column)]
    if all(loader is None or loader is float for loader in by_column) and not has_nan(
        rows, by_column
    ):
        return rows
    columns: list[Any] = list(zip(*rows, strict=True))
    for number, loader in enumerate(by_column):
        if loader is not None:
            columns[number] = load_column(columns[number], loader)
    return list(zip(*columns, strict=True))


def has_nan(rows: Sequence[tuple[Any, ...]], by_column: Sequence[Loader | None]) -> bool:
    """Tell whether a column of doubles has NaN, which alone is stored as anything but the number."""
    return any(
        NAN in map(itemgetter(number), rows)
        for number, loader in enumerate(by_column)
        if loader is float
    )


def load_row(row: Sequence[Any], by_column: Sequence[Loader | None]) -> tuple[Any, ...]:
    """Return one row of Python values."""
    values = list(row)
    for number, loader in enumerate(by_column):
        if loader is not None and values[number] is not None:
            values[number] = loader(values[number])
    return tuple(values)


def load_column(values: tuple[Any, ...], loader: Loader) -> list[Any]:
    """Return one column of Python values; NULL stays None."""
    if None in values:
        return [None if value is None else loader(value) for value in values]
    return list(map(loader, values))
