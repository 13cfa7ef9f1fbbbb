"""CREATE DATABASE and DROP DATABASE: tenants; options that ask for anything but what a tenant is are refused."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]
_COLLATIONS = frozenset({"c", "posix", "c.utf-8", "c.utf8"})
_ACCEPTED: dict[str, frozenset[str]] = {
    "template": frozenset({"template0", "template1", "default"}),
    "encoding": frozenset({"utf8", "utf-8", "unicode", "6", "-1", "default"}),
    "locale": _COLLATIONS,
    "lc_collate": _COLLATIONS | {"default"},
    "lc_ctype": _COLLATIONS | {"default"},
    "locale_provider": frozenset({"libc"}),
    "tablespace": frozenset({"pg_default", "default"}),
    "connection_limit": frozenset({"-1"}),
    "allow_connections": frozenset({"true", "on", "1"}),
    "is_template": frozenset({"false", "off", "0"}),
    "strategy": frozenset({"wal_log", "file_copy"}),
}
"""Values that mean what a tenant is anyway."""


def plan_create_database(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE DATABASE.

    Raises:
        PostgresError: an option asks for what no tenant has (0A000), is unknown (42601) or given twice (42601).
    """
    seen: set[str] = set()
    for item in node.get("options", []):
        option = item["DefElem"]
        name = option["defname"]
        if name in seen:
            raise error(
                "42601", "conflicting or redundant options", position=option.get("location")
            )
        seen.add(name)
        _require_plain(planner, name, option)
    return Prepared(
        None, (), "CREATE DATABASE", _database, detail=("CREATE DATABASE", node["dbname"], False)
    )


def _require_plain(planner: Planner, name: str, option: Node) -> None:
    if name == "location":
        return  # ignored by PostgreSQL too, with a warning
    value = _value(option)
    if name == "owner":
        from dotdo_postgres.engine.catalog.roles import known_roles

        if value not in {"default", *known_roles(planner.names), "postgres"}:
            raise error("42704", f'role "{value}" does not exist')
        return
    accepted = _ACCEPTED.get(name)
    if accepted is None:
        raise error("42601", f'option "{name}" not recognized', position=option.get("location"))
    if value.lower() not in accepted:
        raise not_supported(f"CREATE DATABASE ... {name.upper()} = {value}", option.get("location"))


def _value(option: Node) -> str:
    arg = option.get("arg")
    if arg is None:
        return "default"
    ((_, body),) = arg.items()
    for key in ("sval", "ival", "boolval"):
        if key in body:
            return str(body[key]).lower() if isinstance(body[key], bool) else str(body[key])
    names = body.get("names")
    return str(names[-1]["String"]["sval"]) if names else "0"


def plan_drop_database(planner: Planner, node: Node) -> Prepared:
    """Plan DROP DATABASE."""
    for item in node.get("options", []):
        if item["DefElem"]["defname"] != "force":
            raise error(
                "42601", f'unrecognized DROP DATABASE option "{item["DefElem"]["defname"]}"'
            )
        raise not_supported("DROP DATABASE ... WITH (FORCE)", item["DefElem"].get("location"))
    detail = ("DROP DATABASE", node["dbname"], bool(node.get("missing_ok")))
    return Prepared(None, (), "DROP DATABASE", _database, detail=detail)


def _database(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    verb, name, is_missing_ok = prepared.detail
    if session.transaction_status is not type(session.transaction_status).IDLE:
        raise error("25001", f"{verb} cannot run inside a transaction block")
    session.databases(verb, name, is_missing_ok)
    return Result(None, [], verb)
