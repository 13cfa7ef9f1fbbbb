"""Codecs: for each type its text, binary, storage and Python forms; types without one are refused by the binder before."""

import math
import re
import struct
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

import orjson

from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import (
    arrays,
    bits,
    bulk,
    datetimes,
    floats,
    interval,
    interval_reading,
    jsonpath,
    jsons,
    moments,
    networks,
    numeric,
    records,
    styles,
    zonedtimes,
)
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.forms import Codec as Codec  # noqa: PLC0414 -- where others look for it
from dotdo_postgres.mapping.range_codecs import multirange_codec, range_codec
from dotdo_postgres.mapping.ranges import MULTIRANGES, RANGES

StorageValue = int | float | str | bytes | None
PG_EPOCH_DAYS = 10957
PG_EPOCH_US = PG_EPOCH_DAYS * datetimes.DAY_US


def integer_from_text(text: str, bits: int, name: str) -> int:
    """Read a whole number.

    Raises:
        PostgresError: not a number (22P02), too large (22003).
    """
    stripped = text.strip(" \t\n\r\f\v")
    digits = stripped[1:] if stripped[:1] in {"-", "+"} else stripped
    if not (digits.isascii() and digits.isdigit()):
        raise error("22P02", f'invalid input syntax for type {name}: "{text}"')
    value = int(stripped)
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise error("22003", f'value "{text}" is out of range for type {name}')
    return value


_TRUE = {
    word[:n]
    for word, least in (("true", 1), ("yes", 1), ("on", 2), ("1", 1))
    for n in range(least, len(word) + 1)
}
_FALSE = {
    word[:n]
    for word, least in (("false", 1), ("no", 1), ("off", 2), ("0", 1))
    for n in range(least, len(word) + 1)
}


def boolean_from_text(text: str) -> int:
    """Read a boolean.

    Raises:
        PostgresError: 22P02.
    """
    word = text.strip().lower()
    if word in _TRUE:
        return 1
    if word in _FALSE:
        return 0
    raise error("22P02", f'invalid input syntax for type boolean: "{text}"')


_OCTAL = re.compile(rb"[0-3][0-7][0-7]")


def bytea_from_text(text: str) -> bytes:
    """Read bytea in hex or escape form.

    Raises:
        PostgresError: 22023, 22P02.
    """
    if text.startswith("\\x"):
        digits = text[2:].replace(" ", "").replace("\n", "").replace("\t", "")
        for char in digits:
            if char not in "0123456789abcdefABCDEF":
                raise error("22023", f'invalid hexadecimal digit: "{char}"')
        if len(digits) % 2:
            raise error("22023", "invalid hexadecimal data: odd number of digits")
        return bytes.fromhex(digits)
    out, at, data = bytearray(), 0, text.encode()
    while at < len(data):
        if data[at] != 0x5C:
            out.append(data[at])
            at += 1
        elif data[at + 1 : at + 2] == b"\\":
            out.append(0x5C)
            at += 2
        elif _OCTAL.fullmatch(data[at + 1 : at + 4]):
            out.append(int(data[at + 1 : at + 4], 8))
            at += 4
        else:
            raise error("22P02", "invalid input syntax for type bytea")
    return bytes(out)


def uuid_from_text(text: str) -> bytes:
    """Read a uuid into 16 bytes.

    Raises:
        PostgresError: 22P02.
    """
    digits = text.strip().strip("{}").replace("-", "")
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        data = b""
    if len(data) != 16:
        raise error("22P02", f'invalid input syntax for type uuid: "{text}"')
    return data


def _pack(layout: str, name: str) -> tuple[Callable[[bytes], Any], Callable[[Any], bytes]]:  # type: ignore[explicit-any]  # each type has its own
    packed = struct.Struct(layout)

    def read(data: bytes) -> Any:  # type: ignore[explicit-any]  # each type has its own
        if len(data) != packed.size:
            raise error("22P03", f"incorrect binary data format for type {name}")
        value = packed.unpack(data)[0]
        if value != value:
            raise not_supported(f"NaN of type {name}")
        return value

    return read, packed.pack


def _integer(bits: int, name: str, layout: str) -> Codec:
    read, write = _pack(layout, name)
    from_text = partial(integer_from_text, bits=bits, name=name)
    return Codec(from_text, str, read, write, from_texts=bulk.integers(bits))


