"""json made into rows of given columns (9.16): json_to_record, json_to_recordset and their jsonb forms."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.functions.jsons import Raw, opened
from dotdo_postgres.engine.routines.declare import Family, Routine
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import arrays, jsons, numeric, records
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.16")
Definitions = tuple[tuple[str, int, int], ...]


def _undefined(stored: str) -> list[object]:  # noqa: ARG001 -- called alike
    raise error("42601", 'a column definition list is required for functions returning "record"')


FAMILY.series(
    "json_to_record(json)", "jsonb_to_record(jsonb)", "json_to_recordset(json)", "jsonb_to_recordset(jsonb)",
    returns="record",
)(_undefined)  # fmt: skip


@lru_cache(maxsize=512)
def rows_routine(routine: Routine, definitions: Definitions) -> Routine:
    """Return a routine that gives rows of the columns listed.

    Args:
        routine: One of those declared here.
        definitions: Name, type and type modifier of each column.

    Raises:
        PostgresError: another function, or a type that cannot be read (SQLSTATE 0A000).
    """
    if routine not in FAMILY.routines:
        raise not_supported(f"{routine.name} with a column definition list")
    many, is_jsonb = routine.name.endswith("recordset"), routine.name.startswith("jsonb")

    def rows(facts: Facts, stored: str) -> list[Any]:
        readers = [_reader(oid, typmod, facts, is_jsonb) for _, oid, typmod in definitions]
        value = opened(stored, is_jsonb)
        items = _objects(value, routine.name) if many else [_object(value, routine.name)]
        found = [
            [read(item.get(name)) for read, (name, _, _) in zip(readers, definitions, strict=True)]
            for item in items
        ]
        return [row[0] for row in found] if len(definitions) == 1 else found

    label = "_".join(f"{name.encode().hex()}_{oid}_{max(mod, 0)}" for name, oid, mod in definitions)
    return replace(routine, body=rows, takes_session=True, sql_name=f"{routine.sql_name}__{label}")


_POPULATING = frozenset({
    "json_populate_record", "jsonb_populate_record", "json_populate_recordset", "jsonb_populate_recordset",
})  # fmt: skip


def is_populating(name: str) -> bool:
    """Tell whether a function makes rows of a given type out of json."""
    return name in _POPULATING


@lru_cache(maxsize=512)
def populating(name: str, oid: int, count: int, *, as_rows: bool) -> Routine:
    """Return the routine of json_populate_record or one of its kin.

    Args:
        name: The function.
        oid: The type of the rows.
        count: Number of its arguments.
        as_rows: It gives rows of fields, for FROM; else rows as values.

    Raises (when it runs):
        PostgresError: the type is none of rows (42804), the json is no object or array of them (22023).
    """
    many, is_jsonb = name.endswith("set"), name.startswith("jsonb")
    if t.BY_OID[oid].kind != "c":
        message = f"first argument of {name} must be a row type"
        raise error("42804", message)

    def populate(facts: Facts, base: str | None, stored: str | None, *_: object) -> Any:
        if stored is None:
            return ([] if many else [base]) if as_rows or many else base
        value = opened(stored, is_jsonb)
        items = _objects(value, name) if many else [_object(value, name)]
        read = _row_reader(oid, facts, is_jsonb)
        found = [read(item, base) for item in items]
        if not (as_rows or many):
            return found[0]
        return [records.unpack(oid, one) for one in found] if as_rows else found

    def rows(facts: Facts, base: str | None, stored: str | None, *more: object) -> Any:
        found = populate(facts, base, stored, *more)
        width = len(t.BY_OID[oid].fields)
        found = [[None] * width if one is None else one for one in found]
        return [one[0] for one in found] if width == 1 else found

    types = (oid, t.JSONB if is_jsonb else t.JSON, t.BOOL)[:count]
    kind = "series" if as_rows or many else "function"
    label = f"pg__{name}_{oid}_{count}_{int(as_rows)}"
    body = rows if as_rows else populate
    return Routine(
        kind, name, types, oid, body=body, is_strict=False, takes_session=True, sql_name=label
    )


def _row_reader(
    oid: int, facts: Facts, is_jsonb: bool
) -> Callable[[dict[str, object], str | None], str]:
    fields = t.BY_OID[oid].fields
    readers = []
    for _, kind, typmod in fields:
        if t.BY_OID[kind].kind == "d":
            raise not_supported(f"a field of the domain {t.format_type(kind)} out of json")
        readers.append(_reader(kind, typmod, facts, is_jsonb))

    def read(item: dict[str, object], base: str | None) -> str:
        before = [None] * len(fields) if base is None else records.unpack(oid, base)
        return arrays.pack(
            [
                make(item[name]) if name in item else old
                for make, old, (name, _, _) in zip(readers, before, fields, strict=True)
            ]
        )

    return read


def _object(value: object, name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        kind = "array" if isinstance(value, list) else "scalar"
        what = f"cannot call {name} on {'an' if kind == 'array' else 'a'} {kind}"
        raise error("22023", what)
    return value


def _objects(value: object, name: str) -> list[dict[str, object]]:
    if not isinstance(value, list):
        raise error(
            "22023",
            f"cannot call {name} on a non-array"
            if isinstance(value, dict)
            else f"cannot call {name} on a scalar",
        )
    items = [opened(item, is_jsonb=False) if isinstance(item, Raw) else item for item in value]
    for item in items:
        if not isinstance(item, dict):
            raise error("22023", f"argument of {name} must be an array of objects")
    return items


def _reader(oid: int, typmod: int, facts: Facts, is_jsonb: bool) -> Callable[[object], Any]:
    """Return what makes a json value a value of a type: strings by its input, structures as their text."""
    codec = codec_of(oid, facts.zone)
    if codec is None:
        raise not_supported(f"a column of type {t.format_type(oid)} out of json")
    if oid in {t.JSON, t.JSONB}:
        return lambda value: None if value is None else _dumped(value, oid)
    if t.BY_OID[oid].kind == "c":
        return lambda value: _nested_row(value, oid, facts, is_jsonb)
    element = t.BY_OID[oid].element if t.BY_OID[oid].category == "A" else 0
    if element:
        inner = _reader(element, typmod, facts, is_jsonb)
        return lambda value: _array(value, inner, codec)

    def read(value: object) -> Any:
        if value is None:
            return None
        is_text = isinstance(value, str)
        text = (
            value
            if is_text
            else jsons.dump(value, ", ", ": ")
            if is_jsonb
            else _dumped(value, t.JSON)
        )
        return _fitted(codec.from_text(str.__str__(text)), oid, typmod)

    return read


def _nested_row(value: object, oid: int, facts: Facts, is_jsonb: bool) -> Any:
    if value is None:
        return None
    if isinstance(value, Raw):
        value = opened(value, is_jsonb=False)
    if isinstance(value, dict):
        return _row_reader(oid, facts, is_jsonb)(value, None)
    if isinstance(value, str) and not isinstance(value, jsons.Number):
        codec = codec_of(oid, facts.zone)
        assert codec is not None
        return codec.from_text(value)
    kind = "array" if isinstance(value, list) else "scalar"
    raise error(
        "22023", f"cannot call populate_composite on {'an' if kind == 'array' else 'a'} {kind}"
    )


def _dumped(value: object, oid: int) -> str:
    if oid == t.JSONB:
        return (
            jsons.jsonb_from_text(value)
            if isinstance(value, Raw)
            else jsons.dump(jsons.canonical(value))
        )
    return str(value) if isinstance(value, Raw) else jsons.dump(value)


def _array(value: object, inner: Callable[[object], Any], codec: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Raw):
        value = jsons.parse(value)
    if isinstance(value, list):
        return arrays.pack([inner(item) for item in value])
    if isinstance(value, str) and not isinstance(value, jsons.Number):
        return codec.from_text(value)
    raise error("22P02", "expected JSON array")


def _fitted(value: Any, oid: int, typmod: int) -> Any:
    if typmod < 0:
        return value
    if oid == t.NUMERIC:
        return numeric.encode(numeric.fit(numeric.decode(value), *t.numeric_limits(typmod)))
    if oid in {t.VARCHAR, t.BPCHAR}:
        from dotdo_postgres.engine.routines import checks

        routine = checks.FIT_VARCHAR if oid == t.VARCHAR else checks.FIT_CHAR
        assert routine.body is not None  # both are Python
        return routine.body(value, typmod - 4, 0)
    return value
