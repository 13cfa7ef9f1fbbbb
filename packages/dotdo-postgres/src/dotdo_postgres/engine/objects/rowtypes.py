"""The types of rows: which columns a composite type, a table or a view has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.objects.kept import derived_oid, kind_of
from dotdo_postgres.engine.relations import relation_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.objects.names import Names

Field = tuple[str, int, int]


def fields_of(names: Names, oid: int) -> tuple[Field, ...] | None:
    """Return the columns of a row type: names, types (domains as such) and modifiers; None when it is no row type."""
    made = t.BY_OID.get(oid)
    if made is not None and made.kind == "c" and made.fields:
        return tuple(made.fields)
    if made is not None and made.kind == "d":
        return fields_of(names, made.base)
    noun = row_types(names).get(oid)
    if noun is None:
        return None
    columns = relation_of(noun).columns
    return tuple((c.name, c.domain or c.type, c.typmod) for c in columns)


def row_types(names: Names) -> dict[int, Noun]:
    """Return the tables and views by the OID of their rows' type."""
    found = names.catalog.derived.get(row_types)
    if not isinstance(found, dict):
        found = {
            derived_oid(noun, "t", ""): noun
            for noun in names.objects.relations.values()
            if kind_of(noun) != "S"
        }
        names.catalog.derived[row_types] = found
    return found
