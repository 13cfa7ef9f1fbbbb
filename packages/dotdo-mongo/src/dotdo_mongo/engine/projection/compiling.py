"""Projections, compiled once to functions from a document to a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.projection.find import FindReader
from dotdo_mongo.engine.projection.parse import Parsed, Reader
from dotdo_mongo.engine.projection.tree import add_computed, excluded, included
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dotdo_mongo.engine.context import Context, Document


def _function(parsed: Parsed) -> Callable[[Document], Document]:
    tree = parsed.tree
    computes = tree.has_computed()
    if parsed.is_exclusion:
        if not computes:
            return lambda document: excluded(tree, document)
        return lambda document: add_computed(tree, excluded(tree, document), document)
    if not computes:
        return lambda document: included(tree, document)
    return lambda document: add_computed(tree, included(tree, document), document)


def compile_project(spec: Mapping[str, Any], context: Context) -> Callable[[Document], Document]:
    """Compile what $project takes. Codes 31249 to 31325, 51270, 51272."""
    if not spec:
        raise failure(
            51272,
            "Invalid $project :: caused by :: projection specification must have at least one field",
        )
    for name in spec:
        if name.endswith(".$"):
            raise failure(31324, "Cannot use positional projection in aggregation projection")
    return _function(Reader(context).read(spec))


def compile_projection(
    spec: Mapping[str, Any], context: Context, query: Document | None = None
) -> Callable[[Document], Document]:
    """Compile what find takes: expressions, and $slice, $elemMatch and `$` besides.

    Args:
        spec: the projection; {} keeps all.
        context: the command's.
        query: the command's filter, for `$`.

    Raises:
        CommandFailure: 31249 to 31325, 51246 when `$` finds no member.
    """
    if not spec:
        return lambda document: document
    if query and "$text" in query:
        context = context.with_(features=context.features | {"textScore"})
    reader = FindReader(context, query)
    reader.read_find(spec)
    parsed, changes = reader.parsed, reader.extras.changes
    plain = _function(parsed)
    if not changes:
        return plain

    def project(document: Document) -> Document:
        found = plain(document)
        for change in changes:
            found = change(found, document)
        return found

    return project
