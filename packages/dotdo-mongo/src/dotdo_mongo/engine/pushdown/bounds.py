"""Conditions in SQL that leave every document that could match, and few others; the compiled filter decides on those."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from bson import Binary, Decimal128, Int64, ObjectId, Regex

from dotdo.storage.names import literal
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.indexes import UNDEFINED, is_ordinary
from dotdo_mongo.engine.match import is_operators
from dotdo_mongo.engine.tables import Condition
from dotdo_mongo.mapping.keys import key_of
from dotdo_mongo.mapping.tags import tagged

Document = dict[str, Any]
_PLAIN = frozenset({int, Int64, float})


@lru_cache(maxsize=4096)
def path_text(path: str) -> str | None:
    """Return a field's JSON path as an SQL literal, None for one that may go through arrays by number."""
    parts = path.split(".")
    if any(
        not part
        or part.isdigit()
        or part[0] == "$"
        or '"' in part
        or "\\" in part
        or not part.isprintable()
        for part in parts
    ):
        return None
    return literal("$" + "".join(f'."{part}"' for part in parts))


def value_text(path: str) -> str:
    """Return the expression of a path's value, as an index has it."""
    return f"data ->> {path_text(path)}"


_ORDERED = ('{"$oid":"*', '{"$t":[1-9]???????????????}', '{"$u":"*', '{"$b":"*')
"""Tagged values whose text compares as they do: ids, dates of sixteen digits; UUIDs and bytes for equality."""


def odd_kinds(path: str) -> list[str]:
    """Return the expressions that are not null where a document on the way has names that begin with `$`: it is kept as pairs."""
    parts = path.split(".")
    return [
        f"json_type(data, {literal('$' + ''.join(f'.{chr(34)}{part}{chr(34)}' for part in [*parts[:i], '$o']))})"
        for i in range(len(parts))
    ]


@lru_cache(maxsize=4096)
def exceptions_text(path: str) -> str:
    """Return the condition of rows whose value at a path is not plain.

    It goes through arrays, its text does not compare, or it lies in an object that has names with `$` and is kept as
    pairs for it.
    """
    parts = path.split(".")
    prefixes = [".".join(parts[: i + 1]) for i in range(len(parts) - 1)]
    arrays = [f"json_type(data, {path_text(prefix)}) = 'array'" for prefix in prefixes]
    arrays += [f"{kind} is not null" for kind in odd_kinds(path)]
    kind, value = f"json_type(data, {path_text(path)})", value_text(path)
    tags = " or ".join(f"{value} glob {literal(pattern)}" for pattern in _ORDERED)
    texts = f"({kind} = 'object' and not ({tags}))"
    return " or ".join([*arrays, f"{kind} = 'array'", texts])


@dataclass(frozen=True, slots=True)
class Bound:
    """What a query asks of one path, as SQL over its plain value.

    Args:
        sql: A condition over the expression that stands in place of `{0}`.
        params: Its parameters.
        is_equality: It asks for one value.
    """

    sql: str
    params: tuple[Any, ...]
    is_equality: bool = False

    @property
    def finds_nothing_there(self) -> bool:
        """It is met where there is no value."""
        return self.sql == "{0} is null"


_NOTHING = Bound("{0} is null and false", (), is_equality=True)
_OPERATORS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_MAX_IN = 200


def bounds(query: Document) -> dict[str, Bound]:
    """Return what a filter asks of paths that SQL can look at; the filter decides on what is found."""
    found: dict[str, Bound] = {}
    for path, wanted in query.items():
        if path == "$and":
            for part in wanted:
                found = bounds(part) | found
            continue
        if path.startswith("$") or path == "_id" or path_text(path) is None:
            continue
        bound = _bound(wanted)
        if bound is not None:
            found[path] = bound
    return found


def _bound(wanted: Any) -> Bound | None:
    if isinstance(wanted, Regex):
        return _prefixed(wanted, "")
    if not isinstance(wanted, dict) or not next(iter(wanted), "").startswith("$"):
        return _equal(wanted)
    if "$eq" in wanted:
        return _equal(wanted["$eq"])
    if "$in" in wanted:
        return _one_of(wanted["$in"])
    if isinstance(wanted.get("$all"), list) and wanted["$all"]:
        return _equal(wanted["$all"][0])
    if "$regex" in wanted:
        return _prefixed(wanted["$regex"], wanted.get("$options", ""))
    parts = [_range(name, value) for name, value in wanted.items() if name in _OPERATORS]
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return Bound(
        " and ".join(part.sql for part in known), tuple(p for part in known for p in part.params)
    )


def _equal(value: Any) -> Bound | None:
    if value is None:
        return Bound("{0} is null", (), is_equality=True)
    stored = stored_form(value)
    return None if stored is None else Bound("{0} = ?", (stored,), is_equality=True)


def _one_of(values: Any) -> Bound | None:
    if not isinstance(values, list) or not 0 < len(values) <= _MAX_IN:
        return None
    stored = [stored_form(value) for value in values]
    if any(value is None for value in stored):
        return None
    return Bound(f"{{0}} in ({', '.join('?' * len(stored))})", tuple(stored))


_PREFIX = re.compile(r"\^([\w ,:;@/-]+)")
_REPEATED = ("*", "?", "{", "|")


def _prefixed(pattern: Any, options: Any) -> Bound | None:
    """Return the range of texts that begin as a pattern says, None where it does not say that first and only."""
    if isinstance(pattern, Regex):
        if pattern.flags or options or not isinstance(pattern.pattern, str):
            return None
        pattern = pattern.pattern
    found = _PREFIX.match(pattern) if isinstance(pattern, str) and not options else None
    if found is None or "|" in pattern:
        return None
    prefix = found[1]
    if pattern[found.end() :].startswith(_REPEATED):
        prefix = prefix[:-1]
    if not prefix or ord(prefix[-1]) >= _LAST_LETTER:
        return None
    return Bound("{0} >= ? and {0} < ?", (prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)))


