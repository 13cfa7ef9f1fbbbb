"""bulkWrite: many writes to several collections in one command, told one by one through a cursor."""

from dataclasses import dataclass, field
from typing import Any

from dotdo.storage import Session
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import (
    Declared,
    command,
    optional,
    parse_part,
    required,
)
from dotdo_mongo.engine.commands.deletes import delete_limit, delete_some
from dotdo_mongo.engine.commands.namespaces import split
from dotdo_mongo.engine.commands.replies import cursor_reply
from dotdo_mongo.engine.commands.writes import (
    Change,
    Outcome,
    Target,
    apply_update,
    check_update,
)
from dotdo_mongo.engine.cursors import Cursor
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]
_MAX_OPS = 100_000


def _index(value: Any, where: str) -> int:
    if type(value) is not int:
        raise kinds.wrong_type(where, value, "int")
    if value < 0:
        raise failure(2, f"BSON field '{where}' value must be >= 0, actual value '{value}'")
    return value


_INDEX = kinds.Kind(_index)
_INSERT: Declared = {"insert": required(_INDEX), "document": required(kinds.OBJECT)}
_UPDATE: Declared = {
    "update": required(_INDEX),
    "filter": required(kinds.OBJECT),
    "updateMods": required(kinds.UPDATE),
    "multi": optional(kinds.BOOL, False),
    "upsert": optional(kinds.BOOL, False),
    "upsertSupplied": kinds.BOOL,
    "arrayFilters": kinds.OBJECTS,
    "hint": kinds.HINT,
    "sort": kinds.OBJECT,
    "constants": kinds.OBJECT,
    "collation": kinds.OBJECT,
    "sampleId": kinds.ANY,
}
_DELETE: Declared = {
    "delete": required(_INDEX),
    "filter": required(kinds.OBJECT),
    "multi": optional(kinds.BOOL, False),
    "hint": kinds.HINT,
    "collation": kinds.OBJECT,
    "sampleId": kinds.ANY,
}
_KINDS = {"insert": _INSERT, "update": _UPDATE, "delete": _DELETE}
_NAMESPACE: Declared = {
    "ns": required(kinds.STRING),
    "collectionUUID": kinds.UUID,
    "encryptionInformation": kinds.OBJECT,
    "isTimeseriesNamespace": kinds.BOOL,
}
_CURSOR: Declared = {"batchSize": kinds.safe_long(0)}
_BULK_WRITE: Declared = {
    "ops": required(kinds.OBJECTS),
    "nsInfo": required(kinds.OBJECTS),
    "ordered": optional(kinds.BOOL, True),
    "errorsOnly": optional(kinds.BOOL, False),
    "bypassDocumentValidation": optional(kinds.SAFE_BOOL, False),
    "cursor": kinds.OBJECT,
    "let": kinds.OBJECT,
    "maxTimeMS": kinds.MAX_TIME,
}


@dataclass(slots=True)
class Tally:
    """What the writes of one command have done so far."""

    inserted: int = 0
    matched: int = 0
    modified: int = 0
    upserted: int = 0
    deleted: int = 0
    errors: int = 0
    told: list[Document] = field(default_factory=list)


@command(
    "bulkWrite",
    _BULK_WRITE,
    is_admin_only=True,
    takes_write_concern=True,
    in_transaction=True,
    is_in_api=True,
    is_write=True,
)
def bulk_write(request: Request) -> Document:
    """Do many writes to several collections."""
    arguments = request.arguments
    ops = arguments["ops"]
    if not 1 <= len(ops) <= _MAX_OPS:
        raise failure(
            16, f"Write batch sizes must be between 1 and {_MAX_OPS}. Got {len(ops)} operations."
        )
    size = parse_part(_CURSOR, arguments["cursor"] or {}, "bulkWrite.cursor")["batchSize"]
    namespaces = [parse_part(_NAMESPACE, item, "bulkWrite.nsInfo") for item in arguments["nsInfo"]]
    parsed = [_parsed(op, len(namespaces)) for op in ops]
    tally = _run_all(request, parsed, [namespace["ns"] for namespace in namespaces])
    told = [t for t in tally.told if not t["ok"]] if arguments["errorsOnly"] else tally.told
    reply = cursor_reply(request, Cursor("admin.$cmd.bulkWrite", iter(told)), size)
    return {
        **reply,
        "nErrors": tally.errors,
        "nInserted": tally.inserted,
        "nMatched": tally.matched,
        "nModified": tally.modified,
        "nUpserted": tally.upserted,
        "nDeleted": tally.deleted,
    }


