"""convertToCapped and cloneCollectionAsCapped: collections that keep their newest documents only."""

from typing import Any

from dotdo.storage import Session, Store
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.commands.declaration import (
    COLLECTION,
    command,
    required,
)
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.definitions import create as create_definition
from dotdo_mongo.engine.definitions import drop as drop_definition
from dotdo_mongo.engine.request import Request, check_new_collection
from dotdo_mongo.engine.writing import Writer
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_MAX_CAPPED_BYTES = 1 << 50


def _size(value: Any, where: str) -> int:
    number = kinds.as_long(value) if kinds.is_number(value) else 0
    if number <= 0:
        raise failure(72, f"Capped collection size must be greater than zero: {where}")
    if number > _MAX_CAPPED_BYTES:
        raise failure(2, "Capped collection size must be less than 1 PB")
    return number


_SIZE = kinds.Kind(_size, takes_null=True)


@command(
    "convertToCapped",
    {"size": required(_SIZE)},
    target=COLLECTION,
    takes_write_concern=True,
    is_lenient=True,
    is_write=True,
)
def convert_to_capped(request: Request) -> Document:
    """Make a collection keep its newest documents only."""
    name = request.collection_name
    if name.startswith("system."):
        raise failure(72, f"cannot convert a system collection to capped: {request.namespace}")
    found = request.find(name)
    if found is None:
        raise failure(26, f"source collection {request.namespace} does not exist")
    store, collection = found
    _check_source(request, collection)
    with request.lease(store) as session:
        _capped_copy(request, (session, store), collection, name)
    return {}


def _check_source(request: Request, collection: Collection) -> None:
    if collection.is_view:
        raise failure(166, f"Namespace {request.db}.{collection.name} is a view, not a collection")
    if collection.kind == "timeseries":
        raise failure(20, "a time-series collection cannot be capped")


@command(
    "cloneCollectionAsCapped",
    {"toCollection": required(kinds.STRING), "size": required(_SIZE), "temp": kinds.SAFE_BOOL},
    target=kinds.STRING,
    takes_write_concern=True,
    is_lenient=True,
    is_write=True,
)
def clone_collection_as_capped(request: Request) -> Document:
    """Copy the newest documents of a collection into a new capped one."""
    name = request.collection_name
    target = request.arguments["toCollection"]
    check_new_collection(request.db, target)
    found = request.find(name)
    if found is None:
        raise failure(26, f"source collection {request.namespace} does not exist")
    store, collection = found
    _check_source(request, collection)
    if request.find(target) is not None:
        raise failure(
            48,
            f"cloneCollectionAsCapped failed - destination collection {request.db}.{target} already exists",
        )
    with request.lease(store) as session:
        _capped_copy(request, (session, store), collection, target)
    return {}


def _capped_copy(
    request: Request, where: tuple[Session, Store], source: Collection, name: str
) -> None:
    session, store = where
    size = -(-request.arguments["size"] // 256) * 256
    documents = [record.document for record in source.table.scan(session)]

    def work() -> None:
        if name == source.name:
            drop_definition(session, source)
        made = create_definition(request, store, name, options={"capped": True, "size": size})
        writer = Writer(session, f"{request.db}.{name}", made, Context(), bypasses_validation=True)
        for document in documents:
            writer.insert(document)

    session.change_definitions(work)


COMMANDS = (convert_to_capped, clone_collection_as_capped)
