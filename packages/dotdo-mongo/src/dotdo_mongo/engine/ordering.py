"""Sort specifications: checked, and made into keys over documents, arrays giving their least or greatest member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.numbers import whole
from dotdo_mongo.engine.values import NUMBERS, Key
from dotdo_mongo.errors import failure

SortKey = Callable[[Any], Key]


class Reversed:
    """A key that orders backwards."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __lt__(self, other: Reversed) -> bool:
        return bool(other.key < self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reversed) and bool(self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)


def leaves(value: Any, names: tuple[str, ...], start: int = 0) -> list[Any]:
    """Return the values an index would hold for the path: arrays are entered, also by position."""
    if start == len(names):
        if isinstance(value, list):
            return list(value) if value else [EMPTY_ARRAY]
        return [value]
    if isinstance(value, list):
        return _member_leaves(value, names, start)
    document = as_document(value)
    if document is None or names[start] not in document:
        return [None]
    return leaves(document[names[start]], names, start + 1)


class _EmptyArray:
    """Stands for an empty array, which sorts before null."""


EMPTY_ARRAY = _EmptyArray()
_EMPTY_KEY: Key = (1,)


def _member_leaves(value: list[Any], names: tuple[str, ...], start: int) -> list[Any]:
    name = names[start]
    if name.isdigit() and int(name) < len(value):
        position = value[int(name)]
        if not any(as_document(member) is not None and name in member for member in value):
            return leaves(position, names, start + 1)
    found: list[Any] = []
    for member in value:
        if as_document(member) is not None:
            found += leaves(member, names, start)
    return found or [None]


def _bound_key(key: SortKey, is_descending: bool) -> Callable[[Any, tuple[str, ...]], Any]:
    pick = max if is_descending else min

    def of(document: Any, names: tuple[str, ...]) -> Any:
        value = document
        for index, name in enumerate(names):
            if type(value) is list:
                return chosen(leaves(value, names, index))
            inner = value if type(value) is dict else as_document(value)
            value = inner.get(name) if inner is not None else None
        if type(value) is list:
            return chosen(leaves(value, names, len(names)))
        return key(value)

    def chosen(values: list[Any]) -> Any:
        return pick(_EMPTY_KEY if value is EMPTY_ARRAY else key(value) for value in values)

    return of


def document_key(
    spec: list[tuple[tuple[str, ...], int]], key: SortKey
) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function from a document to what sorts as the specification (path, 1 or -1) asks."""
    parts = [(names, way < 0, _bound_key(key, way < 0)) for names, way in spec]
    if len(parts) == 1:
        names, is_descending, of = parts[0]
        if is_descending:
            return lambda document: (Reversed(of(document, names)),)
        return lambda document: (of(document, names),)

    def keys(document: Any) -> tuple[Any, ...]:
        return tuple(
            [
                Reversed(of(document, names)) if is_descending else of(document, names)
                for names, is_descending, of in parts
            ]
        )

    return keys


def sorter(
    spec: list[tuple[tuple[str, ...], int]], key: SortKey
) -> Callable[[list[Any]], list[Any]]:
    """Return a stable sort; it sorts by the last path first, which lets Python reverse without wrapping keys."""
    parts = [(names, way < 0, _bound_key(key, way < 0)) for names, way in reversed(spec)]

    def run(documents: list[Any]) -> list[Any]:
        found = list(documents)
        for names, is_descending, of in parts:
            found.sort(key=lambda document: of(document, names), reverse=is_descending)
        return found

    return run


def direction(value: Any, code: int, text: str) -> int:
    """Return 1 or -1; the error's text may hold {} for the value."""
    if type(value) in NUMBERS and whole(value) in {1, -1}:
        return int(whole(value) or 0)
    raise failure(code, text.format(value))


def _array_direction(value: Any) -> int:
    if type(value) not in NUMBERS:
        raise failure(2942507, "The $sortArray sortBy must be either a number or an object")
    return direction(value, 2942506, "Cannot sort by {}: must be 1 or -1")


def parse_sort_by(spec: Any, key: SortKey) -> Callable[[list[Any]], list[Any]]:
    """Read the `sortBy` of $sortArray and give its sort. Codes 2942505 to 2942507."""
    if not isinstance(spec, Mapping):
        way = _array_direction(spec)
        return lambda array: sorted(array, key=key, reverse=way < 0)
    if not spec:
        raise failure(2942505, "The $sortArray sortBy must not be an empty object")
    paths = []
    for name, value in spec.items():
        paths.append(
            (
                tuple(name.split(".")),
                direction(
                    value, 2942505, "The $sortArray sortBy pattern must be 1 or -1, found {}"
                ),
            )
        )
    return sorter(paths, key)
