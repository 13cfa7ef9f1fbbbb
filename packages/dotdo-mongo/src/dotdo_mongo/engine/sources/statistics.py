"""$collStats and $indexStats."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from bson import Int64

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.kinds import (
    OBJECT,
    SAFE_BOOL,
    STRICT_BOOL,
    Declared,
    parse_part,
    safe_long,
)
from dotdo_mongo.engine.measures import storage_stats
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.sources.place import EPOCH, Document, now
from dotdo_mongo.engine.values import INT32_MAX, type_name
from dotdo_mongo.errors import failure

_COLL_STATS: Declared = {
    "latencyStats": OBJECT,
    "storageStats": OBJECT,
    "count": OBJECT,
    "queryExecStats": OBJECT,
    "operationStats": OBJECT,
    "targetAllNodes": SAFE_BOOL,
}
_LATENCY: Declared = {"histograms": STRICT_BOOL}
_EXISTING = frozenset({"storageStats", "count", "queryExecStats"})
_STORAGE: Declared = {
    "scale": safe_long(1),
    "verbose": SAFE_BOOL,
    "waitForLock": SAFE_BOOL,
    "numericOnly": SAFE_BOOL,
}


def coll_stats(
    request: Request, collection: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    """Tell measures of a collection. Codes 14, 166, 26, 31170, 40415, 5447000, 73."""
    if not isinstance(argument, dict):
        raise failure(
            5447000,
            f"$collStats must take a nested object but found: $collStats: {type_name(argument)}",
        )
    given = parse_part(_COLL_STATS, argument, "$collStats")
    given = {name: value for name, value in given.items() if value is not None}
    options = {name: _part(name, given[name]) for name in argument if name in given}
    _check_measured(collection, given, context)
    shown: Document = {
        "ns": f"{context.db}.{context.collection}",
        "host": request.deployment.host,
        "localTime": now(request),
    }
    if "latencyStats" in given:
        histograms = bool(options["latencyStats"]["histograms"])
        shown["latencyStats"] = _latencies(with_histograms=histograms)
    if "storageStats" in given:
        scale = min(options["storageStats"]["scale"] or 1, INT32_MAX)
        shown["storageStats"] = storage_stats(request, collection, scale)
    if "count" in given and collection is not None:
        store = request.store()
        assert store is not None
        shown["count"] = collection.table.count(request.reader(store))
    if "queryExecStats" in given:
        shown["queryExecStats"] = {"collectionScans": {"total": Int64(0), "nonTailable": Int64(0)}}
    return [shown]


def _part(name: str, value: Any) -> Document:
    """Read the options of one part; storageStats passes over those that it does not know."""
    if name == "latencyStats":
        return parse_part(_LATENCY, value, "$collStats.latencyStats")
    if name == "storageStats":
        known = {option: one for option, one in value.items() if option in _STORAGE}
        return parse_part(_STORAGE, known, "$collStats.storageStats")
    if name in _EXISTING and value:
        raise failure(31170, f"{name} argument must be an empty object, but got {value}")
    return {}


def _check_measured(collection: Collection | None, argument: Document, context: Context) -> None:
    """Refuse what only a collection that is there, and no view, can tell. Codes 166, 26, 73."""
    if not context.collection:
        raise failure(73, "$collStats must be run against a collection")
    if _EXISTING.isdisjoint(argument):
        return
    namespace = f"{context.db}.{context.collection}"
    if collection is None:
        raise failure(26, f"Collection [{namespace}] not found.")
    if collection.is_view:
        raise failure(166, f"$collStats is not allowed on a view: {namespace}")


def _latencies(*, with_histograms: bool) -> Document:
    none: Document = {"histogram": []} if with_histograms else {}
    return {
        kind: none
        | {"latency": Int64(0), "ops": Int64(0), "queryableEncryptionLatencyMicros": Int64(0)}
        for kind in ("reads", "writes", "commands", "transactions")
    }


def index_stats(
    request: Request, collection: Collection | None, argument: Any, _: Context
) -> Iterable[Document]:
    """Tell how indexes are used. Code 28803."""
    if not isinstance(argument, dict) or argument:
        raise failure(28803, "The $indexStats stage specification must be an empty object")
    since = EPOCH + timedelta(milliseconds=request.deployment.started_us // 1000)
    return [
        {
            "name": index["name"], "key": index["key"], "host": request.deployment.host,
            "accesses": {"ops": Int64(0), "since": since}, "spec": index,
        }
        for index in (() if collection is None or collection.is_view else collection.indexes)
    ]  # fmt: skip
