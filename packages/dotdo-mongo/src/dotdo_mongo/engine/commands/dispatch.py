"""The way from a command as sent to its reply: looked up, checked, run in its session or transaction, failures told as MongoDB does."""

from typing import Any

from bson import Int64

from dotdo.storage import Blocked
from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.awaiting import Awaiting, Progress
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.commands.concerns import read_concern, unmet, write_concern
from dotdo_mongo.engine.commands.declaration import Command, parse
from dotdo_mongo.engine.commands.registry import commands_by_name
from dotdo_mongo.engine.commands.session_commands import session_id
from dotdo_mongo.engine.compaction import compact_when_due
from dotdo_mongo.engine.deployment import Deployment
from dotdo_mongo.engine.fail_points import (
    MAX_TIME,
    TRANSACTIONAL_WRITE,
    ConnectionCut,
    Failing,
)
from dotdo_mongo.engine.failures import translated
from dotdo_mongo.engine.labels import is_change_stream, labels_of
from dotdo_mongo.engine.profiling import record
from dotdo_mongo.engine.request import Request, check_database
from dotdo_mongo.engine.sessions import LogicalSession
from dotdo_mongo.engine.streams.tokens import time_of
from dotdo_mongo.engine.ttl import expire
from dotdo_mongo.errors import CommandFailure, failure

Document = dict[str, Any]


def run_command(
    deployment: Deployment,
    client: ClientState,
    body: Document,
    sequences: dict[str, list[bytes]] | None = None,
) -> Document:
    """Run one command and return its reply; batches in it are of raw documents.

    Where `client.awaiting` is set afterwards there is no reply yet: the same command is to be run again once
    what it tells has happened. What was done of it before is not done again.

    Args:
        deployment: What it runs on.
        client: The connection it came by.
        body: The command, `$db` in it; document sequences are merged in.
        sequences: Those sequences as sent.

    Raises:
        ConnectionCut: A fail point wants the connection closed.
    """
    progress = client.progress or Progress(deployment.clock())
    client.awaiting = client.progress = None
    try:
        reply = _answered(deployment, client, body, sequences or {}, progress)
    except ConnectionCut:
        raise
    except Exception as error:  # noqa: BLE001  (whatever goes wrong, the client gets a reply)
        in_transaction = "autocommit" in body
        if isinstance(error, Blocked) and not in_transaction and not client.is_blocking:
            client.awaiting = Awaiting(None, waiter=error.waiter)
            reply = {}
        else:
            reply = _failed(
                translated(error, in_transaction=in_transaction, connection=client.number),
                body,
                progress,
            )
    if client.awaiting is not None:
        client.progress = progress
    return with_times(deployment, reply)


def _answered(
    deployment: Deployment,
    client: ClientState,
    body: Document,
    sequences: dict[str, list[bytes]],
    progress: Progress,
) -> Document:
    declared = _declared(body)
    if declared.is_for_tests and not deployment.has_test_commands:
        raise failure(59, f"no such command: '{declared.name}'")
    request = _request(deployment, client, declared, body, sequences=sequences, progress=progress)
    if _is_delayed(declared, request):
        return {}
    if progress.failing is not None:
        progress.failing.strike()
    try:
        reply = _run(declared, request)
    except CommandFailure as error:
        concern = unmet(request.write_concern)
        if concern is not None and request.transaction is None:
            error.extra["writeConcernError"] = concern
        raise
    concern = _concern_error(request)
    if concern is not None:
        reply["writeConcernError"] = concern
        labels = _labels(progress, declared.name, body, None, concern.get("code"))
        if labels:
            reply["errorLabels"] = labels
    reply.setdefault("ok", 1.0)
    if client.awaiting is None:
        record(request, reply)
    return reply


def _is_delayed(declared: Command, request: Request) -> bool:
    """Look once whether a fail point strikes the request; tell whether that has it stand still."""
    progress = request.progress
    if not request.deployment.has_test_commands:
        return False
    if not progress.is_begun:
        progress.is_begun = True
        progress.failing = _failing(declared, request)
        delay_ms = 0 if progress.failing is None else progress.failing.delay_ms
        progress.delayed_until_us = request.now_us + delay_ms * 1000
    is_delayed = request.deployment.clock() < progress.delayed_until_us
    if is_delayed:
        request.client.awaiting = Awaiting(progress.delayed_until_us)
    return is_delayed


