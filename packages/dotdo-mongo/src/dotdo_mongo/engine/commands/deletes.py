"""The delete command."""

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
from dotdo_mongo.engine.commands.writes import (
    WRITE,
    Outcome,
    Target,
    check_count,
    each,
    found_records,
    reply_of,
)
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]


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


@command("delete", _DELETE, **WRITE)
def delete(request: Request) -> Document:
    """Delete documents."""
    statements = request.arguments["deletes"]
    check_count(statements)
    parsed = [
        parse_part(_DELETE_STATEMENT, statement, "delete.deletes") for statement in statements
    ]
    target = Target(request, request.collection_name)
    outcome = each(request, parsed, lambda _, part, done: delete_some(target, part, done))
    return reply_of(outcome, {"n": outcome.n})


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
        for record in found_records(
            session, writer.collection, part, context, is_many=part["limit"] == 0
        ):
            writer.delete(record)
            n += 1
        return n

    outcome.n += request.mutate(target.store, work)
    request.deployment.count("delete")


COMMANDS = (delete,)
