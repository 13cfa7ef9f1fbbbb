"""Rows as single values inside statements: JSON text of their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.mapping import arrays
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.mapping.codecs import StorageValue

Fields = tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class Row:
    """The value of a row variable: names, types and modifiers of its fields, and their values."""

    fields: Fields
    values: tuple[StorageValue, ...]

    def place(self, name: str) -> int | None:
        """Return where a field is, None when there is none of that name."""
        for at, found in enumerate(self.fields):
            if found[0] == name:
                return at
        return None


def row_value(row: ir.Row, oid: int) -> ir.Expr:
    """Return a row as one value of a row type."""
    return ir.Row(oid, -1, row.location, list(row.args), row.names)


def row_from_value(fields: Fields | None, value: str) -> Row:
    """Return the row behind a value; fields without names get those of ROW."""
    pairs = arrays.unpack(value)
    values = tuple(_plain(item, oid) for oid, item in pairs)
    if fields is None:
        fields = tuple((f"f{at}", oid, -1) for at, (oid, _) in enumerate(pairs, 1))
    return Row(fields, values[: len(fields)] + (None,) * (len(fields) - len(values)))


def _plain(item: Any, oid: int) -> Any:
    if item is not None and oid in {t.FLOAT4, t.FLOAT8}:
        return float(item)
    return (
        arrays.pack(item)
        if isinstance(item, list)
        else int(item)
        if isinstance(item, bool)
        else item
    )


def packed(row: Row) -> str:
    """Return the value that stands for a row."""
    return arrays.pack(
        [[oid, value] for (_, oid, _), value in zip(row.fields, row.values, strict=True)]
    )
