"""Change streams opened by the aggregate command; refuses stages that cannot follow $changeStream."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.replies import cursor_reply
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.cursors import Cursor
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.stages.registry import STAGES
from dotdo_mongo.engine.streams import ChangeStream, stream_options
from dotdo_mongo.engine.streams.split import STAGE, check_stage
from dotdo_mongo.engine.surroundings import context_of
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_WATCHABLE = frozenset(
    {
        "$match", "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith", "$redact",
        "$changeStreamSplitLargeEvent",
    }
)  # fmt: skip


def watch(request: Request, name: str | None, stages: list[Any]) -> Document:
    """Open a change stream: the first of these stages says of what it tells.

    Args:
        request: The request.
        name: The collection; None for the database.
        stages: The pipeline.

    Raises:
        CommandFailure: It cannot be opened so (20, 72, 166, 263, 40324 and those of its options).
    """
    if request.transaction is not None:
        raise failure(
            263, "Stage not supported inside of a multi-document transaction: $changeStream"
        )
    level = request.read_concern.get("level")
    if level not in {None, "majority"}:
        raise failure(
            72,
            "$changeStream cannot run with a readConcern other than 'majority', or in a multi-document transaction."
            f' Current readConcern: {{ level: "{level}" }}',
        )
    context = context_of(request, name=name or "")
    for stage in stages[1:]:
        _check_stage(next(iter(stage), ""), context)
    options = stream_options(stages[0]["$changeStream"])
    options.splits = check_stage(stages)
    passing = [stage for stage in stages[1:] if STAGE not in stage]
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
        compile_pipeline(passing, context),
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


def _check_stage(kind: str, context: Context) -> None:
    if kind in _WATCHABLE:
        return
    if kind not in STAGES and kind not in context.sources:
        raise failure(40324, f"Unrecognized pipeline stage name: '{kind}'")
    raise failure(20, f"{kind} is not permitted in a $changeStream pipeline")
