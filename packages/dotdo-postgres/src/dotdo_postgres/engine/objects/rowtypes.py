"""Types of the rows of tables, made when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.naming import PUBLIC, quote_ident
from dotdo_postgres.engine.objects.kept import derived_oid
from dotdo_postgres.engine.relations import relation_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun

Key = tuple[str, str]


class RowTypes(dict[int, t.PgType]):
    """The types of a tenant by OID: those that users made, and those of the rows of its tables.

    Args:
        made: Types that users made.
        tables: Tables by schema and name.
    """

    def __init__(self, made: dict[int, t.PgType], tables: dict[Key, Noun]) -> None:
        super().__init__(made)
        self._tables = tables
        self._places: dict[int, Key] | None = None

    def _place(self, oid: int) -> Key | None:
        if self._places is None:
            self._places = {}
            for key, noun in self._tables.items():
                self._places[derived_oid(noun, "t", "")] = key
                self._places[derived_oid(noun, "a", "")] = key
        return self._places.get(oid)

    def __missing__(self, oid: int) -> t.PgType:
        key = self._place(oid)
        if key is None:
            raise KeyError(oid)
        for made in row_types(self._tables[key], *key):
            self[made.oid] = made
        return self[oid]

    def __contains__(self, oid: object) -> bool:
        return dict.__contains__(self, oid) or (
            isinstance(oid, int) and self._place(oid) is not None
        )

    def get(self, oid: int, default: object = None) -> object:  # type: ignore[override]  # makes what is missing
        """Return a type, the default when there is none."""
        return self[oid] if oid in self else default  # noqa: SIM401 -- get would call itself


def row_types(noun: Noun, schema: str, name: str) -> tuple[t.PgType, t.PgType]:
    """Return the type of a table's rows and that of arrays of them."""
    oid, array = derived_oid(noun, "t", ""), derived_oid(noun, "a", "")
    shown = quote_ident(name) if schema == PUBLIC else f"{quote_ident(schema)}.{quote_ident(name)}"
    fields = tuple((c.name, c.domain or c.type, c.typmod) for c in relation_of(noun).columns)
    return (
        t.PgType(oid, name, shown, -1, "C", False, 0, array, "c", fields=fields),
        t.PgType(array, f"_{name}"[:63], f"{shown}[]", -1, "A", False, oid, 0, "b"),
    )
