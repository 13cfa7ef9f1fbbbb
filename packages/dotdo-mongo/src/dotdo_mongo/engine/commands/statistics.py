"""Commands that measure: collStats, dbStats, dataSize, validate, dbHash, serverStatus, top and their kin."""

import os
import resource
from hashlib import md5
from typing import Any

from bson import Binary, Int64

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import COLLECTION, Declared, command
from dotdo_mongo.engine.commands.handshake import moment
from dotdo_mongo.engine.commands.listings import store_size
from dotdo_mongo.engine.commands.namespaces import split
from dotdo_mongo.engine.deployment import VERSION
from dotdo_mongo.engine.describing import collections
from dotdo_mongo.engine.measures import PAGE as _PAGE
from dotdo_mongo.engine.measures import measure, storage_stats
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]


def _scale(value: Any, where: str) -> int:
    return int(kinds.safe_long(1).check(value, where))


_SCALE = kinds.Kind(_scale)


@command(
    "collStats", {"scale": _SCALE, "queryExecStats": kinds.ANY}, target=COLLECTION, is_in_api=False
)
def coll_stats(request: Request) -> Document:
    """Measure a collection."""
    found = request.find()
    scale = request.arguments["scale"] or 1
    reply: Document = {"ns": request.namespace}
    collection = None if found is None else found[1]
    if collection is not None and collection.is_view:
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    return reply | storage_stats(request, collection, scale)


_DB_STATS: Declared = {"scale": _SCALE, "freeStorage": kinds.SAFE_BOOL}


@command("dbStats", _DB_STATS, aliases=("dbstats",), is_in_api=False)
def db_stats(request: Request) -> Document:
    """Measure a database."""
    scale = request.arguments["scale"] or 1
    store = request.store()
    known = [] if store is None else collections(request, store)
    real = [c for c in known if not c.is_view]
    measured = [(0, 0)] if store is None else [measure(request, store, c) for c in real]
    objects, size = sum(n for n, _ in measured), sum(s for _, s in measured)
    indexes = sum(c.index_count for c in real)
    stored = 0 if store is None else store_size(request, store)
    reply: Document = {
        "db": request.db,
        "collections": Int64(len(real)),
        "views": Int64(len(known) - len(real)),
        "objects": Int64(objects),
        "avgObjSize": size / objects if objects else 0.0,
        "dataSize": size / scale,
        "storageSize": (stored if real else 0) / scale,
        "indexes": Int64(indexes),
        "indexSize": indexes * _PAGE / scale,
        "totalSize": ((stored if real else 0) + indexes * _PAGE) / scale,
        "scaleFactor": Int64(scale),
    }
    if request.arguments["freeStorage"]:
        reply |= {"freeStorageSize": 0.0, "indexFreeStorageSize": 0.0, "totalFreeStorageSize": 0.0}
    disk = os.statvfs("/")
    reply["fsUsedSize"] = (disk.f_blocks - disk.f_bfree) * disk.f_frsize / scale
    reply["fsTotalSize"] = disk.f_blocks * disk.f_frsize / scale
    return reply


_DATA_SIZE: Declared = {
    "keyPattern": kinds.OBJECT,
    "min": kinds.OBJECT,
    "max": kinds.OBJECT,
    "estimate": kinds.SAFE_BOOL,
}


