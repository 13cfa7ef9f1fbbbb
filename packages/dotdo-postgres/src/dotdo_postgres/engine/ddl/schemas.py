"""CREATE SCHEMA, with the objects that may follow in the same statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import Noun, create_noun
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.naming import definition_name
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def plan_create_schema(planner: Planner, node: Node) -> Prepared:  # noqa: ARG001 -- planned as every statement
    """Plan CREATE SCHEMA."""
    return Prepared(None, (), "CREATE SCHEMA", define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    from dotdo_postgres.engine.ddl.alter_options import role_named

    owner = role_named(session, planner, node["authrole"]) if "authrole" in node else None
    name = node.get("schemaname") or owner or session.facts.user
    if name.startswith("pg_"):
        detail = 'The prefix "pg_" is reserved for system schemas.'
        raise error("42939", f'unacceptable schema name "{name}"', detail=detail)
    if planner.names.has_schema(name):
        if node.get("if_not_exists"):
            session.notice("NOTICE", "42P06", f'schema "{name}" already exists, skipping')
            return
        raise error("42P06", f'schema "{name}" already exists')
    facts = {"owner": owner} if owner else {}
    create_noun(
        session.kernel,
        Noun(0, definition_name("schema", "", name), "definition", "", extra={EXTRA: facts}),
    )
    for item in node.get("schemaElts", []):
        _element(session, name, item)


_RELATIONS = {
    "CreateStmt": "relation",
    "ViewStmt": "view",
    "CreateSeqStmt": "sequence",
    "IndexStmt": "relation",
}


def _element(session: Session, schema: str, item: Node) -> None:
    ((kind, body),) = item.items()
    key = _RELATIONS.get(kind)
    if key is not None:
        body = body | {key: body[key] | {"schemaname": schema}}
    session.run_inside(session.plan_inside({kind: body}))
