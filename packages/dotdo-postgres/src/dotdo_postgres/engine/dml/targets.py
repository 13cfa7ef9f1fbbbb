"""What INSERT, UPDATE and DELETE write to: a table, or the table behind a view."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.from_items import scope_item, table_entry
from dotdo_postgres.engine.bind.relations import find_relation
from dotdo_postgres.engine.bind.security import readable_columns
from dotdo_postgres.engine.bind.updatable import Target, check_option, table_target, view_target
from dotdo_postgres.engine.bind.views import view_entry
from dotdo_postgres.engine.objects.kept import kind_of
from dotdo_postgres.engine.relations import Relation
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.relations import RelationColumn

Node = dict[str, Any]


def resolve_target(binder: Binder, node: Node, command: str) -> Target:
    """Resolve what a statement writes to.

    Args:
        binder: The statement's.
        node: The RangeVar.
        command: `a`dd, `w`rite or `d`elete.

    Raises:
        PostgresError: no such relation (42P01), one that cannot be written (42809, 55000).
    """
    alias = node.get("alias", {}).get("aliasname", node["relname"])
    found = find_relation(binder, node)
    if not isinstance(found, Relation):
        return view_target(binder, found, alias, command)
    relation = binder.relation(node)
    entry = table_entry(relation, alias)
    entry.readable = readable_columns(binder, relation.noun)
    return table_target(relation, entry, scope_item(entry))


def target_of(binder: Binder, relation: Relation, node: Node) -> Target:
    """Return a table, or a view whose triggers do the writing, as what a statement writes to."""
    alias = node.get("alias", {}).get("aliasname", node["relname"])
    if kind_of(relation.noun) != "v":
        entry = table_entry(relation, alias)
    else:
        entry = view_entry(binder, relation.noun, alias)
        entry.relation = relation
    entry.readable = readable_columns(binder, relation.noun)
    return table_target(relation, entry, scope_item(entry))


def with_default(target: Target, column: RelationColumn) -> RelationColumn:
    """Return a column with the default that the view has for it."""
    if column.name not in target.defaults:
        return column
    return replace(column, default=target.defaults[column.name], sequence=None)


def joined_check(first: ir.Expr | None, target: Target) -> ir.Expr | None:
    """Add what the view asks of new rows to what policies ask."""
    second = check_option(target)
    if first is None or second is None:
        return first or second
    return ir.Bool(t.BOOL, -1, -1, "and", [first, second])
