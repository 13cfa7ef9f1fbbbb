"""Rows as single values inside statements: JSON text of their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.mapping import arrays, floats, records
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
    return ir.Row(oid, -1, row.location, list(row.args), row.absent, row.names)


def row_from_value(fields: Fields | None, value: str) -> Row:
    """Return the row behind a value; an anonymous one brings its types along, whose fields get the names of ROW."""
    if value.startswith("{"):
        types = records.types_of(t.RECORD, value)
        items = records.unpack(t.RECORD, value)
        fields = fields or tuple((f"f{at}", oid, -1) for at, oid in enumerate(types, 1))
    else:
        assert fields is not None  # of its type
        items, types = arrays.unpack(value), [oid for _, oid, _ in fields]
    values = tuple(_plain(item, oid) for item, oid in zip(items, types, strict=False))
    return Row(fields, values[: len(fields)] + (None,) * (len(fields) - len(values)))


def _plain(item: Any, oid: int) -> Any:
    if item is not None and oid in {t.FLOAT4, t.FLOAT8}:
        return item if item == floats.NAN else float(item)
    return (
        arrays.pack(item)
        if isinstance(item, list)
        else int(item)
        if isinstance(item, bool)
        else item
    )


def packed(row: Row, oid: int) -> str:
    """Return the value that stands for a row of a type, or for an anonymous one."""
    if oid == t.RECORD:
        return records.pack_record([kind for _, kind, _ in row.fields], row.values)
    return arrays.pack(list(row.values))
