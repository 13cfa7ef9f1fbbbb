"""CREATE INDEX, DROP INDEX."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.errors import UniqueViolation
from dotdo.storage import Index, Noun, alter_noun
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.ddl.alter_table import find_table
from dotdo_postgres.engine.ddl.columns import make_object_name
from dotdo_postgres.engine.ddl.constraints import (
    index_names,
    persistent_condition,
    persistent_scope,
    refuse_uneven,
)
from dotdo_postgres.engine.ddl.create_table import define
from dotdo_postgres.engine.plan import Prepared
from dotdo_postgres.errors import PostgresError, error, not_supported

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session

Node = dict[str, Any]


def plan_index(planner: Planner, node: Node) -> Prepared:
    """Plan CREATE INDEX."""
    if node.get("accessMethod", "btree") != "btree":
        raise not_supported(f"an index of kind {node['accessMethod']}")
    if node.get("nulls_not_distinct"):
        raise not_supported("NULLS NOT DISTINCT")
    return Prepared(None, (), "CREATE INDEX", define(_create), detail=node)


def _create(session: Session, planner: Planner, node: Node) -> None:
    noun = find_table(session, planner, node["relation"], is_missing_ok=False)
    assert noun is not None
    taken = index_names(planner.catalog)
    elements = [item["IndexElem"] for item in node["indexParams"]]
    name = node.get("idxname") or _choose(taken, noun.name, elements)
    if name in taken:
        if node.get("if_not_exists"):
            session.notice("NOTICE", "42P07", f'relation "{name}" already exists, skipping')
            return
        raise error("42P07", f'relation "{name}" already exists')
    is_unique = bool(node.get("unique"))
    index = _definition(planner, noun, node, elements, name, is_unique)
    if is_unique:
        refuse_uneven(noun, tuple(term.removesuffix(" desc").strip('"') for term in index.terms))
    new = msgspec.structs.replace(noun, indexes=(*noun.indexes, index))
    try:
        alter_noun(session.kernel, new)
    except UniqueViolation:
        from dotdo_postgres.engine.constraints import duplicate_detail

        columns = tuple(term.strip('"') for term in index.terms)
        detail = (
            duplicate_detail(session, noun, columns)
            if all(e.get("name") for e in elements)
            else None
        )
        message = f'could not create unique index "{name}"'
        raise error(
            "23505", message, detail=detail, schema="public", table=noun.name, constraint=name
        ) from None


def _definition(  # noqa: PLR0917 one step for each form of the grammar
    planner: Planner, noun: Noun, node: Node, elements: list[Node], name: str, is_unique: bool
) -> Index:
    try:
        terms = tuple(_term(planner, noun, element) for element in elements)
        where = (
            persistent_condition(planner, noun, node["whereClause"])[0]
            if "whereClause" in node
            else None
        )
    except PostgresError as failure:
        if failure.sqlstate != "0A000" or is_unique:
            raise
        raise not_supported(
            "an index on an expression that SQLite cannot compute by itself"
        ) from None
    return Index(name, terms, is_unique, where)


def _choose(taken: set[str], table: str, elements: list[Node]) -> str:
    parts = []
    for element in elements:
        if "name" in element:
            parts.append(element["name"])
        elif "FuncCall" in element["expr"]:
            parts.append(element["expr"]["FuncCall"]["funcname"][-1]["String"]["sval"])
        else:
            parts.append("expr")
    number = 0
    while True:
        name = make_object_name(table, "_".join(parts), f"idx{number or ''}")
        if name not in taken:
            return name
        number += 1


def _term(planner: Planner, noun: Noun, element: Node) -> str:
    suffix = " desc" if element["ordering"] == "SORTBY_DESC" else ""
    if "name" in element:
        column = noun.column(element["name"])
        if column is None:
            raise error("42703", f'column "{element["name"]}" does not exist')
        return f'"{column.column}"{suffix}'
    binder = planner.binder()
    scope, entry = persistent_scope(planner, noun, "index expressions")
    expr = binder.known(binder.expression(element["expr"], scope))
    compiler = make_compiler(is_persistent=True)
    table_columns(compiler, entry, "")
    return f"({n.to_text(compiler.node(expr))}){suffix}"


def drop_indexes(session: Session, planner: Planner, names: list[str], is_missing_ok: bool) -> None:
    """Drop indexes.

    Raises:
        PostgresError: no such index (42704), it belongs to a constraint (2BP01).
    """
    for name in names:
        noun = next(
            (
                item
                for item in session.kernel.catalog.nouns
                if any(index.name == name for index in item.indexes)
            ),
            None,
        )
        if noun is not None:
            indexes = tuple(index for index in noun.indexes if index.name != name)
            alter_noun(session.kernel, msgspec.structs.replace(noun, indexes=indexes))
            continue
        owner = next(
            (
                item
                for item in planner.catalog.nouns
                if name in {item.key_name, *(u.name for u in item.uniques)}
            ),
            None,
        )
        if owner is not None:
            message = f"cannot drop index {name} because constraint {name} on table {owner.name} requires it"
            hint = f"You can drop constraint {name} on table {owner.name} instead."
            raise error("2BP01", message, hint=hint)
        if planner.catalog.noun(name) is not None:
            hint = "Use DROP TABLE to remove a table."
            raise error("42809", f'"{name}" is not an index', hint=hint)
        if not is_missing_ok:
            raise error("42704", f'index "{name}" does not exist')
        session.notice("NOTICE", "00000", f'index "{name}" does not exist, skipping')
