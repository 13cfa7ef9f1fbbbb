"""Sort specifications of commands and of $sort: checked, and compiled to a stable sort."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.fieldpath import split_path
from dotdo_mongo.engine.numbers import rounded64, to_double
from dotdo_mongo.engine.ordering import document_key, sorter
from dotdo_mongo.engine.values import NUMBERS, collated_key
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document

MAX_KEYS = 32
_META = frozenset(
    {"textScore", "randVal", "searchScore", "vectorSearchScore", "geoNearDistance", "score"}
)
Spec = list[tuple[tuple[str, ...], int]]


def parse_sort(
    spec: Mapping[str, Any], context: Context
) -> tuple[Spec, dict[tuple[str, ...], str]]:
    """Read a sort: paths with 1 or -1, and those that sort by metadata.

    Raises:
        CommandFailure: empty (15976), over 32 keys (13103), no direction (15974, 15975), an unknown
            metadata (31138), metadata that is not there (40218).
    """
    if not spec:
        raise failure(15976, "$sort stage must have at least one sort key")
    found: Spec = []
    meta: dict[tuple[str, ...], str] = {}
    for name, value in spec.items():
        if isinstance(value, Mapping):
            names = split_path(name)
            meta[names] = _meta(value, context)
            found.append((names, -1))
        else:
            way = _direction(value)
            found.append((split_path(name), way))
    if len(found) - len(meta) > MAX_KEYS:
        raise failure(13103, f"too many compound keys, {len(found)} exceeds the limit of 32")
    return found, meta


def _direction(value: Any) -> int:
    if type(value) not in NUMBERS:
        raise failure(15974, f"Illegal key in $sort specification: {value}")
    number = rounded64(value)
    if to_double(value) != number and number not in {1, -1}:
        raise failure(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)")
    if number not in {1, -1}:
        raise failure(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)")
    return number


def _meta(value: Mapping[str, Any], context: Context) -> str:
    if next(iter(value), "") != "$meta":
        raise failure(17312, f"$meta is the only expression supported by $sort right now: {value}")
    if len(value) > 1:
        raise failure(9, f"Cannot have additional keys in a $meta sort specification: {value}")
    kind = value["$meta"]
    if type(kind) is not str or kind not in _META:
        raise failure(31138, f"Illegal $meta sort: {value}")
    if kind not in {"randVal", "searchScore", "vectorSearchScore"} and kind not in context.features:
        raise failure(40218, f"query requires {kind} metadata, but it is not available")
    return str(kind)


def _meta_reader(context: Context, kind: str) -> Callable[[Document], Any]:
    if kind == "randVal":
        return lambda _: context.random()
    return lambda document: context.metadata.get(document, kind, 0)


def compile_sort(
    spec: Mapping[str, Any], context: Context
) -> Callable[[list[Document]], list[Document]]:
    """Return the stable sort that a specification asks for, under the command's collation."""
    paths, meta = parse_sort(spec, context)
    key = collated_key(context.collation.key if context.collation else None)
    if not meta:
        return sorter(paths, key)
    steps = []
    for names, way in reversed(paths):
        if names in meta:
            steps.append((_meta_reader(context, meta[names]), True))
        else:
            of = document_key([(names, 1)], key)
            steps.append((of, way < 0))

    def run(documents: list[Document]) -> list[Document]:
        found = list(documents)
        for of, is_descending in steps:
            found.sort(key=of, reverse=is_descending)
        return found

    return run
