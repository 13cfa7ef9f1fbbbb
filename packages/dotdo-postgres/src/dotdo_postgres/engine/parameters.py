"""Parameters of a statement as they come over the protocol, in text or binary, made into storage values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping.codecs import Codec, codec_of
from dotdo_postgres.mapping.recoding import in_encoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session

Encoded = bytes | bytearray | memoryview


def codec_for(session: Session, oid: int) -> Codec:
    """Return the codec of a parameter's type in the session's time zone.

    Raises:
        PostgresError: values of that type cannot be kept yet (0A000).
    """
    codec = codec_of(oid, session.facts.zone)
    if codec is None:
        raise not_supported(f"a parameter of type {oid}")
    return codec


def decode(
    session: Session,
    prepared: Prepared,
    values: Sequence[Encoded | None],
    formats: Sequence[int] | None,
    name: str = "",
) -> list[Any]:
    """Read parameters as they come over the protocol.

    Args:
        session: Whose settings count.
        prepared: What they are for.
        values: Their bytes, None for NULL.
        formats: 0 text, 1 binary: none for text, one for all, or one for each.
        name: Of the prepared statement, for messages.

    Raises:
        PostgresError: their number is wrong (08P01), or one is not valid for its type; an open transaction has failed.
    """
    types = prepared.param_types
    count = len(values)
    try:
        if formats and len(formats) not in {1, count}:
            message = f"bind message has {len(formats)} parameter formats but {count} parameters"
            raise error("08P01", message)
        if count != len(types):
            raise wrong_number(count, len(types), name)
        if not count:
            return []
        wanted = (
            [0] * count if not formats else formats if len(formats) == count else [*formats] * count
        )
        return [
            None if value is None else _read(session, prepared, number, value, wanted[number])
            for number, value in enumerate(values)
        ]
    except PostgresError:
        session.fail()
        raise


def _read(session: Session, prepared: Prepared, number: int, value: Encoded, form: int) -> object:
    oid = prepared.param_types[number].oid
    codec = prepared.codecs.get(number) or codec_for(session, oid)
    try:
        if form == 0:
            return codec.from_text(_text(session, bytes(value)))
        if form == 1:
            return in_encoding(codec, oid, session.encoding).from_binary(bytes(value))
    except PostgresError as failure:
        raise placed(failure, number) from None
    raise error("22023", f"unsupported format code: {form}")


Reader = Callable[[bytes], Any]
"""Reads a parameter as it comes over the protocol."""


def reader(session: Session, prepared: Prepared, number: int, form: int) -> Reader:
    """Return what reads a parameter, under the session's settings of the moment.

    Raises:
        PostgresError: the format is unknown (22023).
    """
    oid = prepared.param_types[number].oid
    codec = prepared.codecs.get(number) or codec_for(session, oid)
    if form == 1:
        return in_encoding(codec, oid, session.encoding).from_binary
    if form:
        raise error("22023", f"unsupported format code: {form}")
    from_text = codec.from_text
    return lambda value: from_text(_text(session, value))


def _text(session: Session, value: bytes) -> str:
    if b"\0" in value:
        raise error("22021", 'invalid byte sequence for encoding "UTF8": 0x00')
    return session.encoding.decode(value)


def placed(failure: PostgresError, number: int) -> PostgresError:
    """Say which parameter an error of its input is about; an error of what is done with it says so itself."""
    is_input = failure.context is None
    failure.context = f"unnamed portal parameter ${number + 1} = '...'" if is_input else None
    return failure


def wrong_number(sent: int, wanted: int, name: str = "") -> PostgresError:
    """Return the error for too few or too many parameters (08P01)."""
    return error(
        "08P01",
        f'bind message supplies {sent} parameters, but prepared statement "{name}" requires {wanted}',
    )
