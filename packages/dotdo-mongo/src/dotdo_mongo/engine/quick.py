"""The short way of a find by `_id` that came as a command; it leaves every other request to the command itself."""

from typing import Any

from bson import Int64, ObjectId
from bson.raw_bson import RawBSONDocument

from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands.dispatch import with_times
from dotdo_mongo.engine.commands.session_commands import session_id
from dotdo_mongo.engine.deployment import Deployment
from dotdo_mongo.engine.direct import Detour, Direct
from dotdo_mongo.errors import CommandFailure

Document = dict[str, Any]
_PLAIN = frozenset(
    {"find", "filter", "limit", "singleBatch", "lsid", "$db", "$clusterTime", "$readPreference"}
)
_IDENTITIES = frozenset({int, str, ObjectId})
_MOST_KNOWN = 10_000


def quick_reply(deployment: Deployment, client: ClientState, body: Document) -> Document | None:
    """Return the reply to a request that asks for one document by its `_id` and for nothing else; None for all others.

    Args:
        deployment: What it runs on.
        client: The connection it came by.
        body: The command.
    """
    name = body.get("find")
    if name is None or not _PLAIN.issuperset(body) or body.get("limit", 1) != 1:
        return None
    query, db = body.get("filter"), body.get("$db")
    if type(query) is not dict or len(query) != 1 or type(name) is not str or type(db) is not str:
        return None
    identity = query.get("_id")
    if type(identity) not in _IDENTITIES or next(iter(body)) != "find":
        return None
    if not _may_go(deployment, client, db):
        return None
    try:
        if "lsid" in body:
            deployment.sessions.get(session_id(body["lsid"], ""), client.user)
        found = _direct_to(deployment, db, name).get(identity)
    except (Detour, CommandFailure):
        return None
    batch = [] if found is None else [RawBSONDocument(found)]
    cursor: Document = {"firstBatch": batch, "id": Int64(0), "ns": f"{db}.{name}"}
    return with_times(deployment, {"cursor": cursor, "ok": 1.0})


def _may_go(deployment: Deployment, client: ClientState, db: str) -> bool:
    """Nothing wants to see the request, and whoever sends it may read the database."""
    return not (
        deployment.is_watched
        or deployment.has_test_commands
        or client.progress is not None
        or (client.must_authenticate and client.user is None)
        or (client.allows is not None and not client.allows(db))
        or "@" in db
    )


def _direct_to(deployment: Deployment, db: str, name: str) -> Direct:
    known = deployment.directs
    found = known.get((db, name))
    if found is None:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        found = known[db, name] = Direct(deployment, db, name)
    return found
