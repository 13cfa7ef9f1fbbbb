"""Commands on logical sessions and their transactions."""

from functools import partial
from typing import Any

from bson import Binary

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.commands.declaration import Declared, command
from dotdo_mongo.engine.cursors import Cursor
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.sessions import TIMEOUT_MINUTES
from dotdo_mongo.errors import failure

Document = dict[str, Any]


def _is_of(lsid: bytes, cursor: Cursor) -> bool:
    return cursor.lsid == lsid


@command("startSession", is_lenient=True)
def start_session(request: Request) -> Document:
    """Begin a session."""
    number = bytearray(request.deployment.randomness(16))
    number[6], number[8] = number[6] & 0x0F | 0x40, number[8] & 0x3F | 0x80
    request.deployment.sessions.get(bytes(number), request.client.user)
    return {"id": {"id": Binary(bytes(number), 4)}, "timeoutMinutes": TIMEOUT_MINUTES}


def _lsids(value: Any, where: str) -> list[bytes]:
    if not isinstance(value, list):
        raise kinds.wrong_type(where, value, "array")
    return [session_id(item, f"{where}.{i}") for i, item in enumerate(value)]


def session_id(value: Any, where: str) -> bytes:
    """Return the 16 bytes of `{id: UUID}`.

    Raises:
        CommandFailure: It is none (14, 40414, 40415, 207).
    """
    if not isinstance(value, dict):
        raise kinds.wrong_type(where, value, "object")
    for name in value:
        if name not in {"id", "uid", "txnNumber", "txnUUID"}:
            raise failure(40415, f"BSON field '{where}.{name}' is an unknown field.")
    if value.get("id") is None:
        raise failure(40414, f"BSON field '{where}.id' is missing but a required field")
    return bytes(kinds.UUID.check(value["id"], f"{where}.id"))


SESSIONS = kinds.Kind(_lsids)


@command("endSessions", target=SESSIONS, is_in_api=True, needs_authentication=False)
def end_sessions(request: Request) -> Document:
    """End sessions."""
    for lsid in request.arguments["target"]:
        request.deployment.sessions.end(lsid, request.client.user)
        request.deployment.cursors.kill_where(partial(_is_of, lsid))
    return {}


@command("refreshSessions", target=SESSIONS, is_in_api=True)
def refresh_sessions(request: Request) -> Document:
    """Keep sessions alive."""
    for lsid in request.arguments["target"]:
        request.deployment.sessions.get(lsid, request.client.user)
    return {}


@command("killSessions", target=SESSIONS, is_lenient=True)
def kill_sessions(request: Request) -> Document:
    """End sessions with what they are doing."""
    wanted = request.arguments["target"] or [
        s.lsid for s in request.deployment.sessions if s.user == request.client.user
    ]
    for lsid in wanted:
        request.deployment.sessions.end(lsid, request.client.user)
        request.deployment.cursors.kill_where(partial(_is_of, lsid))
    return {}


def _users(value: Any, where: str) -> list[Document]:
    if not isinstance(value, list):
        raise kinds.wrong_type(where, value, "array")
    for i, item in enumerate(value):
        if item is None:
            continue
        if not isinstance(item, dict):
            raise kinds.wrong_type(f"{where}.{i}", item, "object")
        for name in ("user", "db"):
            if name not in item or item[name] is None:
                raise failure(
                    40414, f"BSON field '{where}.{i}.{name}' is missing but a required field"
                )
            kinds.STRING.check(item[name], f"{where}.{i}.{name}")
        for name in item:
            if name not in {"user", "db"}:
                raise failure(40415, f"BSON field '{where}.{i}.{name}' is an unknown field.")
    return [item for item in value if item is not None]


@command("killAllSessions", target=kinds.Kind(_users), is_lenient=True)
def kill_all_sessions(request: Request) -> Document:
    """End the sessions of users, of everybody when none is named."""
    named = {item["user"] for item in request.arguments["target"]}
    for session in request.deployment.sessions:
        if not named or session.user in named:
            request.deployment.sessions.end(session.lsid, session.user)
            request.deployment.cursors.kill_where(partial(_is_of, session.lsid))
    return {}


_COMMIT: Declared = {
    "recoveryToken": kinds.OBJECT,
    "maxTimeMS": kinds.MAX_TIME,
    "commitTimestamp": kinds.ANY,
}
_FACTS = {
    "is_admin_only": True,
    "takes_write_concern": True,
    "in_transaction": True,
    "is_in_api": True,
}


@command("commitTransaction", _COMMIT, **_FACTS)
def commit_transaction(request: Request) -> Document:
    """Commit the transaction."""
    if request.transaction is None:
        raise failure(125, "commitTransaction must be run within a transaction")
    if request.transaction.state == "in progress":
        request.transaction.end(commits=True)
    return {}


@command("abortTransaction", _COMMIT, **_FACTS)
def abort_transaction(request: Request) -> Document:
    """Undo the transaction."""
    if request.transaction is None:
        raise failure(125, "abortTransaction must be run within a transaction")
    request.transaction.end(commits=False)
    return {}


COMMANDS = (
    start_session, end_sessions, refresh_sessions, kill_sessions, kill_all_sessions, commit_transaction, abort_transaction,
)  # fmt: skip
