"""Which partition a row belongs to, and what the rows of a partition keep; bounds are kept as PostgreSQL's texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.naming import quote_ident, split_name
from dotdo_postgres.engine.objects.descent import (
    DEFAULT,
    HASH,
    LIST,
    RANGE,
    Bound,
    bound_of,
    children_of,
)
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.mapping import numeric
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of
from dotdo_postgres.mapping.hashing import partition_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Catalog, Noun

Datum = dict[str, Any]


class Infinite(Enum):
    """An edge of a range that no value reaches."""

    MINIMUM = "minvalue"
    MAXIMUM = "maxvalue"


MINIMUM, MAXIMUM = Infinite


@dataclass(slots=True, frozen=True)
class Key:
    """One term of a partition key: the column, or the expression as text and parse tree; and its type."""

    column: str | None
    text: str
    tree: Any
    type: int
    typmod: int


def keys_of(noun: Noun) -> list[Key]:
    """Return the partition key of a table."""
    return [
        Key(item.get("column"), item["text"], item.get("tree"), item["type"], item["typmod"])
        for item in facts_of(noun)["partition"]["keys"]
    ]


def strategy_of(noun: Noun) -> str:
    """Return how a table is divided: `list`, `range` or `hash`."""
    found: str = facts_of(noun)["partition"]["strategy"]
    return found


# --- values --------------------------------------------------------------------------------


def comparable(oid: int, value: Any) -> Any:
    """Return a storage value (numeric: Decimal) in a form that orders as PostgreSQL orders the type."""
    if value is None:
        return None
    pg_type = t.BY_OID[oid]
    if pg_type.kind == "e":
        return pg_type.labels.index(value)
    return value.rstrip(" ") if oid == t.BPCHAR else value


def read_datum(oid: int, text: str) -> Any:
    """Read a value of a bound into the form that is compared."""
    if oid == t.NUMERIC:
        return numeric.from_text(text)
    codec = codec_of(oid)
    assert codec is not None  # keys are of types that can be kept
    return comparable(oid, codec.from_text(text))


def _edge(datums: Sequence[Datum], keys: Sequence[Key]) -> list[Any]:
    return [
        Infinite(datum["kind"]) if "kind" in datum else read_datum(key.type, datum["text"])
        for datum, key in zip(datums, keys, strict=True)
    ]


def compare_edges(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Compare edges of ranges, or a row with an edge; what is behind an infinite term does not matter."""
    for a, b in zip(one, other, strict=True):
        if a is b and (a is MINIMUM or a is MAXIMUM):
            return 0
        if a is MINIMUM or b is MAXIMUM:
            return -1
        if a is MAXIMUM or b is MINIMUM:
            return 1
        if a != b:
            return -1 if a < b else 1
    return 0


def lower_edge(bound: Bound, keys: Sequence[Key]) -> list[Any]:
    """Return the lower edge of a range."""
    return _edge(bound["lower"], keys)


def upper_edge(bound: Bound, keys: Sequence[Key]) -> list[Any]:
    """Return the upper edge of a range."""
    return _edge(bound["upper"], keys)


# --- routing -------------------------------------------------------------------------------


def find_partition(catalog: Catalog, noun: Noun, values: Sequence[Any]) -> Noun | None:
    """Return the partition that a row belongs to, None when there is none.

    Args:
        catalog: The definitions.
        noun: The partitioned table.
        values: The row's key: storage values, numeric as Decimal.
    """
    keys, fallback = keys_of(noun), None
    row = [comparable(key.type, value) for key, value in zip(keys, values, strict=True)]
    hashed = None
    for child in children_of(catalog, noun):
        bound = bound_of(child)
        if bound is None:
            continue
        if bound["kind"] == DEFAULT:
            fallback = child
        elif bound["kind"] == HASH:
            if hashed is None:
                pairs = [(key.type, value) for key, value in zip(keys, values, strict=True)]
                hashed = partition_hash(pairs)
            if hashed % bound["modulus"] == bound["remainder"]:
                return child
        elif _holds(bound, keys, row):
            return child
    return fallback


def _holds(bound: Bound, keys: Sequence[Key], row: Sequence[Any]) -> bool:
    if bound["kind"] == LIST:
        if row[0] is None:
            return any(datum.get("is_null") for datum in bound["values"])
        return any(
            read_datum(keys[0].type, datum["text"]) == row[0]
            for datum in bound["values"]
            if not datum.get("is_null")
        )
    if None in row:
        return False
    return (
        compare_edges(lower_edge(bound, keys), row) <= 0
        and compare_edges(row, upper_edge(bound, keys)) < 0
    )


