"""The values of a key that fields of an index are made of; it refuses to index them."""

from typing import Any

from dotdo_redis.engine.json_values import Document, compact, find
from dotdo_redis.engine.search.schema import Field
from dotdo_redis.engine.types import Value
from dotdo_redis.engine.types.hashes import Hash


class Unindexable(ValueError):
    """A value that its field cannot take."""


def text_of(value: bytes) -> str:
    """Bytes as text; what is no UTF-8 stays as it is."""
    return value.decode("utf-8", "surrogateescape")


def raw_values(key_value: Value, field: Field) -> list[Any] | None:
    """What a field has in a key: bytes of a hash, values of a document; None when it is not there."""
    if isinstance(key_value, Hash):
        found = key_value.fields.get(field.identifier.encode("utf-8", "surrogateescape"))
        return None if found is None else [found]
    assert isinstance(key_value, Document)
    assert field.path is not None
    matches = [match.value for match in find(key_value.root, field.path.steps)]
    return matches or None


def texts(values: list[Any], field: Field) -> list[str]:
    """The values as texts.

    Raises:
        Unindexable: one of them is none.
    """
    found: list[str] = []
    for value in _flat(values):
        if isinstance(value, bytes):
            found.append(text_of(value))
        elif isinstance(value, str):
            found.append(value)
        elif isinstance(value, bool) and field.kind == "TAG":
            found.append("true" if value else "false")
        elif value is not None:
            raise Unindexable(field.name)
    return found


def numbers(values: list[Any], field: Field) -> list[float]:
    """The values as numbers.

    Raises:
        Unindexable: one of them is none.
    """
    found: list[float] = []
    for value in _flat(values):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, bytes | int | float):
            raise Unindexable(field.name)
        try:
            found.append(float(value))
        except ValueError:
            raise Unindexable(field.name) from None
    return found


def _flat(values: list[Any]) -> list[Any]:
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def shown_json(values: list[Any], *, is_multiple: bool) -> bytes:
    """Values of a document as a result tells them."""
    if is_multiple:
        return compact(values)
    first = values[0]
    if isinstance(first, str):
        return first.encode()
    return compact(first)


def sort_value(field: Field, values: list[Any]) -> Any:
    """What a field is sorted and grouped by: a number or a text."""
    first = _flat(values)[0] if _flat(values) else None
    if first is None:
        return None
    if field.kind == "NUMERIC":
        try:
            return float(first)
        except (TypeError, ValueError):
            return None
    if isinstance(first, bytes):
        return text_of(first)
    if isinstance(first, bool):
        return "true" if first else "false"
    return first if isinstance(first, str | int | float) else compact(first).decode()
