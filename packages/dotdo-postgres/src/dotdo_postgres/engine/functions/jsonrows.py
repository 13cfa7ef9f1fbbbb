"""json made into rows of given columns (9.16): json_to_record, json_to_recordset and their jsonb forms."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.functions.jsons import Raw, opened
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import arrays, jsons, numeric
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.facts import Facts
    from dotdo_postgres.engine.routines.declare import Routine

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
