"""Documents as an application gives them, made ready to be stored without being decoded first; it refuses what is to be looked at more closely."""

from collections.abc import Iterable, Iterator
from typing import Any

from bson import Binary, Decimal128, Int64, ObjectId, Timestamp

from dotdo_mongo.engine.tables import Arrival
from dotdo_mongo.mapping.codec import MAX_DOCUMENT_BYTES, decode
from dotdo_mongo.mapping.keys import is_exact, key_of
from dotdo_mongo.mapping.tags import given_json, to_json

Document = dict[str, Any]
Given = tuple[Document | None, bytes]
"""A document's BSON, and itself as the application holds it; None where its types are not BSON's own."""

_IDENTITIES = frozenset({int, str, ObjectId, Int64, float, bool, Binary, Decimal128})
_MAX_DEPTH = 100
_SHALLOW_BYTES = 700  # each level of nesting takes seven bytes at least
_TIMESTAMP = b"\x11"  # the type of an element


class Unready(Exception):
    """A document is to be looked at more closely before it may be stored."""


def arrivals(given: Iterable[Given], first: int, names: set[str]) -> Iterator[Arrival]:
    """Yield what is stored of each document.

    Args:
        given: The documents.
        first: Row id of the first; the others have those that follow.
        names: The names of their fields are entered here.

    Raises:
        Unready: One is no plain document.
    """
    for row, (document, data) in enumerate(given, first):
        if document is None or (len(data) > _SHALLOW_BYTES and _may_be_deep(data)):
            document = plain(data)  # noqa: PLW2901  (the same, by another way)
        elif _TIMESTAMP in data and any(type(one) is Timestamp for one in document.values()):
            raise Unready
        identity = document.get("_id")
        if type(identity) not in _IDENTITIES:
            raise Unready
        names.update(document)
        rest = document
        if is_exact(identity):
            rest = document.copy()
            del rest["_id"]
        text = given_json(rest, data)
        if text is None:
            rest = decode(data)
            if is_exact(identity):
                del rest["_id"]
            text = to_json(rest, data)
        yield row, key_of(identity), text, data


def plain(data: bytes) -> Document:
    """Return a document that can be stored as it is.

    Raises:
        Unready: It cannot.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise Unready
    document = decode(data)
    if len(data) > _SHALLOW_BYTES and _is_deep(document, _MAX_DEPTH):
        raise Unready
    if any(type(value) is Timestamp for value in document.values()):
        raise Unready
    return document


def _may_be_deep(data: bytes) -> bool:
    """A document is too large, or has bytes that may stand for so many objects and arrays."""
    return len(data) > MAX_DOCUMENT_BYTES or data.count(3) + data.count(4) > _MAX_DEPTH


def _is_deep(value: Any, most: int) -> bool:
    """Documents and arrays lie in each other deeper than that."""
    if type(value) is dict:
        return most == 0 or any(_is_deep(inner, most - 1) for inner in value.values())
    return type(value) is list and (most == 0 or any(_is_deep(inner, most - 1) for inner in value))
