"""Transaction statements: BEGIN, COMMIT, ROLLBACK, savepoints and their warnings."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.errors import DotdoError, TransactionError
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

_SNAPSHOT_LEVELS = {"repeatable read", "serializable"}
_TAGS = {
    "TRANS_STMT_BEGIN": "BEGIN", "TRANS_STMT_START": "START TRANSACTION", "TRANS_STMT_COMMIT": "COMMIT",
    "TRANS_STMT_ROLLBACK": "ROLLBACK", "TRANS_STMT_SAVEPOINT": "SAVEPOINT", "TRANS_STMT_RELEASE": "RELEASE",
    "TRANS_STMT_ROLLBACK_TO": "ROLLBACK",
}  # fmt: skip


def plan_transaction(planner: Planner, node: Node) -> Prepared:
    """Plan a transaction statement."""
    kind = node["kind"]
    if kind not in _TAGS or node.get("chain"):
        raise not_supported(
            "AND CHAIN" if node.get("chain") else kind.removeprefix("TRANS_STMT_").replace("_", " ")
        )
    prepared = Prepared(None, (), _TAGS[kind], _RUNNERS[kind])
    prepared.ends_failed_transaction = kind in {
        "TRANS_STMT_COMMIT",
        "TRANS_STMT_ROLLBACK",
        "TRANS_STMT_ROLLBACK_TO",
    }
    prepared.detail = node.get("savepoint_name", ""), modes(node.get("options", []))
    return prepared


def modes(options: list[Node]) -> dict[str, str]:
    """Read transaction modes: isolation level, read only, deferrable."""
    found: dict[str, str] = {}
    for option in options:
        element = option["DefElem"]
        constant = element["arg"]["A_Const"]
        if "sval" in constant:
            found[element["defname"]] = constant["sval"]["sval"]
        else:
            found[element["defname"]] = "on" if constant.get("ival", {}).get("ival", 0) else "off"
    return found


def _begin(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    _, wanted = prepared.detail
    status = type(session.transaction_status)
    if session.transaction_status is not status.IDLE:
        if session.is_implicit:
            session.is_implicit = False
        else:
            session.notice("WARNING", "25001", "there is already a transaction in progress")
        return Result(None, [], prepared.tag_kind)
    start(session, wanted)
    return Result(None, [], prepared.tag_kind)


def start(session: Session, wanted: dict[str, str]) -> None:
    """Open a transaction with given modes over the session's defaults."""
    values = session.settings.values
    level = wanted.get("transaction_isolation", values["default_transaction_isolation"])
    read_only = wanted.get("transaction_read_only", values["default_transaction_read_only"]) == "on"
    session.begin_statement()
    session.kernel.begin(
        "snapshot" if level in _SNAPSHOT_LEVELS else "committed", read_only=read_only
    )
    session.transaction_status = type(session.transaction_status).INTRANS
    session.settings.saved = session.settings.snapshot()
    values["transaction_isolation"], values["transaction_read_only"] = (
        level,
        "on" if read_only else "off",
    )


def finish(session: Session) -> None:
    """Note that the transaction is over."""
    session.transaction_status = type(session.transaction_status).IDLE
    session.is_implicit = False
    values = session.settings.values
    values["transaction_isolation"] = values["default_transaction_isolation"]
    values["transaction_read_only"] = values["default_transaction_read_only"]
    if session.settings.local:
        local, session.settings.local = session.settings.local, {}
        for name, value in local.items():
            if values.get(name) != value:
                session.apply_setting(name, value)


def _restore(session: Session) -> None:
    saved = session.settings.saved
    if saved and saved["timezone"] != session.settings.values["timezone"]:
        from dotdo_postgres.mapping.datetimes import zone_named

        session.facts.zone = zone_named(saved["timezone"])
        session.forget_plans()
    if saved:
        had = session.settings.values["search_path"]
        session.settings.values.clear()
        session.settings.values.update(saved)
        session.settings.local = {}
        if had != saved["search_path"]:
            session.forget_plans()


def _commit(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    status = type(session.transaction_status)
    if session.transaction_status is status.INERROR:
        return _rollback(session, prepared, params, wait, tag="ROLLBACK")
    if session.transaction_status is status.IDLE or session.is_implicit:
        session.notice("WARNING", "25P01", "there is no transaction in progress")
    if session.transaction_status is not status.IDLE:
        try:
            session.kernel.commit(wait=wait)
        except DotdoError:
            if not session.kernel.in_transaction:
                finish(session)
            raise
        finish(session)
    return Result(None, [], "COMMIT")


def _rollback(
    session: Session,
    prepared: Prepared,
    params: Sequence[StorageValue],
    wait: bool,
    tag: str = "ROLLBACK",
) -> Result:
    status = type(session.transaction_status)
    if session.transaction_status is status.IDLE or session.is_implicit:
        session.notice("WARNING", "25P01", "there is no transaction in progress")
    if session.kernel.in_transaction:
        session.kernel.rollback()
    if session.transaction_status is not status.IDLE:
        _restore(session)
        finish(session)
    return Result(None, [], tag)


def _require(session: Session, what: str) -> None:
    if session.transaction_status is type(session.transaction_status).IDLE or session.is_implicit:
        raise error("25P01", f"{what} can only be used in transaction blocks")


def _savepoint(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    _require(session, "SAVEPOINT")
    session.kernel.savepoint(prepared.detail[0])
    return Result(None, [], "SAVEPOINT")


def _release(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    _require(session, "RELEASE SAVEPOINT")
    _named(session.kernel.release, prepared.detail[0])
    return Result(None, [], "RELEASE")


def _rollback_to(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    _require(session, "ROLLBACK TO SAVEPOINT")
    _named(session.kernel.rollback_to, prepared.detail[0])
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
