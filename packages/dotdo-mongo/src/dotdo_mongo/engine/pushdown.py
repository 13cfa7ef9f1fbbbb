"""Conditions in SQL that leave every document that could match, and few others; the compiled filter decides on those."""

import math
from collections.abc import Iterable
from typing import Any

import orjson
from bson import Binary, Decimal128, Int64, ObjectId

from dotdo.storage.names import literal
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.tables import Condition
from dotdo_mongo.mapping.tags import tagged

Document = dict[str, Any]
_PLAIN = frozenset({int, Int64, float})


def path_text(path: str) -> str | None:
    """Return a field's JSON path as an SQL literal, None for one that may go through arrays by number."""
    parts = path.split(".")
    if any(
        not part or part.isdigit() or '"' in part or "\\" in part or not part.isprintable()
        for part in parts
    ):
        return None
    return literal("$" + "".join(f'."{part}"' for part in parts))


def value_text(path: str) -> str:
    """Return the expression of a path's value, as an index has it."""
    return f"data ->> {path_text(path)}"


def exceptions_text(path: str) -> str:
    """Return the condition of rows whose value at a path is not plain: it goes through arrays or is a tagged number."""
    parts = path.split(".")
    prefixes = [".".join(parts[: i + 1]) for i in range(len(parts))]
    arrays = [f"json_type(data, {path_text(prefix)}) = 'array'" for prefix in prefixes]
    whole = "$" + "".join(f'."{part}"' for part in parts)
    tags = [literal(f'{whole}."{tag}"') for tag in ("$n", "$long")]
    numbers = [f"json_type(data, {tag}) is not null" for tag in tags]
    return " or ".join([*arrays, *numbers])


def equality(path: str, value: Any) -> Condition | None:
    """Return what leaves the rows whose value at a path may be equal to one, or None when SQL cannot tell."""
    if path == "_id" or path_text(path) is None:
        return None
    expression, others = value_text(path), exceptions_text(path)
    stored = stored_form(value)
    if stored is None:
        if value is None:
            return Condition(f"({expression} is null or {others})")
        return None
    return Condition(f"({expression} = ? or {others})", (stored,))


def stored_form(value: Any) -> Any:
    """Return a scalar as `->>` gives it, None when it has no one form."""
    kind = type(value)
    if kind is bool:
        return int(value)
    if kind in _PLAIN:
        return (
            None
            if isinstance(value, float) and not math.isfinite(value)
            else float(value)
            if kind is float
            else int(value)
        )
    if kind is str:
        return value
    if kind in {ObjectId, Binary, bytes} or kind.__name__ in {"datetime", "Timestamp"}:
        return orjson.dumps(tagged(value)).decode()
    if kind is Decimal128:
        return _decimal(value)
    return None


def _decimal(value: Decimal128) -> float | int | None:
    number = value.to_decimal()
    if not number.is_finite():
        return None
    return (
        int(number)
        if number == number.to_integral_value() and abs(number) < 1 << 63
        else float(number)
    )


def equalities(
    collection: Collection, pairs: Iterable[tuple[str, Any]], index: Document
) -> Condition:
    """Return what leaves the rows that may have these values in an index."""
    if collection.noun.layout != "document" or index.get("collation"):
        return Condition()
    found = [c for c in (equality(path, value) for path, value in pairs) if c is not None]
    return Condition(" and ".join(c.sql for c in found), tuple(p for c in found for p in c.params))
