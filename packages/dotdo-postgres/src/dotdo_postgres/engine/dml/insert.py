"""INSERT: which columns it names, and which way it is planned: in bulk, routed, plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.policies import is_guarded
from dotdo_postgres.engine.bind.queries import bind_with
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.security import INSERT, require_privilege
from dotdo_postgres.engine.dml.bulk import plan_bulk
from dotdo_postgres.engine.dml.insertion import Insertion
from dotdo_postgres.engine.dml.routed import returning_of
from dotdo_postgres.engine.dml.sourced import is_unsteady, plan_sourced
from dotdo_postgres.engine.dml.targets import resolve_target
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.objects.descent import is_partitioned
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.updatable import Target
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.relations import Relation, RelationColumn

Node = dict[str, Any]


def plan_insert(planner: Planner, node: Node) -> Prepared:
    """Plan INSERT."""
    triggered: Prepared | None = planner.session.trigger_plans.insert(planner, node)
    if triggered is not None:
        return triggered
    if mentions(returning_of(node), "xmax"):
        return planner.session.trigger_plans.upsert(planner, node)
    binder = planner.binder()
    target = resolve_target(binder, node["relation"], INSERT)
    relation = target.relation
    node = gathered(node)
    columns = target_columns(relation, node.get("cols"), target)
    if not target.is_view:
        require_privilege(binder, relation.noun, INSERT, [column.name for column in columns])
    is_routed = is_partitioned(relation.noun)
    is_plain = not (is_routed or planner.is_staged or is_documents(relation.noun))
    is_slow = not is_plain or target.is_view or is_guarded(binder, relation.noun)
    bulk = None if is_slow else plan_bulk(planner, binder, relation, columns, node)
    if bulk is not None:
        return bulk
    scope = Scope(parent=planner.outer)
    ctes = bind_with(binder, node.get("withClause"), scope)
    if is_routed and target.is_view:
        raise not_supported("writing through a view of a partitioned table")
    insert = Insertion(planner, binder, target, columns, node, scope, ctes)
    insert.bind()
    if is_routed:
        return insert.routed()
    made = insert.build(is_wide=False)
    if insert.query is not None and is_unsteady(made):
        made = plan_sourced(insert)
    return planner.session.trigger_plans.calling(planner, node, "INSERT", made)


def mentions(node: object, name: str) -> bool:
    """Tell whether a column of a name is read anywhere in a parse tree."""
    if isinstance(node, list):
        return any(mentions(item, name) for item in node)
    if not isinstance(node, dict):
        return False
    fields = node.get("ColumnRef", {}).get("fields", [])
    if fields and fields[-1].get("String", {}).get("sval") == name:
        return True
    return any(mentions(value, name) for value in node.values())


def gathered(node: Node) -> Node:
    """Put assignments to parts of one column, `insert into t (a[1], a[2], c.x)`, together.

    Raises:
        PostgresError: the rows come from a query (0A000).
    """
    targets = [item["ResTarget"] for item in node.get("cols", [])]
    if not any("indirection" in target for target in targets):
        return node
    source = node.get("selectStmt", {}).get("SelectStmt", {})
    if "valuesLists" not in source:
        raise not_supported("assignment to a part of a column out of a query")
    names = list(dict.fromkeys(target["name"] for target in targets))
    lists = []
    for item in source["valuesLists"]:
        cells: dict[str, Node] = {}
        for target, cell in zip(targets, item["List"]["items"], strict=False):
            if "indirection" in target:
                parts = cells.setdefault(target["name"], {"Parts": []})
                parts["Parts"].append((target["indirection"], cell))
            else:
                cells[target["name"]] = cell
        lists.append({"List": {"items": [cells[name] for name in names if name in cells]}})
    whole = {**source, "valuesLists": lists}
    cols = [{"ResTarget": {"name": name}} for name in names]
    return {**node, "cols": cols, "selectStmt": {"SelectStmt": whole}}


def target_columns(
    relation: Relation, nodes: list[Node] | None, into: Target | None = None
) -> list[RelationColumn]:
    """Return the columns an INSERT names, all of them by default.

    Raises:
        PostgresError: no such column (42703), named twice (42701).
    """
    if nodes is None and into is not None and into.is_view:
        nodes = [{"ResTarget": {"name": name}} for name in into.columns]
    if nodes is None:
        return list(relation.columns)
    found: list[RelationColumn] = []
    for item in nodes:
        target = item["ResTarget"]
        name, location = target["name"], target.get("location", 0)
        column = relation.column(name) if into is None else into.column(name, INSERT, location)
        if column is None:
            label = relation.name if into is None else into.name
            message = f'column "{name}" of relation "{label}" does not exist'
            raise error("42703", message, position=target.get("location", 0))
        if column in found:
            raise error(
                "42701",
                f'column "{column.name}" specified more than once',
                position=target.get("location", 0),
            )
        found.append(column)
    return found
