"""Roles, GRANT and REVOKE, policies of row-level security."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from pglast import parse_sql
from pglast.stream import RawStream

from dotdo.storage import Noun, alter_noun, create_noun, drop_noun
from dotdo_postgres.engine.catalog.expressions import expression_text
from dotdo_postgres.engine.catalog.pg_objects import known_roles
from dotdo_postgres.engine.ddl.alter_options import role_named
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.tables import find_table
from dotdo_postgres.engine.naming import definition_name, split_name
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import PostgresError, error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_ATTRIBUTES = {
    "superuser": "rolsuper", "inherit": "rolinherit", "createrole": "rolcreaterole", "createdb": "rolcreatedb", "canlogin": "rolcanlogin",
    "isreplication": "rolreplication", "bypassrls": "rolbypassrls", "connectionlimit": "rolconnlimit",
}  # fmt: skip
_COMMANDS = {"all": "*", "select": "r", "insert": "a", "update": "w", "delete": "d"}
_TABLE_PRIVILEGES = ("INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_ALL = {
    "OBJECT_TABLE": _TABLE_PRIVILEGES,
    "OBJECT_SCHEMA": ("USAGE", "CREATE"),
    "OBJECT_SEQUENCE": ("USAGE", "SELECT", "UPDATE"),
}


def _require_power(session: Session, planner: Planner) -> None:
    if not planner.names.actor.is_superuser:
        raise error("42501", "permission denied to create role")


def plan_create_role(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE ROLE, CREATE USER and CREATE GROUP."""
    return Prepared(None, (), "CREATE ROLE", define(_create_role), detail=node)


def _create_role(session: Session, planner: Planner, node: Node) -> None:
    _require_power(session, planner)
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
    create_noun(
        session.kernel,
        Noun(0, definition_name("role", "", name), "definition", "", extra={EXTRA: facts}),
    )
    for member in facts.pop("members", ()):
        _join(session, member, name)


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
        elif name in {"addroleto", "rolemembers", "adminmembers"}:
            names = [
                role_named(session, planner, part["RoleSpec"]) for part in arg["List"]["items"]
            ]
            found["member_of" if name == "addroleto" else "members"] = names
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
    _require_power(session, planner)
    name = role_named(session, planner, node["role"])
    noun = planner.names.objects.roles.get(name)
    if noun is None:
        raise not_supported(f"altering role {name}")
    facts = _options(session, planner, node, facts_of(noun))
    facts.pop("members", None)
    alter_noun(session.kernel, msgspec.structs.replace(noun, extra={**noun.extra, EXTRA: facts}))


def plan_drop_role(planner: Planner, node: Node) -> Prepared:
    """Plan DROP ROLE."""
    return Prepared(None, (), "DROP ROLE", define(_drop_role), detail=node)


def _drop_role(session: Session, planner: Planner, node: Node) -> None:
    _require_power(session, planner)
    for item in node["roles"]:
        name = item["RoleSpec"].get("rolename", "")
        noun = planner.names.objects.roles.get(name)
        if noun is None:
            if not node.get("missing_ok"):
                raise error("42704", f'role "{name}" does not exist')
            session.notice("NOTICE", "00000", f'role "{name}" does not exist, skipping')
            continue
        used = _uses(planner, name)
        if used:
            message = f'role "{name}" cannot be dropped because some objects depend on it'
            raise error("2BP01", message, detail="\n".join(used))
        drop_noun(session.kernel, noun)


def _uses(planner: Planner, name: str) -> list[str]:
    found = []
    for (_, table), noun in planner.names.objects.relations.items():
        facts = facts_of(noun)
        word = {"v": "view", "m": "materialized view"}.get(kind_of(noun), "table")
        if facts.get("owner") == name:
            found.append(f"owner of {word} {table}")
        if name in facts.get("grants", {}):
            found.append(f"privileges for {word} {table}")
        found += [
            f"target of policy {label} on table {table}"
            for label, policy in facts.get("policies", {}).items()
            if name in policy["roles"]
        ]
    return found


def plan_grant_role(planner: Planner, node: Node) -> Prepared:
    """Plan GRANT and REVOKE of membership."""
    return Prepared(
        None,
        (),
        "GRANT ROLE" if node.get("is_grant") else "REVOKE ROLE",
        define(_grant_role),
        detail=node,
    )


