"""Updates: operators, replacements and pipelines; a stub until it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dotdo_mongo.engine.context import Context, Document


def compile_update(
    update: Document | list[Document],
    *,
    array_filters: Sequence[Document] = (),
    query: Document | None = None,
    context: Context,
    is_upsert: bool = False,
) -> Callable[[Document], Document]:
    """Return a function from a document to its new state (a new dict; the same object when nothing changes).

    Args:
        update: operators, a replacement, or a pipeline.
        array_filters: for `$[name]`.
        query: for the positional `$`.
        is_upsert: $setOnInsert applies; the document given is `build_upsert`'s.
    """
    raise NotImplementedError


def build_upsert(query: Document, update: Document | list[Document]) -> Document:
    """Return the document that an upsert starts from: the equalities of the query (for a replacement its _id only)."""
    raise NotImplementedError
