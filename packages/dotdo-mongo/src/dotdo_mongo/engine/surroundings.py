"""What a request gives to the language: its variables, collation and clock, and the way to other collections."""

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from dotdo_mongo.engine.collation import Collation
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.index_filters import allowed_indexes
from dotdo_mongo.engine.javascript import runner
from dotdo_mongo.engine.outputs import write_out
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.query import narrowed
from dotdo_mongo.engine.request import Request, checked_collection
from dotdo_mongo.engine.search import searched
from dotdo_mongo.engine.sources import sources
from dotdo_mongo.engine.text import text_of
from dotdo_mongo.engine.variables import command_variables
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_MAX_VIEW_DEPTH = 20


def context_of(
    request: Request,
    collection: Collection | None = None,
    *,
    name: str = "",
    collation: Collation | None = None,
    variables: Mapping[str, Any] | None = None,
) -> Context:
    """Return the surroundings in which a request's expressions are compiled and run.

    Args:
        request: The request.
        collection: The collection that it works on, when it exists.
        name: Its name, also when it does not.
        collation: How strings compare; by default the request's or the collection's.
        variables: `let`; by default the request's.
    """
    if collation is None:
        collation = request.collation(collection)
    context = Context(
        variables=variables or {},
        collation=collation,
        now_ms=request.now_us // 1000,
        cluster_time=request.deployment.cluster_time(),
        random=request.deployment.random,
        lookup=partial(documents_of, request),
        related=partial(related_documents, request),
        foreign=partial(_foreign, request),
        out=partial(write_out, request),
        sources=sources(request, collection),
        search=partial(searched, request),
        text=None if collection is None else text_of(collection.indexes),
        javascript=runner(partial(_left_s, request)),
        db=request.db,
        collection=name or (collection.name if collection is not None else ""),
        allowed_indexes=allowed_indexes(request, collection, collation),
        index_keys=()
        if collection is None
        else tuple(index["key"] for index in collection.indexes),
    )
    if variables is None:
        context.variables = command_variables(request.arguments.get("let"), context)
    return context


def _foreign(request: Request, context: Context, name: str) -> Context:
    """Return a context whose indexes and sources are another collection's, none where there is no such name."""
    found = request.find(checked_collection(request.db, name)) if name else None
    collection = None if found is None else found[1]
    if collection is not None and collection.is_view:
        own = request.collation(given=collection.options.get("collation") or {})
        if (own and own.spec) != (context.collation and context.collation.spec):
            raise failure(167, f"Cannot override a view's default collation: {name}")
    has_indexes = collection is not None and not collection.is_view
    indexes = collection.indexes if collection is not None and has_indexes else []
    return context.with_(
        collection=name,
        sources=sources(request, collection),
        text=text_of(indexes),
        index_keys=tuple(index["key"] for index in indexes),
    )


def _left_s(request: Request) -> float:
    if request.deadline_us is None:
        return math.inf
    return (request.deadline_us - request.deployment.clock()) / 1e6


def documents_of(
    request: Request, name: str, db: str | None = None, depth: int = 0
) -> Iterable[Document]:
    """Yield the documents of a collection or view, none when there is none."""
    database = request.db if db is None else db
    found = request.find(checked_collection(database, name), database)
    if found is None:
        return
    store, collection = found
    if not collection.is_view:
        reader = request.reader(store)
        for record in collection.table.scan(reader):
            yield record.document
        return
    base, stages, collation = resolve_view(request, collection)
    context = context_of(request, collection, collation=collation, variables={})
    yield from compile_pipeline(stages, context)(documents_of(request, base, database, depth + 1))


def related_documents(
    request: Request, name: str, path: str, values: list[Any], is_once: bool
) -> Iterable[Document] | None:
    """Return what SQL leaves of a collection that has one of some values at a path, None when it leaves all."""
    found = request.find(checked_collection(request.db, name))
    if found is None or found[1].is_view:
        return None
    store, collection = found
    if collection.noun.layout != "document" or collection.kind != "collection":
        return None
    way = narrowed(collection, {path: {"$in": values}})
    if way.stage != "IXSCAN" and (not is_once or not way.condition.sql):
        return None
    return (record.document for record in way.candidates(request.reader(store)))


def resolve_view(
    request: Request, view: Collection
) -> tuple[str, list[Document], Collation | None]:
    """Return the collection below a view, the whole pipeline over it, and the view's collation.

    Raises:
        CommandFailure: Views refer to each other too deep or in a circle (code 165).
    """
    stages: list[Document] = list(view.options.get("pipeline", []))
    name = str(view.options["viewOn"])
    collation = request.collation(view, given=view.options.get("collation"))
    for _ in range(_MAX_VIEW_DEPTH):
        found = request.find(name)
        if found is None or not found[1].is_view:
            return name, stages, collation
        below = found[1]
        stages = [*below.options.get("pipeline", []), *stages]
        name = str(below.options["viewOn"])
    raise failure(
        165, f"View depth too deep or view cycle detected; maximum depth is {_MAX_VIEW_DEPTH}"
    )


def stream(
    stages: list[Any], context: Context, documents: Iterable[Document]
) -> Iterator[Document]:
    """Return the documents that come out of a pipeline."""
    return compile_pipeline(stages, context)(documents)
