"""Parameters of a statement as storage values, straight out of Python values."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from dotdo_postgres.engine.parameters import codec_for, decode, placed, wrong_number
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.session import Session

__all__ = ["codec_for", "converter", "decode", "placed", "wrong_number"]

Converter = Callable[[Any], Any]
UNKNOWN = 0
INT2, INT4, INT8 = 21, 23, 20
TEXTUAL = frozenset({25, 1043, 705})


# --- Python values: which OID psycopg's stock dumper sends for each -------------------------


def int_oid(value: int) -> int | None:
    """Return the OID of the smallest integer type, None when only numeric holds the value."""
    if -0x8000 <= value <= 0x7FFF:
        return INT2
    if -0x80000000 <= value <= 0x7FFFFFFF:
        return INT4
    if -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return INT8
    return None


def str_oid(value: str) -> int | None:
    """Return 0, unknown; None when the text holds what PostgreSQL's cannot."""
    return None if "\0" in value else UNKNOWN


def datetime_oid(value: datetime) -> int:
    """Return timestamptz when the value has a zone, else timestamp."""
    return 1114 if value.tzinfo is None else 1184


def time_oid(value: time) -> int | None:
    """Return time, or timetz when the value tells its offset; None for a zone that tells none."""
    if value.tzinfo is None:
        return 1083
    return None if value.utcoffset() is None else 1266


def float_oid(value: float) -> int | None:
    """Return double precision; None for NaN, which psycopg sends as text."""
    return 701 if value == value else None


OID_OF: dict[type, int | Callable[[Any], int | None]] = {
    int: int_oid,
    str: str_oid,
    type(None): UNKNOWN,
    float: float_oid,
    bool: 16,
    Decimal: 1700,
    datetime: datetime_oid,
    date: 1082,
    time: time_oid,
    timedelta: 1186,
    UUID: 2950,
    bytes: 17,
}
"""Type of a Python value -> OID, or the function that tells it, None where only psycopg's own code knows."""


def converter(session: Session, prepared: Prepared, number: int, sent_oid: int) -> Converter | None:
    """Return what makes a storage value of a Python value; None when it is one already.

    Args:
        session: whose time zone counts.
        prepared: the statement.
        number: which of its parameters, from 0.
        sent_oid: the OID sent with it; 0 for text of unknown type.
    """
    oid = prepared.param_types[number].oid
    own = prepared.codecs.get(number)
    if own is not None:
        return own.from_text if sent_oid == UNKNOWN else own.from_python
    codec = codec_for(session, oid)
    if sent_oid == UNKNOWN:
        return None if oid in TEXTUAL else codec.from_text
    return codec.from_python