def _decode_text(data: bytes) -> str:
    if b"\0" in data:
        raise error("22021", 'invalid byte sequence for encoding "UTF8": 0x00')
    return data.decode()


def _text() -> Codec:
    return Codec(str, str, _decode_text, str.encode)


def _shifted(
    days_or_us: int, layout: str, name: str
) -> tuple[Callable[[bytes], int], Callable[[int], bytes]]:
    read, write = _pack(layout, name)
    limits = (1 << 31) - 1 if layout == ">i" else (1 << 63) - 1

    def from_binary(data: bytes) -> int:
        value: int = read(data)
        if value >= limits or value <= -limits:
            return datetimes.INFINITY if value > 0 else -datetimes.INFINITY
        return value + days_or_us

    def to_binary(value: int) -> bytes:
        if abs(value) >= datetimes.INFINITY:
            return write(limits if value > 0 else -limits - 1)
        return write(value - days_or_us)

    return from_binary, to_binary


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- timestamps without zone
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)


def _date_to_python(days: int) -> date:
    try:
        return date.fromordinal(days + _EPOCH_ORDINAL)
    except (ValueError, OverflowError):
        raise _outside_python("date", datetimes.date_to_text(days)) from None


def _outside_python(kind: str, text: str) -> Exception:
    return OverflowError(f"{kind} out of Python's range: {text!r}")


def _date_from_python(value: date) -> int:
    return value.toordinal() - _EPOCH_ORDINAL


def _time_to_python(us: int) -> time:
    if us >= datetimes.DAY_US:
        raise _outside_python("time", datetimes.time_to_text(us))
    return (_EPOCH + timedelta(microseconds=us)).time()


