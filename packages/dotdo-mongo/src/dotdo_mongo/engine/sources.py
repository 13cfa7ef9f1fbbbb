"""First stages that read from the store itself: statistics, operations and sessions; they refuse arguments as MongoDB does."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Binary, Int64

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context, Source
from dotdo_mongo.engine.kinds import (
    OBJECT,
    OBJECTS,
    SAFE_BOOL,
    STRICT_BOOL,
    STRING,
    Declared,
    Kind,
    optional,
    parse_part,
    required,
    safe_long,
)
from dotdo_mongo.engine.measures import storage_stats
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

Document = dict[str, Any]
Make = Callable[[Request, Collection | None, Any, Context], Iterable[Document]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sources(request: Request, collection: Collection | None) -> Mapping[str, Source]:
    """Return the first stages that this request can answer."""
    return _Sources(request, collection)


class _Sources(Mapping[str, Source]):
    """The first stages of one request, made when they are asked for."""

    __slots__ = ("_collection", "_request")

    def __init__(self, request: Request, collection: Collection | None) -> None:
        self._request, self._collection = request, collection

    def __getitem__(self, name: str) -> Source:
        make = _MAKERS[name]
        return lambda argument, context: make(self._request, self._collection, argument, context)

    def __iter__(self) -> Iterator[str]:
        return iter(_MAKERS)

    def __len__(self) -> int:
        return len(_MAKERS)

    def __contains__(self, name: object) -> bool:
        return name in _MAKERS


def _now(request: Request) -> datetime:
    return _EPOCH + timedelta(milliseconds=request.now_us // 1000)


def _on_database(context: Context, stage: str) -> None:
    if context.collection:
        raise failure(73, f"{stage} must be run against the database with {{aggregate: 1}}")


# --- $collStats, $indexStats ---------------------------------------------------------------------

_COLL_STATS: Declared = {
    "latencyStats": OBJECT,
    "storageStats": OBJECT,
    "count": OBJECT,
    "queryExecStats": OBJECT,
    "operationStats": OBJECT,
    "targetAllNodes": SAFE_BOOL,
}
_LATENCY: Declared = {"histograms": SAFE_BOOL}
_STORAGE: Declared = {
    "scale": safe_long(1),
    "verbose": SAFE_BOOL,
    "waitForLock": SAFE_BOOL,
    "numericOnly": SAFE_BOOL,
}
_NO_OPTIONS: Declared = {}


def _coll_stats(  # noqa: C901  (one section after the other)
    request: Request, collection: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    if not isinstance(argument, dict):
        raise failure(
            5447000,
            f"$collStats must take a nested object but found: $collStats: {type_name(argument)}",
        )
    given = parse_part(_COLL_STATS, argument, "$collStats")
    latency = parse_part(_LATENCY, given["latencyStats"] or {}, "$collStats.latencyStats")
    storage = parse_part(_STORAGE, given["storageStats"] or {}, "$collStats.storageStats")
    for name in ("count", "queryExecStats"):
        if given[name]:
            parse_part(_NO_OPTIONS, given[name], f"$collStats.{name}")
    if not context.collection:
        raise failure(73, "$collStats must be run against a collection")
    is_view = collection is not None and collection.is_view
    if is_view and any(
        given[name] is not None for name in ("storageStats", "count", "queryExecStats")
    ):
        raise failure(
            166, f"$collStats is not allowed on a view: {context.db}.{context.collection}"
        )
    if collection is None and any(given[name] is not None for name in ("count", "queryExecStats")):
        raise failure(26, f"Collection [{context.db}.{context.collection}] not found.")
    shown: Document = {
        "ns": f"{context.db}.{context.collection}",
        "host": request.deployment.host,
        "localTime": _now(request),
    }
    if given["latencyStats"] is not None:
        shown["latencyStats"] = _latencies(with_histograms=bool(latency["histograms"]))
    if given["storageStats"] is not None:
        scale = storage["scale"] or 1
        shown["storageStats"] = storage_stats(request, collection, scale)
    if given["count"] is not None and collection is not None:
        store = request.store()
        assert store is not None
        shown["count"] = collection.table.count(request.reader(store))
    if given["queryExecStats"] is not None:
        shown["queryExecStats"] = {"collectionScans": {"total": Int64(0), "nonTailable": Int64(0)}}
    return [shown]


def _latencies(*, with_histograms: bool) -> Document:
    none: Document = {"histogram": []} if with_histograms else {}
    return {
        kind: none
        | {"latency": Int64(0), "ops": Int64(0), "queryableEncryptionLatencyMicros": Int64(0)}
        for kind in ("reads", "writes", "commands", "transactions")
    }


def _index_stats(
    request: Request, collection: Collection | None, argument: Any, _: Context
) -> Iterable[Document]:
    if not isinstance(argument, dict) or argument:
        raise failure(28803, "The $indexStats stage specification must be an empty object")
    since = _EPOCH + timedelta(milliseconds=request.deployment.started_us // 1000)
    return [
        {
            "name": index["name"], "key": index["key"], "host": request.deployment.host,
            "accesses": {"ops": Int64(0), "since": since}, "spec": index,
        }
        for index in (() if collection is None or collection.is_view else collection.indexes)
    ]  # fmt: skip


# --- $currentOp, sessions ------------------------------------------------------------------------

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


def _current_op(
    request: Request, _: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    if not isinstance(argument, dict):
        raise failure(
            9,
            f"$currentOp options must be specified in an object, but found: {type_name(argument)}",
        )
    given = parse_part(_CURRENT_OP, argument, "$currentOp")
    if context.db != "admin" or context.collection:
        raise failure(73, "$currentOp must be run against the 'admin' database with {aggregate: 1}")
    if given["targetAllNodes"]:
        raise failure(9, "targetAllNodes can only be used on a sharded cluster")
    client = request.client
    shown = {
        "type": "op", "host": request.deployment.host, "desc": f"conn{client.number}", "connectionId": client.number,
        "client": client.address, "clientMetadata": client.metadata, "active": True,
        "currentOpTime": _now(request).isoformat(), "opid": client.number, "secs_running": Int64(0),
        "microsecs_running": Int64(0), "op": "command", "ns": f"{context.db}.$cmd.aggregate",
        "command": {n: v for n, v in request.body.items() if n != "$clusterTime"}, "numYields": 0, "locks": {},
        "waitingForLock": False, "lockStats": {}, "waitingForFlowControl": False, "flowControlStats": {},
    }  # fmt: skip
    idle = (
        [{"type": "op", "host": request.deployment.host, "desc": "clock", "active": False}]
        if given["idleConnections"]
        else []
    )
    return [shown, *idle]


_USER: Declared = {"user": required(STRING), "db": required(STRING)}
_SESSIONS: Declared = {
    "users": OBJECTS,
    "allUsers": optional(STRICT_BOOL, False),
    "$_internalPredicate": OBJECT,
}


def _local_sessions(
    request: Request, _: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    if not isinstance(argument, dict):
        raise failure(14, "$listLocalSessions options must be specified in an object")
    given = parse_part(_SESSIONS, argument, "$listLocalSessions")
    for user in given["users"] or []:
        parse_part(_USER, user, "$listLocalSessions.users")
    if given["users"] and given["allUsers"]:
        raise failure(
            12,
            "$listLocalSessions may not specify {allUsers:true} and {users:[...]} at the same time",
        )
    _on_database(context, "$listLocalSessions")
    if request.body.get("apiStrict"):
        raise failure(
            323, "stage $listLocalSessions is not allowed with 'apiStrict: true' in API Version 1"
        )
    names = {user["user"] for user in given["users"] or []}
    return [
        {
            "_id": {"id": Binary(session.lsid, 4), "uid": b"\0" * 32},
            "lastUse": _EPOCH + timedelta(milliseconds=session.used_us // 1000),
        }
        for session in request.deployment.sessions
        if given["allUsers"]
        or (session.user in names if names else session.user == request.client.user)
    ]


def _list_sessions(
    request: Request, collection: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    if context.collection != "system.sessions":
        raise failure(73, "$listSessions may only be run against config.system.sessions")
    return _local_sessions(request, collection, argument, context.with_(collection=""))


# --- plans ---------------------------------------------------------------------------------------


def _plan_cache(
    _: Request, collection: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    if not isinstance(argument, dict):
        raise failure(9, f"$planCacheStats value must be an object. Found: {type_name(argument)}")
    for name, value in argument.items():
        if name != "allHosts":
            raise failure(9, f"Unrecognized option: {name}")
        if not isinstance(value, bool):
            raise failure(13111, f"wrong type for field ({name})")
        if value:
            raise failure(
                4503200,
                "$planCacheStats stage supports allHosts parameter only for sharded clusters",
            )
    if collection is None:
        raise failure(50933, f"collection '{context.db}.{context.collection}' does not exist")
    if collection.is_view:
        raise failure(72, "$planCacheStats is not allowed on a view")
    return []


_SETTINGS: Declared = {"showDebugQueryShape": Kind(STRICT_BOOL.check, refuses_null=True)}


def _query_settings(
    _: Request, __: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    if not isinstance(argument, dict):
        raise failure(7746800, "$querySettings value must be an object")
    parse_part(_SETTINGS, argument, "$querySettings")
    _on_database(context, "$querySettings")
    return []


_MAKERS: dict[str, Make] = {
    "$collStats": _coll_stats,
    "$indexStats": _index_stats,
    "$currentOp": _current_op,
    "$listLocalSessions": _local_sessions,
    "$listSessions": _list_sessions,
    "$planCacheStats": _plan_cache,
    "$querySettings": _query_settings,
}

SOURCES = frozenset(_MAKERS)
"""Names of the first stages that are here."""
