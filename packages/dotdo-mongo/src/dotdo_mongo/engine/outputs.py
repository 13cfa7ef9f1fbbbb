"""What $out and $merge do with the documents that come to them: a collection replaced, or documents merged one by one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from dotdo.storage import Session, Store
from dotdo_mongo.engine.collation import Collation
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.definitions import create
from dotdo_mongo.engine.indexes import duplicate
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.pushdown import equalities
from dotdo_mongo.engine.request import Request, check_new_collection
from dotdo_mongo.engine.tables import EVERYTHING, Record
from dotdo_mongo.engine.update import compile_update
from dotdo_mongo.engine.values import sort_key
from dotdo_mongo.engine.variables import command_variables
from dotdo_mongo.engine.writing import Writer
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]


def write_out(request: Request, stage: str, argument: Any, documents: Iterable[Document]) -> None:
    """Do $out or $merge.

    Raises:
        CommandFailure: The target is not allowed, or a document cannot be written.
    """
    if stage == "$out":
        _out(request, argument, documents)
    else:
        _merge(request, argument, documents)


def _namespace(request: Request, given: Any) -> tuple[str, str]:
    if isinstance(given, str):
        return request.db, given
    return given.get("db") or request.db, given["coll"]


def _target(
    request: Request, db: str, name: str, options: Document | None = None
) -> tuple[Store, Collection]:
    found = request.find(name, db)
    if found is not None:
        return found
    check_new_collection(db, name)
    store = request.store(db, create=True)
    assert store is not None
    kind = "timeseries" if options and "timeseries" in options else "collection"
    indexes = () if kind == "timeseries" else None
    return store, create(request, store, name, kind=kind, options=options, indexes=indexes)


def _context(request: Request) -> Context:
    context = Context(
        now_ms=request.now_us // 1000,
        cluster_time=request.deployment.cluster_time(),
        random=request.deployment.random,
    )
    context.variables = command_variables(request.arguments.get("let"), context)
    return context


def _writer(
    request: Request, session: Session, db: str, collection: Collection, context: Context
) -> Writer:
    bypasses = bool(request.arguments.get("bypassDocumentValidation"))
    return Writer(
        session, f"{db}.{collection.name}", collection, context, bypasses_validation=bypasses
    )


def _out(request: Request, argument: Any, documents: Iterable[Document]) -> None:
    db, name = _namespace(request, argument)
    found = request.find(name, db)
    if found is not None and found[1].is_view:
        raise failure(166, f"Namespace {db}.{name} is a view, not a collection")
    if found is not None and found[1].is_capped:
        raise failure(17152, f"namespace '{db}.{name}' is capped so it can't be used for $out")
    if isinstance(argument, dict) and argument.get("timeseries") and found is not None:
        _check_timeseries(found[1], argument["timeseries"])
    ready = list(documents)
    options: Document = {}
    if isinstance(argument, dict) and argument.get("timeseries"):
        options["timeseries"] = {"granularity": "seconds", "bucketMaxSpanSeconds": 3600} | argument[
            "timeseries"
        ]
    store, collection = _target(request, db, name, options)
    context = _context(request)

    def work(session: Session) -> None:
        writer = _writer(request, session, db, collection, context)
        for record in collection.table.scan(session):
            writer.delete(record)
        for document in ready:
            writer.insert(document)

    request.mutate(store, work)


_TIMESERIES = (
    "timeField",
    "metaField",
    "granularity",
    "bucketMaxSpanSeconds",
    "bucketRoundingSeconds",
)


def _check_timeseries(collection: Collection, given: Document) -> None:
    """See that a collection is the time series that $out tells. Codes 7268700, 7406103."""
    if collection.kind != "timeseries":
        raise failure(
            7268700,
            "Cannot create a time-series collection from a non time-series collection or view.",
        )
    there = collection.options["timeseries"]
    for name in _TIMESERIES:
        has_default = name == "granularity" or "Seconds" in name
        if given.get(name) != there.get(name) and not (has_default and name not in given):
            raise failure(
                7406103,
                f"Time-series options provided do not match the existing collection: {name}",
            )


@dataclass(slots=True)
class Merge:
    """A $merge, its defaults filled in."""

    on: list[str]
    matched: Any
    not_matched: str
    variables: Document
    takes_null: bool = True
    collation: Collation | None = None


def _parsed(argument: Any) -> tuple[Any, Merge]:
    given: Document = {"into": argument} if isinstance(argument, str) else argument
    on = given.get("on") or "_id"
    merge = Merge(
        [on] if isinstance(on, str) else list(on),
        given.get("whenMatched", "merge"),
        given.get("whenNotMatched") or "insert",
        given.get("let") or {},
    )
    return given["into"], merge


def _merge(request: Request, argument: Any, documents: Iterable[Document]) -> None:
    into, merge = _parsed(argument)
    db, name = _namespace(request, into)
    found = request.find(name, db)
    if found is not None and found[1].is_view:
        raise failure(166, f"Namespace {db}.{name} is a view, not a collection")
    if found is not None and found[1].kind == "timeseries":
        raise failure(166, f"Cannot $merge into the time-series collection {db}.{name}")
    merge.collation = _collation(request)
    merge.takes_null = not _is_sparse(merge, None if found is None else found[1])
    ready = list(documents)
    store, collection = _target(request, db, name)
    context = _context(request)

    def work(session: Session) -> CommandFailure | None:
        writer = _writer(request, session, db, collection, context)
        first: CommandFailure | None = None
        for document in ready:
            try:
                _merge_one(writer, merge, document, context)
            except CommandFailure as error:  # the others are written all the same
                first = first or error
        return first

    failed = request.mutate(store, work)
    if failed is not None:
        raise failed


def _collation(request: Request) -> Collation | None:
    """Return the collation of an aggregation: its own, else that of what it reads."""
    name = request.arguments["target"]
    source = None if name is None else request.find(name)
    return request.collation(None if source is None else source[1])


def _is_sparse(merge: Merge, collection: Collection | None) -> bool:
    """Whether the unique index over the fields, of the same collation, is sparse. Code 51183 when there is none."""
    on, wanted = merge.on, merge.collation and merge.collation.spec
    if on == ["_id"] and (
        collection is None or (collection.options.get("collation") or None) == wanted
    ):
        return False
    indexes = () if collection is None else collection.indexes
    for index in indexes:
        if (
            set(index["key"]) == set(on)
            and index.get("unique")
            and (index.get("collation") or None) == wanted
            and "partialFilterExpression" not in index
        ):
            return bool(index.get("sparse"))
    raise failure(51183, "Cannot find index to verify that join fields will be unique")


def _merge_one(writer: Writer, merge: Merge, document: Document, context: Context) -> None:
    if "_id" not in document and merge.on == ["_id"]:
        document = {"_id": ObjectId(), **document}
    pairs = [(path, _value(document, path, takes_null=merge.takes_null)) for path in merge.on]
    record = _existing(writer, pairs, merge.collation)
    if record is None:
        absent = {path: None for path, value in pairs if value is None and "." not in path}
        _not_matched(writer, merge, {**absent, **document} if absent else document)
        return
    before = record.document
    after = _matched(merge, before, document, context)
    if after is not None and after is not before:
        writer.replace(record, after)


def _existing(
    writer: Writer, pairs: list[tuple[str, Any]], collation: Collation | None
) -> Record | None:
    table = writer.collection.table
    if collation is None and [path for path, _ in pairs] == ["_id"]:
        return table.by_identity(writer.session, pairs[0][1])
    context = Context(collation=collation)
    matches = compile_match({path: {"$eq": value} for path, value in pairs}, context)
    narrowed = equalities(writer.collection, pairs, {}) if collation is None else EVERYTHING
    for record in table.scan(writer.session, narrowed):
        if matches(record.document):
            return record
    return None


def _value(document: Any, path: str, *, takes_null: bool) -> Any:
    value = document
    for part in path.split("."):
        if isinstance(value, list):
            raise failure(
                51132,
                "$merge write error: 'on' field cannot be missing, null, undefined or an array",
            )
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, list):
        raise failure(51185, f"$merge write error: 'on' field '{path}' cannot be an array")
    if value is None and not takes_null:
        raise failure(
            51132,
            f"$merge write error: 'on' field '{path}' cannot be missing, null or undefined if supporting index is sparse",
        )
    return value


def _not_matched(writer: Writer, merge: Merge, document: Document) -> None:
    if merge.not_matched == "fail":
        raise failure(
            13113,
            "$merge could not find a matching document in the target collection for at least one document in the source collection",
        )
    if merge.not_matched == "discard":
        return
    writer.insert(document)


def _check_identity(before: Document, document: Document) -> None:
    """See that what takes the place of a document has its `_id`, or none.

    Raises:
        CommandFailure: It has another (code 66).
    """
    if sort_key(before["_id"]) != sort_key(document["_id"]):
        raise failure(
            66,
            "$merge failed to update the matching document, did you attempt to modify the _id or the shard key?"
            " :: caused by :: Performing an update on the path '_id' would modify the immutable field '_id'",
        )


def _matched(
    merge: Merge, before: Document, document: Document, context: Context
) -> Document | None:
    if isinstance(merge.matched, list):
        return _by_pipeline(merge, before, document, context)
    if merge.matched == "keepExisting":
        return None
    if "_id" in document and merge.matched in {"replace", "merge"}:
        _check_identity(before, document)
    if merge.matched == "replace":
        return {"_id": before["_id"], **{n: v for n, v in document.items() if n != "_id"}}
    if merge.matched == "fail":
        raise duplicate("", {"key": {"_id": 1}, "name": "_id_"}, [before["_id"]])
    return {**before, **{n: v for n, v in document.items() if n != "_id"}}


def _by_pipeline(merge: Merge, before: Document, document: Document, context: Context) -> Document:
    variables = {**context.variables, "new": document, **_evaluated(merge, document, context)}
    return compile_update(merge.matched, context=context.with_(variables=variables))(before)


def _evaluated(merge: Merge, document: Document, context: Context) -> Document:
    if not merge.variables:
        return {}
    scoped = context.with_(variables={**context.variables, "new": document})
    return next(compile_pipeline([{"$project": {"_id": 0, **merge.variables}}], scoped)([document]))
