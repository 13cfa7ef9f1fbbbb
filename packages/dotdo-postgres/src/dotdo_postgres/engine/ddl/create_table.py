"""CREATE TABLE: a noun of layout `columns`."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.errors import AlreadyExists
from dotdo.storage import Column, Noun
from dotdo.storage.names import physical_column, physical_table
from dotdo_postgres.engine.ddl.columns import make_column
from dotdo_postgres.engine.ddl.constraints import add_constraint
from dotdo_postgres.engine.ddl.definitions import create_owned, with_facts
from dotdo_postgres.engine.ddl.descendants import (
    cloned_indexes,
    cloned_keys,
    require_partition_key,
)
from dotdo_postgres.engine.ddl.inheriting import as_descendant, parents_named, with_inherited
from dotdo_postgres.engine.ddl.likes import with_likes
from dotdo_postgres.engine.ddl.partitions import (
    partition_facts,
    read_bound,
    require_default_free,
    require_free,
    with_condition,
)
from dotdo_postgres.engine.ddl.soundness import (
    listed_constraints,
    require_sound,
    without_repeated_keys,
)
from dotdo_postgres.engine.ddl.steps import atomic
from dotdo_postgres.engine.ddl.temporary import begin_using, settle
from dotdo_postgres.engine.naming import noun_name
from dotdo_postgres.engine.objects.descent import DEFAULT
from dotdo_postgres.engine.objects.temporary import is_temporary, on_commit_of
from dotdo_postgres.engine.plan import Prepared, Result
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.errors import error, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


def define(act: Any) -> Any:
    """Make the way of running a definition: planned anew on the catalog of the moment, then acted on."""

    def run(
        session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
    ) -> Result:
        with atomic(session):
            act(session, session.planner(prepared.source[0]), prepared.detail)
            if session.has_on_commit and session.is_idle:
                settle(session)
        return Result(None, [], prepared.tag_kind)

    return run


def plan_create_table(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE TABLE."""
    if "ofTypename" in node:
        raise not_supported("OF type")
    on_commit_of(node)
    key_wanted = planner.names.key_to_create(node["relation"])
    is_there = key_wanted[1] in planner.names.taken(key_wanted[0])
    if not is_there:
        _definition(planner, node, _parents(planner, node))
    elif not node.get("if_not_exists"):
        require_sound(planner, node)
    return Prepared(None, (), "CREATE TABLE", define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    schema, name = planner.names.key_to_create(node["relation"])
    if name in planner.names.taken(schema):
        if node.get("if_not_exists"):
            session.notice("NOTICE", "42P07", f'relation "{name}" already exists, skipping')
            return
        require_sound(planner, node)
        raise error("42P07", f'relation "{name}" already exists')
    on_commit = on_commit_of(node)
    if is_temporary(schema):
        begin_using(session, on_commit)
    parents = _parents(planner, node)
    bound = None
    if "partbound" in node:
        bound = read_bound(session, parents[0], node["partbound"], name)
        require_free(session, parents[0], bound, name)
    noun = _definition(planner, node, parents, session)
    if parents:
        elements = (element.get("ColumnDef") for element in node.get("tableElts", []))
        own = {one["colname"] for one in elements if one and "typeName" in one}
        noun = as_descendant(noun, parents, own, bound)
    if bound is not None:
        noun = with_condition(session, noun)
        noun = cloned_indexes(parents[0], noun, planner.names.taken(schema))
    try:
        create_owned(session, with_facts(noun, on_commit=on_commit))
    except AlreadyExists:
        raise error("42P07", f'relation "{name}" already exists') from None
    if bound is not None and bound["kind"] != DEFAULT:
        require_default_free(session, parents[0], bound)


def _parents(planner: Planner, node: Node) -> list[Noun]:
    if "inhRelations" not in node:
        return []
    if "partspec" in node and "partbound" not in node:
        raise error("42P16", "cannot create partitioned table as inheritance child")
    return parents_named(planner, node, is_partition="partbound" in node)


def _definition(
    planner: Planner, node: Node, parents: list[Noun], session: Session | None = None
) -> Noun:
    key = planner.names.key_to_create(node["relation"])
    name = noun_name(*key)
    table = physical_table(name, {noun.table.lower() for noun in planner.catalog.by_name.values()})
    noun = Noun(0, name, "columns", table, (), extra=_options(node))
    require_sound(planner, node)
    elements, noun = with_likes(planner, noun, node.get("tableElts", []))
    is_partition = "partbound" in node
    if parents:
        elements = with_inherited(session, parents, elements, is_partition=is_partition)
    if is_partition:
        elements = [*elements, *cloned_keys(parents[0], planner.catalog)]
    noun = _with_columns(planner, noun, elements)
    if "partspec" in node:
        noun = with_facts(noun, partition=partition_facts(planner, noun, node["partspec"]))
    relations = planner.names.taken(key[0]) | {key[1]} | _sequences(noun)
    constraints = without_repeated_keys(listed_constraints(elements))
    order = {"CONSTR_PRIMARY": 0, "CONSTR_UNIQUE": 1, "CONSTR_CHECK": 2, "CONSTR_FOREIGN": 3}
    for constraint, column in sorted(
        constraints, key=lambda pair: order.get(pair[0]["contype"], 9)
    ):
        noun = add_constraint(planner, noun, constraint, column, relations)
    require_partition_key(noun)
    return noun


def _sequences(noun: Noun) -> set[str]:
    found = (column.extra.get(EXTRA, {}).get("sequence") for column in noun.columns)
    return {name for name in found if name}


def _options(node: Node) -> Any:
    """Keep storage parameters, which tell PostgreSQL how to lay a table out, to be shown."""
    found = {}
    for item in node.get("options", []):
        element = item["DefElem"]
        ((_, body),) = element.get("arg", {"String": {"sval": "true"}}).items()
        found[element["defname"]] = str(next(iter(body.values()), 0))
    return {EXTRA: {"options": found}} if found else {}


def _with_columns(planner: Planner, noun: Noun, elements: list[Node]) -> Noun:
    """Add the columns: generated ones after those they read."""
    definitions = [element["ColumnDef"] for element in elements if "ColumnDef" in element]
    if any(key not in {"ColumnDef", "Constraint"} for element in elements for key in element):
        raise not_supported("this element of a table")
    names = [definition["colname"] for definition in definitions]
    taken: set[str] = set()
    physical = {}
    for name in names:
        physical[name] = physical_column(name, taken)
        taken.add(physical[name].lower())
    made: dict[str, Column] = {}
    for definition in sorted(definitions, key=_is_generated):
        name = definition["colname"]
        column = make_column(planner, noun, definition, physical[name], names.index(name) + 1)
        made[name] = column
        noun = msgspec.structs.replace(noun, columns=(*noun.columns, column))
    return msgspec.structs.replace(noun, columns=tuple(made[name] for name in names))


def _is_generated(definition: Node) -> bool:
    return any(
        item["Constraint"]["contype"] == "CONSTR_GENERATED"
        for item in definition.get("constraints", [])
    )
