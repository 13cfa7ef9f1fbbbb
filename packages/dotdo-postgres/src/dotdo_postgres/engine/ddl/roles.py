"""CREATE ROLE, ALTER ROLE and DROP ROLE."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Noun, alter_noun, create_noun, drop_noun
from dotdo_postgres.engine.catalog.roles import known_roles
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.memberships import join, leave
from dotdo_postgres.engine.ddl.role_names import role_named
from dotdo_postgres.engine.ddl.role_uses import uses_of
from dotdo_postgres.engine.naming import definition_name
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_ATTRIBUTES = {
    "superuser": "rolsuper", "inherit": "rolinherit", "createrole": "rolcreaterole", "createdb": "rolcreatedb", "canlogin": "rolcanlogin",
    "isreplication": "rolreplication", "bypassrls": "rolbypassrls", "connectionlimit": "rolconnlimit",
}  # fmt: skip


def _attributes(planner: Planner, name: str) -> dict[str, Any]:
    noun = planner.names.objects.roles.get(name)
    found: dict[str, Any] = {} if noun is None else facts_of(noun).get("attributes", {})
    return found


def _require_power(planner: Planner, message: str, wanted: dict[str, Any]) -> None:
    """See that the acting role may make or change roles, and give them these attributes.

    Raises:
        PostgresError: it may not (42501).
    """
    actor = planner.names.actor
    if actor.is_superuser:
        return
    for attribute, word in _GRAVE.items():
        if wanted.get(attribute):
            raise error("42501", f"must be superuser to {word}")
    if not _attributes(planner, actor.name).get("rolcreaterole"):
        raise error("42501", message)


_GRAVE = {
    "rolsuper": "create superusers", "rolreplication": "create replication users",
    "rolbypassrls": "create bypassrls users",
}  # fmt: skip


def plan_create_role(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE ROLE, CREATE USER and CREATE GROUP."""
    return Prepared(None, (), "CREATE ROLE", define(_create_role), detail=node)


def _create_role(session: Session, planner: Planner, node: Node) -> None:
    name = node["role"]
    if name.startswith("pg_"):
        raise error(
            "42939",
            f'role name "{name}" is reserved',
            detail='Role names starting with "pg_" are reserved.',
        )
    if name in known_roles(planner.names):
        raise error("42710", f'role "{name}" already exists')
    is_user = node.get("stmt_type") == "ROLESTMT_USER"
    facts = _options(session, planner, node, {"attributes": {"rolcanlogin": 1} if is_user else {}})
    _require_power(planner, "permission denied to create role", facts["attributes"])
    members, admins, groups = (facts.pop(key, ()) for key in ("members", "admins", "groups"))
    noun = Noun(0, definition_name("role", "", name), "definition", "", extra={EXTRA: facts})
    create_noun(session.kernel, noun)
    grantor = session.facts.user
    for group in groups:
        join(session, name, group, is_admin=False, grantor=grantor)
    for member in (*members, *admins):
        join(session, member, name, is_admin=member in admins, grantor=grantor)


_LISTS = {"addroleto": "groups", "rolemembers": "members", "adminmembers": "admins"}


def _options(
    session: Session, planner: Planner, node: Node, facts: dict[str, Any]
) -> dict[str, Any]:
    attributes = dict(facts.get("attributes", {}))
    found = {**facts, "attributes": attributes}
    for item in node.get("options", []):
        element = item["DefElem"]
        name, arg = element["defname"], element.get("arg", {})
        if name in _ATTRIBUTES:
            ((_, body),) = arg.items()
            attributes[_ATTRIBUTES[name]] = int(next(iter(body.values()), 0))
        elif name in _LISTS:
            names = [
                role_named(session, planner, part["RoleSpec"]) for part in arg["List"]["items"]
            ]
            found[_LISTS[name]] = names
        elif name not in {
            "password",
            "validUntil",
            "sysid",
        }:  # who may log in is the serving host's affair
            raise not_supported(f"role option {name}")
    return found


def plan_alter_role(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER ROLE."""
    return Prepared(None, (), "ALTER ROLE", define(_alter_role), detail=node)


def _alter_role(session: Session, planner: Planner, node: Node) -> None:
    name = role_named(session, planner, node["role"])
    noun = planner.names.objects.roles.get(name)
    if noun is None:
        raise not_supported(f"altering role {name}")
    facts = _options(session, planner, node, facts_of(noun))
    changed = {
        key: value
        for key, value in facts["attributes"].items()
        if _attributes(planner, name).get(key) != value
    }
    if _attributes(planner, name).get("rolsuper"):
        _require_power(planner, "permission denied", {"rolsuper": 1})
    if changed or "members" not in facts:
        _require_power(planner, "permission denied", changed)
    members = facts.pop("members", ())
    alter_noun(session.kernel, msgspec.structs.replace(noun, extra={**noun.extra, EXTRA: facts}))
    for member in members:
        if node.get("action") == -1:
            leave(session, member, name, only_option=False)
        else:
            join(session, member, name, is_admin=False, grantor=session.facts.user)


def plan_drop_role(planner: Planner, node: Node) -> Prepared:
    """Plan DROP ROLE."""
    return Prepared(None, (), "DROP ROLE", define(_drop_role), detail=node)


def _drop_role(session: Session, planner: Planner, node: Node) -> None:
    _require_power(planner, "permission denied to drop role", {})
    for item in node["roles"]:
        if item["RoleSpec"]["roletype"] != "ROLESPEC_CSTRING":
            raise error("22023", "cannot use special role specifier in DROP ROLE")
        name = item["RoleSpec"]["rolename"]
        noun = planner.names.objects.roles.get(name)
        if noun is None:
            if not node.get("missing_ok"):
                raise error("42704", f'role "{name}" does not exist')
            session.notice("NOTICE", "00000", f'role "{name}" does not exist, skipping')
            continue
        if name == session.facts.user:
            raise error("55006", "current user cannot be dropped")
        if name == session.facts.session_user:
            raise error("55006", "session user cannot be dropped")
        used = uses_of(planner.names, session.kernel.catalog, name)
        if used:
            message = f'role "{name}" cannot be dropped because some objects depend on it'
            raise error("2BP01", message, detail="\n".join(used))
        for other in planner.names.objects.roles:
            if name in facts_of(planner.names.objects.roles[other]).get("member_of", ()):
                leave(session, other, name, only_option=False)
        drop_noun(session.kernel, session.kernel.catalog.by_id[noun.id])
