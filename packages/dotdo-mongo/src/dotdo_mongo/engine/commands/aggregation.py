"""The aggregate command: pipelines over a collection, a view or the whole database."""

from collections.abc import Iterable
from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import Argument, Declared, command, optional
from dotdo_mongo.engine.commands.explaining import explained
from dotdo_mongo.engine.commands.replies import cursor_reply
from dotdo_mongo.engine.commands.views import check_collation
from dotdo_mongo.engine.commands.watching import watch
from dotdo_mongo.engine.cursors import Cursor
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.prefix import begin
from dotdo_mongo.engine.query import plan
from dotdo_mongo.engine.request import Request, checked_collection
from dotdo_mongo.engine.sources import SOURCES
from dotdo_mongo.engine.surroundings import context_of, documents_of, resolve_view
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

Document = dict[str, Any]


def _target(value: Any, _where: str) -> str | None:
    if type(value) is str:
        return value
    if kinds.is_number(value):
        if kinds.as_long(value) != 1:
            raise failure(
                2,
                "Invalid command format: the 'aggregate' field must specify a collection name or 1",
            )
        return None
    raise failure(73, f"collection name has invalid type {type_name(value)}")


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
    if request.body.get("apiStrict"):
        _check_api(stages, explains=bool(arguments["explain"]))
    name = arguments["target"]
    if name is not None:
        checked_collection(request.db, name)
    namespace = f"{request.db}.{'$cmd.aggregate' if name is None else name}"
    if arguments["explain"]:
        return explained(
            request, {n: v for n, v in request.body.items() if n != "explain"}, "queryPlanner"
        )
    if stages and "$changeStream" in stages[0]:
        return watch(request, name, stages)
    if stages:
        _check_output(request, next(iter(stages[-1]), ""))
    documents = _documents(request, name, stages)
    if stages and not _WRITING.isdisjoint(stages[-1]):
        documents = list(documents)  # what is written does not wait for the cursor to be read
    batch_size = (arguments["cursor"] or {}).get("batchSize")
    size = None if batch_size is None else kinds.as_long(batch_size)
    return cursor_reply(request, Cursor(namespace, iter(documents)), size)


def _check_api(stages: list[Any], *, explains: bool) -> None:
    """Refuse what is in no API version. Code 323."""
    if explains:
        raise failure(323, "BSON field 'aggregate.explain' is not allowed with apiStrict:true.")
    for stage in stages:
        for name, value in stage.items() if isinstance(stage, dict) else ():
            counts_only = (
                name == "$collStats" and isinstance(value, dict) and set(value) <= {"count"}
            )
            if name in SOURCES and not counts_only:
                raise failure(
                    323, f"stage {name} is not allowed with 'apiStrict: true' in API Version 1"
                )


_WRITING = frozenset({"$out", "$merge"})


def _check_output(request: Request, stage: str) -> None:
    if stage not in _WRITING:
        return
    if request.transaction is not None:
        raise failure(
            263,
            f"Operation not permitted in transaction :: caused by :: Aggregation stage {stage} cannot run within a multi-document transaction",
        )
    if request.read_concern.get("level") == "linearizable":
        raise failure(
            72, f"Aggregation stage {stage} cannot run with a readConcern level of 'linearizable'"
        )


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
        done = stages[: len(stages) - len(rest)]
        return compile_pipeline(rest, context, after=done)(documents)
    check_collation(request, collection)
    base, below, collation = resolve_view(request, collection)
    context = context_of(request, collection, collation=collation)
    return compile_pipeline([*below, *stages], context)(documents_of(request, base))


COMMANDS = (aggregate,)
