"""Canonical column types: a Python value as SQLite stores it, and back."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from uuid import UUID

from dotdo.errors import InvalidValue
from dotdo.sql import numeric
from dotdo.storage import Column
from dotdo.storage.types import scale_of
from dotdo.values import Canonical, decode, encode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (local times have no zone)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
INFINITY = (1 << 63) - 1
"""Stored form of the moment after all others; its negative precedes them."""


@dataclass(frozen=True, slots=True)
class ColumnCodec:
    """How one canonical type is stored; None means as it is.

    Args:
        to_storage: Of a Python value, not None.
        to_python: Of a stored value, not None.
    """

    to_storage: Callable[[Canonical], Canonical] | None
    to_python: Callable[[Canonical], Canonical] | None


@lru_cache(maxsize=512)
def codec_of(type_name: str) -> ColumnCodec:
    """Return the codec of a canonical type.

    Raises:
        KeyError: No such type.
    """
    scale = scale_of(type_name)
    if scale is not None:
        return _scaled(scale)
    return _CODECS[type_name.partition("(")[0]]


def _scaled(scale: int) -> ColumnCodec:
    unit = Decimal(1).scaleb(-scale)

    def to_storage(value: object) -> int:
        try:
            number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)  # type: ignore[arg-type]  # the except below is the check
            return int(number.quantize(unit, ROUND_HALF_UP).scaleb(scale))
        except (InvalidOperation, TypeError, ValueError):
            msg = f"{value!r} is no number of {scale} decimals"
            raise InvalidValue(msg) from None

    return ColumnCodec(to_storage, lambda stored: Decimal(stored).scaleb(-scale))


def _expect(*kinds: type) -> Callable[[Canonical], Canonical]:
    def check(value: object) -> object:
        if not isinstance(value, kinds):
            msg = f"{value!r} is not {' or '.join(kind.__name__ for kind in kinds)}"
            raise InvalidValue(msg)
        return value

    return check


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        msg = f"{value!r} is no whole number"
        raise InvalidValue(msg)
    return value


def _boolean(value: object) -> int:
    if value is not True and value is not False and value not in {0, 1}:
        msg = f"{value!r} is neither true nor false"
        raise InvalidValue(msg)
    return int(bool(value))


def _real(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or math.isnan(value):
        msg = f"{value!r} is no number that a column can hold"
        raise InvalidValue(msg)
    return float(value)


def _moment(value: object) -> int:
    if isinstance(value, str):
        value = _parsed(datetime.fromisoformat, value)
    if not isinstance(value, datetime):
        msg = f"{value!r} is no date and time"
        raise InvalidValue(msg)
    return (value - (_EPOCH if value.tzinfo else _LOCAL_EPOCH)) // _MICROSECOND


def _day(value: object) -> int:
    if isinstance(value, str):
        value = _parsed(date.fromisoformat, value)
    if not isinstance(value, date):
        msg = f"{value!r} is no date"
        raise InvalidValue(msg)
    return value.toordinal() - _EPOCH_DAY


def _clock_time(value: object) -> int:
    if isinstance(value, str):
        value = _parsed(time.fromisoformat, value)
    if not isinstance(value, time):
        msg = f"{value!r} is no time of day"
        raise InvalidValue(msg)
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _parsed(read: Callable[[str], Canonical], text: str) -> Canonical:
    try:
        return read(text)
    except ValueError:
        msg = f"{text!r} is not in ISO 8601 form"
        raise InvalidValue(msg) from None


def _infinite(stored: int) -> str | None:
    return {INFINITY: "infinity", -INFINITY: "-infinity"}.get(stored)


def _to_moment(stored: int) -> datetime | str:
    return _infinite(stored) or _EPOCH + timedelta(microseconds=stored)


def _to_local(stored: int) -> datetime | str:
    return _infinite(stored) or _LOCAL_EPOCH + timedelta(microseconds=stored)


def _to_day(stored: int) -> date | str:
    return _infinite(stored) or date.fromordinal(stored + _EPOCH_DAY)


def key_to_storage(value: object) -> object:
    """Return how an id of any type is stored: numbers and text as they are, everything else as tagged JSON.

    Raises:
        InvalidValue: It is no canonical value.
    """
    if isinstance(value, str) and not _is_json(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return encode(value)


def key_to_python(stored: object) -> Canonical:
    """Return an id of any type from its stored form."""
    return decode(stored) if isinstance(stored, str) and _is_json(stored) else stored


def _is_json(text: str) -> bool:
    """The text of an id has the form in which ids of other types are stored."""
    return text.startswith(("{", "[", '"')) or text in {"true", "false", "null"}


def stored_value(column: Column, value: object) -> Canonical:
    """Return a Python value as the column stores it.

    Raises:
        InvalidValue: The column cannot hold it; the message names the field.
    """
    to_storage = codec_of(column.type).to_storage
    if value is None or to_storage is None:
        return value
    try:
        return to_storage(value)
    except InvalidValue as error:
        msg = f"field {column.name!r}: {error}"
        raise InvalidValue(msg) from None


_INTEGER = ColumnCodec(_integer, None)
_REAL = ColumnCodec(_real, None)
_BYTES = ColumnCodec(_expect(bytes, bytearray, memoryview), None)

_CODECS = {
    "boolean": ColumnCodec(_boolean, bool),
    "smallint": _INTEGER,
    "integer": _INTEGER,
    "bigint": _INTEGER,
    "real": _REAL,
    "double": _REAL,
    "numeric": ColumnCodec(numeric.encode, numeric.decode),
    "text": ColumnCodec(_expect(str), None),
    "bytes": _BYTES,
    "uuid": ColumnCodec(
        lambda v: (v if isinstance(v, UUID) else _parsed(UUID, v)).bytes, lambda b: UUID(bytes=b)
    ),
    "date": ColumnCodec(_day, _to_day),
    "time": ColumnCodec(_clock_time, lambda us: (_LOCAL_EPOCH + timedelta(microseconds=us)).time()),
    "timestamp": ColumnCodec(_moment, _to_local),
    "timestamptz": ColumnCodec(_moment, _to_moment),
    "interval": _BYTES,
    "json": ColumnCodec(encode, decode),
    "jsonb": ColumnCodec(encode, decode),
    "any": ColumnCodec(key_to_storage, key_to_python),
}
