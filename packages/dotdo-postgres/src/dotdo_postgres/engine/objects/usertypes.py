"""Types that users made: enums, domains, composite types and ranges as the binder sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.naming import PUBLIC, quote_ident
from dotdo_postgres.engine.objects.kept import derived_oid, facts_of
from dotdo_postgres.engine.relations import EXTRA, FIRST_OID, column_type
from dotdo_postgres.errors import PostgresError
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo.storage import Noun

_FIELDS = 1 << 29  # beyond the numbers of nouns, below what is derived from them


def fields_oid(composite: t.PgType) -> int:
    """Return the OID of the relation that tells a composite type's fields."""
    return composite.oid | _FIELDS


def make_types(noun: Noun, schema: str, name: str) -> Iterator[t.PgType]:
    """Yield the type of a definition and the type of its arrays."""
    facts = facts_of(noun)
    oid, array = FIRST_OID + noun.id, derived_oid(noun, "a", "")
    shown = quote_ident(name) if schema == PUBLIC else f"{quote_ident(schema)}.{quote_ident(name)}"
    kind = facts["kind"]
    if kind == "enum":
        yield t.PgType(
            oid, name, shown, 4, "E", False, 0, array, "e", labels=tuple(facts["labels"])
        )
    elif kind == "domain":
        base = t.BY_OID[facts["base"]]
        yield t.PgType(
            oid, name, shown, base.size, base.category, False, 0, array, "d", base=base.oid, base_typmod=facts["typmod"],
        )  # fmt: skip
    elif kind == "composite":
        fields = tuple((n, kind, typmod) for n, kind, typmod in facts["fields"])
        yield t.PgType(oid, name, shown, -1, "C", False, 0, array, "c", fields=fields)
    yield t.PgType(array, f"_{name}"[:63], f"{shown}[]", -1, "A", False, oid, 0, "b")


def _fields(noun: Noun) -> tuple[tuple[str, int, int], ...]:
    """Return the columns of a relation as the fields of its rows; none where they are not known."""
    try:
        return tuple(
            (column.name, column.extra.get(EXTRA, {}).get("domain") or found[0], found[1])
            for column in noun.columns
            for found in (column_type(column),)
        )
    except PostgresError:
        return ()


def make_row_types(noun: Noun, schema: str, name: str) -> Iterator[t.PgType]:
    """Yield the type of a relation's rows and the type of their arrays; the columns are the relation's."""
    oid, array = derived_oid(noun, "t", ""), derived_oid(noun, "a", "")
    shown = quote_ident(name) if schema == PUBLIC else f"{quote_ident(schema)}.{quote_ident(name)}"
    yield t.PgType(oid, name, shown, -1, "C", False, 0, array, "c", fields=_fields(noun))
    yield t.PgType(array, f"_{name}"[:63], f"{shown}[]", -1, "A", False, oid, 0, "b")
