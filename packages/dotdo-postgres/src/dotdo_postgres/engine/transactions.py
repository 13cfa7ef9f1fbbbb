"""Transaction statements: BEGIN, COMMIT, ROLLBACK, savepoints and their warnings; implicit transactions."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.errors import DotdoError, TransactionError
from dotdo.storage import Blocked, CatalogChanged, TurnOver
from dotdo_postgres.engine.ddl.temporary import settle
from dotdo_postgres.engine.modes import ISOLATIONS, modes
from dotdo_postgres.engine.pending import require_serial
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.references import unmet_reference
from dotdo_postgres.engine.variables import adopt, set_modes
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

_TAGS = {
    "TRANS_STMT_BEGIN": "BEGIN", "TRANS_STMT_START": "START TRANSACTION", "TRANS_STMT_COMMIT": "COMMIT",
    "TRANS_STMT_ROLLBACK": "ROLLBACK", "TRANS_STMT_SAVEPOINT": "SAVEPOINT", "TRANS_STMT_RELEASE": "RELEASE",
    "TRANS_STMT_ROLLBACK_TO": "ROLLBACK",
}  # fmt: skip
_ENDS_FAILED = frozenset(
    {"TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_ROLLBACK_TO", "TRANS_STMT_PREPARE"}
)
_KEPT_BY_CHAIN = (
    "transaction_isolation",
    "transaction_read_only",
    "transaction_deferrable",
)


def plan_transaction(planner: Planner, node: Node) -> Prepared:
    """Plan a transaction statement."""
    kind = node["kind"]
    prepared = Prepared(None, (), _TAGS[kind], _RUNNERS[kind])
    prepared.ends_failed_transaction = kind in _ENDS_FAILED
    is_chained = bool(node.get("chain"))
    prepared.detail = node.get("savepoint_name", ""), modes(node.get("options", [])), is_chained
    return prepared


def ends_failed(statements: Sequence[Node]) -> bool:
    """Whether parsed statements may run in a failed transaction: they end it, or there are none."""
    return all(
        item["stmt"].get("TransactionStmt", {}).get("kind") in _ENDS_FAILED for item in statements
    )


def _begin(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    wanted = prepared.detail[1]
    if session.is_idle:
        start(session, wanted)
    else:
        if not session.is_implicit:
            session.notice("WARNING", "25001", "there is already a transaction in progress")
        session.is_implicit = False
        set_modes(session, wanted)
    return Result(None, [], prepared.tag_kind)


def start(session: Session, wanted: dict[str, str]) -> None:
    """Open a transaction with given modes over the session's defaults."""
    values = session.settings.values
    level = wanted.get("transaction_isolation", values["default_transaction_isolation"])
    read_only = wanted.get("transaction_read_only", values["default_transaction_read_only"])
    session.begin_statement()
    session.kernel.begin(ISOLATIONS[level], read_only=read_only == "on")
    session.transaction_status = type(session.transaction_status).INTRANS
    session.settings.begin()
    values["transaction_isolation"] = level
    values["transaction_read_only"] = read_only
    values["transaction_deferrable"] = wanted.get(
        "transaction_deferrable", values["default_transaction_deferrable"]
    )


def begin_implicit(session: Session) -> None:
    """Begin the transaction that several statements sent together share."""
    start(session, {})
    session.is_implicit = True


def end_implicit(session: Session, *, commit: bool, wait: bool) -> None:
    """Commit the implicit transaction, or undo it when one of its statements failed."""
    if commit and session.transaction_status is not type(session.transaction_status).INERROR:
        commit_now(session, wait)
    else:
        roll_back_now(session)


def finish(session: Session, *, is_committed: bool) -> None:
    """Note that the transaction is over."""
    session.transaction_status = type(session.transaction_status).IDLE
    session.is_implicit = False
    session.ended(is_committed=is_committed)
    values = session.settings.values
    values["transaction_isolation"] = values["default_transaction_isolation"]
    values["transaction_read_only"] = values["default_transaction_read_only"]
    values["transaction_deferrable"] = values["default_transaction_deferrable"]


