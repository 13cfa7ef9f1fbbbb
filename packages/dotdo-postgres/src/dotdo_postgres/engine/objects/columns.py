"""Facts of types that the catalog repeats for each column: length, alignment, collation, operator class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.catalog import relations, static_rows

BTREE = 403
_ANYENUM, _ANYARRAY, _ANYRANGE, _ANYMULTIRANGE, _RECORD = 3500, 2277, 3831, 4537, 2249
_GENERIC = {"e": _ANYENUM, "r": _ANYRANGE, "m": _ANYMULTIRANGE, "c": _RECORD}


@dataclass(slots=True, frozen=True)
class TypeFacts:
    """What `pg_attribute` and `pg_index` repeat of a type."""

    length: int
    by_value: int
    alignment: str
    storage: str
    collation: int
    is_array: bool
    operator_class: int
    equality: int


@cache
def _positions(relation: str) -> dict[str, int]:
    return {name: at for at, (name, _, _) in enumerate(relations()[f"pg_catalog.{relation}"][2])}


@cache
def _type_rows() -> dict[int, tuple[object, ...]]:
    return {int(row[0]): row for row in static_rows("pg_type")}


@cache
def _operator_classes() -> dict[int, tuple[int, int]]:
    """Return, by type, the default B-tree operator class and its family."""
    at = _positions("pg_opclass")
    return {
        row[at["opcintype"]]: (row[at["oid"]], row[at["opcfamily"]])
        for row in static_rows("pg_opclass")
        if row[at["opcmethod"]] == BTREE and row[at["opcdefault"]]
    }


@cache
def _equalities() -> dict[tuple[int, int], int]:
    at = _positions("pg_amop")
    return {
        (row[at["amopfamily"]], row[at["amoplefttype"]]): row[at["amopopr"]]
        for row in static_rows("pg_amop")
        if row[at["amopstrategy"]] == 3 and row[at["amoplefttype"]] == row[at["amoprighttype"]]
    }


def type_facts(oid: int) -> TypeFacts:
    """Return the facts of a type."""
    return _built_in(oid) if oid < 16384 else _user_made(oid)


@cache
def _built_in(oid: int) -> TypeFacts:
    at = _positions("pg_type")
    row = _type_rows().get(oid)
    if row is None:
        return TypeFacts(-1, 0, "i", "x", 0, False, 0, 0)
    pg_type = t.BY_OID.get(oid)
    is_array = pg_type is not None and pg_type.category == "A" and pg_type.element != 0
    return TypeFacts(
        int(str(row[at["typlen"]])), int(str(row[at["typbyval"]])), str(row[at["typalign"]]), str(row[at["typstorage"]]),
        int(str(row[at["typcollation"]])), bool(is_array and oid not in {22, 30}), *_operators(oid, is_array=bool(is_array)),
    )  # fmt: skip


def _operators(oid: int, *, is_array: bool) -> tuple[int, int]:
    kind = {t.VARCHAR: t.TEXT}.get(oid, oid)
    if kind not in _operator_classes() and is_array:
        kind = _ANYARRAY
    pg_type = t.BY_OID.get(oid)
    if kind not in _operator_classes() and pg_type is not None:
        kind = _GENERIC.get(pg_type.kind, kind)
    operator_class, family = _operator_classes().get(kind, (0, 0))
    return operator_class, _equalities().get((family, kind), 0)


def _user_made(oid: int) -> TypeFacts:
    pg_type = t.BY_OID.get(oid)
    if pg_type is None:
        return TypeFacts(-1, 0, "i", "x", 0, False, 0, 0)
    is_array = pg_type.category == "A" and pg_type.element != 0
    if pg_type.kind == "e":
        return TypeFacts(4, 1, "i", "p", 0, False, *_operators(oid, is_array=False))
    if pg_type.kind == "d" and pg_type.base:
        return type_facts(pg_type.base)
    alignment = "d" if pg_type.kind in "cr" else "i"
    return TypeFacts(-1, 0, alignment, "x", 0, is_array, *_operators(oid, is_array=is_array))
