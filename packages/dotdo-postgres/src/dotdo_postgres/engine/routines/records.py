"""What statements do to rows by themselves: order, fields, casts, tests for NULL."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.routines import array_checks
from dotdo_postgres.engine.routines.declare import Routine
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays, records
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of

if TYPE_CHECKING:
    from dotdo_postgres.engine.facts import Facts


def _routine(name: str, body: Any, count: int, result: int, **facts: Any) -> Routine:
    return Routine(
        "function", name, (t.TEXT,) * count, result, body=body, sql_name=f"pg__{name}", **facts
    )


@cache
def record_key(oid: int) -> Routine:
    """Return the routine whose results order as rows of a type do: field by field, NULL last."""

    def order(stored: str) -> bytes:
        found = []
        for kind, item in zip(
            records.types_of(oid, stored), records.unpack(oid, stored), strict=True
        ):
            found.append(array_checks.ordered_element(_comparable(kind, item)))
        return b"".join(found)

    return _routine(f"record_key_{oid}", order, 1, t.BYTEA)


def _comparable(kind: int, item: Any) -> Any:
    if item is None:
        return None
    pg_type = t.BY_OID[kind]
    if pg_type.kind == "e":
        return pg_type.labels.index(item)
    if kind == t.RECORD or pg_type.category == "C":
        body = record_key(kind).body
        assert body is not None
        return body(item)
    return array_checks.element_key(kind)(item)


@cache
def named(oid: int) -> Routine:
    """Return the routine that makes an anonymous row one of a type.

    Raises (when it runs):
        PostgresError: its fields do not fit (42846).
    """

    def cast(facts: Facts, stored: str) -> str:
        fields = t.BY_OID[oid].fields
        kinds, items = records.types_of(t.RECORD, stored), records.unpack(t.RECORD, stored)
        if len(items) != len(fields):
            word = "few" if len(items) < len(fields) else "many"
            message = f"cannot cast type record to {t.format_type(oid)}"
            raise error("42846", message, detail=f"Input has too {word} columns.")
        return arrays.pack(
            [
                _recast(facts, item, kind, wanted)
                for item, kind, (_, wanted, _) in zip(items, kinds, fields, strict=True)
            ]
        )

    return _routine(f"record_as_{oid}", cast, 1, oid, takes_session=True)


def _recast(facts: Facts, item: Any, kind: int, wanted: int) -> Any:
    if item is None or kind == wanted:
        return item
    source, target = codec_of(kind, facts.zone), codec_of(wanted, facts.zone)
    assert source is not None
    assert target is not None
    return target.from_text(source.to_text(item))


@cache
def anonymous(oid: int) -> Routine:
    """Return the routine that makes a row of a type an anonymous one."""

    def cast(stored: str) -> str:
        return records.pack_record(records.types_of(oid, stored), records.unpack(oid, stored))

    return _routine(f"record_of_{oid}", cast, 1, t.RECORD)


@cache
def from_text(oid: int) -> Routine:
    """Return the routine that reads the text of a row."""

    def read(facts: Facts, text: str) -> object:
        codec = codec_of(oid, facts.zone)
        assert codec is not None
        return codec.from_text(text)

    return _routine(f"record_in_{oid}", read, 1, oid, takes_session=True)


@cache
def is_empty(oid: int, *, is_null: bool) -> Routine:
    """Return the routine that tells whether all fields of a row are NULL, or none is."""

    def test(stored: str | None) -> int:
        if stored is None:
            return int(is_null)
        return int(all((item is None) == is_null for item in records.unpack(oid, stored)))

    word = "null" if is_null else "filled"
    return _routine(f"record_{word}_{oid}", test, 1, t.BOOL, is_strict=False)


@cache
def put_field(oid: int, at: int) -> Routine:
    """Return the routine that changes a field of a row; a row that is NULL becomes one of NULLs."""

    def put(stored: str | None, item: str) -> str:
        items = [None] * len(t.BY_OID[oid].fields) if stored is None else arrays.unpack(stored)
        (items[at],) = arrays.unpack(item)
        return arrays.pack(items)

    return _routine(f"put_field_{oid}_{at}", put, 2, oid, is_strict=False)
