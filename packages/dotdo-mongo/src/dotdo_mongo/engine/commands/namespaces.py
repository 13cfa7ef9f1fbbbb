"""Commands that make, change and drop collections and databases."""

import math
from dataclasses import replace
from typing import Any

from bson import Decimal128

from dotdo.storage import Session
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.create_options import CREATE, options_of
from dotdo_mongo.engine.commands.declaration import (
    COLLECTION,
    Declared,
    command,
    optional,
    required,
)
from dotdo_mongo.engine.definitions import change
from dotdo_mongo.engine.definitions import create as create_definition
from dotdo_mongo.engine.definitions import drop as drop_definition
from dotdo_mongo.engine.describing import collections
from dotdo_mongo.engine.request import Request, check_new_collection
from dotdo_mongo.engine.streams import ChangeStream
from dotdo_mongo.errors import failure

Document = dict[str, Any]


@command(
    "create",
    CREATE,
    target=COLLECTION,
    takes_write_concern=True,
    in_transaction=True,
    is_in_api=True,
    is_write=True,
)
def create(request: Request) -> Document:
    """Create a collection or a view."""
    name = request.collection_name
    check_new_collection(request.db, name)
    kind, options, indexes = options_of(request)
    found = request.find(name)
    if found is not None:
        known = found[1]
        if known.kind == kind and known.options == options and request.transaction is None:
            return {}
        raise failure(
            48,
            f"namespace {request.namespace} already exists, but with different options: {known.options}",
        )
    store = request.store(create=True)
    assert store is not None
    create_definition(request, store, name, kind=kind, options=options, indexes=indexes)
    return {}


@command(
    "drop",
    {"collectionUUID": kinds.UUID},
    target=COLLECTION,
    takes_write_concern=True,
    is_in_api=True,
    is_write=True,
)
def drop(request: Request) -> Document:
    """Drop a collection or a view."""
    name = request.collection_name
    found = request.find(name)
    if found is None:
        return {}
    store, collection = found
    with request.lease(store) as session:
        drop_definition(session, collection)
    request.deployment.cursors.kill_where(
        lambda c: c.namespace == request.namespace and c.resume is None
    )
    shown: Document = {} if collection.is_view else {"nIndexesWas": collection.index_count}
    return {**shown, "ns": request.namespace}


def _one(value: Any, where: str) -> int:
    if isinstance(value, Decimal128):
        number = value.to_decimal()
        is_one = number.is_finite() and int(number.to_integral_value()) == 1
    elif kinds.is_number(value):
        is_one = math.isfinite(value) and int(value) == 1
    else:
        raise kinds.wrong_type(where, value, "long, int, decimal, double")
    if not is_one:
        raise failure(5255100, "Have to pass 1 as db parameter")
    return 1


@command(
    "dropDatabase", target=kinds.Kind(_one), takes_write_concern=True, is_in_api=True, is_write=True
)
def drop_database(request: Request) -> Document:
    """Drop the database with everything in it."""
    if request.db in {"admin", "config", "local"} and request.db != "local":
        raise failure(20, f"Cannot drop '{request.db}' database in replica set mode")
    store = request.store()
    if store is not None:
        _tell_streams(request, [collection.name for collection in collections(request, store)])
    request.deployment.cursors.kill_where(
        lambda cursor: cursor.namespace.startswith(f"{request.db}.") and cursor.resume is None
    )
    if request.deployment.databases.drop(request.db):
        return {"dropped": request.db}
    return {}


def _tell_streams(request: Request, names: list[str]) -> None:
    for cursor in request.deployment.cursors:
        if isinstance(cursor.documents, ChangeStream):
            cursor.documents.dropped(request.db, names, request.now_us)


def _drop_target(value: Any, where: str) -> Any:
    return value if isinstance(value, bool) else kinds.UUID.check(value, where)


_RENAME: Declared = {
    "to": required(kinds.STRING),
    "dropTarget": kinds.Kind(_drop_target, refuses_null=True),
    "stayTemp": optional(kinds.BOOL, False),
    "collectionUUID": kinds.UUID,
    "maxTimeMS": kinds.MAX_TIME,
}


@command(
    "renameCollection",
    _RENAME,
    target=kinds.STRING,
    is_admin_only=True,
    takes_write_concern=True,
    is_write=True,
)
def rename_collection(request: Request) -> Document:
    """Give a collection another name."""
    arguments = request.arguments
    source_db, source = split(arguments["target"])
    target_db, target = split(arguments["to"])
    _check_rename(source_db, source, target_db, target)
    found = request.find(source, source_db)
    if found is None:
        raise failure(26, f"Source collection {source_db}.{source} does not exist")
    store, collection = found
    if arguments["collectionUUID"] is not None and arguments["collectionUUID"] != collection.uuid:
        raise failure(
            361,
            "Collection UUID does not match that specified",
            db=source_db,
            expectedCollection=None,
            actualCollection=source,
        )
    if collection.is_view:
        raise failure(166, f"Namespace {source_db}.{source} is a view, not a collection")
    if source_db != target_db:
        raise failure(20, "renameCollection across databases is not supported")
    other = request.find(target, target_db)
    if other is not None and not arguments["dropTarget"]:
        raise failure(48, "target namespace exists")

    def rename(session: Session) -> None:
        if other is not None:
            drop_definition(session, other[1])
        change(session, replace(collection, name=target))

    request.mutate(store, rename)
    return {}


def split(namespace: str) -> tuple[str, str]:
    """Return the database and the collection of a namespace.

    Raises:
        CommandFailure: It has none (code 73).
    """
    db, _, name = namespace.partition(".")
    if not db or not name or "\0" in namespace or name.startswith("."):
        raise failure(73, f"Invalid namespace specified '{namespace}'")
    return db, name


def _check_rename(source_db: str, source: str, target_db: str, target: str) -> None:
    if (source_db, source) == (target_db, target):
        raise failure(20, "Can't rename a collection to itself")
    check_new_collection(target_db, target)
    if source.startswith("system.") and source != "system.js":
        raise failure(20, "renaming system collections is not allowed")


COMMANDS = (create, drop, drop_database, rename_collection)