def commit_now(session: Session, wait: bool) -> None:
    """Commit the open transaction.

    Raises:
        PostgresError: 23503, a deferred foreign key is not met, 40001, a prepared transaction is to come first; all is undone.
    """
    try:
        require_serial(session.kernel)
    except PostgresError:
        roll_back_now(session)
        raise
    try:
        if session.triggers.waiting:
            _run_deferred(session)
        if session.has_on_commit and session.kernel.in_transaction:
            settle(session)
        if session.kernel.has_unmet_references(wait=wait, ends=True) and (
            unmet := unmet_reference(session)
        ):
            roll_back_now(session)
            raise unmet
        if session.kernel.in_transaction:
            session.kernel.commit(wait=wait)
    except DotdoError:
        if not session.kernel.in_transaction:
            finish(session, is_committed=False)
        raise
    finish(session, is_committed=True)


def _run_deferred(session: Session) -> None:
    """Fire the triggers that waited for the end of the transaction; when one fails, all is undone."""
    try:
        session.triggers.run_deferred(session)
    except (Blocked, CatalogChanged, TurnOver):
        raise
    except PostgresError:
        roll_back_now(session)
        raise


def roll_back_now(session: Session) -> None:
    """Undo the open transaction."""
    if session.kernel.in_transaction:
        session.kernel.rollback()
    finish(session, is_committed=False)


def _warn_without_transaction(session: Session) -> None:
    if session.is_idle or session.is_implicit:
        session.notice("WARNING", "25P01", "there is no transaction in progress")


def _commit(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if session.transaction_status is type(session.transaction_status).INERROR:
        return _rollback(session, prepared, params, wait)
    chained = _chained(session, prepared)
    if not session.is_idle:
        is_implicit = session.is_implicit
        commit_now(session, wait)
        if is_implicit:
            session.notice("WARNING", "25P01", "there is no transaction in progress")
    else:
        _warn_without_transaction(session)
    if chained is not None:
        start(session, chained)
    return Result(None, [], "COMMIT")


def _rollback(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    chained = _chained(session, prepared)
    _warn_without_transaction(session)
    if not session.is_idle:
        roll_back_now(session)
    if chained is not None:
        start(session, chained)
    return Result(None, [], "ROLLBACK")


def _chained(session: Session, prepared: Prepared) -> dict[str, str] | None:
    """Return the modes of the transaction that follows at once, None when none does."""
    if not prepared.detail[2]:
        return None
    if session.is_idle or session.is_implicit:
        raise error(
            "25P01", f"{prepared.tag_kind} AND CHAIN can only be used in transaction blocks"
        )
    return {name: session.settings.values[name] for name in _KEPT_BY_CHAIN}


def _require(session: Session, what: str) -> None:
    if session.is_idle or session.is_implicit:
        raise error("25P01", f"{what} can only be used in transaction blocks")


def _savepoint(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    _require(session, "SAVEPOINT")
    name = prepared.detail[0]
    session.kernel.savepoint(name)
    session.settings.savepoint(name)
    return Result(None, [], "SAVEPOINT")


def _release(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    _require(session, "RELEASE SAVEPOINT")
    name = prepared.detail[0]
    _named(session.kernel.release, name)
    depth = session.settings.release(name)
    session.portals.released(depth)
    session.mailbox.released(depth)
    session.triggers.released(depth)
    return Result(None, [], "RELEASE")


def _rollback_to(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    _require(session, "ROLLBACK TO SAVEPOINT")
    name = prepared.detail[0]
    _named(session.kernel.rollback_to, name)
    depth = session.settings.rollback_to(name)
    session.portals.undo(depth)
    session.mailbox.undo(depth)
    session.triggers.undo(depth)
    adopt(session)
    session.transaction_status = type(session.transaction_status).INTRANS
    return Result(None, [], "ROLLBACK")


def _named(act: Any, name: str) -> None:
    try:
        act(name)
    except TransactionError:
        raise error("3B001", f'savepoint "{name}" does not exist') from None


_RUNNERS: dict[str, Any] = {
    "TRANS_STMT_BEGIN": _begin,
    "TRANS_STMT_START": _begin,
    "TRANS_STMT_COMMIT": _commit,
    "TRANS_STMT_ROLLBACK": _rollback,
    "TRANS_STMT_SAVEPOINT": _savepoint,
    "TRANS_STMT_RELEASE": _release,
    "TRANS_STMT_ROLLBACK_TO": _rollback_to,
}
