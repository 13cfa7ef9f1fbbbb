"""Index keys of documents: what uniqueness is judged by, and which documents an index leaves out."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from dotdo_mongo.engine.collation import parse_collation
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.values import MISSING, R_STRING, sort_key
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
Keys = dict[tuple[Any, ...], list[Any]]


class Undefined:
    """The type of UNDEFINED."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()
"""What an index holds for an empty array, before null; BSON has no such value any more, so that replies show null."""


def is_ordinary(index: Document) -> bool:
    """Its keys are values in order, no text, points, hashes or wildcards."""
    return all(isinstance(kind, (int, float)) for kind in index["key"].values()) and not any(
        path == "$**" or path.endswith(".$**") for path in index["key"]
    )


def keys_of(document: Document, index: Document) -> Keys:
    """Return the keys of a document in an index: what compares, and the values as they are.

    Raises:
        CommandFailure: Two of its paths lead through different arrays (code 171).
    """
    if not covers(document, index):
        return {}
    columns: list[list[Any]] = []
    arrays: set[str] = set()
    found_any = False
    for path in index["key"]:
        values, array = _values(document, path)
        if array is not None:
            arrays.add(array)
        found_any = found_any or any(value is not MISSING for value in values)
        columns.append(values)
    if len(arrays) > 1:
        names = sorted(arrays)
        raise failure(171, f"cannot index parallel arrays [{names[0]}] [{names[1]}]")
    if index.get("sparse") and not found_any:
        return {}
    collation = index.get("collation")
    parsed = None if collation is None else parse_collation(collation)
    keys: Keys = {}
    for row in _rows(columns, document, index, arrays):
        shown = [None if value is MISSING else value for value in row]
        keys[tuple(_comparable(value, parsed) for value in shown)] = shown
    return keys


def _rows(
    columns: list[list[Any]], document: Document, index: Document, arrays: set[str]
) -> Iterable[tuple[Any, ...]]:
    """Return the rows of key values: one for each element of the array that the paths share."""
    multiple = [i for i, column in enumerate(columns) if len(column) > 1]
    if len(multiple) < 2:
        return product(*columns)
    shared = next(iter(arrays))
    inside: Any = document
    for part in shared.split("."):
        inside = inside[part]
    rows = []
    for element in inside:
        partial = [
            _values(element, path[len(shared) + 1 :])[0]
            if path.startswith(f"{shared}.")
            else columns[i]
            for i, path in enumerate(index["key"])
        ]
        rows += list(product(*partial))
    return rows


def _comparable(value: Any, collation: Any) -> Any:
    if value is UNDEFINED:
        return sort_key(MISSING)  # which no key holds itself: what is missing is null there
    if collation is not None and type(value) is str:
        return (R_STRING, collation.key(value))
    return sort_key(value)


def covers(document: Document, index: Document) -> bool:
    """Whether a document is one of those that a partial index holds."""
    condition = index.get("partialFilterExpression")
    if condition is None:
        return True
    collation = index.get("collation")
    context = Context(collation=None if collation is None else parse_collation(collation))
    return compile_match(condition, context)(document)


def _values(document: Any, path: str) -> tuple[list[Any], str | None]:
    """Return the values at a path, elements of the first array each by itself, and that array's path."""
    value: Any = document
    parts = path.split(".")
    for i, part in enumerate(parts):
        if isinstance(value, dict):
            value = value.get(part, MISSING)
        elif isinstance(value, list):
            return _in_array(value, parts[i:]), ".".join(parts[:i])
        else:
            return [MISSING], None
    if isinstance(value, list):
        return (list(value) or [UNDEFINED]), path
    return [value], None


def _in_array(items: list[Any], parts: list[str]) -> list[Any]:
    if parts[0].isdigit():
        i = int(parts[0])
        inner = items[i] if i < len(items) else MISSING
        return _values(inner, ".".join(parts[1:]))[0] if len(parts) > 1 else [inner]
    found: list[Any] = []
    for item in items:
        found += _values(item, ".".join(parts))[0] if isinstance(item, dict) else [MISSING]
    return found or [MISSING]


def duplicate(namespace: str, index: Document, values: Iterable[Any]) -> CommandFailure:
    """Return the failure of a key that is taken."""
    shown = list(values)
    pairs = dict(zip(index["key"], shown, strict=False))
    text = ", ".join(f"{name}: {show(value)}" for name, value in pairs.items())
    collation = ""
    if index.get("collation"):
        collation = f" collation: {show(index['collation'])}"
    return failure(
        11000,
        f"E11000 duplicate key error collection: {namespace} index: {index['name']}{collation} dup key: {{ {text} }}",
        keyPattern=dict(index["key"]),
        keyValue={name: None if value is UNDEFINED else value for name, value in pairs.items()},
    )


def show(value: Any) -> str:
    """Return a value as MongoDB's messages write it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case float():
            return repr(value)
        case dict():
            inner = ", ".join(f"{name}: {show(item)}" for name, item in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list():
            inner = ", ".join(show(item) for item in value)
            return f"[ {inner} ]" if inner else "[]"
        case _:
            return _show_other(value)


def _show_other(value: Any) -> str:
    name = type(value).__name__
    if name == "ObjectId":
        return f"ObjectId('{value}')"
    if name == "datetime":
        return f"new Date({int(value.timestamp() * 1000)})"
    if name == "Decimal128":
        return str(value)
    return str(value)


def unique_indexes(indexes: Iterable[Document]) -> Iterator[Document]:
    """Yield the indexes other than that of `_id` that allow no value twice."""
    for index in indexes:
        if (index.get("unique") or index.get("prepareUnique")) and index["name"] != "_id_":
            yield index
