"""UPDATE of a partition key: the rows are taken out as they are to become, and inserted where they belong then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.dml.routed import Routed, insert_row, returning_of, written_out
from dotdo_postgres.engine.naming import split_name
from dotdo_postgres.engine.objects.descent import family_of, is_partitioned
from dotdo_postgres.engine.partitioning import keys_of
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.type_nodes import type_name
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.relations import Relation, RelationColumn
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


@dataclass(slots=True)
class Moving:
    """Takes the rows out, as they are to become; and how they are inserted."""

    taking: Prepared
    routed: Routed


def plan_moving(  # noqa: PLR0917 -- what the statement is made of
    planner: Planner,
    relation: Relation,
    node: Node,
    param_types: Sequence[Any],
    columns: Any,
    plan_delete: Callable[[Planner, Node], Prepared],
) -> Prepared:
    """Plan it; see `plan_spread`.

    Raises:
        PostgresError: assignments or keys of forms that are not done this way (0A000).
    """
    alias = node["relation"].get("alias", {}).get("aliasname", relation.name)
    values = {item["ResTarget"]["name"]: item["ResTarget"] for item in node["targetList"]}
    own = [column for column in relation.columns if column.generated is None]
    taken = [_value(column, values.get(column.name), alias) for column in own]
    delete: Node = {
        "relation": node["relation"],
        "returningList": [{"ResTarget": {"val": value}} for value in taken],
    }
    for key, there in (("fromClause", "usingClause"), ("whereClause", "whereClause")):
        if key in node:
            delete[there] = node[key]
    one = planner.session.planner(planner.sql, tuple(p.oid for p in param_types))
    one.outer, one.is_staged = planner.outer, planner.is_staged
    taking = plan_delete(one, delete)
    names = [column.name for column in own]
    returning = written_out(relation, returning_of(node), alias)
    if returning is not None and "fromClause" in node:
        raise not_supported("RETURNING of an UPDATE that moves rows, with FROM")
    routed = Routed(relation, taking, names, [], _places(planner, relation, names), node, returning)
    prepared = Prepared(columns, tuple(param_types), "UPDATE", run_moving, catalog=planner.catalog)
    prepared.detail = Moving(taking, routed)
    return prepared


def _value(column: RelationColumn, target: Node | None, alias: str) -> Node:
    """Return the new value of a column, as its type."""
    if target is None:
        fields = [{"String": {"sval": part}} for part in (alias, column.name)]
        return {"ColumnRef": {"fields": fields}}
    value = target["val"]
    if "indirection" in target or "MultiAssignRef" in value:
        raise not_supported("this assignment in an UPDATE that moves rows between partitions")
    if "SetToDefault" in value:
        if column.sequence:
            raise not_supported("a sequence in an UPDATE that moves rows between partitions")
        value = column.default or {"A_Const": {"isnull": True}}
    return {"TypeCast": {"arg": value, "typeName": type_name(t.BY_OID[column.type])}}


def _places(planner: Planner, relation: Relation, names: list[str]) -> dict[int, list[int | str]]:
    found: dict[int, list[int | str]] = {}
    for noun in family_of(planner.catalog, relation.noun):
        if is_partitioned(noun):
            keys = keys_of(noun)
            if any(key.column is None for key in keys):
                bare = split_name(noun.name)[1]
                raise not_supported(f'an update of the key of "{bare}", which is an expression')
            found[noun.id] = [names.index(str(key.column)) for key in keys]
    return found


def run_moving(
    session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
) -> Result:
    """Take the rows out and insert them again, as one statement."""
    moving: Moving = prepared.detail

    def work() -> Result:
        taken = session.run_part(moving.taking, params, wait)
        assert taken.columns is not None
        rows: list[Any] = []
        for row in taken.rows:
            rows += insert_row(session, moving.routed, taken.columns, row, wait).rows
        return Result(prepared.columns, rows, f"UPDATE {len(taken.rows)}", len(taken.rows))

    kernel = session.kernel
    return kernel.mutate(work, planned_for=prepared.catalog, wait=wait)
