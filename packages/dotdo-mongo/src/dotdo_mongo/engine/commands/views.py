"""Reading commands on a view: the pipeline of the view, then what the command asks for."""

from typing import Any

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.commands.replies import cursor_reply
from dotdo_mongo.engine.cursors import Cursor
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.surroundings import context_of, documents_of, resolve_view, stream
from dotdo_mongo.errors import failure

Document = dict[str, Any]


def on_view(request: Request, view: Collection, stages: list[Any]) -> Document:
    """Return the reply of a reading command on a view.

    Raises:
        CommandFailure: The command's collation differs from the view's (code 167).
    """
    base, below, collation = resolve_view(request, view)
    check_collation(request, view)
    context = context_of(request, view, collation=collation)
    context = context.with_(collation=collation)
    documents = stream([*below, *stages], context, documents_of(request, base))
    return cursor_reply(
        request, Cursor(request.namespace, documents), request.arguments.get("batchSize")
    )


def check_collation(request: Request, view: Collection) -> None:
    """See that a command on a view asks for no collation of its own.

    Raises:
        CommandFailure: It does (code 167).
    """
    given = request.arguments.get("collation")
    if given is None:
        return
    mine = request.collation(given=given)
    own = view.options.get("collation")
    theirs = None if own is None else request.collation(given=own)
    if (None if mine is None else mine.spec) != (None if theirs is None else theirs.spec):
        raise failure(167, f"Cannot override a view's default collation: {view.name}")
