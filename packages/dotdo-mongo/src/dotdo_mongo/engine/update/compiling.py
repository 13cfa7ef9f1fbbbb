"""Updates: operators, replacements and pipelines, compiled once to functions from a document to its new state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bson import Timestamp

from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.update.compiler import Operators, check_id
from dotdo_mongo.engine.values import equals, is_identical
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document


_ZERO = Timestamp(0, 0)


def is_replacement(update: Any) -> bool:
    """Whether an update is a whole document, not operators or a pipeline."""
    return isinstance(update, Mapping) and next(iter(update), "")[:1] != "$"


def _replacement(update: Document, context: Context) -> Callable[[Document], Document]:
    for name in update:
        if name[:1] == "$" and name not in {"$ref", "$id", "$db"}:
            raise failure(
                52,
                f"The dollar ($) prefixed field '{name}' in '{name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.",
            )
    present = context.cluster_time or Timestamp(context.now_ms // 1000, 1)

    def apply(document: Document) -> Document:
        if "_id" in update and "_id" in document and not equals(update["_id"], document["_id"]):
            raise failure(
                66,
                "After applying the update, the (immutable) field '_id' was found to have been altered to _id: "
                + str(update["_id"]),
            )
        found: Document = {"_id": document["_id"]} if "_id" in document else {}
        for name, value in update.items():
            if name != "_id" or "_id" not in document:
                found[name] = present if value == _ZERO and isinstance(value, Timestamp) else value
        return document if is_identical(found, document) else found

    return apply


def _pipeline(stages: list[Document], context: Context) -> Callable[[Document], Document]:
    run = compile_pipeline(stages, context.with_(features=context.features | {"update"}))

    def apply(document: Document) -> Document:
        (found,) = run([document])
        if "_id" in document and "_id" not in found:
            found = {"_id": document["_id"], **found}
        if is_identical(found, document):
            return document
        check_id(document, found)
        return found

    return apply


def compile_update(
    update: Document | list[Document],
    *,
    array_filters: Sequence[Any] = (),
    query: Document | None = None,
    context: Context,
    is_upsert: bool = False,
) -> Callable[[Document], Document]:
    """Return a function from a document to its new state: a new dict, the same object when nothing changes.

    Args:
        update: operators, a replacement, or a pipeline.
        array_filters: for `$[name]`.
        query: for the positional `$`.
        context: the command's.
        is_upsert: $setOnInsert applies; the document given is `build_upsert`'s.

    Raises:
        CommandFailure: an unknown operator (9), paths in conflict (40), a change of _id (66), or what
            the operators refuse.
    """
    if isinstance(update, list):
        if array_filters:
            raise failure(9, "arrayFilters may not be specified for pipeline-syle updates")
        return _pipeline(update, context)
    if is_replacement(update):
        if array_filters:
            raise failure(9, "arrayFilters may not be specified for replacement-style updates")
        return _replacement(update, context)
    return Operators(update, array_filters, query or {}, context, is_upsert=is_upsert).apply
