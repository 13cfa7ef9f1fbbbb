"""CREATE SCHEMA, with the objects that may follow in the same statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pglast import parse_sql
from pglast.stream import RawStream

from dotdo.storage import Noun
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import create_owned
from dotdo_postgres.engine.naming import definition_name
from dotdo_postgres.engine.parse import parse
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def plan_create_schema(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE SCHEMA."""
    return Prepared(None, (), "CREATE SCHEMA", define(_create), detail=(node, planner.sql))


def _create(session: Session, planner: Planner, detail: tuple[Node, str]) -> None:
    node, sql = detail
    from dotdo_postgres.engine.ddl.role_names import role_named

    owner = role_named(session, planner, node["authrole"]) if "authrole" in node else None
    name = node.get("schemaname") or owner or session.facts.user
    if name.startswith("pg_"):
        reserved = 'The prefix "pg_" is reserved for system schemas.'
        raise error("42939", f'unacceptable schema name "{name}"', detail=reserved)
    if planner.names.has_schema(name):
        if node.get("if_not_exists"):
            session.notice("NOTICE", "42P06", f'schema "{name}" already exists, skipping')
            return
        raise error("42P06", f'schema "{name}" already exists')
    facts = {"owner": owner} if owner else {}
    noun = Noun(0, definition_name("schema", "", name), "definition", "", extra={EXTRA: facts})
    create_owned(session, noun)
    if "schemaElts" in node:
        with session.searching(name):
            for statement in _elements(sql):
                session.run_inside(session.plan_inside(parse(statement)[0]["stmt"], statement))


def _elements(sql: str) -> list[str]:
    """Return the statements that CREATE SCHEMA holds, each as text of its own."""
    statement: Any = parse_sql(sql)[0].stmt
    return [RawStream()(element) for element in statement.schemaElts]
