"""Documents made of arrays of their members, and arrays of documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dotdo_mongo.engine.expressions.arrays import check_array
from dotdo_mongo.engine.expressions.declare import (
    Family,
)
from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

FAMILY = Family("pairs")


class _Keys:
    """What $arrayToObject has taken so far; the form of the first entry holds for all."""

    def __init__(self, entries: list[Any]) -> None:
        self.is_pairs = bool(entries) and isinstance(entries[0], list)
        self.found: dict[str, Any] = {}

    def take(self, entry: Any) -> None:
        if isinstance(entry, list):
            self._take_pair(entry)
        elif isinstance(entry, Mapping) or self.is_pairs:
            self._take_document(entry)
        else:
            raise failure(
                40398, f"Unrecognised input type format for $arrayToObject: {type_name(entry)}"
            )

    def _take_pair(self, entry: list[Any]) -> None:
        if not self.is_pairs:
            raise failure(
                40391, "$arrayToObject requires a consistent input format. Expected object"
            )
        if len(entry) != 2:
            raise failure(
                40397,
                f"$arrayToObject requires an array of size 2 arrays,found array of size: {len(entry)}",
            )
        if type(entry[0]) is not str:
            raise failure(
                40395,
                f"$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: {type_name(entry[0])}",
            )
        self._set(entry[0], entry[1], 4940400)

    def _take_document(self, entry: Mapping[str, Any]) -> None:
        if self.is_pairs:
            raise failure(
                40396, "$arrayToObject requires a consistent input format. Expected array"
            )
        if len(entry) != 2:
            raise failure(
                40392,
                f"$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:{len(entry)}",
            )
        if "k" not in entry or "v" not in entry:
            raise failure(
                40393,
                "$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys",
            )
        if type(entry["k"]) is not str:
            raise failure(
                40394,
                f"$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string. Found type: {type_name(entry['k'])}",
            )
        self._set(entry["k"], entry["v"], 4940401)

    def _set(self, key: str, value: Any, code: int) -> None:
        if "\0" in key:
            raise failure(code, "Key field cannot contain an embedded null byte")
        self.found[key] = value


@FAMILY.operator("$arrayToObject", null=True)
def array_to_object(entries: Any) -> Any:
    """Make a document of pairs or of {k, v}. Codes 40386, 40391 to 40398."""
    check_array(entries, 40386, "$arrayToObject requires an array input, found: {}")
    keys = _Keys(entries)
    for entry in entries:
        keys.take(entry)
    return keys.found


@FAMILY.operator("$objectToArray", null=True)
def object_to_array(value: Any) -> Any:
    """Make {k, v} of each member. Code 40390."""
    document = as_document(value)
    if document is None:
        raise failure(40390, f"$objectToArray requires a document input, found: {type_name(value)}")
    return [{"k": name, "v": member} for name, member in document.items()]
