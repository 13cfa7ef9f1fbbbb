"""Commands that write documents: insert and update, with what delete and findAndModify share with them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bson import ObjectId

from dotdo.storage import Session, Store
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.commands.declaration import (
    COLLECTION,
    Declared,
    command,
    optional,
    parse_part,
    required,
)
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.definitions import create
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.pipeline import compile_pipeline
from dotdo_mongo.engine.query import plan
from dotdo_mongo.engine.request import Request, check_new_collection
from dotdo_mongo.engine.stages.registry import STAGES
from dotdo_mongo.engine.surroundings import context_of
from dotdo_mongo.engine.tables import Record
from dotdo_mongo.engine.timeseries import check_timeseries_update
from dotdo_mongo.engine.update import build_upsert, compile_update
from dotdo_mongo.engine.writing import Writer, check_identity
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
WRITE = {
    "takes_write_concern": True,
    "in_transaction": True,
    "is_in_api": True,
    "target": COLLECTION,
    "is_write": True,
}
_MAX_BATCH = 100_000


@dataclass(slots=True)
class Outcome:
    """What the statements of one command have done so far."""

    n: int = 0
    modified: int = 0
    upserted: list[Document] = field(default_factory=list)
    errors: list[Document] = field(default_factory=list)

    def failed(self, index: int, error: CommandFailure) -> None:
        """Note that a statement failed."""
        shown: Document = {"index": index, "code": error.code}
        for name in ("keyPattern", "keyValue", "errInfo"):
            if name in error.extra:
                shown[name] = error.extra[name]
        shown["errmsg"] = error.message
        self.errors.append(shown)


class Target:
    """The collection of a writing command: created by the first write that needs it.

    Args:
        request: The request.
        name: The collection's name.
    """

    def __init__(self, request: Request, name: str, *, db: str | None = None) -> None:
        self.request, self.name = request, name
        self.db = request.db if db is None else db
        found = request.find(name, self.db)
        if found is not None and found[1].is_view:
            raise failure(166, f"Namespace {self.db}.{name} is a view, not a collection")
        self.store: Store | None = request.store(self.db) if found is None else found[0]
        self.collection: Collection | None = None if found is None else found[1]

    def made(self) -> tuple[Store, Collection]:
        """Return it, created when it is not there."""
        if self.collection is None:
            check_new_collection(self.db, self.name)
            self.store = self.request.store(self.db, create=True)
            assert self.store is not None
            self.collection = create(self.request, self.store, self.name)
        assert self.store is not None
        return self.store, self.collection

    def context(self, **changes: Any) -> Context:
        """Return the surroundings of its expressions."""
        return context_of(self.request, self.collection, name=self.name, **changes)

    def writer(self, session: Session, context: Context) -> Writer:
        """Return what writes to it in a session."""
        assert self.collection is not None
        collection = self.collection
        current = session.catalog.by_id.get(collection.noun.id)
        if current is not None and current is not collection.noun:
            from dotdo_mongo.engine.collection import collection_of

            collection = self.collection = collection_of(session.catalog, current)
        return Writer(
            session,
            f"{self.db}.{self.name}",
            collection,
            context,
            bypasses_validation=bool(self.request.arguments.get("bypassDocumentValidation")),
        )


# --- insert --------------------------------------------------------------------------------------

_INSERT: Declared = {
    "documents": required(kinds.OBJECTS),
    "ordered": optional(kinds.BOOL, True),
    "bypassDocumentValidation": optional(kinds.SAFE_BOOL, False),
    "maxTimeMS": kinds.MAX_TIME,
}


@command("insert", _INSERT, **WRITE)
def insert(request: Request) -> Document:
    """Insert documents."""
    documents = request.arguments["documents"]
    check_count(documents)
    target = Target(request, request.collection_name)
    store, _ = target.made()
    raws = request.raw_sequences.get("documents", ())
    is_ordered = request.arguments["ordered"]
    context = target.context()

    def work(session: Session) -> Outcome:
        outcome = Outcome()
        writer = target.writer(session, context)
        for i, document in enumerate(documents):
            try:
                writer.insert(document, raws[i] if raws else None)
            except CommandFailure as error:
                if request.transaction is not None:
                    raise
                outcome.failed(i, error)
                if is_ordered:
                    break
            else:
                outcome.n += 1
        return outcome

    outcome = request.mutate(store, work)
    request.deployment.count("insert", outcome.n)
    return reply_of(outcome, {"n": outcome.n})


def check_count(statements: list[Any]) -> None:
    """See that a command has as many statements as it may.

    Raises:
        CommandFailure: It has none or too many (code 16).
    """
    if not statements:
        raise failure(
            16, f"Write batch sizes must be between 1 and {_MAX_BATCH}. Got 0 operations."
        )
    if len(statements) > _MAX_BATCH:
        raise failure(
            16,
            f"Write batch sizes must be between 1 and {_MAX_BATCH}. Got {len(statements)} operations.",
        )


def reply_of(outcome: Outcome, fields: Document) -> Document:
    """Return a reply's fields with what was made and what failed."""
    if outcome.upserted:
        fields["upserted"] = outcome.upserted
    if outcome.errors:
        fields["writeErrors"] = outcome.errors
    return fields