@command("dataSize", _DATA_SIZE, target=kinds.STRING, aliases=("datasize",))
def data_size(request: Request) -> Document:
    """Measure the documents of a collection, or those of a range."""
    arguments = request.arguments
    db, name = split(arguments["target"])
    if (arguments["min"] is None) != (arguments["max"] is None):
        raise failure(2, "min and max must be given together")
    found = request.find(name, db)
    millis = Int64(max(0, (request.deployment.clock() - request.now_us) // 1000))
    if found is None:
        return {"size": Int64(0), "numObjects": Int64(0), "millis": millis}
    store, collection = found
    if collection.is_view:
        raise failure(166, f"Namespace {db}.{name} is a view, not a collection")
    count, size = measure(request, store, collection)
    return {
        "estimate": bool(arguments["estimate"]),
        "size": Int64(size),
        "numObjects": Int64(count),
        "millis": millis,
    }


_VALIDATE: Declared = {
    "full": kinds.ANY, "repair": kinds.ANY, "metadata": kinds.ANY, "background": kinds.ANY,
    "checkBSONConformance": kinds.ANY, "fixMultikey": kinds.ANY,
}  # fmt: skip


@command("validate", _VALIDATE, target=COLLECTION, is_lenient=True)
def validate(request: Request) -> Document:
    """See that what is stored of a collection is sound."""
    arguments = request.arguments
    found = request.find()
    for name in ("repair", "fixMultikey"):
        if arguments[name]:
            raise failure(
                72,
                f"Running the validate command with {{ {name}: true }} can only be performed in standalone mode.",
            )
    if arguments["background"] and arguments["full"]:
        raise failure(
            72,
            "Running the validate command with both { background: true } and { full: true } is not supported.",
        )
    if arguments["metadata"] and any(
        arguments[n] for n in ("full", "background", "checkBSONConformance")
    ):
        raise failure(
            72,
            "Running the validate command with { metadata: true } is not supported with any other options",
        )
    if found is None:
        raise failure(26, f"Collection '{request.namespace}' does not exist to validate.")
    store, collection = found
    if collection.is_view:
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    count, _ = measure(request, store, collection)
    names = [index["name"] for index in collection.indexes]
    details = {index["name"]: {"valid": True, "spec": index} for index in collection.indexes}
    return {
        "ns": request.namespace, "uuid": Binary(collection.uuid, 4), "nInvalidDocuments": Int64(0),
        "nNonCompliantDocuments": Int64(0), "nrecords": Int64(count), "nIndexes": len(names),
        "keysPerIndex": dict.fromkeys(names, Int64(count)), "indexDetails": details, "valid": True, "repaired": False,
        "readTimestamp": request.deployment.cluster_time(), "warnings": [], "errors": [], "extraIndexEntries": [],
        "missingIndexEntries": [], "corruptRecords": [], "repairMode": "None",
    }  # fmt: skip


@command("dbHash", {"collections": kinds.ANY}, aliases=("dbhash",), is_lenient=True)
def db_hash(request: Request) -> Document:
    """Return hashes of what the collections hold."""
    store = request.store()
    wanted = request.arguments["collections"]
    names = (
        set(wanted)
        if isinstance(wanted, list) and wanted and all(type(n) is str for n in wanted)
        else None
    )
    hashes, uuids, capped = {}, {}, []
    for collection in [] if store is None else collections(request, store):
        if collection.is_view or (names is not None and collection.name not in names):
            continue
        assert store is not None
        digest = md5(usedforsecurity=False)
        for record in collection.table.scan(request.reader(store)):
            digest.update(record.encoded)
        hashes[collection.name], uuids[collection.name] = (
            digest.hexdigest(),
            Binary(collection.uuid, 4),
        )
        if collection.is_capped:
            capped.append(collection.name)
    total = md5("".join(hashes.values()).encode(), usedforsecurity=False).hexdigest()
    return {
        "host": request.deployment.host, "collections": hashes, "capped": capped, "uuids": uuids, "md5": total,
        "timeMillis": max(0, (request.deployment.clock() - request.now_us) // 1000),
    }  # fmt: skip


_ALWAYS = frozenset({"serverStatus", "host", "version"})


@command("serverStatus", is_lenient=True)
def server_status(request: Request) -> Document:
    """Tell how the deployment is."""
    deployment = request.deployment
    uptime_ms = (request.now_us - deployment.started_us) // 1000
    counters = deployment.counters
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    reply: Document = {
        "host": deployment.host, "version": VERSION, "process": "dotdo", "service": [], "pid": Int64(os.getpid()),
        "uptime": uptime_ms / 1000, "uptimeMillis": Int64(uptime_ms), "uptimeEstimate": Int64(uptime_ms // 1000),
        "localTime": moment(request.now_us),
        "asserts": {"regular": 0, "warning": 0, "msg": 0, "user": counters.get("errors", 0), "tripwire": 0, "rollovers": 0},
        "catalogStats": _catalog_stats(request),
        "connections": {
            "current": 1, "available": 99_999, "totalCreated": request.client.number, "rejected": 0, "active": 1,
        },
        "globalLock": {"totalTime": Int64(uptime_ms * 1000), "currentQueue": {"total": 0, "readers": 0, "writers": 0}},
        "locks": {}, "logicalSessionRecordCache": {"activeSessionsCount": len(deployment.sessions)},
        "mem": {"bits": 64, "resident": usage, "virtual": usage, "supported": True},
        "metrics": {"cursor": {"open": {"total": Int64(len(deployment.cursors))}}},
        "network": {
            "bytesIn": Int64(counters.get("bytes_in", 0)), "bytesOut": Int64(counters.get("bytes_out", 0)),
            "numRequests": Int64(counters.get("requests", 0)),
        },
        "opcounters": {n: Int64(counters.get(n, 0)) for n in ("insert", "query", "update", "delete", "getmore", "command")},
        "repl": {"setName": deployment.set_name, "isWritablePrimary": True, "hosts": [deployment.host]},
        "storageEngine": {"name": "dotdo", "supportsCommittedReads": True, "persistent": True},
    }  # fmt: skip
    if request.body.get("mirroredReads") is not None:
        reply["mirroredReads"] = {"seen": Int64(0), "sent": Int64(0)}
    for name, value in request.body.items():
        if name in reply and name not in _ALWAYS and not value and value is not None:
            del reply[name]
    return reply


def _catalog_stats(request: Request) -> Document:
    found = {
        "collections": 0,
        "capped": 0,
        "clustered": 0,
        "timeseries": 0,
        "views": 0,
        "internalCollections": 0,
        "internalViews": 0,
    }
    for name in request.deployment.databases.names()[:50]:
        store = request.deployment.databases.open(name, create=False)
        for collection in [] if store is None else collections(request, store):
            found["views" if collection.is_view else "collections"] += 1
            found["capped"] += collection.is_capped
    return found


@command("top", is_admin_only=True, is_lenient=True)
def top(request: Request) -> Document:  # noqa: ARG001
    """Tell where time goes; it is not measured by collection."""
    return {"totals": {"note": "all times in microseconds"}}


@command("connPoolStats", is_lenient=True)
def conn_pool_stats(request: Request) -> Document:  # noqa: ARG001
    """Tell of outgoing connections: there are none."""
    return {
        "numClientConnections": 0, "numAScopedConnections": 0, "totalInUse": 0, "totalAvailable": 0, "totalLeased": 0,
        "totalCreated": 0, "totalRefreshing": 0, "replicaSetMatchingStrategy": "matchPrimaryNode", "pools": {},
        "hosts": {}, "replicaSets": {},
    }  # fmt: skip


@command("lockInfo", is_admin_only=True)
def lock_info(request: Request) -> Document:  # noqa: ARG001
    """Tell of locks: requests hold none between each other."""
    return {"lockInfo": []}


@command(
    "currentOp", {"$all": kinds.ANY, "$ownOps": kinds.ANY}, is_admin_only=True, is_lenient=True
)
def current_op(request: Request) -> Document:
    """Tell what is running: this request."""
    return {"inprog": [operation(request)]}


def operation(request: Request) -> Document:
    """Return the running request as $currentOp shows it."""
    return {
        "type": "op", "host": request.deployment.host, "desc": f"conn{request.client.number}",
        "connectionId": request.client.number, "active": True, "currentOpTime": moment(request.now_us).isoformat(),
        "opid": request.client.number, "secs_running": Int64(0), "microsecs_running": Int64(0), "op": "command",
        "ns": f"{request.db}.$cmd", "command": {n: v for n, v in request.body.items() if n != "$db"},
        "numYields": 0, "locks": {}, "waitingForLock": False, "lockStats": {},
    }  # fmt: skip


_LOG = kinds.STRING


@command("getLog", target=_LOG, is_admin_only=True)
def get_log(request: Request) -> Document:
    """Return log lines kept in memory: none are."""
    name = request.arguments["target"]
    if name == "*":
        return {"names": ["global", "startupWarnings"]}
    if name not in {"global", "startupWarnings"}:
        raise failure(96, f"No log named '{name}'")
    if name == "startupWarnings":
        return {"totalLinesWritten": 0, "log": []}
    line = f'{{"t":{{"$date":"{moment(request.deployment.started_us).isoformat()}"}},"s":"I","c":"CONTROL","msg":"started"}}'
    return {"totalLinesWritten": 1, "log": [line]}


@command("listCommands", is_lenient=True)
def list_commands(request: Request) -> Document:
    """List the commands."""
    return {
        "commands": {
            name: {
                "help": found.help, "requiresAuth": found.needs_authentication, "secondaryOk": not found.is_write,
                "adminOnly": found.is_admin_only, "apiVersions": ["1"] if found.is_in_api else [], "deprecatedApiVersions": [],
            }
            for name, found in sorted(request.commands.items())
            if name == found.name
        }
    }  # fmt: skip


COMMANDS = (
    coll_stats, db_stats, data_size, validate, db_hash, server_status, top, conn_pool_stats, lock_info, current_op,
    get_log, list_commands,
)  # fmt: skip
