"""ON CONFLICT: the constraint meant, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.bind.from_items import scope_item, table_entry
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.dml.assign import assigned_cells, guarded, storage_node
from dotdo_postgres.engine.dml.update import bind_assignments
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.query import Entry
    from dotdo_postgres.engine.relations import Relation, RelationColumn

Node = dict[str, Any]


@dataclass(slots=True)
class Conflict:
    """A bound ON CONFLICT clause.

    Args:
        columns: Physical columns of the constraint meant; empty for any.
        assignments: SET of DO UPDATE; None for DO NOTHING.
        where: Condition of DO UPDATE.
        existing: Entry of the table.
        excluded: Entry of the row that was to be inserted.
    """

    columns: tuple[str, ...]
    assignments: list[tuple[RelationColumn, ir.Expr]] | None
    where: ir.Expr | None
    existing: Entry
    excluded: Entry


def bind_conflict(
    binder: Binder,
    relation: Relation,
    existing: Entry,
    node: Node | None,
    outer: Scope | None = None,
) -> Conflict | None:
    """Bind ON CONFLICT; None when there is none.

    Raises:
        PostgresError: no such constraint (42704), none that matches (42P10), a constraint is needed (42601).
    """
    if node is None:
        return None
    columns = _arbiter(relation, node.get("infer"))
    excluded = table_entry(relation, "excluded")
    if node["action"] == "ONCONFLICT_NOTHING":
        return Conflict(columns, None, None, existing, excluded)
    if not columns:
        hint = "For example, ON CONFLICT (column_name)."
        message = "ON CONFLICT DO UPDATE requires inference specification or constraint name"
        raise error("42601", message, hint=hint, position=node.get("location", 0))
    scope = Scope(
        parent=outer,
        items=[scope_item(existing), scope_item(excluded)],
        entries=[existing, excluded],
        clause="UPDATE",
    )
    assignments = bind_assignments(binder, relation, node["targetList"], scope)
    where = binder.boolean(node["whereClause"], scope, "WHERE") if "whereClause" in node else None
    return Conflict(columns, assignments, where, existing, excluded)


def _arbiter(relation: Relation, infer: Node | None) -> tuple[str, ...]:  # noqa: C901 one step for each form of the grammar
    if infer is None:
        return ()
    noun = relation.noun
    if "conname" in infer:
        name = infer["conname"]
        if name == noun.key_name and noun.key:
            return noun.key
        for unique in noun.uniques:
            if unique.name == name:
                return unique.columns
        raise error("42704", f'constraint "{name}" for table "{relation.name}" does not exist')
    if "whereClause" in infer:
        raise not_supported("ON CONFLICT with a condition on the index")
    columns = []
    for item in infer["indexElems"]:
        element = item["IndexElem"]
        if "name" not in element:
            raise not_supported("ON CONFLICT on an expression")
        column = relation.column(element["name"])
        if column is None:
            raise error(
                "42703",
                f'column "{element["name"]}" does not exist',
                position=infer.get("location"),
            )
        columns.append(column.physical)
    wanted = set(columns)
    keys = [noun.key, *(unique.columns for unique in noun.uniques)]
    keys += [
        tuple(term.strip('"') for term in index.terms)
        for index in noun.indexes
        if index.is_unique and index.where is None
    ]
    for key in keys:
        if key and set(key) == wanted:
            return key
    raise error(
        "42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification"
    )


def compile_conflict(compiler: Compiler, conflict: Conflict, relation: Relation) -> Any:
    """Write ON CONFLICT; over what has a second index for equal values, a clause for each of the two."""
    keys = [n.name(name) for name in conflict.columns] or None
    made = _clause(compiler, conflict, relation, keys)
    unscaled = {c.physical for c in relation.columns if c.type == t.NUMERIC and c.scale is None}
    if keys is None or not unscaled & set(conflict.columns):
        return made
    even: list[n.Node] = [
        numerics.key(n.bare_column(name)) if name in unscaled else n.name(name)
        for name in conflict.columns
    ]
    return n.Clauses(expressions=[_clause(compiler, conflict, relation, even), made])


def _clause(
    compiler: Compiler, conflict: Conflict, relation: Relation, keys: Sequence[n.Node] | None
) -> Any:
    if conflict.assignments is None:
        return exp.OnConflict(conflict_keys=keys, action=exp.Var(this="DO NOTHING"))
    table_columns(compiler, conflict.existing, relation.noun.table)
    table_columns(compiler, conflict.excluded, "excluded")
    noun = relation.noun
    cells = [
        (
            column,
            guarded(
                compiler, storage_node(compiler, compiler.expression(expr), column), column, noun
            ),
        )
        for column, expr in conflict.assignments
    ]
    settings = assigned_cells(compiler, noun, noun.table, cells)
    made = exp.OnConflict(
        conflict_keys=keys, action=exp.Var(this="DO UPDATE"), expressions=settings
    )
    if conflict.where is not None:
        made.set("where", exp.Where(this=compiler.node(conflict.where)))
    return made
