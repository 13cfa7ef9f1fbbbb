"""Arrays of any number of dimensions, counted from 1: PostgreSQL's `{a,"b c",NULL}` and the JSON text that carries them inside statements."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from dotdo_postgres.errors import PostgresError, error, not_supported

Value = int | float | str | bytes | None
MAX_DIMENSIONS = 6


def pack(elements: list[Any]) -> str:  # type: ignore[explicit-any]  # lists nest
    """Write elements as JSON; bytes become `{"b": hex}`, lists are inner dimensions."""
    return orjson.dumps([_packed(item) for item in elements]).decode()


_INFINITY, _MINUS_INFINITY = orjson.Fragment("9e999"), orjson.Fragment("-9e999")


def _packed(item: Any) -> Any:  # type: ignore[explicit-any]  # lists nest
    if isinstance(item, bytes):
        return {"b": item.hex()}
    if type(item) is float and math.isinf(item):
        return _INFINITY if item > 0 else _MINUS_INFINITY
    return [_packed(inner) for inner in item] if isinstance(item, list) else item


def unpack(stored: str) -> list[Any]:  # type: ignore[explicit-any]  # lists nest
    """Read the elements back, inner dimensions as lists."""
    return unpacked(loads(stored))


def loads(stored: str) -> Any:  # type: ignore[explicit-any]  # what JSON holds
    """Read JSON text in which numbers may be infinite, as SQLite writes them."""
    try:
        return orjson.loads(stored)
    except orjson.JSONDecodeError:
        return json.loads(stored)


def unpacked(items: list[Any]) -> list[Any]:  # type: ignore[explicit-any]  # lists nest
    """Return what elements stand for when they were read as JSON."""
    return [_unpacked(item) for item in items]


def _unpacked(item: Any) -> Any:  # type: ignore[explicit-any]  # lists nest
    if isinstance(item, dict):
        return bytes.fromhex(item["b"])
    return [_unpacked(inner) for inner in item] if isinstance(item, list) else item


def flat(stored: str) -> list[Value]:
    """Return the elements of all dimensions, in order."""
    return list(leaves(unpack(stored)))


def leaves(items: list[Any]) -> Iterator[Value]:  # type: ignore[explicit-any]  # lists nest
    """Yield the elements of all dimensions, in order."""
    for item in items:
        if isinstance(item, list):
            yield from leaves(item)
        else:
            yield item


def dimensions(items: object) -> list[int]:
    """Return the length of each dimension, none for an empty array."""
    found = []
    while isinstance(items, list) and items:
        found.append(len(items))
        items = items[0]
    return found


def mapped(items: list[Any], change: Callable[[Any], Any]) -> list[Any]:  # type: ignore[explicit-any]  # lists nest
    """Change every element that is not NULL, whatever the dimensions."""
    return [
        mapped(item, change) if isinstance(item, list) else None if item is None else change(item)
        for item in items
    ]


class _Reader:
    """The reading of an array literal."""

    def __init__(self, text: str, element: Callable[[str], Value], delimiter: str) -> None:
        self.text, self.element, self.delimiter = text, element, delimiter
        self.at = 0

    def fail(self, detail: str) -> PostgresError:
        return error("22P02", f'malformed array literal: "{self.text}"', detail=detail)

    def skip_spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\n\r\v\f":
            self.at += 1

    @property
    def char(self) -> str:
        return self.text[self.at : self.at + 1]

    def array(self, depth: int) -> list[Any]:  # type: ignore[explicit-any]  # lists nest
        if depth > MAX_DIMENSIONS:
            message = f"number of array dimensions ({depth}) exceeds the maximum allowed ({MAX_DIMENSIONS})"
            raise error("54000", message)
        self.at += 1
        items: list[Any] = []  # type: ignore[explicit-any]  # lists nest
        self.skip_spaces()
        if self.char == "}":
            self.at += 1
            return items
        while True:
            self.skip_spaces()
            if self.char == "{":
                items.append(self.array(depth + 1))
                if not items[-1]:
                    raise self.fail('Unexpected "}" character.')
            else:
                items.append(self.item())
            self.skip_spaces()
            if self.char == "}":
                self.at += 1
                return items
            if self.char != self.delimiter:
                raise self.fail(self._unexpected())
            self.at += 1

    def _unexpected(self) -> str:
        if not self.char:
            return "Unexpected end of input."
        return 'Unexpected "{" character.' if self.char == "{" else "Unexpected array element."

    def item(self) -> Value:
        if self.char == '"':
            return self.element(self.quoted())
        start, kept = self.at, 0
        out: list[str] = []
        while self.char and self.char not in {"}", self.delimiter}:
            if self.char == '"':
                raise self.fail("Incorrectly quoted array element.")
            if self.char == "{":
                raise self.fail('Unexpected "{" character.')
            if self.char == "\\":
                self.at += 1
                kept = len(out) + 1
            out.append(self.char)
            self.at += 1
        if not self.char:
            raise self.fail("Unexpected end of input.")
        word = "".join(out)
        trimmed = word[:kept] + word[kept:].rstrip(" \t\n\r\v\f")
        if not trimmed:
            raise self.fail(f'Unexpected "{self.char}" character.')
        is_null = trimmed.upper() == "NULL" and "\\" not in self.text[start : self.at]
        return None if is_null else self.element(trimmed)

    def quoted(self) -> str:
        out: list[str] = []
        self.at += 1
        while self.char and self.char != '"':
            if self.char == "\\":
                self.at += 1
            out.append(self.char)
            self.at += 1
        if not self.char:
            raise self.fail("Unexpected end of input.")
        self.at += 1
        return "".join(out)


def from_text(text: str, element: Callable[[str], Value], delimiter: str = ",") -> str:
    """Read an array literal.

    Args:
        text: `{1,2,NULL}`, `{{1,2},{3,4}}`.
        element: Reads one element.
        delimiter: What stands between elements.

    Returns:
        JSON text of the elements.

    Raises:
        PostgresError: malformed (22P02), bounds other than from 1 (0A000).
    """
    reader = _Reader(text, element, delimiter)
    reader.skip_spaces()
    if reader.char == "[":
        raise not_supported("an array with bounds of its own")
    if reader.char != "{":
        raise reader.fail('Array value must start with "{" or dimension information.')
    items = reader.array(1)
    reader.skip_spaces()
    if reader.char:
        raise reader.fail("Junk after closing right brace.")
    if not is_even(items):
        detail = "Multidimensional arrays must have sub-arrays with matching dimensions."
        raise reader.fail(detail)
    return pack(items if any(True for _ in leaves(items)) else [])


def is_even(items: list[Any]) -> bool:  # type: ignore[explicit-any]  # lists nest
    """Tell whether all parts of a dimension are alike."""
    lists = [item for item in items if isinstance(item, list)]
    if not lists:
        return True
    shape = dimensions(lists[0])
    return len(lists) == len(items) and all(
        dimensions(item) == shape and is_even(item) for item in lists
    )


def to_text(stored: str, element: Callable[[Value], str], delimiter: str = ",") -> str:
    """Write an array the way PostgreSQL shows it."""
    return _shown(unpack(stored), element, delimiter)


def _shown(items: list[Any], element: Callable[[Value], str], delimiter: str) -> str:  # type: ignore[explicit-any]  # lists nest
    parts = [
        "NULL"
        if item is None
        else _shown(item, element, delimiter)
        if isinstance(item, list)
        else quote(element(item), delimiter)
        for item in items
    ]
    return "{" + delimiter.join(parts) + "}"


def quote(text: str, delimiter: str = ",") -> str:
    """Quote an element where the array syntax needs it."""
    special = '{}"\\ \t\n\r\v\f' + delimiter
    if text and text.upper() != "NULL" and not any(char in special for char in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