def ordered_partitions(catalog: Catalog, noun: Noun) -> list[Noun]:
    """Return the partitions of a table in the order of their bounds, the default one last."""
    keys = keys_of(noun)

    def rank(child: Noun) -> tuple[int, Any]:
        bound = bound_of(child) or {"kind": DEFAULT}
        if bound["kind"] == DEFAULT:
            return 2, 0
        if bound["kind"] == HASH:
            return 0, (bound["modulus"], bound["remainder"])
        if bound["kind"] == RANGE:
            return 0, cmp_to_key(compare_edges)(lower_edge(bound, keys))
        found = [read_datum(keys[0].type, d["text"]) for d in bound["values"] if "text" in d]
        return (0, min(found)) if found else (1, 0)

    return sorted(children_of(catalog, noun), key=rank)


# --- what the rows of a partition keep -------------------------------------------------------


def condition_text(catalog: Catalog, parent: Noun, bound: Bound, but: int = 0) -> str | None:
    """Write what the rows of a partition keep as an expression, None when everything may be in it.

    Args:
        catalog: The definitions.
        parent: The partitioned table.
        bound: The partition's bound.
        but: Number of a partition that does not count as another one.
    """
    keys = keys_of(parent)
    if bound["kind"] == DEFAULT:
        others = [
            condition_text(catalog, parent, found)
            for child in children_of(catalog, parent)
            if child.id != but and (found := bound_of(child)) and found["kind"] != DEFAULT
        ]
        listed = [f"({text})" for text in others if text]
        return f"NOT ({' OR '.join(listed)})" if listed else None
    if bound["kind"] == LIST:
        return _list_text(keys[0], bound)
    return _range_text(keys, bound) if bound["kind"] == RANGE else None


def _literal(key: Key, text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'::{t.format_type(key.type)}"


def _list_text(key: Key, bound: Bound) -> str:
    values = [_literal(key, datum["text"]) for datum in bound["values"] if "text" in datum]
    term = f"({key.text})"
    within = f"{term} IN ({', '.join(values)})" if values else ""
    if len(values) == len(bound["values"]):
        return f"{term} IS NOT NULL AND {within}"
    return f"{term} IS NULL OR {within}" if within else f"{term} IS NULL"


def _range_text(keys: Sequence[Key], bound: Bound) -> str:
    parts = [f"({key.text}) IS NOT NULL" for key in keys]
    for datums, strict, last in ((bound["lower"], ">", ">="), (bound["upper"], "<", "<")):
        text = _edge_text(keys, datums, strict, last)
        if text:
            parts.append(f"({text})")
    return " AND ".join(parts)


def _edge_text(keys: Sequence[Key], datums: Sequence[Datum], strict: str, last: str) -> str:
    terms: list[str] = []
    same: list[str] = []
    for at, (key, datum) in enumerate(zip(keys, datums, strict=True)):
        if "kind" in datum:
            is_open = (Infinite(datum["kind"]) is MINIMUM) == (strict == ">")
            if is_open:
                terms.append(" AND ".join(same) if same else "")
            break
        value = _literal(key, datum["text"])
        operator = last if at == len(datums) - 1 else strict
        terms.append(" AND ".join([*same, f"({key.text}) {operator} {value}"]))
        same.append(f"({key.text}) = {value}")
    if "" in terms:
        return ""
    return " OR ".join(f"({term})" for term in terms) or "false"


# --- as PostgreSQL shows it ------------------------------------------------------------------


def bound_text(bound: Bound, keys: Sequence[Key]) -> str:
    """Write a bound as it stands in CREATE TABLE."""
    if bound["kind"] == DEFAULT:
        return "DEFAULT"
    if bound["kind"] == HASH:
        return f"FOR VALUES WITH (modulus {bound['modulus']}, remainder {bound['remainder']})"
    if bound["kind"] == LIST:
        shown = ", ".join(_shown(keys[0], datum) for datum in bound["values"])
        return f"FOR VALUES IN ({shown})"
    lower, upper = (
        ", ".join(_shown(key, datum) for key, datum in zip(keys, bound[side], strict=True))
        for side in ("lower", "upper")
    )
    return f"FOR VALUES FROM ({lower}) TO ({upper})"


def _shown(key: Key, datum: Datum) -> str:
    if "kind" in datum:
        return str(datum["kind"]).upper()
    if datum.get("is_null"):
        return "NULL"
    text = str(datum["text"])
    if key.type in {*t.INTEGERS, t.NUMERIC, t.OID, t.FLOAT4, t.FLOAT8}:
        return text if not text.startswith("-") else f"'{text}'"
    if key.type == t.BOOL:
        return "true" if text == "t" else "false"
    return "'" + text.replace("'", "''") + "'"


def key_text(noun: Noun) -> str:
    """Write the partition key of a table as `pg_get_partkeydef` does."""
    terms = [quote_ident(key.column) if key.column else _wrapped(key.text) for key in keys_of(noun)]
    return f"{strategy_of(noun).upper()} ({', '.join(terms)})"


def _wrapped(text: str) -> str:
    is_call = text.endswith(")") and text.split("(", maxsplit=1)[0].replace("_", "").isalnum()
    return text if is_call else f"({text})" if not text.startswith("(") else text


def bare_name(noun: Noun) -> str:
    """Return the name of a table without its schema."""
    return split_name(noun.name)[1]