def _parsed(op: Document, namespaces: int) -> tuple[str, Document]:
    kind = next(iter(op), "")
    declared = _KINDS.get(kind)
    if declared is None:
        raise (
            failure(40415, f"BSON field 'bulkWrite.ops.{kind}' is an unknown field.")
            if kind
            else failure(9, "BulkWrite operation is empty")
        )
    parsed = parse_part(declared, op, "bulkWrite.ops")
    if parsed[kind] >= namespaces:
        raise failure(2, f"BulkWrite ops entry {op} has an invalid nsInfo index.")
    if kind == "update":
        check_update(_as_update(parsed))
    return kind, parsed


def _as_update(op: Document) -> Document:
    return {
        "q": op["filter"],
        "u": op["updateMods"],
        "c": op["constants"],
        **{
            name: op[name]
            for name in ("multi", "upsert", "collation", "arrayFilters", "hint", "sort")
        },
    }


def _run_all(request: Request, parsed: list[tuple[str, Document]], namespaces: list[str]) -> Tally:
    """Do the writes that are not done yet; an ordered command ends at the first that fails."""
    targets: dict[int, Target] = {}
    progress = request.progress
    tally: Tally = progress.outcome or Tally()
    progress.outcome = tally
    while progress.statements < len(parsed):
        start = progress.statements
        kind, op = parsed[start]
        stop = _end_of_run(parsed, start)
        noted = tally.errors
        try:
            number = op[kind]
            if number not in targets:
                db, name = split(namespaces[number])
                targets[number] = Target(request, name, db=db)
            if kind == "insert":
                _insert(targets[number], parsed[start:stop], start, tally)
            else:
                _run(targets[number], kind, op, start, tally)
        except CommandFailure as error:
            if request.transaction is not None:
                raise
            _note(tally, start, error)
            stop = start + 1
        if tally.errors > noted and request.arguments["ordered"]:
            break
        progress.statements = stop
    return tally


def _end_of_run(parsed: list[tuple[str, Document]], start: int) -> int:
    """Return where the inserts into one collection end that begin here: they are written as one."""
    kind, op = parsed[start]
    stop = start + 1
    while (
        kind == "insert"
        and stop < len(parsed)
        and parsed[stop][0] == kind
        and parsed[stop][1][kind] == op[kind]
    ):
        stop += 1
    return stop


def _run(target: Target, kind: str, op: Document, index: int, tally: Tally) -> None:
    told: Document = {"ok": 1.0, "idx": index, "n": 1}
    if kind == "update":
        change = apply_update(target, _as_update(op))
        told |= _tell(change, tally)
    else:
        outcome = Outcome()
        part = {"q": op["filter"], "limit": delete_limit(int(not op["multi"]), "limit")}
        delete_some(target, part | {"hint": op["hint"], "collation": op["collation"]}, outcome)
        tally.deleted += outcome.n
        told["n"] = outcome.n
    tally.told.append(told)


def _tell(change: Change, tally: Tally) -> Document:
    tally.matched += change.matched
    tally.modified += change.modified
    told: Document = {"n": change.matched + change.is_upsert, "nModified": change.modified}
    if change.is_upsert:
        tally.upserted += 1
        told["upserted"] = {"_id": change.upserted}
    return told


def _insert(target: Target, ops: list[tuple[str, Document]], start: int, tally: Tally) -> None:
    """Insert the documents of consecutive operations; an ordered command stops at the first that fails."""
    store, _ = target.made()
    context, request = target.context(), target.request

    def work(session: Session) -> Tally:
        writer, done = target.writer(session, context), Tally()
        for i, (_, op) in enumerate(ops, start):
            try:
                writer.insert(op["document"])
            except CommandFailure as error:
                if request.transaction is not None:
                    raise
                _note(done, i, error)
                if request.arguments["ordered"]:
                    break
            else:
                done.inserted += 1
                done.told.append({"ok": 1.0, "idx": i, "n": 1})
        return done

    done = request.mutate(store, work)
    tally.inserted += done.inserted
    tally.errors += done.errors
    tally.told += done.told


def _note(tally: Tally, index: int, error: CommandFailure) -> None:
    tally.errors += 1
    told: Document = {"ok": 0.0, "idx": index, "code": error.code, "errmsg": error.message, "n": 0}
    for name in ("keyPattern", "keyValue", "errInfo"):
        if name in error.extra:
            told[name] = error.extra[name]
    tally.told.append(told)


COMMANDS = (bulk_write,)
