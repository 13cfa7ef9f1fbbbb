"""What a command is: its name, its arguments, and the one function that does it; it refuses what MongoDB's parser refuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.kinds import (
    Argument,
    Declared,
    Kind,
    as_arguments,
    missing,
    optional,
    parse_part,
    required,
)
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure

__all__ = [
    "COLLECTION", "Argument", "Command", "Declared", "command", "missing", "optional", "parse", "parse_part", "required",
]  # fmt: skip

Document = dict[str, Any]
Run = Callable[[Request], Document]


@dataclass(frozen=True, slots=True)
class Command:
    """One database command.

    Args:
        name: As MongoDB spells it.
        arguments: Its own arguments by name, without those that every command takes.
        run: Does it.
        target: Kind of the value beside the command's name; None when anything is allowed.
        aliases: Other names of it.
        is_admin_only: It runs against the database `admin` only.
        is_lenient: Arguments that it does not know are ignored, as MongoDB does here.
        takes_write_concern: `writeConcern` is allowed.
        takes_read_concern: `readConcern` levels beyond the default are allowed.
        in_transaction: It may run inside a transaction.
        needs_authentication: It is refused before a peer has proved itself, where that is asked for.
        is_in_api: It belongs to the Stable API, version 1.
        is_write: It changes data: refused in the past, retryable.
        is_for_tests: It is there only where the deployment has test commands.
        help: One line for listCommands.
    """

    name: str
    run: Run
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    target: Kind | None = None
    aliases: tuple[str, ...] = ()
    is_admin_only: bool = False
    is_lenient: bool = False
    takes_write_concern: bool = False
    takes_read_concern: bool = False
    in_transaction: bool = False
    needs_authentication: bool = True
    is_in_api: bool = False
    is_write: bool = False
    is_for_tests: bool = False
    help: str = ""


def command(name: str, arguments: Declared | None = None, **facts: Any) -> Callable[[Run], Command]:
    """Declare the command that a function does."""
    declared = as_arguments(arguments or {})

    def declare(run: Run) -> Command:
        text = (run.__doc__ or "").strip().partition("\n")[0]
        return replace(Command(name, run, declared, help=text), **facts)

    return declare


def _collection_name(value: Any, _where: str) -> str:
    if type(value) is not str:
        raise failure(73, f"collection name has invalid type {type_name(value)}")
    return value


COLLECTION = Kind(_collection_name, takes_null=True)
NAMESPACE = Kind(kinds.STRING.check)

_FREE = {
    "comment", "$db", "lsid", "$clusterTime", "txnNumber", "autocommit", "startTransaction",
    "$readPreference", "apiVersion", "apiStrict", "apiDeprecationErrors", "$queryOptions",
    "$replData", "$client", "$audit", "$configServerState", "help", "allowImplicitCollectionCreation",
    "maxTimeMSOpOnly", "mayBypassWriteBlocking", "readConcern", "writeConcern", "maxTimeMS", "coordinator",
    "stmtId", "stmtIds", "$oplogQueryData", "$topologyTime", "$configTime", "shardVersion", "databaseVersion",
    "serialization_context", "rawData", "isTimeseriesNamespace", "txnRetryCounter", "startOrContinueTransaction",
    "isClusterQueryWithoutShardKeyCmd", "usesDefaultMaxTimeMS", "$traceCtx", "generic",
}  # fmt: skip
GENERIC = frozenset(_FREE)
"""Arguments that every command takes; `request` reads them."""


def parse(declared: Command, body: Document) -> Document:
    """Return the arguments of a command with their defaults; the value beside its name under `target`.

    Raises:
        CommandFailure: An argument is unknown (40415), missing (40414) or of a wrong type (14, 73, ...).
    """
    items = iter(body.items())
    name, target = next(items)
    found = {key: argument.default for key, argument in declared.arguments.items()}
    found["target"] = _target(declared, name, target)
    for key, value in items:
        argument = declared.arguments.get(key)
        if argument is None:
            if key not in GENERIC and not declared.is_lenient:
                raise failure(40415, f"BSON field '{declared.name}.{key}' is an unknown field.")
            continue
        kind = argument.kind
        if value is None and not kind.takes_null and not kind.refuses_null:
            continue
        found[key] = kind.check(value, f"{declared.name}.{key}")
    for key, argument in declared.arguments.items():
        if argument.is_required and (
            key not in body or (body[key] is None and not argument.kind.takes_null)
        ):
            raise missing(f"{declared.name}.{key}")
    return found


def _target(declared: Command, name: str, target: Any) -> Any:
    del name
    kind = declared.target
    if kind is None:
        return target
    where = f"{declared.name}.{declared.name}"
    if target is None and not kind.takes_null:
        raise missing(where)
    return kind.check(target, where)