_LAST_LETTER = 0xD7FE
"""The code after it, and those before, are letters that text may hold."""


def _range(name: str, value: Any) -> Bound | None:
    """Return a range within the values of one type; SQLite puts numbers before text and text before bytes."""
    stored = stored_form(value)
    if stored is None or isinstance(value, (bool, bytes)):
        return None
    operator = _OPERATORS[name]
    if isinstance(value, (int, float, Decimal128)):
        rest = "{0} < ''" if operator[0] == ">" else "typeof({0}) <> 'null'"
        return Bound(f"{{0}} {operator} ? and {rest}", (stored,))
    if type(value) is str:
        rest = "{0} < x''" if operator[0] == ">" else "{0} >= ''"
        return Bound(f"{{0}} {operator} ? and {rest}", (stored,))
    tag, colon, _ = str(stored).partition(":")
    if not any(str(stored).startswith(pattern[:6]) for pattern in _ORDERED[:2]) or not _is_ordered(
        stored
    ):
        return None
    edge = f"{tag}{colon}" if operator[0] == "<" else f"{tag};"
    other = "<" if operator[0] == ">" else ">="
    return Bound(f"{{0}} {operator} ? and {{0}} {other} ?", (stored, edge))


def _is_ordered(stored: Any) -> bool:
    return not str(stored).startswith('{"$t"') or len(str(stored)) == 23


def loose(path: str, bound: Bound) -> Condition:
    """Return the condition that leaves all rows that may match, without an index."""
    return Condition(
        f"(({bound.sql.format(value_text(path))}) or {exceptions_text(path)})", bound.params
    )


def by_index(table: str, index: Document, asked: Mapping[str, Bound]) -> Condition:
    """Return the condition that reads rows by an index and those that it has apart."""
    parts: list[str] = []
    params: list[Any] = []
    for path in index["key"]:
        bound = asked.get(path)
        if bound is None:
            break
        parts.append(f"({bound.sql.format(value_text(path))})")
        params += bound.params
        if not bound.is_equality:
            break
    apart = " or ".join(exceptions_text(path) for path in index["key"])
    sql = (
        f"_id in (select _id from {table} where {' and '.join(parts)}"
        f" union all select _id from {table} where {apart})"
    )
    return Condition(sql, tuple(params))


_DECIMAL_KEYS = "id >= '{\"$f' and id < '{\"$g' or id >= '{\"$n' and id < '{\"$o'"
_QUOTED_KEYS = "id >= '\"' and id < '#'"


def by_key(table: str, wanted: Any) -> Condition | None:
    """Return the condition that reads rows by the index of `_id`, None where that does not help."""
    if not is_operators(wanted):
        return None
    values = wanted.get("$in")
    if isinstance(values, list) and 0 < len(values) <= _MAX_KEYS:
        if not all(type(value) in _KEYS for value in values):
            return None
        return Condition(f"id in ({', '.join('?' * len(values))})", tuple(map(key_of, values)))
    kinds = {type(value) for name, value in wanted.items() if name in _OPERATORS}
    bound = _bound(wanted) if kinds and kinds <= _KEYS and "$eq" not in wanted else None
    if bound is None:
        return None
    others = _QUOTED_KEYS if str in kinds else _DECIMAL_KEYS
    sql = (
        f"_id in (select _id from {table} where {bound.sql.format('id')}"
        f" union all select _id from {table} where {others})"
    )
    return Condition(sql, bound.params)


_KEYS = frozenset({int, Int64, float, str, ObjectId})
_MAX_KEYS = 1000


def best_index(indexes: Iterable[Document], asked: Mapping[str, Bound]) -> Document | None:
    """Return the index that narrows most, or None."""
    best, score = None, 0
    for index in indexes:
        points = 0
        for path in index["key"]:
            bound = asked.get(path)
            if bound is None:
                break
            points += 2 if bound.is_equality else 1
            if not bound.is_equality:
                break
        if points > score:
            best, score = index, points
    return best


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
    """Return the number that is exactly a decimal, None when no double is."""
    number = value.to_decimal()
    if not number.is_finite():
        return None
    if number == number.to_integral_value() and abs(number) < 1 << 63:
        return int(number)
    near = float(number)
    return near if math.isfinite(near) and Decimal(near) == number else None


def equalities(
    collection: Collection, pairs: Iterable[tuple[str, Any]], index: Document
) -> Condition:
    """Return what leaves the rows that may have these values in an index."""
    if collection.noun.layout != "document" or index.get("collation"):
        return Condition()
    asked = {}
    for path, value in pairs:
        bound = None if path == "_id" or path_text(path) is None else _in_index(value)
        if bound is not None:
            asked[path] = bound
    if asked and len(asked) == len(index.get("key", ())) and is_pushed(index):
        return by_index(collection.table.table, index, asked)
    found = [loose(path, bound) for path, bound in asked.items()]
    return Condition(" and ".join(c.sql for c in found), tuple(p for c in found for p in c.params))


def _in_index(value: Any) -> Bound | None:
    """Return what asks for a value of an index; arrays, empty ones too, are among the rows that it has apart."""
    return _NOTHING if value is UNDEFINED else _equal(value)


def is_pushed(index: Document) -> bool:
    """SQLite keeps the index's plain values in order."""
    return (
        is_ordinary(index)
        and not index.get("collation")
        and all(path != "_id" and path_text(path) for path in index["key"])
    )
