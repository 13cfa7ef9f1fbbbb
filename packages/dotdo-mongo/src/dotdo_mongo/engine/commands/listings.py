"""Commands that list: databases, collections, indexes."""

from typing import Any

from bson import Binary, Int64

from dotdo.storage import Store
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.commands.declaration import COLLECTION, Declared, command, optional
from dotdo_mongo.engine.commands.replies import cursor_reply, whole_reply
from dotdo_mongo.engine.context import Context, timeless
from dotdo_mongo.engine.describing import collections, described_collection
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]


def _cursor(value: Any, where: str) -> Document:
    if not isinstance(value, dict):
        raise kinds.wrong_type(where, value, "object")
    for name, item in value.items():
        if name != "batchSize":
            raise failure(40415, f"BSON field '{where}.{name}' is an unknown field.")
        kinds.safe_long(0).check(item, f"{where}.batchSize")
    return value


CURSOR = kinds.Kind(_cursor)


def batch_size(request: Request) -> int | None:
    """Return the batch size that a listing asks for."""
    given = (request.arguments["cursor"] or {}).get("batchSize")
    return None if given is None else kinds.as_long(given)


_LIST_COLLECTIONS: Declared = {
    "filter": kinds.OBJECT,
    "cursor": CURSOR,
    "nameOnly": optional(kinds.BOOL, False),
    "authorizedCollections": optional(kinds.BOOL, False),
    "maxTimeMS": kinds.MAX_TIME,
}


@command("listCollections", _LIST_COLLECTIONS, is_in_api=True)
def list_collections(request: Request) -> Document:
    """List the collections and views of a database."""
    arguments = request.arguments
    matches = compile_match(arguments["filter"] or {}, timeless(Context()))
    store = request.store()
    known = [] if store is None else collections(request, store)
    described = [described_collection(c, name_only=False) for c in known]
    if any(c.is_view for c in known):
        described.append(
            {
                "name": "system.views",
                "type": "collection",
                "options": {},
                "info": {"readOnly": False, "uuid": Binary(b"\0" * 16, 4)},
                "idIndex": {"v": 2, "key": {"_id": 1}, "name": "_id_"},
            }
        )
    found = [d for d in described if matches(d)]
    if arguments["nameOnly"]:
        found = [{"name": d["name"], "type": d["type"]} for d in found]
    cursor = whole_reply(f"{request.db}.$cmd.listCollections", found)
    return cursor_reply(request, cursor, batch_size(request))


_LIST_DATABASES: Declared = {
    "filter": kinds.OBJECT,
    "nameOnly": optional(kinds.BOOL, False),
    "authorizedDatabases": optional(kinds.BOOL, False),
    "maxTimeMS": kinds.MAX_TIME,
}


_ALWAYS_THERE = ("admin", "config", "local")


@command("listDatabases", _LIST_DATABASES, is_admin_only=True, is_in_api=True)
def list_databases(request: Request) -> Document:
    """List the databases."""
    arguments = request.arguments
    matches = compile_match(arguments["filter"] or {}, Context(now_ms=request.now_us // 1000))
    found, total = [], 0
    allows = request.client.allows
    names = {*_ALWAYS_THERE, *request.deployment.databases.names()}
    for name in sorted(name for name in names if allows is None or allows(name)):
        store = request.store(name)
        size = 0 if store is None else store_size(request, store)
        shown = {"name": name, "sizeOnDisk": Int64(size), "empty": store is None}
        if not matches({"name": name} if arguments["nameOnly"] else shown):
            continue
        total += size
        found.append({"name": name} if arguments["nameOnly"] else shown)
    if arguments["nameOnly"]:
        return {"databases": found}
    return {"databases": found, "totalSize": Int64(total), "totalSizeMb": Int64(total >> 20)}


def store_size(request: Request, store: Store) -> int:
    """Return the size of a store's file."""
    with request.lease(store) as session:
        ((pages,),) = session.read(
            "select page_count * page_size from pragma_page_count, pragma_page_size"
        )
        return int(pages)


_LIST_INDEXES: Declared = {
    "cursor": CURSOR,
    "includeBuildUUIDs": kinds.SAFE_BOOL,
    "includeIndexBuildInfo": kinds.SAFE_BOOL,
    "maxTimeMS": kinds.MAX_TIME,
}


@command("listIndexes", _LIST_INDEXES, target=COLLECTION, is_in_api=True)
def list_indexes(request: Request) -> Document:
    """List the indexes of a collection."""
    arguments = request.arguments
    found = request.find()
    if arguments["includeBuildUUIDs"] and arguments["includeIndexBuildInfo"]:
        raise failure(
            72,
            "The includeBuildUUIDs flag and includeIndexBuildInfo flag cannot both be set to true",
        )
    if found is None:
        raise failure(26, f"ns does not exist: {request.namespace}")
    collection = found[1]
    if collection.is_view:
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    shown = [shown_index(collection, index) for index in collection.indexes]
    if arguments["includeIndexBuildInfo"]:
        shown = [{"spec": index} for index in shown]
    return cursor_reply(request, whole_reply(request.namespace, shown), batch_size(request))


def shown_index(collection: Collection, index: Document) -> Document:
    """Return an index as listIndexes shows it."""
    if index["name"] == "_id_" and collection.is_clustered:
        name = collection.options["clusteredIndex"]["name"]
        return {"v": 2, "key": {"_id": 1}, "name": name, "unique": True, "clustered": True}
    return index


COMMANDS = (list_collections, list_databases, list_indexes)