# --- update --------------------------------------------------------------------------------------

_UPDATE_STATEMENT: Declared = {
    "q": required(kinds.OBJECT),
    "u": required(kinds.UPDATE),
    "c": kinds.OBJECT,
    "multi": optional(kinds.BOOL, False),
    "upsert": optional(kinds.BOOL, False),
    "upsertSupplied": optional(kinds.BOOL, False),
    "collation": kinds.OBJECT,
    "arrayFilters": kinds.OBJECTS,
    "hint": kinds.HINT,
    "sort": kinds.OBJECT,
    "sampleId": kinds.ANY,
    "allowShardKeyUpdatesWithoutFullShardKeyInQuery": kinds.BOOL,
}
_UPDATE: Declared = {
    "updates": required(kinds.OBJECTS),
    "ordered": optional(kinds.BOOL, True),
    "bypassDocumentValidation": optional(kinds.SAFE_BOOL, False),
    "let": kinds.OBJECT,
    "runtimeConstants": kinds.OBJECT,
    "maxTimeMS": kinds.MAX_TIME,
}


@command("update", _UPDATE, **WRITE)
def update(request: Request) -> Document:
    """Change documents."""
    statements = request.arguments["updates"]
    check_count(statements)
    parsed = [
        parse_part(_UPDATE_STATEMENT, statement, "update.updates") for statement in statements
    ]
    for part in parsed:
        _check_stages(part["u"])
    target = Target(request, request.collection_name)
    outcome = each(request, parsed, lambda i, part, done: update_one(target, i, part, done))
    return reply_of(outcome, {"n": outcome.n, "nModified": outcome.modified})


def _check_stages(change: Any) -> None:
    """See that an update's pipeline has known stages: this fails the command, not one of its statements."""
    for stage in change if isinstance(change, list) else ():
        for name in stage:
            if name not in STAGES:
                raise failure(40324, f"Unrecognized pipeline stage name: '{name}'")


def each(
    request: Request, statements: Iterable[Document], run: Callable[[int, Document, Outcome], None]
) -> Outcome:
    """Run statements one after the other, beginning after those done before the request had to wait.

    Failures are noted, and end an ordered command.
    """
    progress = request.progress
    outcome: Outcome = progress.outcome or Outcome()
    progress.outcome = outcome
    is_ordered = request.arguments.get("ordered", True)
    for i, statement in islice(enumerate(statements), progress.statements, None):
        try:
            run(i, statement, outcome)
        except CommandFailure as error:
            if request.transaction is not None or error.code in {112, 50, 11601}:
                raise
            outcome.failed(i, error)
            if is_ordered:
                break
        progress.statements = i + 1
    return outcome


@dataclass(slots=True)
class Change:
    """What one update statement did: the record before, the document after."""

    matched: int = 0
    modified: int = 0
    upserted: Any = None
    is_upsert: bool = False
    before: Document | None = None
    after: Document | None = None