def _grant_role(session: Session, planner: Planner, node: Node) -> None:
    for item in node["granted_roles"]:
        group = role_named(
            session,
            planner,
            {"roletype": "ROLESPEC_CSTRING", "rolename": item["AccessPriv"]["priv_name"]},
        )
        for grantee in node["grantee_roles"]:
            member = role_named(session, planner, grantee["RoleSpec"])
            if node.get("is_grant"):
                _join(session, member, group)
            else:
                _leave(session, member, group)


def _join(session: Session, member: str, group: str) -> None:
    noun = session.names.objects.roles.get(member) or session.planner().names.objects.roles.get(
        member
    )
    if noun is None:
        return  # a role that nobody created is above all others
    current = session.kernel.catalog.by_id[noun.id]
    groups = [*facts_of(current).get("member_of", ())]
    if group not in groups:
        alter_noun(session.kernel, with_facts(current, member_of=[*groups, group]))


def _leave(session: Session, member: str, group: str) -> None:
    noun = session.names.objects.roles.get(member)
    if noun is not None:
        kept = [name for name in facts_of(noun).get("member_of", ()) if name != group]
        alter_noun(session.kernel, with_facts(noun, member_of=kept or None))


# --- privileges ----------------------------------------------------------------------------


def plan_grant(planner: Planner, node: Node) -> Prepared:
    """Plan GRANT and REVOKE of privileges."""
    if node["objtype"] not in {
        *_ALL,
        "OBJECT_FUNCTION",
        "OBJECT_DATABASE",
        "OBJECT_TYPE",
        "OBJECT_ROUTINE",
        "OBJECT_PROCEDURE",
    }:
        raise not_supported(f"privileges on a {node['objtype'].removeprefix('OBJECT_').lower()}")
    if any("cols" in item["AccessPriv"] for item in node.get("privileges", [])):
        raise not_supported("privileges on columns")
    return Prepared(
        None, (), "GRANT" if node.get("is_grant") else "REVOKE", define(_grant), detail=node
    )


def _grant(session: Session, planner: Planner, node: Node) -> None:
    kind = node["objtype"]
    if kind not in _ALL:
        raise not_supported(f"privileges on a {kind.removeprefix('OBJECT_').lower()}")
    wanted = [
        item["AccessPriv"]["priv_name"].upper() for item in node.get("privileges", [])
    ] or list(_ALL[kind])
    for privilege in wanted:
        if privilege not in _ALL[kind]:
            raise error("0LP01", f"invalid privilege type {privilege} for {_word(kind)}")
    grantees = [role_named(session, planner, item["RoleSpec"]) for item in node["grantees"]]
    for noun in _objects(session, planner, node, kind):
        if not planner.names.actor.owns(noun):
            word = _word(kind).replace("relation", "table")
            raise error("42501", f"permission denied for {word} {split_name(noun.name)[1]}")
        current = session.kernel.catalog.by_id[noun.id]
        changed = _changed(
            facts_of(current).get("grants", {}),
            grantees,
            wanted,
            is_grant=bool(node.get("is_grant")),
        )
        alter_noun(session.kernel, with_facts(current, grants=changed or None))


def _word(kind: str) -> str:
    return {"OBJECT_TABLE": "relation", "OBJECT_SCHEMA": "schema", "OBJECT_SEQUENCE": "sequence"}[
        kind
    ]


def _changed(
    grants: dict[str, list[str]], grantees: list[str], wanted: list[str], *, is_grant: bool
) -> dict[str, list[str]]:
    found = {role: list(privileges) for role, privileges in grants.items()}
    for role in grantees:
        had = found.get(role, [])
        left = (
            [*had, *(p for p in wanted if p not in had)]
            if is_grant
            else [p for p in had if p not in wanted]
        )
        found[role] = left
    return {role: privileges for role, privileges in found.items() if privileges}