def _failing(declared: Command, request: Request) -> Failing | None:
    metadata = request.body.get("client", request.client.metadata)  # of a hello that comes first
    application = metadata.get("application") if isinstance(metadata, dict) else None
    app_name = application.get("name") if isinstance(application, dict) else None
    where = request.body.get("collection", request.arguments.get("target"))
    names = (declared.name, *declared.aliases)
    return request.deployment.fail_points.of_command(names, app_name, f"{request.db}.{where}")


def _concern_error(request: Request) -> Document | None:
    failing = request.progress.failing
    if failing is not None and failing.data["writeConcernError"] is not None:
        return dict(failing.data["writeConcernError"])
    return unmet(request.write_concern)


def _declared(body: Document) -> Command:
    name = next(iter(body), "")
    found = commands_by_name().get(name)
    if found is None:
        raise failure(59, f"no such command: '{name}'")
    return found


def _request(
    deployment: Deployment,
    client: ClientState,
    declared: Command,
    body: Document,
    *,
    sequences: dict[str, list[bytes]],
    progress: Progress,
) -> Request:
    if client.must_authenticate and client.user is None and declared.needs_authentication:
        raise failure(13, f"Command {declared.name} requires authentication")
    db = body.get("$db")
    if type(db) is not str:
        raise failure(40414, "BSON field 'OP_MSG.$db' is missing but a required field")
    check_database(db)
    if declared.is_admin_only and db != "admin":
        raise failure(13, f"{declared.name} may only be run against the admin database.")
    _check_api(declared, body)
    request = Request(
        deployment,
        client,
        declared.name,
        db,
        body,
        {},
        deployment.clock(),
        raw_sequences=sequences,
        commands=commands_by_name(),
        progress=progress,
    )
    deployment.sessions.tick(request.now_us)
    request.session = _session(request, body)
    request.read_concern = read_concern(
        body.get("readConcern"),
        declared.name,
        takes_levels=declared.takes_read_concern,
        in_transaction="autocommit" in body,
    )
    if request.read_concern.get("level") == "snapshot" and "autocommit" not in body:
        at = request.read_concern.get("atClusterTime")
        request.snapshot_us = request.now_us if at is None else time_of(at)
    request.arguments = parse(declared, body)
    request.write_concern = write_concern(
        body.get("writeConcern"), declared.name, takes=declared.takes_write_concern
    )
    _limit(declared, request)
    return request


def _limit(declared: Command, request: Request) -> None:
    if request.body.get("maxTimeMS") is None:
        return
    limit = kinds.MAX_TIME.check(request.body["maxTimeMS"], f"{declared.name}.maxTimeMS")
    if limit and declared.name != "getMore":
        request.deadline_us = request.progress.started_us + limit * 1000
        points = request.deployment.fail_points
        if request.now_us > request.deadline_us or points.struck(MAX_TIME) is not None:
            raise failure(50, "operation exceeded time limit")


def _check_api(declared: Command, body: Document) -> None:
    version = body.get("apiVersion")
    if version is None:
        if body.get("apiStrict") is not None or body.get("apiDeprecationErrors") is not None:
            raise failure(
                4886600, "Provided apiStrict and/or apiDeprecationErrors without passing apiVersion"
            )
        return
    kinds.STRING.check(version, "apiVersion")
    if version != "1":
        raise failure(322, 'API version must be "1"')
    if body.get("apiStrict") and not declared.is_in_api:
        raise failure(
            323,
            f"Provided apiStrict:true, but the command {declared.name} is not in API Version 1.",
        )


def _session(request: Request, body: Document) -> LogicalSession | None:
    lsid = body.get("lsid")
    if lsid is None:
        if "txnNumber" in body:
            raise failure(72, "Transaction number requires a session ID to also be specified")
        return None
    number = session_id(lsid, "OperationSessionInfo.lsid")
    session = request.deployment.sessions.get(number, request.client.user)
    txn = body.get("txnNumber")
    if txn is not None:
        request.txn_number = int(kinds.EXACT_LONG.check(txn, "OperationSessionInfo.txnNumber"))
    return session


