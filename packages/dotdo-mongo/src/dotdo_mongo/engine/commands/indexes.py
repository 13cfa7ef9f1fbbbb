"""Commands on indexes: createIndexes and dropIndexes."""

from typing import Any

from dotdo.storage import Session
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collection import Collection, collection_of, with_indexes
from dotdo_mongo.engine.commands.declaration import COLLECTION, Declared, command, required
from dotdo_mongo.engine.commands.index_specs import index_spec
from dotdo_mongo.engine.definitions import change
from dotdo_mongo.engine.definitions import create as create_definition
from dotdo_mongo.engine.geo_keys import check_places, is_geospatial
from dotdo_mongo.engine.indexes import duplicate, is_ordinary, keys_of, show
from dotdo_mongo.engine.request import Request, check_new_collection
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_MAX_INDEXES = 64


def _specs(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise kinds.wrong_type(where, value, "array")
    for i, item in enumerate(value):
        if not isinstance(item, dict):
            raise kinds.wrong_type(f"{where}.{i}", item, "object")
    return value


_CREATE_INDEXES: Declared = {
    "indexes": required(kinds.Kind(_specs)),
    "ignoreUnknownIndexOptions": kinds.SAFE_BOOL,
    "commitQuorum": kinds.ANY,
    "maxTimeMS": kinds.MAX_TIME,
    "v": kinds.NUMBER,
    "returnOnStart": kinds.SAFE_BOOL,
}
_FACTS = {"target": COLLECTION, "takes_write_concern": True, "is_in_api": True, "is_write": True}


@command("createIndexes", _CREATE_INDEXES, in_transaction=True, **_FACTS)
def create_indexes(request: Request) -> Document:
    """Create indexes, and the collection when it is not there."""
    name = request.collection_name
    given = request.arguments["indexes"]
    if not given:
        raise failure(2, "Must specify at least one index to create")
    found = request.find(name)
    collection = None if found is None else found[1]
    if collection is not None and collection.is_view:
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    default = None if collection is None else collection.options.get("collation")
    specs = [index_spec(spec, default) for spec in given]
    is_new = found is None
    if found is None:
        check_new_collection(request.db, name)
        store = request.store(create=True)
        assert store is not None
        collection = create_definition(request, store, name)
    else:
        store, collection = found
    with request.lease(store) as session:
        before = collection.index_count
        added = _added(collection, specs, request.namespace)
        _check_transaction(request, collection, added)
        if added:
            wanted = with_indexes(collection, (*collection.indexes, *added))

            def work() -> None:
                check_documents(session, request.namespace, collection, added)
                change(session, wanted)

            session.change_definitions(work)
    reply: Document = {"numIndexesBefore": before, "numIndexesAfter": before + len(added)}
    if added or is_new:
        reply["createdCollectionAutomatically"] = is_new
    if not added:
        reply["note"] = "all indexes already exist"
    return reply


def _check_transaction(request: Request, collection: Collection, added: list[Document]) -> None:
    transaction = request.transaction
    if transaction is not None and added and collection.noun.table not in transaction.created:
        raise failure(
            263,
            f"Cannot create new indexes on existing collection {request.namespace} in a multi-document transaction.",
        )


def _added(collection: Collection, specs: list[Document], namespace: str) -> list[Document]:
    """Return the indexes that are not there yet.

    Raises:
        CommandFailure: One is there under another name or with other options (85, 86), or there are too many (67).
    """
    known = list(collection.indexes)
    added: list[Document] = []
    for spec in specs:
        if spec["name"] == "_id_":
            continue
        same = _same(known, spec)
        if same is None:
            known.append(spec)
            added.append(spec)
    if len(known) > _MAX_INDEXES:
        raise failure(
            67, f"add index fails, too many indexes for {namespace} key:{show(added[-1]['key'])}"
        )
    return added


_IDENTITY = ("collation", "wildcardProjection", "unique", "sparse")
_OPTIONS = ("expireAfterSeconds", "weights", "default_language")


def _signature(condition: Document | None) -> Document | None:
    """Return a partial index's filter with its conjunctions in one order."""
    if condition is None:
        return None
    return {
        name: sorted((_signature(part) for part in value), key=repr)
        if name in {"$and", "$or"}
        else value
        for name, value in condition.items()
    }


def _same(known: list[Document], spec: Document) -> Document | None:
    def identity(index: Document) -> list[Any]:
        condition = _signature(index.get("partialFilterExpression"))
        rest = [index.get(name) or None for name in _IDENTITY]
        return [list(index["key"].items()), condition, *rest]

    def options(index: Document) -> list[Any]:
        return [index.get(name) or False for name in _OPTIONS]

    for index in known:
        is_named_so = index["name"] == spec["name"]
        is_same = identity(index) == identity(spec)
        if is_named_so and is_same and options(index) == options(spec):
            return index
        if is_named_so and (not is_same or options(index) != options(spec)):
            raise failure(
                85 if "weights" in index and "weights" in spec else 86,
                f"An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: {show(spec)}, existing index: {show(index)}",
            )
        if is_same and options(index) == options(spec):
            raise failure(85, f"Index already exists with a different name: {index['name']}")
        if is_same:
            raise failure(
                85,
                f"An equivalent index already exists with the same name but different options. Requested index: {show(spec)}, existing index: {show(index)}",
            )
        if "weights" in index and "weights" in spec:
            raise failure(85, "only one text index per collection is allowed")
    return None


def check_documents(
    session: Session, namespace: str, collection: Collection, added: list[Document]
) -> None:
    """See that the documents that are there can be in the new indexes.

    Raises:
        CommandFailure: Two have the same key of a unique one (code 11000), or one has no key (codes 171, ...).
    """
    checked = [index for index in added if is_ordinary(index)]
    places = [index for index in added if is_geospatial(index)]
    seen: dict[str, set[Any]] = {index["name"]: set() for index in checked}
    if not checked and not places:
        return
    for record in collection.table.scan(session):
        for index in places:
            check_places(record.document, index)
        for index in checked:
            for key, values in keys_of(record.document, index).items():
                if not index.get("unique"):
                    continue
                if key in seen[index["name"]]:
                    raise duplicate(namespace, index, values)
                seen[index["name"]].add(key)


def _index(value: Any, where: str) -> Any:
    if type(value) is str or isinstance(value, dict):
        return value
    if isinstance(value, list):
        for i, item in enumerate(value):
            if type(item) is not str:
                raise kinds.wrong_type(f"{where}.{i}", item, "string")
        return value
    raise kinds.wrong_type(where, value, "string, object")


_DROP_INDEXES: Declared = {
    "index": required(kinds.Kind(_index, refuses_null=True)),
    "maxTimeMS": kinds.MAX_TIME,
}


@command("dropIndexes", _DROP_INDEXES, aliases=("deleteIndexes",), **_FACTS)
def drop_indexes(request: Request) -> Document:
    """Drop indexes by name or by key."""
    wanted = request.arguments["index"]
    found = request.find()
    if found is None:
        raise failure(26, f"ns not found {request.namespace}")
    store, collection = found
    if collection.is_view:
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    with request.lease(store) as session:
        collection = collection_of(session.catalog, session.catalog.by_id[collection.noun.id])
        gone = _gone(collection, wanted)
        before = collection.index_count
        kept = tuple(index for index in collection.indexes if index["name"] not in gone)
        if gone:
            change(session, with_indexes(collection, kept))
    reply: Document = {"nIndexesWas": before}
    if wanted == "*":
        reply["msg"] = "non-_id indexes dropped for collection"
    return reply


def _gone(collection: Collection, wanted: Any) -> set[str]:
    if wanted == "*":
        return {index["name"] for index in collection.indexes if index["name"] != "_id_"}
    if isinstance(wanted, list):
        return {name for item in wanted for name in _gone_by_name(collection, item)}
    if type(wanted) is str:
        return _gone_by_name(collection, wanted)
    same = [
        index for index in collection.indexes if list(index["key"].items()) == list(wanted.items())
    ]
    if not same:
        raise failure(27, f"can't find index with key: {show(wanted)}")
    if len(same) > 1:
        raise failure(
            181, f"{len(same)} indexes found for key: {show(wanted)}, identify by name instead."
        )
    return _gone_by_name(collection, same[0]["name"])


def _gone_by_name(collection: Collection, name: str) -> set[str]:
    if collection.is_clustered and name in {"_id_", collection.options["clusteredIndex"]["name"]}:
        raise failure(5979800, "It is illegal to drop the clusteredIndex")
    if name == "_id_":
        raise failure(72, "cannot drop _id index")
    if collection.index(name) is None:
        raise failure(27, f"index not found with name [{name}]")
    return {name}


COMMANDS = (create_indexes, drop_indexes)
