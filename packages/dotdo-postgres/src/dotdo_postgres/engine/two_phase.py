"""PREPARE TRANSACTION, COMMIT PREPARED and ROLLBACK PREPARED: transactions that no session has any more, until one of this process ends them."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.pending import (
    PreparedTransaction,
    prepared_transactions,
    require_serial,
)
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.references import unmet_reference
from dotdo_postgres.engine.transactions import finish, plan_transaction, roll_back_now
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

MAX_GID_BYTES = 199


def plan_any_transaction(planner: Planner, node: Node) -> Prepared:
    """Plan a transaction statement, be it of two-phase commit or not."""
    if node["kind"] == "TRANS_STMT_PREPARE":
        return _plan_prepare(node)
    if node["kind"] in {"TRANS_STMT_COMMIT_PREPARED", "TRANS_STMT_ROLLBACK_PREPARED"}:
        return _plan_finish(node)
    return plan_transaction(planner, node)


def _plan_prepare(node: Node) -> Prepared:
    prepared = Prepared(None, (), "PREPARE TRANSACTION", _prepare, detail=node.get("gid", ""))
    prepared.ends_failed_transaction = True
    return prepared


def _prepare(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if session.is_idle or session.is_implicit:
        session.notice("WARNING", "25P01", "there is no transaction in progress")
        return Result(None, [], "ROLLBACK")
    if session.transaction_status is type(session.transaction_status).INERROR:
        roll_back_now(session)
        return Result(None, [], "ROLLBACK")
    try:
        _require_preparable(session, prepared.detail, wait)
    except Exception:
        if session.kernel.in_transaction and session.kernel.waiting_for is None:
            roll_back_now(session)
        raise
    left, facts = session.leave_transaction(), session.facts
    is_serializable = left.isolation == "serializable"
    if is_serializable:  # its place in the order is settled
        left.isolation = "snapshot"
    made = PreparedTransaction(
        prepared.detail, left, facts.user, facts.database, facts.clock(), is_serializable
    )
    prepared_transactions(left.store)[made.gid] = made
    finish(session, is_committed=True)
    return Result(None, [], "PREPARE TRANSACTION")


def _require_preparable(session: Session, gid: str, wait: bool) -> None:
    if len(gid.encode()) > MAX_GID_BYTES:
        raise error("22023", f'transaction identifier "{gid}" is too long')
    if gid in prepared_transactions(session.kernel.store):
        raise error("42710", f'transaction identifier "{gid}" is already in use')
    if session.mailbox.has_pending:
        raise error(
            "0A000", "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY"
        )
    if any(one.is_hold and not one.is_kept for one in session.portals.named.values()):
        raise error("0A000", "cannot PREPARE a transaction that has created a cursor WITH HOLD")
    if session.facts.advisor.has_locks_of_transaction:
        raise not_supported("PREPARE TRANSACTION with advisory locks of the transaction")
    require_serial(session.kernel)
    if session.kernel.has_unmet_references(wait=wait, ends=True) and (
        unmet := unmet_reference(session)
    ):
        raise unmet


def _plan_finish(node: Node) -> Prepared:
    is_commit = node["kind"] == "TRANS_STMT_COMMIT_PREPARED"
    tag = "COMMIT PREPARED" if is_commit else "ROLLBACK PREPARED"
    return Prepared(None, (), tag, _finish_prepared, detail=(node.get("gid", ""), is_commit))


def _finish_prepared(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if not session.is_idle:
        raise error("25001", f"{prepared.tag_kind} cannot run inside a transaction block")
    gid, is_commit = prepared.detail
    known = prepared_transactions(session.kernel.store)
    found = known.get(gid)
    if found is None:
        raise error("42704", f'prepared transaction with identifier "{gid}" does not exist')
    actor = session.names.actor
    if session.facts.user != found.owner and not actor.is_superuser:
        hint = "Must be superuser or the user that prepared the transaction."
        raise error("42501", "permission denied to finish prepared transaction", hint=hint)
    if is_commit:
        found.kernel.commit(wait=wait)
    else:
        found.kernel.rollback()
    del known[gid]
    found.kernel.close()
    return Result(None, [], prepared.tag_kind)
