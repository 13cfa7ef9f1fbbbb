"""Commands on open cursors: getMore and killCursors."""

from typing import Any

from bson import Int64
from bson.raw_bson import RawBSONDocument

from dotdo.storage import Store
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.awaiting import Awaiting
from dotdo_mongo.engine.commands.declaration import COLLECTION, Declared, command, required
from dotdo_mongo.engine.cursors import MAX_BATCH_BYTES, NEAR_BATCH_BYTES, Cursor
from dotdo_mongo.engine.fail_points import GET_MORE, MAX_TIME, ConnectionCut
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]


def _most_bytes(request: Request) -> int:
    return NEAR_BATCH_BYTES if request.client.is_in_process else MAX_BATCH_BYTES


def _number(value: Any, where: str) -> int:
    if type(value) is Int64:
        return int(value)
    raise kinds.wrong_type(where, value, "long")


def _name(value: Any, where: str) -> str:
    if type(value) is not str:
        raise kinds.wrong_type(where, value, "string")
    return value


_DEFAULT_WAIT_MS = 1000
_GET_MORE: Declared = {
    "collection": required(kinds.Kind(_name)),
    "batchSize": kinds.safe_long(0),
    "maxTimeMS": kinds.MAX_TIME,
    "term": kinds.LONG,
    "lastKnownCommittedOpTime": kinds.OBJECT,
    "includeQueryStatsMetrics": kinds.BOOL,
}


@command(
    "getMore",
    _GET_MORE,
    target=kinds.Kind(_number),
    in_transaction=True,
    is_in_api=True,
    takes_read_concern=True,
)
def get_more(request: Request) -> Document:
    """Read on from an open cursor."""
    arguments = request.arguments
    namespace = f"{request.db}.{arguments['collection']}"
    if not arguments["collection"]:
        raise failure(73, f"Invalid namespace specified '{namespace}'")
    cursors = request.deployment.cursors
    cursor = cursors.checkout(arguments["target"])
    is_over = False
    try:
        _check_owner(request, cursor, namespace)
        if arguments.get("maxTimeMS") is not None and not (
            cursor.is_tailable and cursor.awaits_data
        ):
            raise failure(2, "cannot set maxTimeMS on getMore command for a non-awaitData cursor")
        is_over = True  # a cursor that fails is closed
        batch, is_over = _next(request, cursor)
    finally:
        cursors.checkin(cursor)
        if is_over:
            cursors.kill(cursor.id)
    found: Document = {
        "nextBatch": batch,
        "id": Int64(0) if is_over else Int64(cursor.id),
        "ns": cursor.namespace,
    }
    if cursor.resume is not None:
        found["postBatchResumeToken"] = cursor.resume()
    return {"cursor": found}


def _next(request: Request, cursor: Cursor) -> tuple[list[RawBSONDocument], bool]:
    """Return the next batch, and whether the cursor is over; where there is to be more, have the request wait."""
    arguments = request.arguments
    request.progress.is_change_stream = cursor.resume is not None
    point = request.deployment.fail_points.struck(GET_MORE) or {}
    if point.get("closeConnection"):
        raise ConnectionCut
    if point.get("errorCode") is not None:
        raise failure(point["errorCode"], f"Failing getMore via '{GET_MORE}' failpoint")
    points, before_us = request.deployment.fail_points, request.deployment.clock()
    left_us = cursor.left_us
    if left_us is not None and (left_us < 0 or points.struck(MAX_TIME) is not None):
        raise failure(50, "operation exceeded time limit")
    batch, at_end = cursor.next_batch(arguments["batchSize"] or None, _most_bytes(request))
    if cursor.left_us is not None:
        cursor.left_us -= request.deployment.clock() - before_us
    is_over = at_end and not cursor.goes_on
    if not batch and not is_over and cursor.awaits_data and cursor.stores is not None:
        wait_ms = _DEFAULT_WAIT_MS if arguments["maxTimeMS"] is None else arguments["maxTimeMS"]
        _await(request, cursor.stores(), wait_ms)
    return batch, is_over


def _await(request: Request, stores: tuple[Store, ...], wait_ms: int) -> None:
    """Have the request wait for news, unless it has waited long enough."""
    now, progress = request.deployment.clock(), request.progress
    if progress.until_us is None:
        progress.until_us = now + wait_ms * 1000
    if now < progress.until_us:
        request.client.awaiting = Awaiting(progress.until_us, stores)


def _check_owner(request: Request, cursor: Cursor, namespace: str) -> None:
    """See that a cursor belongs to the request's namespace, user, session and transaction."""
    if cursor.namespace != namespace:
        raise failure(
            13,
            f"Requested getMore on namespace '{namespace}', but cursor belongs to a different namespace {cursor.namespace}",
        )
    if cursor.user != request.client.user:
        raise failure(13, f"cursor id {cursor.id} was not created by the authenticated user")
    lsid = None if request.session is None else request.session.lsid
    if cursor.lsid is not None and lsid is None:
        raise failure(
            50737,
            f"Cannot run getMore on cursor {cursor.id}, which was created in session {cursor.lsid.hex()}, without an lsid",
        )
    if cursor.lsid != lsid:
        raise failure(
            50738,
            f"Cannot run getMore on cursor {cursor.id}, which was not created in session {lsid.hex() if lsid else None}",
        )
    txn = None if request.transaction is None else request.transaction.number
    if cursor.txn != txn:
        raise failure(
            50740,
            f"Cannot run getMore on cursor {cursor.id}, which was created in transaction {cursor.txn}",
        )


_KILL: Declared = {"cursors": required(kinds.ARRAY)}


@command("killCursors", _KILL, target=COLLECTION, in_transaction=True, is_in_api=True)
def kill_cursors(request: Request) -> Document:
    """Close cursors."""
    numbers = request.arguments["cursors"]
    if not numbers:
        raise failure(2, "Must specify at least one cursor id in: { killCursors: ... }")
    killed, not_found = [], []
    namespace = request.namespace
    for i, number in enumerate(numbers):
        if type(number) is not Int64:
            raise kinds.wrong_type(f"killCursors.cursors.{i}", number, "long")
        cursor = request.deployment.cursors.get(number)
        is_ours = (
            cursor is not None
            and cursor.namespace == namespace
            and cursor.user == request.client.user
        )
        if is_ours and request.deployment.cursors.kill(number):
            killed.append(number)
        else:
            not_found.append(number)
    return {
        "cursorsKilled": killed,
        "cursorsNotFound": not_found,
        "cursorsAlive": [],
        "cursorsUnknown": [],
    }


COMMANDS = (get_more, kill_cursors)