def _time_from_python(value: time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _timestamp_to_python(us: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=us)
    except OverflowError:
        raise _outside_python("timestamp", datetimes.timestamp_to_text(us)) from None


def _timestamp_from_python(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _interval_to_python(data: bytes) -> timedelta:
    months, days, us = interval.decode(data)
    years, months = int(months / 12), months - int(months / 12) * 12
    return timedelta(days=days + 365 * years + 30 * months, microseconds=us)


def _interval_from_python(value: timedelta) -> bytes:
    return interval.encode(
        interval.Interval(0, value.days, value.seconds * 1_000_000 + value.microseconds)
    )


def _uuid_to_python(data: bytes) -> uuid.UUID:
    return uuid.UUID(bytes=data)


def _uuid_from_python(value: uuid.UUID) -> bytes:
    return value.bytes


def _json_from_python(value: Any) -> str:  # type: ignore[explicit-any]  # each type has its own
    return orjson.dumps(value).decode()


_DATE_BINARY = _shifted(PG_EPOCH_DAYS, ">i", "date")
_TIMESTAMP_BINARY = _shifted(PG_EPOCH_US, ">q", "timestamp")
_TIME_BINARY = _pack(">q", "time")
_FLOAT8_BINARY = _pack(">d", "double precision")
_FLOAT4_BINARY = _pack(">f", "real")
_BOOL_BINARY = _pack(">?", "boolean")


def _float4_from_text(text: str) -> float:
    value = floats.from_text(text, "real")
    try:
        short = floats.single(value)
    except PostgresError:
        short = 0.0
    if short == 0 and value != 0:
        raise error("22003", f'"{text.strip()}" is out of range for type real')
    return short


def _boolean_text(value: int) -> str:
    return "t" if value else "f"


def _bytea_to_text(value: bytes) -> str:
    return "\\x" + value.hex()


def _uuid_text(value: bytes) -> str:
    return str(uuid.UUID(bytes=value))


def _jsonb_from_binary(data: bytes) -> str:
    return jsons.jsonb_from_text(data[1:].decode())


def _jsonb_to_binary(stored: str) -> bytes:
    return b"\x01" + jsons.jsonb_to_text(stored).encode()


def _bool_from_binary(data: bytes) -> int:
    return int(_BOOL_BINARY[0](data))


def _numeric_from_text(text: str) -> bytes:
    return numeric.encode(numeric.from_text(text))


NUMERIC_BYTES = Codec(
    _numeric_from_text,
    lambda data: numeric.to_text(numeric.decode(data)),
    lambda data: numeric.encode(numeric.from_binary(data)),
    lambda data: numeric.to_binary(numeric.decode(data)),
    numeric.decode,
    numeric.encode,
)
"""numeric as an order-preserving byte string."""


@lru_cache(maxsize=64)
def numeric_scaled(scale: int) -> Codec:
    """Return the codec of a numeric kept as an integer scaled by 10**scale."""

    def from_decimal(value: Decimal) -> int:
        return int(numeric.rounded(value, scale).scaleb(scale, numeric.CONTEXT))

    to_decimal = partial(numeric.CONTEXT.multiply, Decimal((0, (1,), -scale)))

    return Codec(
        lambda text: from_decimal(numeric.from_text(text)),
        lambda scaled: numeric.scaled_to_text(scaled, scale),
        lambda data: from_decimal(numeric.from_binary(data)),
        lambda scaled: numeric.to_binary(to_decimal(scaled)),
        to_decimal,
        from_decimal,
    )


@lru_cache(maxsize=64)
def timestamptz(zone: tzinfo) -> Codec:
    """Return the codec of instants shown in a time zone."""

    def to_python(us: int) -> datetime:
        try:
            return (_EPOCH_UTC + timedelta(microseconds=us)).astimezone(zone)
        except OverflowError:
            raise _outside_python("timestamptz", datetimes.timestamptz_to_text(us, zone)) from None

    def from_python(value: datetime) -> int:
        return (value - _EPOCH_UTC) // _MICROSECOND

    return Codec(
        partial(moments.timestamptz_from_text, zone=zone),
        partial(datetimes.timestamptz_to_text, zone=zone),
        *_TIMESTAMP_BINARY,
        to_python,
        from_python,
    )


def _oid_from_text(text: str) -> int:
    return integer_from_text(text, 64, "oid")


def _vector(element: int) -> Codec:
    """Return the codec of int2vector and oidvector, kept as arrays are and written with spaces."""

    def from_text(text: str) -> str:
        return arrays.pack([int(part) for part in text.split()])

    def to_text(stored: str) -> str:
        return " ".join(map(str, arrays.unpack(stored)))

    def to_binary(stored: str) -> bytes:
        items = [int(str(item)) for item in arrays.unpack(stored)]
        form, size = (">ih", 2) if element == t.INT2 else (">iI", 4)
        head = struct.pack(">iiI", 1, 0, element) + struct.pack(">ii", len(items), 0)
        return head + b"".join(struct.pack(form, size, item) for item in items)

    return Codec(from_text, to_text, str.encode, to_binary, to_text, None)  # type: ignore[arg-type]  # nobody sends one


def reg_codec(oid: int, names: t.RegNames | None) -> Codec:
    """Return the codec of regclass or one of its kin, kept as OIDs.

    Args:
        oid: The type.
        names: How names resolve; those of the thread's statement by default.
    """

    def resolver() -> t.RegNames:
        found = names or t.reg_names()
        assert found is not None  # a statement is being planned or run
        return found

    def from_text(text: str) -> int:
        return resolver().read_reg(oid, text)

    def to_text(value: int) -> str:
        return resolver().write_reg(oid, value)

    return Codec(from_text, to_text, *_pack(">I", "oid"), to_text, None)


_TID = re.compile(r"\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)\s*")


def _tid_from_text(text: str) -> str:
    match = _TID.fullmatch(text)
    if match is None or int(match[1]) >> 32 or int(match[2]) >> 63:
        raise error("22P02", f'invalid input syntax for type tid: "{text}"')
    return f"({int(match[1])},{int(match[2])})"


CODECS: dict[int, Codec] = {
    t.BOOL: Codec(boolean_from_text, _boolean_text, _bool_from_binary, _BOOL_BINARY[1], bool, int),
    t.BYTEA: Codec(bytea_from_text, _bytea_to_text, bytes, bytes),
    t.INT2: _integer(16, "smallint", ">h"),
    t.INT4: _integer(32, "integer", ">i"),
    t.INT8: _integer(64, "bigint", ">q"),
    t.OID: Codec(_oid_from_text, str, *_pack(">I", "oid")),
    t.TEXT: _text(),
    t.VARCHAR: _text(),
    t.BPCHAR: _text(),
    t.NAME: _text(),
    1790: _text(),  # refcursor: the name of a portal
    t.UNKNOWN: _text(),
    18: Codec(lambda text: text[:1], str, _decode_text, str.encode),
    22: _vector(t.INT2),
    30: _vector(t.OID),
    28: Codec(_oid_from_text, str, *_pack(">I", "xid")),
    29: Codec(_oid_from_text, str, *_pack(">I", "cid")),
    194: _text(),
    1033: _text(),
    **{oid: reg_codec(oid, None) for oid in t.REG_TYPES},
    2275: _text(),
    t.VOID: Codec(str, lambda _: "", _decode_text, lambda _: b"", lambda _: "", None),
    t.FLOAT4: Codec(_float4_from_text, floats.single_to_text, *_FLOAT4_BINARY,
                    lambda value: float(floats.single_to_text(value))),
    t.FLOAT8: Codec(floats.from_text, floats.to_text, *_FLOAT8_BINARY),
    t.NUMERIC: NUMERIC_BYTES,
    t.DATE: Codec(moments.date_from_text, datetimes.date_to_text, *_DATE_BINARY, _date_to_python, _date_from_python),
    t.TIME: Codec(moments.time_from_text, datetimes.time_to_text, *_TIME_BINARY, _time_to_python, _time_from_python),
    t.TIMESTAMP: Codec(moments.timestamp_from_text, datetimes.timestamp_to_text, *_TIMESTAMP_BINARY,
                       _timestamp_to_python, _timestamp_from_python),
    t.TIMESTAMPTZ: timestamptz(UTC),
    t.INTERVAL: Codec(interval_reading.read_stored, lambda data: interval.to_text(interval.decode(data)),
                      interval.from_binary, interval.to_binary, _interval_to_python, _interval_from_python),
    t.TID: Codec(_tid_from_text, str, lambda data: f"({data[0]},{data[1]})", str.encode),
    t.BIT: bits.CODEC, t.VARBIT: bits.CODEC, t.TIMETZ: zonedtimes.CODEC,
    t.INET: networks.INET, t.CIDR: networks.CIDR, t.MACADDR: networks.MACADDR, t.MACADDR8: networks.MACADDR8,
    t.JSONPATH: Codec(jsonpath.canonical, str, lambda data: jsonpath.canonical(data[1:].decode()),
                      lambda text: b"\x01" + text.encode()),
    t.UUID: Codec(uuid_from_text, _uuid_text, bytes, bytes, _uuid_to_python, _uuid_from_python),
    t.JSON: Codec(jsons.json_from_text, str, _decode_text, str.encode, orjson.loads, _json_from_python),
    t.JSONB: Codec(jsons.jsonb_from_text, jsons.jsonb_to_text, _jsonb_from_binary, _jsonb_to_binary,
                   orjson.loads, lambda value: jsons.jsonb_from_text(_json_from_python(value))),
}  # fmt: skip
"""Codec of each scalar type, time zone UTC where one matters."""


def array_codec(element: Codec, element_oid: int) -> Codec:
    """Return the codec of arrays of a type."""
    read = element.to_python
    write = element.from_python

    def to_python(stored: str) -> list[Any]:  # type: ignore[explicit-any]  # each type has its own
        items = arrays.unpack(stored)
        return items if read is None else arrays.mapped(items, read)

    def from_python(items: list[Any]) -> str:  # type: ignore[explicit-any]  # each type has its own
        return arrays.pack(items if write is None else arrays.mapped(items, write))

    def to_binary(stored: str) -> bytes:
        items = arrays.unpack(stored)
        sizes, cells = arrays.dimensions(items), list(arrays.leaves(items))
        head = struct.pack(">iiI", len(sizes), int(None in cells), element_oid)
        head += b"".join(struct.pack(">ii", size, 1) for size in sizes)
        parts = [
            struct.pack(">i", -1)
            if item is None
            else struct.pack(">i", len(data := element.to_binary(item))) + data
            for item in cells
        ]
        return head + b"".join(parts)

    def from_binary(data: bytes) -> str:
        count, _, _ = struct.unpack_from(">iiI", data)
        sizes = [struct.unpack_from(">ii", data, 12 + 8 * at) for at in range(count)]
        if any(bound != 1 for _, bound in sizes):
            raise not_supported("an array with bounds of its own")
        cells, at = [], 12 + 8 * count
        for _ in range(math.prod(size for size, _ in sizes) if sizes else 0):
            (size,) = struct.unpack_from(">i", data, at)
            at += 4
            cells.append(None if size < 0 else element.from_binary(data[at : at + size]))
            at += max(size, 0)
        items: list[Any] = cells  # type: ignore[explicit-any]  # lists nest
        for size, _ in reversed(sizes[1:]):
            items = [items[at : at + size] for at in range(0, len(items), size)]
        return arrays.pack(items)

    return Codec(
        lambda text: arrays.from_text(text, element.from_text),
        lambda stored: arrays.to_text(stored, element.to_text),
        from_binary,
        to_binary,
        to_python,
        from_python,
    )


def _range_codec(oid: int, zone: tzinfo) -> Codec | None:
    single = MULTIRANGES.get(oid, oid)
    if single not in RANGES:
        return None
    subtype, _ = RANGES[single]
    bound = codec_of(subtype, zone)
    assert bound is not None  # bounds are of plain types
    return range_codec(bound, subtype) if single == oid else multirange_codec(bound, subtype)


def codec_of(oid: int, zone: tzinfo = UTC) -> Codec | None:
    """Return the codec of a type in a time zone, None when values of it cannot be kept yet."""
    return _codec_of(oid, zone) if oid < t.FIRST_USER_OID else user_codec(oid, zone)


def field_codec(oid: int, zone: tzinfo = UTC) -> Codec | None:
    """Return the codec of a field of a row: as `codec_of`, a numeric in the form of parameters."""
    while (found := t.BY_OID.get(oid)) is not None and found.kind == "d":
        oid = found.base
    if oid == t.NUMERIC:
        return NUMERIC_BYTES
    return reg_codec(oid, None) if oid in t.REG_TYPES else codec_of(oid, zone)


def user_codec(oid: int, zone: tzinfo = UTC) -> Codec | None:
    """Return the codec of a type that a user made."""
    pg_type = t.BY_OID.get(oid)
    if pg_type is None:
        return None
    if pg_type.kind == "e":
        return _enum(pg_type.sql_name, frozenset(pg_type.labels))
    if pg_type.kind == "d":
        return codec_of(pg_type.base, zone)
    if pg_type.kind == "c":
        return records.codec(oid, zone, field_codec)
    if pg_type.category == "A":
        element = codec_of(pg_type.element, zone)
        return array_codec(element, pg_type.element) if element else None
    return None


def _enum(name: str, labels: frozenset[str]) -> Codec:
    def from_text(text: str) -> str:
        if text not in labels:
            raise error("22P02", f'invalid input value for enum {name}: "{text}"')
        return text

    return Codec(
        from_text, str, lambda data: from_text(_decode_text(data)), str.encode, None, from_text
    )


def _styled(oid: int, zone: styles.StyledZone) -> Codec | None:
    """Return the codec of a type whose text depends on DateStyle or IntervalStyle, None for all others."""
    style = zone.style
    if oid == t.TIMESTAMPTZ:
        return replace(
            timestamptz(zone.zone),
            from_text=partial(moments.timestamptz_from_text, zone=zone.zone, order=style.order),
            to_text=partial(styles.timestamptz_to_text, zone=zone),
        )
    if oid == t.DATE:
        return replace(
            CODECS[oid],
            from_text=partial(moments.date_from_text, order=style.order),
            to_text=partial(styles.date_to_text, style=style),
        )
    if oid == t.TIMESTAMP:
        return replace(
            CODECS[oid],
            from_text=partial(moments.timestamp_from_text, order=style.order),
            to_text=partial(styles.timestamp_to_text, style=style),
        )
    if oid == t.INTERVAL:
        return replace(
            CODECS[oid],
            to_text=lambda data: styles.interval_to_text(interval.decode(data), style),
        )
    return None


@lru_cache(maxsize=256)
def _codec_of(oid: int, zone: tzinfo = UTC) -> Codec | None:
    if isinstance(zone, styles.StyledZone) and (styled := _styled(oid, zone)) is not None:
        return styled
    if oid == t.TIMESTAMPTZ:
        return timestamptz(zone)
    if oid == t.TIMETZ:
        return replace(CODECS[oid], from_text=partial(zonedtimes.from_text, zone=zone))
    if oid == t.RECORD:
        return records.codec(oid, zone, field_codec)
    codec = CODECS.get(oid) or _range_codec(oid, zone)
    if codec is None:
        pg_type = t.BY_OID.get(oid)
        if pg_type is not None and pg_type.element and pg_type.category == "A":
            element = codec_of(pg_type.element, zone)
            return array_codec(element, pg_type.element) if element else None
    return codec
