"""Commands on search indexes: made, listed, changed and dropped with the collection; refused where there is no collection."""

from collections.abc import Callable
from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collection import Collection, collection_of, with_searches
from dotdo_mongo.engine.commands.declaration import (
    COLLECTION,
    Declared,
    command,
    parse_part,
    required,
)
from dotdo_mongo.engine.commands.replies import cursor_reply
from dotdo_mongo.engine.cursors import Cursor
from dotdo_mongo.engine.definitions import change
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.search import check_definition, listed
from dotdo_mongo.engine.stages.search import refuse_search_indexes
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
_FACTS: dict[str, Any] = {"target": COLLECTION}
_ONE: Declared = {"id": kinds.STRING, "name": kinds.STRING}
_NEW: Declared = {
    "name": kinds.STRING,
    "type": kinds.one_of("search", "vectorSearch"),
    "definition": required(kinds.OBJECT),
}


@command("createSearchIndexes", {"indexes": required(kinds.OBJECTS)}, **_FACTS)
def create_search_indexes(request: Request) -> Document:
    """Make search indexes. Codes 31082, 2, 68, 115."""
    _collection(request)
    given = [
        parse_part(_NEW, one, f"createSearchIndexes.indexes.{at}")
        for at, one in enumerate(request.arguments["indexes"])
    ]
    if not given:
        raise failure(2, "Must specify at least one index to create")
    made = [_made(request, one) for one in given]

    def work(collection: Collection) -> tuple[Document, ...]:
        names = [one["name"] for one in (*collection.searches, *made)]
        for name in names:
            if names.count(name) > 1:
                raise failure(68, f'Index "{name}" already exists.')
        return (*collection.searches, *made)

    _changed(request, work)
    return {"indexesCreated": [{"id": one["id"], "name": one["name"]} for one in made]}


def _made(request: Request, given: Document) -> Document:
    kind = given["type"] or "search"
    check_definition(kind, given["definition"])
    return {
        "id": request.deployment.randomness(12).hex(),
        "name": given["name"] or "default",
        "type": kind,
        "latestDefinition": given["definition"],
        "version": 0,
    }


@command("updateSearchIndex", {**_ONE, "definition": required(kinds.OBJECT)}, **_FACTS)
def update_search_index(request: Request) -> Document:
    """Give a search index another definition. Codes 31082, 2, 27, 115."""
    _collection(request)

    def work(collection: Collection) -> tuple[Document, ...]:
        at = _position(request, collection)
        one = collection.searches[at]
        definition = request.arguments["definition"]
        check_definition(one["type"], definition)
        new = one | {"latestDefinition": definition, "version": one["version"] + 1}
        return (*collection.searches[:at], new, *collection.searches[at + 1 :])

    _changed(request, work)
    return {}


@command("dropSearchIndex", _ONE, **_FACTS)
def drop_search_index(request: Request) -> Document:
    """Drop a search index. Codes 31082, 27."""
    _collection(request)

    def work(collection: Collection) -> tuple[Document, ...]:
        at = _position(request, collection)
        return collection.searches[:at] + collection.searches[at + 1 :]

    _changed(request, work)
    return {}


@command("listSearchIndexes", _ONE, **_FACTS)
def list_search_indexes(request: Request) -> Document:
    """List the search indexes of a collection. Code 31082."""
    collection = _collection(request)
    one = {name: request.arguments[name] for name in ("id", "name") if request.arguments[name]}
    return cursor_reply(request, Cursor(request.namespace, iter(listed(collection, one))), None)


def _collection(request: Request) -> Collection:
    found = request.find()
    if found is None:
        refuse_search_indexes()
    if found[1].is_view:
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    return found[1]


def _position(request: Request, collection: Collection) -> int:
    given = {name: request.arguments[name] for name in ("id", "name") if request.arguments[name]}
    if len(given) != 1:
        raise failure(9, "Exactly one of 'id' and 'name' must be given")
    ((member, wanted),) = given.items()
    for at, one in enumerate(collection.searches):
        if one[member] == wanted:
            return at
    raise _absent(request, wanted)


def _absent(request: Request, wanted: str) -> CommandFailure:
    return failure(27, f"Search index '{wanted}' not found on {request.namespace}")


def _changed(request: Request, work: Callable[[Collection], tuple[Document, ...]]) -> None:
    found = request.find()
    assert found is not None
    store, collection = found
    with request.lease(store) as session:
        current = collection_of(session.catalog, session.catalog.by_id[collection.noun.id])
        change(session, with_searches(current, work(current)))


COMMANDS = (create_search_indexes, update_search_index, drop_search_index, list_search_indexes)
