"""The aggregate command: pipelines over a collection, a view or the whole database."""

from collections.abc import Iterable
from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import Argument, Declared, command, optional
from dotdo_mongo.engine.commands.explaining import explained
from dotdo_mongo.engine.commands.replies import cursor_reply
from dotdo_mongo.engine.commands.views import check_collation
from dotdo_mongo.engine.cursors import Cursor
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.prefix import begin
from dotdo_mongo.engine.query import plan
from dotdo_mongo.engine.request import Request, checked_collection
from dotdo_mongo.engine.streams import ChangeStream, stream_options
from dotdo_mongo.engine.surroundings import context_of, documents_of, resolve_view
from dotdo_mongo.errors import failure

Document = dict[str, Any]


def _target(value: Any, _where: str) -> str | None:
    if isinstance(value, str):
        return value
    if kinds.is_number(value):
        if kinds.as_long(value) != 1:
            raise failure(
                2,
                "Invalid command format: the 'aggregate' field must specify a collection name or 1",
            )
        return None
    raise failure(73, f"collection name has invalid type {kinds.type_name(value)}")


def _cursor(value: Any, _where: str) -> Document:
    if not isinstance(value, dict):
        raise failure(14, "cursor field must be missing or an object")
    for name, item in value.items():
        if name != "batchSize":
            raise failure(40415, f"BSON field 'cursor.{name}' is an unknown field.")
        kinds.safe_long(0).check(item, "cursor.batchSize")
    return value


_AGGREGATE: Declared = {
    "pipeline": Argument(kinds.PIPELINE, is_required=True),
    "cursor": kinds.Kind(_cursor, refuses_null=True),
    "explain": kinds.STRICT_BOOL,
    "allowDiskUse": kinds.STRICT_BOOL,
    "hint": kinds.HINT,
    "collation": kinds.OBJECT,
    "let": kinds.OBJECT,
    "bypassDocumentValidation": optional(kinds.SAFE_BOOL, False),
    "needsMerge": kinds.BOOL,
    "fromMongos": kinds.BOOL,
    "fromRouter": kinds.BOOL,
    "needsSortedMerge": kinds.BOOL,
    "exchange": kinds.OBJECT,
    "runtimeConstants": kinds.OBJECT,
    "collectionUUID": kinds.UUID,
    "isMapReduceCommand": kinds.BOOL,
    "querySettings": kinds.OBJECT,
    "includeQueryStatsMetrics": kinds.BOOL,
}


@command(
    "aggregate",
    _AGGREGATE,
    target=kinds.Kind(_target, takes_null=True),
    takes_read_concern=True,
    takes_write_concern=True,
    in_transaction=True,
    is_in_api=True,
)
def aggregate(request: Request) -> Document:
    """Run documents through a pipeline."""
    arguments = request.arguments
    if arguments["cursor"] is None and not arguments["explain"]:
        raise failure(
            9, "The 'cursor' option is required, except for aggregate with the explain argument"
        )
    if arguments["explain"] and request.write_concern:
        raise failure(9, "Aggregation explain does not support the 'writeConcern' option")
    stages = arguments["pipeline"]
    name = arguments["target"]
    if name is not None:
        checked_collection(request.db, name)
    namespace = f"{request.db}.{'$cmd.aggregate' if name is None else name}"
    if arguments["explain"]:
        return explained(
            request, {n: v for n, v in request.body.items() if n != "explain"}, "queryPlanner"
        )
    if stages and "$changeStream" in stages[0]:
        return _watch(request, name, stages)
    documents = _documents(request, name, stages)
    if stages and not _WRITING.isdisjoint(stages[-1]):
        documents = list(documents)  # what is written does not wait for the cursor to be read
    batch_size = (arguments["cursor"] or {}).get("batchSize")
    size = None if batch_size is None else kinds.as_long(batch_size)
    return cursor_reply(request, Cursor(namespace, iter(documents)), size)


_WRITING = frozenset({"$out", "$merge"})
_WATCHABLE = frozenset(
    {
        "$match", "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith", "$redact",
        "$changeStreamSplitLargeEvent",
    }
)  # fmt: skip


def _watch(request: Request, name: str | None, stages: list[Any]) -> Document:
    """Open a change stream."""
    if request.transaction is not None:
        raise failure(
            263, "Stage not supported inside of a multi-document transaction: $changeStream"
        )
    for stage in stages[1:]:
        kind = next(iter(stage), "")
        if kind not in _WATCHABLE:
            raise failure(20, f"{kind} is not permitted in a $changeStream pipeline")
    options = stream_options(stages[0]["$changeStream"])
    if options.is_for_cluster and (name is not None or request.db != "admin"):
        raise failure(
            72,
            "A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database",
        )
    found = None if name is None else request.find(name)
    if found is not None and found[1].is_view:
        raise failure(166, f"Namespace {request.db}.{name} is a view, not a collection")
    databases = request.deployment.databases
    stream = ChangeStream(
        lambda db: databases.open(db, create=False),
        databases.names,
        (None if options.is_for_cluster else request.db, name),
        options,
        compile_pipeline(stages[1:], context_of(request, name=name or "")),
        request.now_us,
    )
    cursor = Cursor(
        f"{request.db}.{name or '$cmd.aggregate'}",
        stream,
        is_tailable=True,
        awaits_data=True,
        resume=stream.resume,
        stores=stream.stores,
    )
    batch_size = (request.arguments["cursor"] or {}).get("batchSize")
    return cursor_reply(request, cursor, None if batch_size is None else kinds.as_long(batch_size))


def _documents(request: Request, name: str | None, stages: list[Any]) -> Iterable[Document]:
    if name is None:
        return compile_pipeline(stages, context_of(request))(())
    found = request.find(name)
    if found is None:
        context = context_of(request, name=name)
        return compile_pipeline(stages, context)(())
    store, collection = found
    if not collection.is_view:
        context = context_of(request, collection)
        compile_pipeline(stages, context)
        if stages and next(iter(stages[0])) in context.sources:
            return compile_pipeline(stages, context)(())
        begins = bool(stages) and "$match" in stages[0]
        query = stages[0]["$match"] if begins else {}
        way = plan(collection, query, context, hint=request.arguments["hint"])
        documents, rest = begin(way, stages[1:] if begins else stages, request.reader(store))
        return compile_pipeline(rest, context)(documents)
    check_collation(request, collection)
    base, below, collation = resolve_view(request, collection)
    context = context_of(request, collection, collation=collation)
    return compile_pipeline([*below, *stages], context)(documents_of(request, base))


COMMANDS = (aggregate,)
