"""Tables as PostgreSQL sees them: a noun's columns with OIDs, type modifiers, defaults; it refuses to look at rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.naming import quote_ident, split_name
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage.schema import Column, Noun

EXTRA = "postgres"
FIRST_OID = 16384
MAX_SCALED_PRECISION = 18
_CANONICAL = {
    "boolean": t.BOOL, "smallint": t.INT2, "integer": t.INT4, "bigint": t.INT8, "real": t.FLOAT4, "double": t.FLOAT8,
    "numeric": t.NUMERIC, "text": t.TEXT, "bytes": t.BYTEA, "uuid": t.UUID, "date": t.DATE, "time": t.TIME,
    "timestamp": t.TIMESTAMP, "timestamptz": t.TIMESTAMPTZ, "interval": t.INTERVAL, "json": t.JSON, "jsonb": t.JSONB,
}  # fmt: skip
CANONICAL_NAMES = {oid: name for name, oid in _CANONICAL.items()} | {
    t.CITEXT: "citext", t.VARCHAR: "text", t.BPCHAR: "text", t.NAME: "text", t.OID: "bigint",
    t.INET: "bytes", t.CIDR: "bytes", t.MACADDR: "bytes", t.MACADDR8: "bytes", t.TIMETZ: "bytes",
}  # fmt: skip
_AS_BYTES = frozenset({t.TIMETZ, t.INET, t.CIDR, t.MACADDR, t.MACADDR8})
_AS_TEXT = frozenset({t.JSONPATH, t.TSVECTOR, t.TSQUERY, t.VECTOR})
_LIMITED = {t.VARCHAR: "varchar", t.BPCHAR: "char"}
_LIMITED_OIDS = {name: oid for oid, name in _LIMITED.items()}
_TEXT = re.compile(r"(varchar|char)\((\d+)\)")
_NUMERIC = re.compile(r"numeric\((\d+),\s*(-?\d+)\)")


@dataclass(slots=True, frozen=True)
class RelationColumn:
    """A column of a table.

    Args:
        name: Name in SQL.
        physical: Name in the file.
        type: OID.
        typmod: Type modifier.
        number: `attnum`, from 1.
        is_nullable: NULL is allowed.
        default: Default as SQL text of PostgreSQL, None without.
        sequence: Name of the sequence noun behind a serial or identity column.
        identity: `a`lways, `d`efault or empty.
        generated: Generation expression as SQL text of PostgreSQL, None without.
        domain: OID of the domain, 0 when the type is none; `type` is what it is made of.
    """

    name: str
    physical: str
    type: int
    typmod: int
    number: int
    is_nullable: bool
    default: str | None = None
    sequence: str | None = None
    identity: str = ""
    generated: str | None = None
    domain: int = 0

    @property
    def scale(self) -> int | None:
        """Decimal places of a numeric kept as a scaled integer, None for byte strings and other types."""
        if self.type != t.NUMERIC or self.typmod < 0:
            return None
        precision, scale = t.numeric_limits(self.typmod)
        return scale if precision <= MAX_SCALED_PRECISION and 0 <= scale <= precision else None


@dataclass(slots=True, frozen=True)
class Relation:
    """A table, or a relation of the catalog: its noun and its columns.

    Args:
        noun: What keeps it.
        name: Bare name.
        oid: Number in `pg_class`.
        columns: Its columns.
        schema: Name of its schema.
        snapshot: Names what is read in its place.
    """

    noun: Noun
    name: str
    oid: int
    columns: tuple[RelationColumn, ...]
    schema: str = "public"
    snapshot: str = ""

    def column(self, name: str) -> RelationColumn | None:
        """Return the column of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        return None


def column_type(column: Column) -> tuple[int, int]:
    """Return OID and type modifier of a noun's column."""
    facts: dict[str, Any] = column.extra.get(EXTRA, {})
    if "oid" in facts:
        return facts["oid"], facts.get("typmod", -1)
    match = _NUMERIC.fullmatch(column.type)
    if match:
        return t.NUMERIC, t.numeric_typmod(int(match[1]), int(match[2]))
    limited = _TEXT.fullmatch(column.type)
    if limited:
        return _LIMITED_OIDS[limited[1]], int(limited[2]) + 4
    oid = _CANONICAL.get(column.type)
    if oid is None:
        raise not_supported(f"a column of type {column.type}")
    return oid, -1


def canonical_type(oid: int, typmod: int) -> str:
    """Return the kernel's name of a column type.

    Raises:
        PostgresError: values of the type cannot be stored yet (SQLSTATE 0A000).
    """
    if oid == t.NUMERIC and typmod >= 0:
        precision, scale = t.numeric_limits(typmod)
        return f"numeric({precision},{scale})"
    if oid in _LIMITED and typmod >= 0:
        return f"{_LIMITED[oid]}({typmod - 4})"
    name = CANONICAL_NAMES.get(oid)
    if name is None and (t.BY_OID[oid].category in {"A", "R", "V"} or oid in _AS_TEXT):
        return "text"
    if oid in _AS_BYTES:
        return "bytes"
    if name is None and t.BY_OID[oid].kind in {"e", "c"}:
        return "text"
    if name is None:
        raise not_supported(f"a column of type {t.format_type(oid)}")
    return name


def relation_of(noun: Noun) -> Relation:
    """Describe a noun as a table; the same noun gives the same description."""
    found = _described.get(noun.id)
    if found is None or found.noun is not noun:
        found = _describe(noun)
        if noun.id:
            _described[noun.id] = found
    return found


_described: dict[int, Relation] = {}


def _qualified(schema: str, sequence: str | None) -> str | None:
    """Name a sequence so that the search path does not matter."""
    return None if sequence is None else f"{quote_ident(schema)}.{quote_ident(sequence)}"


def _describe(noun: Noun) -> Relation:
    """Describe a noun as a table.

    Raises:
        PostgresError: a column has a type that is missing here (SQLSTATE 0A000).
    """
    schema, name = split_name(noun.name)
    columns = []
    for number, column in enumerate(noun.columns, start=1):
        is_key = column.type == "any" and noun.layout == "document"  # not described yet
        oid, typmod = (t.TEXT, -1) if is_key else column_type(column)
        facts = column.extra.get(EXTRA, {})
        columns.append(
            RelationColumn(
                column.name,
                column.column,
                oid,
                typmod,
                facts.get("number", number),
                column.is_nullable,
                facts.get("default"),
                _qualified(schema, facts.get("sequence")),
                facts.get("identity", ""),
                facts.get("generated"),
                facts.get("domain", 0),
            )
        )
    return Relation(noun, name, FIRST_OID + noun.id, tuple(columns), schema)
