"""Commands that read documents: find, count, distinct; aggregate is beside."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from math import inf
from typing import Any

from bson import Int64

from dotdo.storage import Store
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.commands.declaration import COLLECTION, Declared, command, required
from dotdo_mongo.engine.commands.replies import cursor_reply
from dotdo_mongo.engine.commands.shaping import Item, shape_of
from dotdo_mongo.engine.commands.views import on_view
from dotdo_mongo.engine.context import Context, timeless
from dotdo_mongo.engine.cursors import Cursor
from dotdo_mongo.engine.match import Near, check_index, compile_match, has_text, near_of
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.projection import compile_projection
from dotdo_mongo.engine.query import Plan, apply_hint, plan
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.streams.tokens import timestamp_of
from dotdo_mongo.engine.surroundings import context_of, documents_of
from dotdo_mongo.engine.tables import Record
from dotdo_mongo.engine.tail import CappedTail
from dotdo_mongo.engine.values import MISSING, sort_key
from dotdo_mongo.errors import failure

Document = dict[str, Any]

_FIND: Declared = {
    "filter": kinds.OBJECT,
    "projection": kinds.OBJECT,
    "sort": kinds.OBJECT,
    "hint": kinds.HINT,
    "collation": kinds.OBJECT,
    "skip": kinds.safe_long(0),
    "limit": kinds.safe_long(0),
    "batchSize": kinds.safe_long(0),
    "singleBatch": kinds.SAFE_BOOL,
    "allowDiskUse": kinds.SAFE_BOOL,
    "min": kinds.OBJECT,
    "max": kinds.OBJECT,
    "returnKey": kinds.SAFE_BOOL,
    "showRecordId": kinds.SAFE_BOOL,
    "tailable": kinds.SAFE_BOOL,
    "oplogReplay": kinds.SAFE_BOOL,
    "noCursorTimeout": kinds.SAFE_BOOL,
    "awaitData": kinds.SAFE_BOOL,
    "allowPartialResults": kinds.SAFE_BOOL,
    "let": kinds.OBJECT,
    "options": kinds.OBJECT,
    "term": kinds.LONG,
    "includeQueryStatsMetrics": kinds.SAFE_BOOL,
    "querySettings": kinds.OBJECT,
}
_READ = {
    "takes_read_concern": True,
    "in_transaction": True,
    "is_in_api": True,
    "target": COLLECTION,
}


@command("find", _FIND, **_READ)
def find(request: Request) -> Document:
    """Read the documents that match a filter."""
    arguments = request.arguments
    name = request.collection_name
    _check_options(arguments)
    found = request.find(name)
    if found is not None and found[1].is_view:
        return on_view(request, found[1], _as_stages(arguments))
    collection = None if found is None else found[1]
    if arguments["tailable"] and (collection is not None and not collection.is_capped):
        raise failure(
            2,
            f"error processing query: ns={request.namespace} tailable cursor requested on non capped collection",
        )
    context = context_of(request, collection, name=name)
    if has_text(arguments["filter"] or {}):
        if "$natural" in (arguments["sort"] or {}):
            raise failure(2, "text expressions are not allowed with $natural sort order")
        context = context.with_(features=context.features | {"textScore"})
    documents: Iterator[Item]
    tail = None
    if found is None:
        documents = _nothing(arguments, context)
    elif arguments["tailable"]:
        documents = tail = _tail(request, found[0], found[1], context)
    else:
        documents = search(request, found[0], found[1], context)
    cursor = Cursor(
        request.namespace,
        documents,
        is_tailable=tail is not None and tail.is_begun(),
        awaits_data=bool(arguments["awaitData"]),
        is_endless=bool(arguments["noCursorTimeout"]),
        stores=None if found is None else partial(_stores, found[0]),
    )
    limit = arguments["limit"]
    is_single = bool(arguments["singleBatch"]) or limit == 1
    return cursor_reply(request, cursor, arguments["batchSize"], is_single=is_single)


def _stores(store: Store) -> tuple[Store, ...]:
    return (store,)


def _tail(request: Request, store: Store, collection: Collection, context: Context) -> CappedTail:
    way = plan(collection, request.arguments["filter"] or {}, context)
    name, db = collection.name, request.db
    return CappedTail(
        request.reader(store),
        way,
        shape_of(request, context, way),
        lambda: request.find(name, db),
        skip=request.arguments["skip"] or 0,
        limit=request.arguments["limit"] or 0,
    )


def _check_options(arguments: Document) -> None:
    if arguments["awaitData"] and not arguments["tailable"]:
        raise failure(9, "Cannot set 'awaitData' without also setting 'tailable'")
    if arguments["tailable"]:
        if arguments["sort"] and arguments["sort"] != {"$natural": 1}:
            raise failure(2, "cannot use tailable option with a sort other than {$natural: 1}")
        if arguments["singleBatch"]:
            raise failure(2, "cannot use tailable option with the 'singleBatch' option")
    for name in ("min", "max"):
        if arguments[name] and not arguments["hint"]:
            raise failure(
                51173, "When using min()/max() a hint of which index to use must be provided"
            )


def _nothing(arguments: Document, context: Context) -> Iterator[Item]:
    """Check what a query on a collection that does not exist says, and find nothing."""
    compile_match(arguments["filter"] or {}, context)
    sort = {name: value for name, value in (arguments["sort"] or {}).items() if name != "$natural"}
    if sort:
        compile_pipeline([{"$sort": sort}], context)
    if arguments["projection"]:
        compile_projection(arguments["projection"], context, arguments["filter"] or {})
    return iter(())


def search(
    request: Request, store: Store, collection: Collection, context: Context
) -> Iterator[Item]:
    """Return the documents of a find command, read as they are asked for."""
    arguments = request.arguments
    query = arguments["filter"] or {}
    way = plan(collection, query, context, hint=arguments["hint"])
    way.bounded(arguments["min"], arguments["max"])
    sort = dict(arguments["sort"] or {})
    if "$natural" in sort:
        apply_hint(way, {"$natural": sort.pop("$natural")})
    shape = shape_of(request, context, way)
    reader = request.reader(store)
    skip, limit = arguments["skip"] or 0, arguments["limit"] or None
    near = near_of(query)
    if near is not None:
        check_index(near, context.index_keys)
    if sort:
        records = _sorted(way, sort, context, reader, None if limit is None else skip + limit)
    elif near is not None:
        records = _nearest(way, near, reader)
    else:
        records = way.records(reader)
    if skip or limit:
        records = islice(records, skip, None if limit is None else skip + limit)
    return map(shape, records)


def _nearest(way: Plan, near: Near, reader: Any) -> Iterator[Record]:
    """Return the records that match, the nearest first."""
    found = [(near.distance(record.document), record) for record in way.records(reader)]
    found.sort(key=lambda pair: inf if pair[0] is None else pair[0])
    return (record for _, record in found)


def _sorted(
    way: Plan, sort: Document, context: Context, reader: Any, limit: int | None
) -> Iterator[Record]:
    stages: list[Document] = [{"$sort": sort}]
    if limit is not None:
        stages.append({"$limit": limit})
    run = compile_pipeline(stages, context)
    found = way.ordered(reader, sort, limit)
    if found is not None:
        return iter(found)

    def ordered() -> Iterator[Record]:
        by_document: dict[int, Record] = {}

        def documents() -> Iterator[Document]:
            for record in way.records(reader):
                by_document[id(record.document)] = record
                yield record.document

        for document in run(documents()):
            known = by_document.get(id(document))
            yield known if known is not None else Record(0, None, lambda d=document: d)  # type: ignore[misc]

    return ordered()


def _as_stages(arguments: Document) -> list[Document]:
    """Return a find command as the pipeline that does the same."""
    stages: list[Document] = [{"$match": arguments["filter"] or {}}]
    if arguments["sort"]:
        stages.append({"$sort": arguments["sort"]})
    if arguments["skip"]:
        stages.append({"$skip": arguments["skip"]})
    if arguments["limit"]:
        stages.append({"$limit": arguments["limit"]})
    if arguments["projection"]:
        stages.append({"$project": arguments["projection"]})
    return stages


def _count_limit(value: Any, where: str) -> int:
    del where
    if not kinds.is_number(value):
        raise failure(2, "Failed to parse limit: must be a number")
    number = kinds.exact_long(value, "limit")
    if number == -(1 << 63):
        raise failure(2, "Limit value for count cannot be min long")
    return abs(number)


_COUNT: Declared = {
    "query": kinds.OBJECT,
    "limit": kinds.Kind(_count_limit, takes_null=True),
    "skip": kinds.safe_long(0),
    "hint": kinds.HINT,
    "collation": kinds.OBJECT,
    "fields": kinds.ANY,
    "queryOptions": kinds.OBJECT,
}


@command("count", _COUNT, **_READ)
def count(request: Request) -> Document:
    """Count the documents that match a query."""
    arguments = request.arguments
    name = request.collection_name
    found = request.find(name)
    if found is not None and found[1].is_view:
        documents = documents_of(request, name)
        context = context_of(request, found[1])
        number = sum(map(compile_match(arguments["query"] or {}, context), documents))
        return {"n": _cut(number, arguments)}
    context = timeless(context_of(request, None if found is None else found[1], name=name))
    query = arguments["query"] or {}
    if found is None:
        compile_match(query, context)
        return {"n": 0}
    store, collection = found
    way = plan(collection, query, context, hint=arguments["hint"])
    reader = request.reader(store)
    limit = arguments["limit"]
    wanted = None if not limit else limit + (arguments["skip"] or 0)
    return {"n": _cut(way.count(reader, wanted), arguments)}


def _cut(number: int, arguments: Document) -> int | Int64:
    left = max(0, number - (arguments["skip"] or 0))
    if arguments["limit"]:
        left = min(left, arguments["limit"])
    return left if left <= kinds.INT32_MAX else Int64(left)


_DISTINCT: Declared = {
    "key": required(kinds.STRING),
    "query": kinds.OBJECT,
    "collation": kinds.OBJECT,
    "hint": kinds.HINT,
}


@command("distinct", _DISTINCT, **(_READ | {"is_in_api": False}))
def distinct(request: Request) -> Document:
    """List the different values of a field."""
    arguments = request.arguments
    name, key = request.collection_name, arguments["key"]
    if "\0" in key:
        raise failure(31032, "Key field cannot contain an embedded null byte")
    found = request.find(name)
    collection = None if found is None else found[1]
    context = context_of(request, collection, name=name)
    if collection is None or not collection.is_view:
        context = timeless(context)
    query = arguments["query"] or {}
    matches = compile_match(query, context)
    if found is None:
        return {"values": []}
    store, collection = found
    documents: Iterator[Document]
    if collection.is_view:
        documents = filter(matches, documents_of(request, name))
    else:
        way = plan(collection, query, context, hint=arguments["hint"])
        documents = (record.document for record in way.records(request.reader(store)))
    values: dict[Any, Any] = {}
    parts = key.split(".")
    for document in documents:
        for value in _values_at(document, parts):
            values.setdefault(_key(value, context), value)
    reply: Document = {"values": [values[k] for k in sorted(values)]}
    if collection.kind != "collection":
        reply["ok"] = 1  # an int where MongoDB makes a pipeline of it
    if request.snapshot_us is not None:
        reply["atClusterTime"] = timestamp_of(request.snapshot_us)
    return reply


def _key(value: Any, context: Context) -> Any:
    if type(value) is str and context.collation is not None:
        return (*sort_key("")[:1], context.collation.key(value))
    return sort_key(value)


def _values_at(value: Any, parts: list[str]) -> Iterator[Any]:
    """Yield the values that a path leads to, elements of arrays each by itself."""
    if not parts:
        if isinstance(value, list):
            yield from value
        elif value is not MISSING:
            yield value
        return
    head, rest = parts[0], parts[1:]
    if isinstance(value, dict):
        if head in value:
            yield from _values_at(value[head], rest)
    elif isinstance(value, list):
        if head.isdigit() and int(head) < len(value):
            yield from _values_at(value[int(head)], rest)
        for item in value:
            if isinstance(item, dict):
                yield from _values_at(item, parts)


COMMANDS = (find, count, distinct)
