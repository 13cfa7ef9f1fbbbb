"""$currentOp, and the stages that list sessions."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from bson import Binary, Int64

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.kinds import (
    OBJECT,
    OBJECTS,
    STRICT_BOOL,
    STRING,
    Declared,
    Kind,
    optional,
    parse_part,
    required,
)
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.sources.place import EPOCH, Document, check_read_concern, now, on_database
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

_CURRENT_OP: Declared = {
    "allUsers": STRICT_BOOL,
    "idleConnections": STRICT_BOOL,
    "idleCursors": STRICT_BOOL,
    "idleSessions": STRICT_BOOL,
    "localOps": STRICT_BOOL,
    "truncateOps": STRICT_BOOL,
    "targetAllNodes": STRICT_BOOL,
    "backtrace": STRICT_BOOL,
}


def current_op(
    request: Request, _: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    """Tell the operation that asks, and idle connections and cursors where wanted. Codes 9, 14, 40415, 73."""
    if not isinstance(argument, dict):
        raise failure(
            14,
            f"$currentOp options must be specified in an object, but found: {type_name(argument)}",
        )
    given = parse_part(_CURRENT_OP, argument, "$currentOp")
    check_read_concern(request, "$currentOp")
    if context.db != "admin" or context.collection:
        raise failure(73, "$currentOp must be run against the 'admin' database with {aggregate: 1}")
    if given["targetAllNodes"]:
        raise failure(9, "targetAllNodes can only be used on a sharded cluster")
    client = request.client
    shown = {
        "type": "op", "host": request.deployment.host, "desc": f"conn{client.number}", "connectionId": client.number,
        "client": client.address, "clientMetadata": client.metadata, "active": True,
        "currentOpTime": now(request).isoformat(), "opid": client.number, "secs_running": Int64(0),
        "microsecs_running": Int64(0), "op": "command", "ns": f"{context.db}.$cmd.aggregate",
        "command": {n: v for n, v in request.body.items() if n != "$clusterTime"}, "numYields": 0, "locks": {},
        "waitingForLock": False, "lockStats": {}, "waitingForFlowControl": False, "flowControlStats": {},
    }  # fmt: skip
    idle = (
        [{"type": "op", "host": request.deployment.host, "desc": "clock", "active": False}]
        if given["idleConnections"]
        else []
    )
    cursors = _idle_cursors(request, every=bool(given["allUsers"])) if given["idleCursors"] else []
    return [shown, *idle, *cursors]


def _idle_cursors(request: Request, *, every: bool) -> list[Document]:
    return [
        {
            "type": "idleCursor",
            "host": request.deployment.host,
            "ns": cursor.namespace,
            "cursor": {
                "cursorId": Int64(cursor.id),
                "lastAccessDate": EPOCH + timedelta(milliseconds=cursor.used_us // 1000),
                "noCursorTimeout": cursor.is_endless,
                "tailable": cursor.is_tailable,
                "awaitData": cursor.awaits_data,
                "originatingCommand": cursor.operation,
            },
        }
        for cursor in request.deployment.cursors
        if not cursor.in_use and (every or cursor.user == request.client.user)
    ]


_USER: Declared = {"user": required(STRING), "db": required(STRING)}


def _users(value: Any, where: str) -> list[Document]:
    named = [one for one in value if one is not None] if isinstance(value, list) else value
    return [parse_part(_USER, user, where) for user in OBJECTS.check(named, where)]


_SESSIONS: Declared = {
    "users": Kind(_users),
    "allUsers": optional(STRICT_BOOL, False),
    "$_internalPredicate": OBJECT,
}


def local_sessions(
    request: Request, _: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    """Tell the sessions of this server. Codes 12, 14, 323, 40414, 40415, 73."""
    if not isinstance(argument, dict):
        raise failure(14, "$listLocalSessions options must be specified in an object")
    given = parse_part(_SESSIONS, argument, "$listLocalSessions")
    check_read_concern(request, "$listLocalSessions")
    users = given["users"] or []
    if users and given["allUsers"]:
        raise failure(
            12,
            "$listLocalSessions may not specify {allUsers:true} and {users:[...]} at the same time",
        )
    on_database(context, "$listLocalSessions")
    if request.body.get("apiStrict"):
        raise failure(
            323, "stage $listLocalSessions is not allowed with 'apiStrict: true' in API Version 1"
        )
    names = {user["user"] for user in users}
    return [
        {
            "_id": {"id": Binary(session.lsid, 4), "uid": b"\0" * 32},
            "lastUse": EPOCH + timedelta(milliseconds=session.used_us // 1000),
        }
        for session in request.deployment.sessions
        if given["allUsers"]
        or (session.user in names if names else session.user == request.client.user)
    ]


def list_sessions(
    request: Request, collection: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    """Tell the sessions that config.system.sessions holds. Code 73 for other collections."""
    if context.collection != "system.sessions":
        raise failure(73, "$listSessions may only be run against config.system.sessions")
    return local_sessions(request, collection, argument, context.with_(collection=""))
