"""Type names of the parse tree: OID, type modifier, arrays; unknown types are PostgreSQL's error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.binder import names_of
from dotdo_postgres.engine.objects.kept import derived_oid
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import interval
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.vectors import MAX_DIMENSIONS

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.names import Names

MAX_LENGTH = 10485760
MAX_BITS = MAX_LENGTH * 8


def resolve_type(node: dict[str, Any], names: Names | None = None) -> tuple[int, int]:
    """Read a TypeName.

    Args:
        node: Parse node.
        names: Resolves names of types that users made.

    Returns:
        OID and type modifier.

    Raises:
        PostgresError: 42704 no such type, 22023 bad modifier, 0A000.
    """
    parts = names_of(node["names"])
    name = parts[-1]
    location = node.get("location", 0)
    pg_type = t.BY_NAME.get(name) if len(parts) == 1 or parts[0] == "pg_catalog" else None
    if pg_type is None and names is not None:
        oid = names.type(parts[-2] if len(parts) > 1 else None, name)
        if oid is None:
            oid = _row_type(names, parts)
        pg_type = None if oid is None else t.BY_OID.get(oid)
    if node.get("setof") or node.get("pct_type"):
        raise not_supported("a type of this form", location)
    if pg_type is None:
        raise error("42704", f'type "{".".join(parts)}" does not exist', position=location)
    modifiers = [modifier(item) for item in node.get("typmods", [])]
    typmod = typmod_of(pg_type.oid, modifiers, location)
    if node.get("arrayBounds"):
        if not pg_type.array:
            raise not_supported(f"an array of {pg_type.sql_name}", location)
        return pg_type.array, typmod
    return pg_type.oid, typmod


def _row_type(names: Names, parts: list[str]) -> int | None:
    """Return the type of the rows of the table or view of that name, None without one."""
    noun = names.noun(parts[-2] if len(parts) > 1 else None, parts[-1])
    return None if noun is None else derived_oid(noun, "t", "")


def _interval_typmod(fields: int, precision: int = interval.FULL_PRECISION) -> int:
    if precision != interval.FULL_PRECISION:
        return fields << 16 | min(precision, 6)
    return -1 if fields == interval.FULL_RANGE else fields << 16 | precision


def modifier(node: dict[str, Any]) -> int:
    """Read one type modifier."""
    constant = node.get("A_Const", {})
    if "ival" in constant:
        value: int = constant["ival"].get("ival", 0)
        return value
    raise error(
        "42601",
        "type modifiers must be simple constants or identifiers",
        position=constant.get("location"),
    )


_LENGTHS = {t.VARCHAR: "varchar", t.BPCHAR: "char", t.BIT: "bit", t.VARBIT: "varbit"}


def _length(oid: int, length: int, location: int) -> int:
    name = _LENGTHS[oid]
    is_text = oid in {t.VARCHAR, t.BPCHAR}
    limit = MAX_LENGTH if is_text else MAX_BITS
    if length < 1:
        raise error("22023", f"length for type {name} must be at least 1", position=location)
    if length > limit:
        raise error("22023", f"length for type {name} cannot exceed {limit}", position=location)
    return length + 4 if is_text else length


def _dimensions(count: int) -> int:
    if count < 1:
        raise error("22023", "dimensions for type vector must be at least 1")
    if count > MAX_DIMENSIONS:
        raise error("22023", f"dimensions for type vector cannot exceed {MAX_DIMENSIONS}")
    return count


def typmod_of(oid: int, modifiers: list[int], location: int) -> int:
    """Turn written modifiers into a type modifier.

    Raises:
        PostgresError: out of range (22023), or the type takes none (42601).
    """
    if not modifiers:
        return -1
    if oid == t.INTERVAL:
        return _interval_typmod(*modifiers)
    if oid == t.VECTOR:
        return _dimensions(modifiers[0])
    if oid in _LENGTHS:
        return _length(oid, modifiers[0], location)
    if oid == t.NUMERIC:
        precision, scale = (*modifiers, 0)[:2]
        if not 1 <= precision <= 1000:
            raise error(
                "22023",
                f"NUMERIC precision {precision} must be between 1 and 1000",
                position=location,
            )
        if not -1000 <= scale <= 1000:
            raise error(
                "22023", f"NUMERIC scale {scale} must be between -1000 and 1000", position=location
            )
        return t.numeric_typmod(precision, scale)
    if oid in {t.TIME, t.TIMETZ, t.TIMESTAMP, t.TIMESTAMPTZ}:
        return min(modifiers[0], 6)
    raise error(
        "42601",
        f'type modifier is not allowed for type "{t.BY_OID[oid].sql_name}"',
        position=location,
    )
