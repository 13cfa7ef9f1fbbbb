"""UPDATE and DELETE of a table with descendants: one statement for each of the tables, all seeing the rows as they were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.dml.routed import returning_of, written_out
from dotdo_postgres.engine.dml.staged import keep_rows
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import (
    ancestors_of,
    family_of,
    has_children,
    is_partitioned,
    keepers_of,
)
from dotdo_postgres.engine.partitioning import keys_of
from dotdo_postgres.engine.plan import Prepared, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.relations import Relation
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


@dataclass(slots=True)
class Spread:
    """The statements for the tables of a family.

    Args:
        parts: One for each table.
        snapshots: Tables to be kept as they are at first, with the names under which the statements read them.
    """

    parts: list[Prepared]
    snapshots: dict[str, str] = field(default_factory=dict)


def has_family(planner: Planner, relation: Relation, node: Node) -> bool:
    """Tell whether a statement is for descendants of its table too."""
    return bool(node["relation"].get("inh")) and (
        has_children(planner.catalog, relation.noun) or is_partitioned(relation.noun)
    )


def plan_spread(  # noqa: PLR0917 -- what the statement is made of
    planner: Planner,
    relation: Relation,
    node: Node,
    sources: str,
    param_types: Sequence[Any],
    plan: Callable[[Planner, Node], Prepared],
    columns: Any,
) -> Prepared:
    """Plan it.

    Args:
        planner: The statement's.
        relation: The table that it names.
        node: The statement.
        sources: Where its other tables are: `fromClause` or `usingClause`.
        param_types: Types of its parameters.
        plan: Plans the statement for one table.
        columns: Its result columns.
    """
    kind = "UPDATE" if "targetList" in node else "DELETE"
    alias = node["relation"].get("alias", {}).get("aliasname", relation.name)
    others = [name for item in node.get(sources, []) if (name := _name(item))]
    returning = written_out(relation, returning_of(node), alias, others)
    spread = Spread([])
    members = keepers_of(planner.catalog, relation.noun, planner.names.temporary)
    for noun in members:
        made = {key: value for key, value in node.items() if key != "returningClause"}
        made["relation"] = _only(noun, alias)
        if returning is not None:
            made["returningList"] = returning
        one = planner.session.planner(planner.sql, tuple(p.oid for p in param_types))
        one.is_trusted = True
        one.policies_of = planner.policies_of or relation.noun
        one.outer, one.is_staged = planner.outer, planner.is_staged
        one.before = {member.name: f"_before {member.name}" for member in members}
        spread.parts.append(plan(one, made))
        spread.snapshots |= {
            read.noun.table: read.snapshot for read in one.binder_used.snapshots_read.values()
        }
    prepared = Prepared(columns, tuple(param_types), kind, run_spread, catalog=planner.catalog)
    prepared.detail = spread
    return prepared


def _name(item: Node) -> str | None:
    ((_, body),) = item.items()
    if "alias" in body:
        return str(body["alias"]["aliasname"])
    return str(body["relname"]) if "relname" in body else None


def _only(noun: Noun, alias: str) -> Node:
    schema, bare = split_name(noun.name)
    return {
        "schemaname": schema,
        "relname": bare,
        "relpersistence": "p",
        "alias": {"aliasname": alias},
    }


def changes_key(planner: Planner, relation: Relation, node: Node) -> bool:
    """Tell whether an UPDATE assigns to what a partition key is made of."""
    changed = {item["ResTarget"]["name"] for item in node["targetList"]}
    above = ancestors_of(planner.catalog, relation.noun)
    for noun in (*above, *family_of(planner.catalog, relation.noun)):
        if is_partitioned(noun):
            for key in keys_of(noun):
                if key.column in changed or (key.column is None and _reads(key.tree, changed)):
                    return True
    return False


def _reads(node: Any, names: set[str]) -> bool:
    if isinstance(node, list):
        return any(_reads(item, names) for item in node)
    if not isinstance(node, dict):
        return False
    fields = node.get("ColumnRef", {}).get("fields", [])
    if fields and fields[-1].get("String", {}).get("sval") in names:
        return True
    return any(_reads(item, names) for item in node.values())


def run_spread(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Run the statements for the tables as one."""
    spread: Spread = prepared.detail
    kernel = session.kernel

    def work() -> Result:
        for table, name in spread.snapshots.items():
            keep_rows(session, kernel.catalog.by_table[table], name)
        rows: list[Any] = []
        count = 0
        for part in spread.parts:
            result = session.run_part(part, params, wait)
            rows += result.rows
            count += result.row_count or 0
        return Result(prepared.columns, rows, f"{prepared.tag_kind} {count}", count)

    return kernel.mutate(work, planned_for=prepared.catalog, wait=wait)
