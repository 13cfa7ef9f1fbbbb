"""Commands that write documents: insert, update, delete, findAndModify."""

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
from dotdo_mongo.engine.projection import compile_projection
from dotdo_mongo.engine.query import plan
from dotdo_mongo.engine.request import Request, check_new_collection
from dotdo_mongo.engine.stages.registry import STAGES
from dotdo_mongo.engine.surroundings import context_of
from dotdo_mongo.engine.tables import Record
from dotdo_mongo.engine.update import build_upsert, compile_update
from dotdo_mongo.engine.writing import Writer, check_identity
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
_WRITE = {
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


@command("insert", _INSERT, **_WRITE)
def insert(request: Request) -> Document:
    """Insert documents."""
    documents = request.arguments["documents"]
    _check_count(documents, "insert.documents")
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
    return _reply(outcome, {"n": outcome.n})


def _check_count(statements: list[Any], where: str) -> None:
    if not statements:
        raise failure(
            16, f"Write batch sizes must be between 1 and {_MAX_BATCH}. Got 0 operations."
        )
    if len(statements) > _MAX_BATCH:
        raise failure(
            16,
            f"Write batch sizes must be between 1 and {_MAX_BATCH}. Got {len(statements)} operations.",
        )
    del where


def _reply(outcome: Outcome, fields: Document) -> Document:
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


@command("update", _UPDATE, **_WRITE)
def update(request: Request) -> Document:
    """Change documents."""
    statements = request.arguments["updates"]
    _check_count(statements, "update.updates")
    parsed = [
        parse_part(_UPDATE_STATEMENT, statement, "update.updates") for statement in statements
    ]
    for part in parsed:
        _check_stages(part["u"])
    target = Target(request, request.collection_name)
    outcome = each(request, parsed, lambda i, part, done: update_one(target, i, part, done))
    return _reply(outcome, {"n": outcome.n, "nModified": outcome.modified})


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
        for record in _found(session, writer.collection, part, context, is_many=part["multi"]):
            _apply(writer, record, run, change)
        if not change.matched and part["upsert"]:
            _upsert(writer, part, context, change)
        return change

    return request.mutate(store, work)


def _found(
    session: Session, collection: Collection, part: Document, context: Context, *, is_many: bool
) -> Iterable[Record]:
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


# --- delete --------------------------------------------------------------------------------------


def delete_limit(value: Any, where: str) -> int:
    """Return the limit of a delete statement: 0 or 1.

    Raises:
        CommandFailure: It is another (codes 9, 14).
    """
    if not kinds.is_number(value):
        raise kinds.wrong_type(where, value, "long, int, decimal, double")
    number = kinds.as_long(value)
    if number not in {0, 1} or (isinstance(value, float) and value != number):
        raise failure(9, f"The limit field in delete objects must be 0 or 1. Got {value}")
    return number


_DELETE_STATEMENT: Declared = {
    "q": required(kinds.OBJECT),
    "limit": required(kinds.Kind(delete_limit, takes_null=True)),
    "collation": kinds.OBJECT,
    "hint": kinds.HINT,
    "sampleId": kinds.ANY,
}
_DELETE: Declared = {
    "deletes": required(kinds.OBJECTS),
    "ordered": optional(kinds.BOOL, True),
    "bypassDocumentValidation": optional(kinds.SAFE_BOOL, False),
    "let": kinds.OBJECT,
    "maxTimeMS": kinds.MAX_TIME,
}


@command("delete", _DELETE, **_WRITE)
def delete(request: Request) -> Document:
    """Delete documents."""
    statements = request.arguments["deletes"]
    _check_count(statements, "delete.deletes")
    parsed = [
        parse_part(_DELETE_STATEMENT, statement, "delete.deletes") for statement in statements
    ]
    target = Target(request, request.collection_name)
    outcome = each(request, parsed, lambda _, part, done: delete_some(target, part, done))
    return _reply(outcome, {"n": outcome.n})


def delete_some(target: Target, part: Document, outcome: Outcome) -> None:
    """Run one statement of a delete command."""
    request = target.request
    given = part["collation"]
    collation = None if given is None else request.collation(target.collection, given=given)
    context = target.context(collation=collation)
    if target.collection is None:
        compile_match(part["q"], context)
        return
    assert target.store is not None

    def work(session: Session) -> int:
        writer = target.writer(session, context)
        n = 0
        for record in _found(session, writer.collection, part, context, is_many=part["limit"] == 0):
            writer.delete(record)
            n += 1
        return n

    outcome.n += request.mutate(target.store, work)
    request.deployment.count("delete")


# --- findAndModify -------------------------------------------------------------------------------

_FIND_AND_MODIFY: Declared = {
    "query": kinds.OBJECT,
    "sort": kinds.OBJECT,
    "remove": optional(kinds.SAFE_BOOL, False),
    "update": kinds.UPDATE,
    "new": optional(kinds.SAFE_BOOL, False),
    "fields": kinds.OBJECT,
    "upsert": optional(kinds.SAFE_BOOL, False),
    "bypassDocumentValidation": optional(kinds.SAFE_BOOL, False),
    "collation": kinds.OBJECT,
    "arrayFilters": kinds.OBJECTS,
    "hint": kinds.HINT,
    "let": kinds.OBJECT,
    "maxTimeMS": kinds.MAX_TIME,
}


@command("findAndModify", _FIND_AND_MODIFY, aliases=("findandmodify",), **_WRITE)
def find_and_modify(request: Request) -> Document:
    """Change or delete one document and return it."""
    arguments = request.arguments
    _check_find_and_modify(arguments)
    target = Target(request, request.collection_name)
    query = arguments["query"] or {}
    part = {
        "q": query,
        "u": arguments["update"],
        "c": None,
        "multi": False,
        "upsert": arguments["upsert"],
        "collation": arguments["collation"],
        "arrayFilters": arguments["arrayFilters"],
        "hint": arguments["hint"],
        "sort": arguments["sort"],
    }
    context = target.context()
    project = None
    if arguments["fields"]:
        project = compile_projection(arguments["fields"], context, query)
    if arguments["remove"]:
        return _remove(target, part, context, project)
    change = apply_update(target, part)
    shown = change.after if arguments["new"] else (None if change.is_upsert else change.before)
    state: Document = {
        "n": int(bool(change.matched or change.is_upsert)),
        "updatedExisting": bool(change.matched),
    }
    if change.is_upsert:
        state["upserted"] = change.upserted
    return {"lastErrorObject": state, "value": _shown(shown, project)}


def _shown(
    document: Document | None, project: Callable[[Document], Document] | None
) -> Document | None:
    return document if document is None or project is None else project(document)


def _check_find_and_modify(arguments: Document) -> None:
    if arguments["remove"]:
        if arguments["update"] is not None:
            raise failure(9, "Cannot specify both an update and remove=true")
        if arguments["upsert"]:
            raise failure(9, "Cannot specify both upsert=true and remove=true")
        if arguments["new"]:
            raise failure(
                9,
                "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
            )
        if arguments["arrayFilters"]:
            raise failure(9, "Cannot specify arrayFilters and remove=true")
    elif arguments["update"] is None:
        raise failure(9, "Either an update or remove=true must be specified")
    if arguments["arrayFilters"] and not is_operators(arguments["update"]):
        raise failure(9, "Cannot specify arrayFilters and a replacement or pipeline-style update")


def _remove(
    target: Target, part: Document, context: Context, project: Callable[[Document], Document] | None
) -> Document:
    nothing: Document = {"lastErrorObject": {"n": 0}, "value": None}
    if target.collection is None:
        compile_match(part["q"], context)
        return nothing
    assert target.store is not None

    def work(session: Session) -> Document | None:
        writer = target.writer(session, context)
        for record in _found(session, writer.collection, part, context, is_many=False):
            writer.delete(record)
            return record.document
        return None

    removed = target.request.mutate(target.store, work)
    if removed is None:
        return nothing
    return {"lastErrorObject": {"n": 1}, "value": _shown(removed, project)}


COMMANDS = (insert, update, delete, find_and_modify)
