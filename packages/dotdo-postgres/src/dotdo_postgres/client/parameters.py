"""Parameters of a statement as storage values: out of libpq's text and binary, and straight out of Python values."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.abc import Buffer

from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping.codecs import Codec, codec_of
from dotdo_postgres.mapping.datetimes import zone_named

Converter = Callable[[Any], Any]
UNKNOWN = 0
INT2, INT4, INT8 = 21, 23, 20
TEXTUAL = frozenset({25, 1043, 705})


def codec_for(session: Session, oid: int) -> Codec:
    """Return the codec of a parameter's type in the session's time zone.

    Raises:
        PostgresError: values of that type cannot be kept yet (0A000).
    """
    name = session.parameters.get("TimeZone", "UTC")
    codec = codec_of(oid, UTC if name == "UTC" else zone_named(name))
    if codec is None:
        raise not_supported(f"a parameter of type {oid}")
    return codec


def decode(
    session: Session,
    prepared: Prepared,
    values: Sequence[Buffer | None],
    formats: Sequence[int] | None,
) -> list[Any]:
    """Read parameters as they come over the protocol.

    Raises:
        PostgresError: their number is wrong (08P01), or one is not valid for its type; an open transaction has failed.
    """
    types = prepared.param_types
    if len(values) != len(types):
        raise wrong_number(len(values), len(types))
    stored: list[Any] = []
    for number, (value, kind) in enumerate(zip(values, types, strict=True)):
        if value is None:
            stored.append(None)
            continue
        codec = prepared.codecs.get(number) or codec_for(session, kind.oid)
        try:
            if formats and formats[number]:
                stored.append(codec.from_binary(bytes(value)))
            else:
                stored.append(codec.from_text(bytes(value).decode()))
        except PostgresError as failure:
            session.fail()
            raise placed(failure, number) from None
    return stored


def placed(failure: PostgresError, number: int) -> PostgresError:
    """Say which parameter an error of its input is about; an error of what is done with it says so itself."""
    is_input = failure.context is None
    failure.context = f"unnamed portal parameter ${number + 1} = '...'" if is_input else None
    return failure


def wrong_number(sent: int, wanted: int) -> PostgresError:
    """Return the error for too few or too many parameters (08P01)."""
    return error(
        "08P01",
        f'bind message supplies {sent} parameters, but prepared statement "" requires {wanted}',
    )


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
    """Return time; None for one with a zone."""
    return 1083 if value.tzinfo is None else None


def float_oid(value: float) -> int | None:
    """Return double precision; None for NaN, which is refused where it is read."""
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
