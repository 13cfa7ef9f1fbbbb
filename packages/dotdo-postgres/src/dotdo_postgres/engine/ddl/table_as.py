"""CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW and REFRESH."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.storage import Noun, alter_noun
from dotdo.storage.names import physical_table, quoted
from dotdo_postgres.engine.catalog.dependencies import read_by
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.ddl.definitions import create_owned, with_facts
from dotdo_postgres.engine.ddl.steps import atomic
from dotdo_postgres.engine.ddl.temporary import begin_using, settle
from dotdo_postgres.engine.ddl.views import Node, bind_stored, make_columns, stored_query
from dotdo_postgres.engine.naming import noun_name
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.objects.temporary import is_temporary, on_commit_of
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


def plan_table_as(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW."""
    into = node["into"]
    on_commit_of(into)
    if "SelectStmt" not in node["query"]:
        raise not_supported("CREATE TABLE AS EXECUTE")
    is_view = node["objtype"] == "OBJECT_MATVIEW"
    key = planner.names.key_to_create(into["rel"])
    if not (node.get("if_not_exists") and key[1] in planner.names.taken(key[0])):
        bind_stored(planner, node["query"], into.get("colNames"), "table")
    tag = (
        "CREATE MATERIALIZED VIEW"
        if is_view
        else "SELECT INTO"
        if node.get("is_select_into")
        else "CREATE TABLE AS"
    )
    return Prepared(None, (), tag, _run_table_as, detail=(node, planner.sql))


def _run_table_as(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    count = _create_as(session, *prepared.detail)
    if count is None:
        return Result(None, [], prepared.tag_kind)
    tag = f"SELECT {count}"
    return Result(None, [], tag, count)


def _create_as(session: Session, node: Node, sql: str) -> int | None:
    planner = session.planner()
    into = node["into"]
    key = planner.names.key_to_create(into["rel"])
    if key[1] in planner.names.taken(key[0]):
        if node.get("if_not_exists"):
            session.notice("NOTICE", "42P07", f'relation "{key[1]}" already exists, skipping')
            return None
        raise error("42P07", f'relation "{key[1]}" already exists')
    query, columns, names = bind_stored(planner, node["query"], into.get("colNames"), "table")
    name = noun_name(*key)
    table = physical_table(name, {noun.table.lower() for noun in planner.catalog.by_name.values()})
    on_commit = on_commit_of(into)
    if is_temporary(key[0]):
        begin_using(session, on_commit)
    facts: dict[str, Any] = {} if on_commit is None else {"on_commit": on_commit}
    if node["objtype"] == "OBJECT_MATVIEW":
        tree, text = stored_query(planner, sql, query)
        facts = {
            "kind": "m",
            "query": tree,
            "text": text,
            "depends": [list(pair) for pair in read_by(query)],
        }
        if into.get("skipData"):
            facts["is_populated"] = False
    made = Noun(
        0,
        name,
        "columns",
        table,
        make_columns(columns, names, is_stored=True),
        extra={EXTRA: facts} if facts else {},
    )
    with atomic(session):
        create_owned(session, made)
        if into.get("skipData"):
            return None
        count = _fill(session, key, node["query"], is_view=node["objtype"] == "OBJECT_MATVIEW")
        if session.has_on_commit and session.is_idle:
            settle(session)
        return count


def _fill(session: Session, key: tuple[str, str], query: Node, *, is_view: bool) -> int:
    relation = {"schemaname": key[0], "relname": key[1], "inh": True, "relpersistence": "p"}
    node = {"InsertStmt": {"relation": relation, "selectStmt": query}}
    result = session.run_inside(session.plan_inside(node, may_write_materialized=is_view))
    return result.row_count or 0


def plan_refresh(planner: Planner, node: Node) -> Prepared:
    """Plan REFRESH MATERIALIZED VIEW."""
    return Prepared(None, (), "REFRESH MATERIALIZED VIEW", define(_refresh), detail=node)


def _refresh(session: Session, planner: Planner, node: Node) -> None:
    relation = node["relation"]
    noun = planner.names.table(relation)
    if noun is None:
        raise error("42P01", f'relation "{relation["relname"]}" does not exist')
    if kind_of(noun) != "m":
        raise error("42809", f'"{relation["relname"]}" is not a materialized view')
    if node.get("concurrent") and not any(i.is_unique and i.where is None for i in noun.indexes):
        hint = "Create a unique index with no WHERE clause on one or more columns of the materialized view."
        schema, name = planner.names.find(relation.get("schemaname"), relation["relname"]) or (
            "",
            "",
        )
        raise error(
            "55000", f'cannot refresh materialized view "{schema}.{name}" concurrently', hint=hint
        )
    key = planner.names.find(relation.get("schemaname"), relation["relname"])
    assert key is not None
    with atomic(session):
        session.kernel.write(f"delete from {quoted(noun.table)}")  # noqa: S608 -- quoted
        if not node.get("skipData"):
            _fill(session, key, facts_of(noun)["query"], is_view=True)
        current = session.kernel.catalog.by_id[noun.id]
        alter_noun(
            session.kernel,
            with_facts(current, is_populated=False if node.get("skipData") else None),
        )
