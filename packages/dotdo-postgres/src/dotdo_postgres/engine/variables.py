"""SET, RESET, SHOW and DISCARD."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.catalog.regtypes import REGCONFIG
from dotdo_postgres.engine.catalog.roles import known_roles
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.ddl.steps import atomic
from dotdo_postgres.engine.ddl.temporary import drop_all
from dotdo_postgres.engine.modes import ISOLATIONS, modes
from dotdo_postgres.engine.objects.actor import actor_named, memberships
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.query import OutputColumn
from dotdo_postgres.engine.setting_values import milliseconds
from dotdo_postgres.engine.settings import shown_name
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.datetimes import zone_named
from dotdo_postgres.mapping.encodings import UTF8, encoding_named
from dotdo_postgres.mapping.styles import PLAIN, Style, StyledZone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

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


def argument_text(node: Node) -> str:
    """Return the value that SET gives, as settings keep it."""
    return ", ".join(_text(arg) for arg in node.get("args", []))


def check_setting(session: Session, name: str, value: str) -> None:
    """See that a setting is there and takes a value.

    Raises:
        PostgresError: it is not (42704), or does not (22023).
    """
    key = name.lower()
    if key not in session.settings.values and "." not in key:
        raise error("42704", f'unrecognized configuration parameter "{name}"')
    if key not in {"search_path", "role", "session_authorization"}:
        before = session.settings.values.get(key)
        apply(session, name, value)
        apply(session, name, before)


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
            apply(session, name, value, is_local=is_local)
    return Result(None, [], prepared.tag_kind)


def _set_transaction(session: Session, values: dict[str, str]) -> None:
    status = type(session.transaction_status)
    if session.transaction_status is status.IDLE:
        session.notice("WARNING", "25P01", "SET TRANSACTION can only be used in transaction blocks")
        return
    set_modes(session, values)


def set_modes(session: Session, values: dict[str, str]) -> None:
    """Change the modes of the open transaction.

    Raises:
        PostgresError: it has run a query already, so that its isolation stays as it is (25001).
    """
    level = values.get("transaction_isolation")
    if level is not None:
        if session.kernel.state.value > 1:
            raise error("25001", "SET TRANSACTION ISOLATION LEVEL must be called before any query")
        session.kernel.isolation = ISOLATIONS[level]
        session.settings.values["transaction_isolation"] = level
    if "transaction_read_only" in values:
        session.kernel.is_read_only = values["transaction_read_only"] == "on"
        session.settings.values["transaction_read_only"] = values["transaction_read_only"]
    if "transaction_deferrable" in values:
        session.settings.values["transaction_deferrable"] = values["transaction_deferrable"]


def apply(session: Session, name: str, value: str | None, *, is_local: bool = False) -> None:
    """Change one setting and what depends on it."""
    key = name.lower()
    settings = session.settings
    if key == "timezone":
        is_default = value is None or value.lower() in {"local", "default"}
        wanted = settings.defaults["timezone"] if is_default else str(value)
        try:
            zone_named(wanted)
        except PostgresError:
            raise error("22023", f'invalid value for parameter "TimeZone": "{value}"') from None
        if wanted.lower() == "utc":
            wanted = "UTC"
        elif wanted.lstrip("+-").isdigit():
            wanted = f"<{int(wanted):+03d}>{-int(wanted):+03d}"
        settings.keep(key, wanted, is_local=is_local)
    elif key == "default_text_search_config" and value is not None:
        settings.keep(key, _text_search(session, value), is_local=is_local)
    elif key == "role":
        settings.keep(key, _role(session, value), is_local=is_local)
    elif key == "session_authorization":
        settings.keep(key, _session_user(session, value), is_local=is_local)
        settings.keep("role", "none", is_local=is_local)
    else:
        settings.set(name, value, is_local=is_local)
    if key in _FOLLOWED:
        adopt(session)


def _text_search(session: Session, name: str) -> str:
    """Return the qualified name of a configuration of full text search (22023)."""
    names = session.planner().names
    try:
        oid = names.read_reg(REGCONFIG, name)
    except PostgresError:
        message = f'invalid value for parameter "default_text_search_config": "{name}"'
        raise error("22023", message) from None
    return f"pg_catalog.{names.write_reg(REGCONFIG, oid)}"


def _role(session: Session, name: str | None) -> str:
    """Return the role that SET ROLE means.

    Raises:
        PostgresError: there is none (22023), or the session's user is no member of it (42501).
    """
    if name is None or name == "none":
        return "none"
    objects = session.planner().names.objects
    known = known_roles(session.names) | {session.facts.session_user}
    if name not in known:
        raise error("22023", f'role "{name}" does not exist')
    own = session.facts.session_user
    every = memberships(objects, own, is_inheriting=False)
    if not actor_named(objects, own).is_superuser and name not in every:
        raise error("42501", f'permission denied to set role "{name}"')
    return name


def _session_user(session: Session, name: str | None) -> str:
    """Return the user that SET SESSION AUTHORIZATION means; the one who logged in is always allowed.

    Raises:
        PostgresError: there is none (22023), or who logged in is no superuser (42501).
    """
    own = session.settings.defaults["session_authorization"]
    if name in {None, "default", own}:
        return own
    names = session.planner().names
    if name not in known_roles(names):
        raise error("22023", f'role "{name}" does not exist')
    if not actor_named(names.objects, own).is_superuser:
        raise error("42501", "permission denied to set session authorization")
    return str(name)


def configure(session: Session, name: str, value: str) -> None:
    """Apply a setting that the client connects with: it is the session's default, too.

    Raises:
        PostgresError: unknown, or not valid.
    """
    apply(session, name, value)
    session.settings.defaults[name.lower()] = session.settings.values[name.lower()]


_TIMES = frozenset({"lock_timeout", "statement_timeout"})
_NAMING = ("search_path", "role", "session_authorization")
_FOLLOWED = _TIMES | {
    "timezone",
    "client_encoding",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "default_transaction_deferrable",
    "datestyle",
    "intervalstyle",
    *_NAMING,
}


def _zone(values: Mapping[str, str]) -> tzinfo:
    """Return the time zone, with what DateStyle and IntervalStyle ask for."""
    dates, order = values["datestyle"].split(", ")
    style = Style(dates, order, values["intervalstyle"])
    zone = zone_named(values["timezone"])
    return zone if style == PLAIN else StyledZone(zone, style)


def adopt(session: Session) -> None:
    """Let the session follow its settings as they are now."""
    values = session.settings.values
    zone = _zone(values)
    if zone != session.facts.zone:
        session.facts.zone = zone
        session.forget_plans()
    naming = tuple(values.get(name, "") for name in _NAMING)
    if naming != session.naming:
        session.naming = naming
        session.forget_plans()
    kernel = session.kernel
    kernel.lock_timeout_us = milliseconds(values["lock_timeout"]) * 1000 or None
    session.statement_timeout_us = milliseconds(values["statement_timeout"]) * 1000
    if not session.statement_timeout_us:
        kernel.deadline_us = None
    if session.is_idle:
        for mode in ("isolation", "read_only", "deferrable"):
            values[f"transaction_{mode}"] = values[f"default_transaction_{mode}"]
        kernel.is_read_only = (
            kernel.store.is_read_only or values["default_transaction_read_only"] == "on"
        )
    session.encoding = encoding_named(values["client_encoding"]) or UTF8


def plan_show(planner: Planner, node: Node) -> Prepared:
    """Plan SHOW."""
    name = node["name"]
    if name == "all":
        listed = [OutputColumn(word, t.TEXT) for word in ("name", "setting", "description")]
        columns = planner.result_columns(listed, [Sql(n.null())] * 3)
        return Prepared(columns, (), "SHOW", _show_all)
    shown = shown_name(name.lower())
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
    rows = list(session.settings.listed())
    return Result(prepared.columns, [*rows], "SHOW", len(rows))


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
    if prepared.detail in {"ALL", "TEMP"} and session.has_temporary:
        with atomic(session):
            drop_all(session)
    session.forget_plans()
    return Result(None, [], prepared.tag_kind)
