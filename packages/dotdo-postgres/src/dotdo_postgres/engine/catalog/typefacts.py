"""A type as the columns of information_schema describe it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.catalog.providers import Row
    from dotdo_postgres.engine.session import Session

_BITS = {t.INT2: 16, t.INT4: 32, t.INT8: 64, t.FLOAT4: 24, t.FLOAT8: 53}
_MAX_TEXT_BYTES = 1 << 30
_TIMES = frozenset({t.TIME, t.TIMESTAMP, t.TIMESTAMPTZ, t.TIMETZ, t.INTERVAL})


def type_columns(session: Session, oid: int, typmod: int) -> Row:
    """Return `data_type` and all that goes with it."""
    database = session.facts.database
    found: Row = {}
    pg_type = t.BY_OID[oid]
    if pg_type.kind == "d":
        schema, name = _place(session, oid)
        found = {"domain_catalog": database, "domain_schema": schema, "domain_name": name}
        oid, typmod = pg_type.base, pg_type.base_typmod
        pg_type = t.BY_OID[oid]
    schema, name = _place(session, oid)
    found |= {"udt_catalog": database, "udt_schema": schema, "udt_name": name}
    if pg_type.category == "A" and pg_type.element:
        return found | {"data_type": "ARRAY"}
    if oid >= t.FIRST_USER_OID:
        return found | {"data_type": "USER-DEFINED"}
    return found | {"data_type": pg_type.sql_name} | _limits(oid, typmod)


def _place(session: Session, oid: int) -> tuple[str, str]:
    for (schema, name), number in session.names.objects.types.items():
        if number == oid and oid >= FIRST_OID:
            return schema, name
    return "pg_catalog", t.BY_OID[oid].name


def _limits(oid: int, typmod: int) -> Row:
    if oid in _BITS:
        scale = {"numeric_scale": 0} if oid in t.INTEGERS else {}
        return {"numeric_precision": _BITS[oid], "numeric_precision_radix": 2} | scale
    if oid == t.NUMERIC:
        if typmod < 0:
            return {"numeric_precision_radix": 10}
        precision, scale_ = t.numeric_limits(typmod)
        return {
            "numeric_precision": precision,
            "numeric_precision_radix": 10,
            "numeric_scale": scale_,
        }
    if oid in {t.VARCHAR, t.BPCHAR}:
        length = typmod - 4 if typmod >= 0 else None
        return {
            "character_maximum_length": length,
            "character_octet_length": _MAX_TEXT_BYTES if length is None else length * 4,
        }
    if oid == t.TEXT:
        return {"character_octet_length": _MAX_TEXT_BYTES}
    if oid in _TIMES:
        return {"datetime_precision": 6 if typmod < 0 or oid == t.INTERVAL else typmod}
    return {"datetime_precision": 0} if oid == t.DATE else {}