def _run(declared: Command, request: Request) -> Document:
    if request.snapshot_us is None and "autocommit" not in request.body:
        expire(request)
        compact_when_due(request.deployment, request.db, request.now_us)
    session = request.session
    if session is None or request.txn_number is None:
        return declared.run(request)
    with session.guard:
        if "autocommit" in request.body:
            return _run_in_transaction(declared, request, session)
        return _run_retryable(declared, request, session)


def _run_in_transaction(declared: Command, request: Request, session: LogicalSession) -> Document:
    assert request.txn_number is not None
    body, number = request.body, request.txn_number
    if body["autocommit"] is not False:
        raise failure(72, "Specifying autocommit=true is not allowed.")
    if not declared.in_transaction:
        raise failure(263, f"Cannot run '{declared.name}' in a multi-document transaction.")
    is_start = body.get("startTransaction") is True
    if is_start:
        request.transaction = session.begin_transaction(
            number, request.now_us, request.read_concern
        )
    elif (
        declared.name == "commitTransaction"
        and session.transaction is not None
        and (session.transaction.number == number and session.transaction.state == "committed")
    ):
        request.transaction = session.transaction
    else:
        request.transaction = session.continued(number)
    try:
        return declared.run(request)
    except Exception:
        request.deployment.cursors.kill_where(lambda c: c.lsid == session.lsid and c.txn == number)
        session.abort()
        raise


def _run_retryable(declared: Command, request: Request, session: LogicalSession) -> Document:
    assert request.txn_number is not None
    session.begin_retryable(request.txn_number)
    if session.reply is not None:
        return dict(session.reply)
    done, session.progress = session.progress, request.progress
    if done is not None:
        request.progress.statements, request.progress.outcome = done.statements, done.outcome
    points = request.deployment.fail_points
    point = points.struck_once(TRANSACTIONAL_WRITE, _statements(request.body)) if points else None
    cuts = point is not None and point["closeConnection"] is not False
    if point is not None and point["failBeforeCommitExceptionCode"] is not None:
        if cuts:
            raise ConnectionCut
        text = "Failing write because of a fail point. The write must not be reflected."
        raise failure(point["failBeforeCommitExceptionCode"], text)
    reply = declared.run(request)
    session.reply = dict(reply)
    if cuts:
        raise ConnectionCut
    return reply


def _statements(body: Document) -> int:
    """Return how many writes a command holds."""
    batches = (body.get(name) for name in ("documents", "updates", "deletes", "ops"))
    return next((len(batch) for batch in batches if isinstance(batch, list)), 1)


def _failed(error: CommandFailure, body: Document, progress: Progress) -> Document:
    reply: Document = {
        "ok": 0.0,
        "errmsg": error.message,
        "code": error.code,
        "codeName": error.code_name,
    }
    given = list(error.extra.pop("errorLabels", ()))
    reply.update(error.extra)
    labels = _labels(progress, next(iter(body), ""), body, error.code, None)
    labels = list(dict.fromkeys([*given, *labels]))
    if labels:
        reply["errorLabels"] = labels
    return reply


def _labels(
    progress: Progress, name: str, body: Document, code: int | None, concern_code: int | None
) -> list[str]:
    if progress.failing is not None and progress.failing.data["errorLabels"] is not None:
        return list(progress.failing.data["errorLabels"])
    return labels_of(
        name,
        body,
        code=code,
        concern_code=concern_code,
        is_change_stream=progress.is_change_stream or is_change_stream(body),
    )


def with_times(deployment: Deployment, reply: Document) -> Document:
    """Return a reply with the time of the deployment in it."""
    now = deployment.cluster_time()
    reply["$clusterTime"] = {
        "clusterTime": now,
        "signature": {"hash": b"\0" * 20, "keyId": Int64(0)},
    }
    reply["operationTime"] = now
    return reply