def _objects(session: Session, planner: Planner, node: Node, kind: str) -> list[Noun]:
    names = planner.names
    if node["targtype"] == "ACL_TARGET_ALL_IN_SCHEMA":
        schemas = {names.require_schema(item["String"]["sval"]) for item in node["objects"]}
        if kind == "OBJECT_SEQUENCE":
            return [
                s.noun
                for key, s in names.objects.sequences.items()
                if key[0] in schemas and s.column is None
            ]
        return [noun for (schema, _), noun in names.objects.relations.items() if schema in schemas]
    if kind == "OBJECT_SCHEMA":
        return [_schema_noun(session, planner, item["String"]["sval"]) for item in node["objects"]]
    found = []
    for item in node["objects"]:
        relation = item["RangeVar"]
        sequence = names.sequence(relation.get("schemaname"), relation["relname"])
        if sequence is not None:
            found += [sequence.noun] if sequence.column is None else []
            continue
        noun = find_table(session, planner, relation, is_missing_ok=False, may_hold_documents=True)
        assert noun is not None
        found.append(noun)
    return found


def _schema_noun(session: Session, planner: Planner, name: str) -> Noun:
    planner.names.require_schema(name)
    noun = planner.names.objects.schemas.get(name)
    if noun is not None:
        return noun
    return create_noun(
        session.kernel,
        Noun(0, definition_name("schema", "", name), "definition", "", extra={EXTRA: {}}),
    )


# --- policies ------------------------------------------------------------------------------


def plan_create_policy(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE POLICY."""
    return Prepared(None, (), "CREATE POLICY", define(_create_policy), detail=node)


def _create_policy(session: Session, planner: Planner, node: Node) -> None:
    noun = _policed(session, planner, node)
    name, bare = node["policy_name"], split_name(noun.name)[1]
    policies = dict(facts_of(noun).get("policies", {}))
    if name in policies:
        raise error("42710", f'policy "{name}" for table "{bare}" already exists')
    command = _COMMANDS[node.get("cmd_name", "all")]
    if command == "a" and "qual" in node:
        raise error("42601", "only WITH CHECK expression allowed for INSERT")
    if command in "rd" and "with_check" in node:
        raise error("42601", "WITH CHECK cannot be applied to SELECT or DELETE")
    policy = {
        "command": command,
        "permissive": bool(node.get("permissive", False)),
        "roles": _roles(session, planner, node),
    }
    policies[name] = policy | _conditions(planner, noun, node)
    alter_noun(session.kernel, with_facts(noun, policies=policies))


def _policed(session: Session, planner: Planner, node: Node) -> Noun:
    noun = find_table(session, planner, node["table"], is_missing_ok=False)
    assert noun is not None
    if kind_of(noun) != "r":
        raise error("42809", f'"{node["table"]["relname"]}" is not a table')
    if not planner.names.actor.owns(noun):
        raise error("42501", f"must be owner of table {node['table']['relname']}")
    return noun


def _roles(session: Session, planner: Planner, node: Node) -> list[str]:
    names = [role_named(session, planner, item["RoleSpec"]) for item in node.get("roles", [])]
    return [] if "public" in names else names


def _conditions(planner: Planner, noun: Noun, node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, label in (("qual", "using"), ("with_check", "check")):
        if key in node:
            found[label] = node[key]
            found[f"{label}_text"] = _condition_text(planner, noun, node, key)
    return found


def _condition_text(planner: Planner, noun: Noun, node: Node, key: str) -> str:
    """Return the text of a condition; as it was written where it holds a subquery."""
    try:
        return expression_text(planner.names, noun, node[key], is_boolean=True)
    except PostgresError as failure:
        if failure.sqlstate != "0A000":
            raise
    statement: Any = parse_sql(planner.sql)[0].stmt
    return RawStream()(statement.qual if key == "qual" else statement.with_check)


def plan_alter_policy(planner: Planner, node: Node) -> Prepared:
    """Plan ALTER POLICY."""
    return Prepared(None, (), "ALTER POLICY", define(_alter_policy), detail=node)


def _alter_policy(session: Session, planner: Planner, node: Node) -> None:
    noun = _policed(session, planner, node)
    name, bare = node["policy_name"], split_name(noun.name)[1]
    policies = dict(facts_of(noun).get("policies", {}))
    if name not in policies:
        raise error("42704", f'policy "{name}" for table "{bare}" does not exist')
    roles = {"roles": _roles(session, planner, node)} if "roles" in node else {}
    policies[name] = policies[name] | roles | _conditions(planner, noun, node)
    alter_noun(session.kernel, with_facts(noun, policies=policies))
