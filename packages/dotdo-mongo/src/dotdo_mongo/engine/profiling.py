"""The profiler: what commands on a database did, kept in its `system.profile`, where `profile` asks for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dotdo.errors import DotdoError
from dotdo.storage import Blocked, Session
from dotdo_mongo.engine.collection import Collection, find_collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.deployment import Deployment
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.writing import Writer
from dotdo_mongo.errors import CommandFailure

Document = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAME = "system.profile"
SIZE_BYTES = 1 << 20
_OPERATIONS = {
    "find": "query", "insert": "insert", "update": "update", "delete": "remove", "getMore": "getmore",
}  # fmt: skip
_HIDDEN = frozenset({"profile", "saslStart", "saslContinue", "hello", "isMaster", "ping"})


def level_of(deployment: Deployment, db: str) -> int:
    """Return how much is recorded of a database: nothing, what is slow, everything."""
    settings = deployment.settings.get(("profile", db))
    return 0 if settings is None else int(settings["was"])


def record(request: Request, reply: Document) -> None:
    """Record a command that was run, where it is to be; what cannot be written now is left out."""
    level = level_of(request.deployment, request.db)
    if level < 1 or request.name in _HIDDEN or request.transaction is not None:
        return
    entry = _entry(request, reply)
    if not _is_wanted(request, entry, level):
        return
    try:
        store = request.store()
        if store is None or store.is_read_only:
            return
        with request.lease(store) as session:
            collection = find_collection(session.catalog, NAME)
            if collection is not None:
                _write(session, collection, entry)
    except (Blocked, DotdoError, CommandFailure):
        return


def _write(session: Session, collection: Collection, entry: Document) -> None:
    context = Context()
    session.mutate(lambda: Writer(session, NAME, collection, context).insert(entry), wait=False)


def _is_wanted(request: Request, entry: Document, level: int) -> bool:
    shared = request.deployment.settings.get("profile", {})
    if "filter" in shared:
        return bool(compile_match(shared["filter"], Context())(entry))
    if level == 1 and entry["millis"] < shared.get("slowms", 100):
        return False
    rate = shared.get("sampleRate", 1.0)
    return bool(rate >= 1 or request.deployment.random() < rate)


def _entry(request: Request, reply: Document) -> Document:
    target = request.body.get("collection", request.arguments.get("target"))
    cursor = reply.get("cursor")
    batch = cursor.get("firstBatch", cursor.get("nextBatch")) if isinstance(cursor, dict) else None
    now_us = request.deployment.clock()
    entry: Document = {
        "op": _OPERATIONS.get(request.name, "command"),
        "ns": f"{request.db}.{target}" if isinstance(target, str) else f"{request.db}.$cmd",
        "command": {n: v for n, v in request.body.items() if n != "$clusterTime"},
    }
    if batch is not None:
        entry["nreturned"] = len(batch)
    for name, shown in (
        ("n", "ninserted" if request.name == "insert" else "n"),
        ("nModified", "nModified"),
    ):
        if name in reply:
            entry[shown] = reply[name]
    if reply.get("ok") != 1:
        entry |= {name: reply[name] for name in ("errmsg", "code", "codeName") if name in reply}
    return {
        **entry,
        "protocol": "op_msg",
        "millis": (now_us - request.progress.started_us) // 1000,
        "ts": _EPOCH + timedelta(milliseconds=now_us // 1000),
        "client": request.client.address.rpartition(":")[0],
        "appName": _app_name(request),
        "allUsers": []
        if request.client.user is None
        else [{"user": request.client.user, "db": "admin"}],
        "user": "" if request.client.user is None else f"{request.client.user}@admin",
    }


def _app_name(request: Request) -> str:
    application = request.client.metadata.get("application")
    return str(application.get("name", "")) if isinstance(application, dict) else ""
