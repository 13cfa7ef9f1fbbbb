"""findAndModify: changes or deletes one document and returns it."""

from collections.abc import Callable
from typing import Any

from dotdo.storage import Session
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import (
    Declared,
    command,
    optional,
)
from dotdo_mongo.engine.commands.writes import (
    WRITE,
    Target,
    apply_update,
    found_records,
    is_operators,
)
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.projection import compile_projection
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]

_FIND_AND_MODIFY: Declared = {
    "query": kinds.OBJECT,
    "sort": kinds.OBJECT,
    "remove": optional(kinds.SAFE_BOOL, False),
    "update": kinds.UPDATE,
    "new": optional(kinds.SAFE_BOOL, False),
    "fields": kinds.OBJECT,
    "upsert": optional(kinds.SAFE_BOOL, False),
    "bypassDocumentValidation": optional(kinds.SAFE_BOOL, False),
    "collation": kinds.OBJECT,
    "arrayFilters": kinds.OBJECTS,
    "hint": kinds.HINT,
    "let": kinds.OBJECT,
    "maxTimeMS": kinds.MAX_TIME,
}


@command("findAndModify", _FIND_AND_MODIFY, aliases=("findandmodify",), **WRITE)
def find_and_modify(request: Request) -> Document:
    """Change or delete one document and return it."""
    arguments = request.arguments
    _check_find_and_modify(arguments)
    target = Target(request, request.collection_name)
    query = arguments["query"] or {}
    part = {
        "q": query,
        "u": arguments["update"],
        "c": None,
        "multi": False,
        "upsert": arguments["upsert"],
        "collation": arguments["collation"],
        "arrayFilters": arguments["arrayFilters"],
        "hint": arguments["hint"],
        "sort": arguments["sort"],
    }
    context = target.context()
    project = None
    if arguments["fields"]:
        project = compile_projection(arguments["fields"], context, query)
    if arguments["remove"]:
        return _remove(target, part, context, project)
    change = apply_update(target, part)
    shown = change.after if arguments["new"] else (None if change.is_upsert else change.before)
    state: Document = {
        "n": int(bool(change.matched or change.is_upsert)),
        "updatedExisting": bool(change.matched),
    }
    if change.is_upsert:
        state["upserted"] = change.upserted
    return {"lastErrorObject": state, "value": _shown(shown, project)}


def _shown(
    document: Document | None, project: Callable[[Document], Document] | None
) -> Document | None:
    return document if document is None or project is None else project(document)


def _check_find_and_modify(arguments: Document) -> None:
    if arguments["remove"]:
        if arguments["update"] is not None:
            raise failure(9, "Cannot specify both an update and remove=true")
        if arguments["upsert"]:
            raise failure(9, "Cannot specify both upsert=true and remove=true")
        if arguments["new"]:
            raise failure(
                9,
                "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
            )
        if arguments["arrayFilters"]:
            raise failure(9, "Cannot specify arrayFilters and remove=true")
    elif arguments["update"] is None:
        raise failure(9, "Either an update or remove=true must be specified")
    if arguments["arrayFilters"] and not is_operators(arguments["update"]):
        raise failure(9, "Cannot specify arrayFilters and a replacement or pipeline-style update")


def _remove(
    target: Target, part: Document, context: Context, project: Callable[[Document], Document] | None
) -> Document:
    nothing: Document = {"lastErrorObject": {"n": 0}, "value": None}
    if target.collection is None:
        compile_match(part["q"], context)
        return nothing
    assert target.store is not None

    def work(session: Session) -> Document | None:
        writer = target.writer(session, context)
        for record in found_records(session, writer.collection, part, context, is_many=False):
            writer.delete(record)
            return record.document
        return None

    removed = target.request.mutate(target.store, work)
    if removed is None:
        return nothing
    return {"lastErrorObject": {"n": 1}, "value": _shown(removed, project)}


COMMANDS = (find_and_modify,)
