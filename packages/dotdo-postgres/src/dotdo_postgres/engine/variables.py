"""SET, RESET, SHOW, DISCARD and DEALLOCATE."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.query import OutputColumn
from dotdo_postgres.engine.transactions import modes
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.datetimes import zone_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Node, Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


def plan_set(planner: Planner, node: Node) -> Prepared:
    """Plan SET and RESET."""
    kind = node["kind"]
    tag = "RESET" if kind in {"VAR_RESET", "VAR_RESET_ALL"} else "SET"
    prepared = Prepared(None, (), tag, _set)
    name = node.get("name", "")
    if kind == "VAR_SET_MULTI":
        if name == "TRANSACTION":
            prepared.detail = ("transaction", modes(node["args"]), False)
        elif name == "SESSION CHARACTERISTICS":
            found = {f"default_{key}": value for key, value in modes(node["args"]).items()}
            prepared.detail = ("several", found, False)
        else:
            raise not_supported(f"SET {name}")
        return prepared
    value = (
        None
        if kind in {"VAR_RESET", "VAR_SET_DEFAULT"}
        else ", ".join(_text(arg) for arg in node.get("args", []))
    )
    if kind == "VAR_RESET_ALL":
        prepared.detail = ("all", {}, False)
    else:
        prepared.detail = ("several", {name: value}, bool(node.get("is_local")))
    return prepared


def _text(node: Node) -> str:
    if "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    constant = node["A_Const"]
    if "sval" in constant:
        found: str = constant["sval"].get("sval", "")
        return found
    if "fval" in constant:
        return str(constant["fval"]["fval"])
    if "boolval" in constant:
        return "on" if constant["boolval"].get("boolval") else "off"
    return str(constant.get("ival", {}).get("ival", 0))


def _set(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    kind, values, is_local = prepared.detail
    status = type(session.transaction_status)
    if is_local and session.transaction_status is status.IDLE:
        session.notice("WARNING", "25P01", "SET LOCAL can only be used in transaction blocks")
        return Result(None, [], prepared.tag_kind)
    if is_local:
        for name in values if kind != "all" else ():
            session.settings.keep_until_commit(name)
    if kind == "transaction":
        _set_transaction(session, values)
    elif kind == "all":
        for name, default in session.settings.defaults.items():
            if session.settings.values.get(name) != default and name not in {
                "transaction_isolation",
                "transaction_read_only",
            }:
                apply(session, name, None)
    else:
        for name, value in values.items():
            apply(session, name, value)
    return Result(None, [], prepared.tag_kind)


def _set_transaction(session: Session, values: dict[str, str]) -> None:
    status = type(session.transaction_status)
    if session.transaction_status is status.IDLE:
        session.notice("WARNING", "25P01", "SET TRANSACTION can only be used in transaction blocks")
        return
    level = values.get("transaction_isolation")
    if level is not None:
        if session.kernel.state.value > 1:
            raise error("25001", "SET TRANSACTION ISOLATION LEVEL must be called before any query")
        session.kernel.isolation = (
            "snapshot" if level in {"repeatable read", "serializable"} else "committed"
        )
        session.settings.values["transaction_isolation"] = level
    if "transaction_read_only" in values:
        session.kernel.is_read_only = values["transaction_read_only"] == "on"
        session.settings.values["transaction_read_only"] = values["transaction_read_only"]


def apply(session: Session, name: str, value: str | None) -> None:
    """Change one setting and what depends on it."""
    key = name.lower()
    if key == "timezone":
        wanted = (
            value
            if value is not None and value.lower() not in {"local", "default"}
            else session.settings.defaults["timezone"]
        )
        try:
            session.facts.zone = zone_named(wanted)
        except Exception:  # noqa: BLE001 -- any failure means an unknown zone
            raise error("22023", f'invalid value for parameter "TimeZone": "{value}"') from None
        session.forget_plans()
        session.settings.values["timezone"] = "UTC" if wanted.lower() == "utc" else wanted
        return
    found = session.settings.set(name, value)
    if key == "lock_timeout":
        session.kernel.lock_timeout_us = _milliseconds(found, name) * 1000 or None
    elif key in {"search_path", "role", "session_authorization"}:
        session.forget_plans()
    elif key == "statement_timeout":
        session.statement_timeout_us = _milliseconds(found, name) * 1000
        session.kernel.deadline_us = None


def set_config(session: Session, name: str, value: str | None, is_local: bool) -> str:
    """Change a setting as the function set_config does; return its new value.

    Raises:
        PostgresError: as SET.
    """
    if is_local and session.transaction_status is type(session.transaction_status).IDLE:
        return "" if value is None else value  # it would be over with this statement
    if is_local:
        session.settings.keep_until_commit(name)
    apply(session, name, value)
    return session.settings.show(name)[1]


def _milliseconds(text: str, name: str) -> int:
    units = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
    stripped = text.strip()
    for unit, factor in (("ms", 1), ("min", units["min"]), ("s", 1000), ("h", units["h"])):
        if stripped.endswith(unit) and stripped.removesuffix(unit).strip().isdigit():
            return int(stripped.removesuffix(unit)) * factor
    if not stripped.isdigit():
        raise error("22023", f'invalid value for parameter "{name}": "{text}"')
    return int(stripped)


def plan_show(planner: Planner, node: Node) -> Prepared:
    """Plan SHOW."""
    name = node["name"]
    if name == "all":
        labels = ("name", "setting", "description")
        columns = [OutputColumn(label, t.TEXT) for label in labels]
        return Prepared(
            planner.result_columns(columns, [Sql(n.null())] * len(labels)), (), "SHOW", _show_all
        )
    shown = {
        "timezone": "TimeZone",
        "datestyle": "DateStyle",
        "intervalstyle": "IntervalStyle",
    }.get(name.lower(), name.lower())
    column = planner.result_columns([OutputColumn(shown, t.TEXT)], [Sql(n.null())])
    prepared = Prepared(column, (), "SHOW", _show)
    prepared.detail = name
    return prepared


def _show(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    _, value = session.settings.show(prepared.detail)
    return Result(prepared.columns, [(value,)], "SHOW", 1)


def _show_all(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    from dotdo_postgres.engine.catalog.pg_views import settings_rows

    rows: list[tuple[StorageValue, ...]] = [
        (row["name"], row["setting"], "") for row in settings_rows(session)
    ]
    return Result(prepared.columns, rows, "SHOW", len(rows))


def plan_discard(planner: Planner, node: Node) -> Prepared:
    """Plan DISCARD."""
    target = node["target"].removeprefix("DISCARD_")
    return Prepared(None, (), f"DISCARD {target}", _discard, detail=target)


def _discard(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if prepared.detail == "ALL":
        if session.transaction_status is not type(session.transaction_status).IDLE:
            raise error("25001", "DISCARD ALL cannot run inside a transaction block")
        for name, default in session.settings.defaults.items():
            if session.settings.values.get(name) != default:
                apply(session, name, None)
    session.forget_plans()
    return Result(None, [], prepared.tag_kind)


def plan_deallocate(planner: Planner, node: Node) -> Prepared:
    """Plan DEALLOCATE."""
    return Prepared(
        None,
        (),
        "DEALLOCATE" if "name" in node else "DEALLOCATE ALL",
        _deallocate,
        detail=node.get("name"),
    )


def _deallocate(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    if prepared.detail:
        raise error("26000", f'prepared statement "{prepared.detail}" does not exist')
    return Result(None, [], prepared.tag_kind)
