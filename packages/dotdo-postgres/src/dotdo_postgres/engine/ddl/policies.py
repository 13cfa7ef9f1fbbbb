"""CREATE POLICY and ALTER POLICY of row-level security."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pglast import parse_sql
from pglast.stream import RawStream

from dotdo.storage import Noun, alter_noun
from dotdo_postgres.engine.catalog.expressions import expression_text
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import with_facts
from dotdo_postgres.engine.ddl.role_names import role_named
from dotdo_postgres.engine.ddl.tables import find_table
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.errors import PostgresError, error

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]
_COMMANDS = {"all": "*", "select": "r", "insert": "a", "update": "w", "delete": "d"}


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
