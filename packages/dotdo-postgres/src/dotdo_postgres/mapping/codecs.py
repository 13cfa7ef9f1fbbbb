"""Codecs: for each type its text, binary, storage and Python forms; types without one are refused by the binder before."""

from dataclasses import replace
from datetime import UTC, tzinfo
from functools import lru_cache, partial

import orjson

from dotdo_postgres.errors import error
from dotdo_postgres.mapping import (
    bits,
    datetimes,
    floats,
    interval,
    interval_reading,
    jsonpath,
    jsons,
    moments,
    networks,
    records,
    styles,
    tsqueries,
    tsvectors,
    vectors,
    zonedtimes,
)
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.array_codecs import array_codec
from dotdo_postgres.mapping.forms import Codec as Codec  # noqa: PLC0414 -- where others look for it
from dotdo_postgres.mapping.moment_codecs import (
    DATE_BINARY,
    TIME_BINARY,
    TIMESTAMP_BINARY,
    date_from_python,
    date_to_python,
    interval_from_python,
    interval_to_python,
    time_from_python,
    time_to_python,
    timestamp_from_python,
    timestamp_to_python,
    timestamptz,
)
from dotdo_postgres.mapping.numeric_codecs import NUMERIC_BYTES
from dotdo_postgres.mapping.range_codecs import multirange_codec, range_codec
from dotdo_postgres.mapping.ranges import MULTIRANGES, RANGES
from dotdo_postgres.mapping.scalar_codecs import (
    BOOLEAN_BINARY,
    boolean_from_binary,
    boolean_from_text,
    boolean_text,
    bytea_from_text,
    bytea_to_text,
    decode_text,
    float_codec,
    integer_codec,
    json_from_python,
    jsonb_from_binary,
    jsonb_to_binary,
    oid_from_text,
    packed,
    reg_codec,
    single_from_text,
    text_codec,
    tid_from_text,
    uuid_from_python,
    uuid_from_text,
    uuid_text,
    uuid_to_python,
    vector_codec,
)

StorageValue = int | float | str | bytes | None


CODECS: dict[int, Codec] = {
    t.CITEXT: text_codec(),
    t.VECTOR: vectors.CODEC,
    t.BOOL: Codec(boolean_from_text, boolean_text, boolean_from_binary, BOOLEAN_BINARY[1], bool, int),
    t.BYTEA: Codec(bytea_from_text, bytea_to_text, bytes, bytes),
    t.INT2: integer_codec(16, "smallint", ">h"),
    t.INT4: integer_codec(32, "integer", ">i"),
    t.INT8: integer_codec(64, "bigint", ">q"),
    t.OID: Codec(oid_from_text, str, *packed(">I", "oid")),
    t.TEXT: text_codec(),
    t.VARCHAR: text_codec(),
    t.BPCHAR: text_codec(),
    t.NAME: text_codec(),
    1790: text_codec(),  # refcursor: the name of a portal
    t.UNKNOWN: text_codec(),
    18: Codec(lambda text: text[:1], str, decode_text, str.encode),
    22: vector_codec(t.INT2),
    30: vector_codec(t.OID),
    28: Codec(oid_from_text, str, *packed(">I", "xid")),
    29: Codec(oid_from_text, str, *packed(">I", "cid")),
    194: text_codec(),
    1033: text_codec(),
    **{oid: reg_codec(oid, None) for oid in t.REG_TYPES},
    2275: text_codec(),
    t.VOID: Codec(str, lambda _: "", decode_text, lambda _: b"", lambda _: "", None),
    t.FLOAT4: replace(
        float_codec(">f", "real", single_from_text, floats.stored_single_to_text),
        to_python=lambda value: float(floats.stored_single_to_text(value)),
    ),
    t.FLOAT8: float_codec(">d", "double precision", floats.from_text, floats.stored_to_text),
    t.NUMERIC: NUMERIC_BYTES,
    t.DATE: Codec(moments.date_from_text, datetimes.date_to_text, *DATE_BINARY, date_to_python, date_from_python),
    t.TIME: Codec(moments.time_from_text, datetimes.time_to_text, *TIME_BINARY, time_to_python, time_from_python),
    t.TIMESTAMP: Codec(moments.timestamp_from_text, datetimes.timestamp_to_text, *TIMESTAMP_BINARY,
                       timestamp_to_python, timestamp_from_python),
    t.TIMESTAMPTZ: timestamptz(UTC),
    t.INTERVAL: Codec(interval_reading.read_stored, lambda data: interval.to_text(interval.decode(data)),
                      interval.from_binary, interval.to_binary, interval_to_python, interval_from_python),
    t.TID: Codec(tid_from_text, str, lambda data: f"({data[0]},{data[1]})", str.encode),
    t.TSVECTOR: tsvectors.CODEC, t.TSQUERY: tsqueries.CODEC,
    t.BIT: bits.CODEC, t.VARBIT: bits.CODEC, t.TIMETZ: zonedtimes.CODEC,
    t.INET: networks.INET, t.CIDR: networks.CIDR, t.MACADDR: networks.MACADDR, t.MACADDR8: networks.MACADDR8,
    t.JSONPATH: Codec(jsonpath.canonical, str, lambda data: jsonpath.canonical(data[1:].decode()),
                      lambda text: b"\x01" + text.encode()),
    t.UUID: Codec(uuid_from_text, uuid_text, bytes, bytes, uuid_to_python, uuid_from_python),
    t.JSON: Codec(jsons.json_from_text, str, decode_text, str.encode, orjson.loads, json_from_python),
    t.JSONB: Codec(jsons.jsonb_from_text, jsons.jsonb_to_text, jsonb_from_binary, jsonb_to_binary,
                   orjson.loads, lambda value: jsons.jsonb_from_text(json_from_python(value))),
}  # fmt: skip
"""Codec of each scalar type, time zone UTC where one matters."""


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
        from_text, str, lambda data: from_text(decode_text(data)), str.encode, None, from_text
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
