"""Dotted paths: how they are checked, and how a value is read along one as expressions do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import DBRef

from dotdo_mongo.engine.values import ARRAYS, MISSING, OBJECTS
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_DEPTH = 200
DBREF_NAMES = frozenset({"$ref", "$id", "$db"})


def check_name(name: str) -> str:
    """Return a field's name if a path may hold it.

    Raises:
        CommandFailure: empty (15998), `$` first (16410), a null byte (16411), a dot (16412).
    """
    if not name:
        raise failure(15998, "FieldPath field names may not be empty strings.")
    if name[0] == "$" and name not in DBREF_NAMES:
        raise failure(
            16410,
            f"FieldPath field names may not start with '$'. Consider using $getField or $setField: {name}",
        )
    if "\0" in name:
        raise failure(16411, "FieldPath field names may not contain '\\0'.")
    if "." in name:
        raise failure(16412, f"FieldPath field names may not contain '.': {name}")
    return name


def split_path(path: str) -> tuple[str, ...]:
    """Return the names of a dotted path.

    Raises:
        CommandFailure: empty (40352), a dot at the end (40353), over 200 names (15), or a bad name.
    """
    if not path:
        raise failure(40352, "FieldPath cannot be constructed with empty string")
    if path[-1] == ".":
        raise failure(40353, "FieldPath must not end with a '.'.")
    names = tuple(path.split("."))
    if len(names) > MAX_DEPTH:
        raise failure(15, "FieldPath is too long")
    for name in names:
        check_name(name)
    return names


def as_document(value: Any) -> Mapping[str, Any] | None:
    """Return an object's members, None for what is no object."""
    kind = type(value)
    if kind in OBJECTS:
        return value  # type: ignore[no-any-return]  # its type was just looked at
    return value.as_doc() if kind is DBRef else None


def read(value: Any, names: tuple[str, ...], start: int = 0) -> Any:
    """Return what lies at the path: of an array the members that the rest of the path finds in its objects."""
    count = len(names)
    for index in range(start, count):
        if type(value) in ARRAYS:
            return [
                found
                for member in value
                if type(member) in OBJECTS and (found := read(member, names, index)) is not MISSING
            ]
        document = value if type(value) is dict else as_document(value)
        if document is None:
            return MISSING
        value = document.get(names[index], MISSING)
    return value


def reader(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """Return `read` for one path."""
    if len(names) == 1:
        name = names[0]

        def top(document: Any) -> Any:
            return document.get(name, MISSING) if type(document) is dict else read(document, names)

        return top
    return lambda document: read(document, names)