def update_one(target: Target, index: int, part: Document, outcome: Outcome) -> None:
    """Run one statement of an update command."""
    check_update(part)
    change = apply_update(target, part)
    outcome.n += change.matched + change.is_upsert
    outcome.modified += change.modified
    if change.is_upsert:
        outcome.upserted.append({"index": index, "_id": change.upserted})
    target.request.deployment.count("update")


def is_operators(change: Any) -> bool:
    """The update is made of operators."""
    return isinstance(change, dict) and next(iter(change), "").startswith("$")


def check_update(part: Document) -> None:
    """See that the options of an update statement go together.

    Raises:
        CommandFailure: They do not (codes 9, 51198).
    """
    change = part["u"]
    if part["multi"] and isinstance(change, dict) and not is_operators(change):
        raise failure(9, "multi update is not supported for replacement-style update")
    if part["arrayFilters"] and not is_operators(change):
        raise failure(
            9,
            "Cannot specify arrayFilters and a replacement-style update"
            if isinstance(change, dict)
            else "arrayFilters may not be specified for pipeline-style updates",
        )
    if part["c"] is not None and not isinstance(change, list):
        raise failure(51198, "Constant values may only be specified for pipeline updates")
    if part["sort"] and part["multi"]:
        raise failure(9, "Cannot specify sort with multi=true")


def apply_update(target: Target, part: Document) -> Change:
    """Find what an update statement matches, and change it.

    Args:
        target: The collection.
        part: `q`, `u`, `multi`, `upsert`, `arrayFilters`, `collation`, `hint`, `sort`, `c`.
    """
    request = target.request
    if target.collection is not None and target.collection.kind == "timeseries":
        check_timeseries_update(target.collection, part)
    given = part["collation"]
    context = target.context(
        collation=request.collation(target.collection, given=given) if given is not None else None,
    )
    if part["c"]:
        context.variables = {**context.variables, **part["c"]}
    query = part["q"]
    run = compile_update(
        part["u"], array_filters=part["arrayFilters"] or (), query=query, context=context
    )
    if target.collection is None:
        compile_match(query, context)
        if not part["upsert"]:
            return Change()
        target.made()
    store, _ = target.made()
    request.action = (
        "replace" if isinstance(part["u"], dict) and not is_operators(part["u"]) else None
    )

    def work(session: Session) -> Change:
        writer = target.writer(session, context)
        change = Change()
        for record in found_records(
            session, writer.collection, part, context, is_many=part["multi"]
        ):
            _apply(writer, record, run, change)
        if not change.matched and part["upsert"]:
            _upsert(writer, part, context, change)
        return change

    return request.mutate(store, work)


def found_records(
    session: Session, collection: Collection, part: Document, context: Context, *, is_many: bool
) -> Iterable[Record]:
    """Return the records that a statement is about, one of them unless it is about many."""
    way = plan(collection, part["q"], context, hint=part["hint"])
    records: Iterable[Record] = way.records(session)
    if part.get("sort"):
        by_document = {id(record.document): record for record in records}
        documents = (record.document for record in by_document.values())
        ordered = compile_pipeline([{"$sort": part["sort"]}], context)(documents)
        records = (by_document[id(document)] for document in ordered)
    return records if is_many else list(islice(records, 1))


def _apply(
    writer: Writer, record: Record, run: Callable[[Document], Document], change: Change
) -> None:
    before = record.document
    after = run(before)
    change.matched += 1
    change.before, change.after = before, after
    if after is before:
        return
    if "_id" not in after:
        after = {"_id": before["_id"], **after}
        change.after = after
    writer.replace(record, after)
    change.modified += 1


def _upsert(writer: Writer, part: Document, context: Context, change: Change) -> None:
    start = build_upsert(part["q"], part["u"])
    run = compile_update(
        part["u"],
        array_filters=part["arrayFilters"] or (),
        query=part["q"],
        context=context,
        is_upsert=True,
    )
    document = run(start)
    if "_id" not in document:
        document = {"_id": start["_id"] if "_id" in start else ObjectId(), **document}
    check_identity(document["_id"])
    change.after = writer.insert(document)
    change.is_upsert, change.upserted = True, change.after["_id"]


COMMANDS = (insert, update)
