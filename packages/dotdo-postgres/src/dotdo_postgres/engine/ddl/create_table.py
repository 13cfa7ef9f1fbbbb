"""CREATE TABLE: a noun of layout `columns`."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo.errors import AlreadyExists
from dotdo.storage import Column, Noun, create_noun
from dotdo.storage.names import physical_column, physical_table
from dotdo_postgres.engine.ddl.columns import make_column
from dotdo_postgres.engine.ddl.constraints import add_constraint, index_names
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.planner import Planner
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


def define(act: Any) -> Any:
    """Make the way of running a definition: planned anew on the catalog of the moment, then acted on."""

    def run(
        session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
    ) -> Result:
        planner = Planner(session.kernel.catalog, (), session.facts.zone, "", session)
        act(session, planner, prepared.detail)
        return Result(None, [], prepared.tag_kind)

    return run


def plan_create_table(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE TABLE."""
    for key, what in (
        ("inhRelations", "INHERITS"),
        ("partspec", "PARTITION BY"),
        ("ofTypename", "OF type"),
    ):
        if key in node:
            raise not_supported(what)
    if node["relation"].get("relpersistence") == "t":
        raise not_supported("a temporary table")
    if not node.get("if_not_exists") or planner.catalog.noun(node["relation"]["relname"]) is None:
        _definition(planner, node)
    return Prepared(None, (), "CREATE TABLE", define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    name = node["relation"]["relname"]
    if planner.catalog.noun(name) is not None:
        if node.get("if_not_exists"):
            session.notice("NOTICE", "42P07", f'relation "{name}" already exists, skipping')
            return
        raise error("42P07", f'relation "{name}" already exists')
    try:
        create_noun(session.kernel, _definition(planner, node))
    except AlreadyExists:
        raise error("42P07", f'relation "{name}" already exists') from None


def _definition(planner: Planner, node: Node) -> Noun:
    relation = node["relation"]
    name = relation["relname"]
    if relation.get("schemaname") not in {None, "public"}:
        raise error(
            "3F000",
            f'schema "{relation["schemaname"]}" does not exist',
            position=relation.get("location"),
        )
    elements = node.get("tableElts", [])
    columns: list[Column] = []
    taken: set[str] = set()
    for element in elements:
        definition = element.get("ColumnDef")
        if definition is None:
            continue
        if any(column.name == definition["colname"] for column in columns):
            raise error("42701", f'column "{definition["colname"]}" specified more than once')
        physical = physical_column(definition["colname"], taken)
        taken.add(physical.lower())
        columns.append(make_column(planner, name, definition, physical, len(columns) + 1))
    if any(key not in {"ColumnDef", "Constraint"} for element in elements for key in element):
        raise not_supported("LIKE in CREATE TABLE")
    table = physical_table(name, {noun.table.lower() for noun in planner.catalog.by_name.values()})
    noun = Noun(0, name, "columns", table, tuple(columns))
    relations = index_names(planner.catalog) | {name}
    constraints = [(item["Constraint"], None) for item in elements if "Constraint" in item]
    for element in elements:
        definition = element.get("ColumnDef", {})
        constraints += [
            (item["Constraint"], definition["colname"])
            for item in merged(definition.get("constraints", []))
        ]
    order = {"CONSTR_PRIMARY": 0, "CONSTR_UNIQUE": 1, "CONSTR_CHECK": 2, "CONSTR_FOREIGN": 3}
    for constraint, column in sorted(
        constraints, key=lambda pair: order.get(pair[0]["contype"], 9)
    ):
        noun = add_constraint(planner, noun, constraint, column, relations)
    return noun


def merged(constraints: list[Node]) -> list[Node]:
    """Fold DEFERRABLE and INITIALLY DEFERRED, which the grammar gives as items of their own, into what they follow."""
    found: list[Node] = []
    for item in constraints:
        kind = item["Constraint"]["contype"]
        if kind == "CONSTR_ATTR_DEFERRABLE" and found:
            found[-1]["Constraint"]["deferrable"] = True
        elif kind == "CONSTR_ATTR_DEFERRED" and found:
            found[-1]["Constraint"] |= {"initdeferred": True, "deferrable": True}
        elif not kind.startswith("CONSTR_ATTR_"):
            found.append({"Constraint": dict(item["Constraint"])})
    return found
