"""Stored expressions of definitions: bound again from what is kept, and written as PostgreSQL shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.make import make_binder
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.catalog.deparse import Deparser
from dotdo_postgres.engine.catalog.query_text import expression_shown
from dotdo_postgres.engine.naming import quote_ident
from dotdo_postgres.engine.relations import relation_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine import ir
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.objects.tables import TableColumn

Node = dict[str, Any]


def showing_binder(names: Names) -> Binder:
    """Return a binder that keeps casts as they are, for expressions that are only shown."""
    binder = make_binder(names)
    binder.coercer.keeps_casts = True
    return binder


def table_scope(noun: Noun, clause: str) -> Scope:
    """Return a scope over the columns of one table."""
    from dotdo_postgres.engine.bind.from_items import scope_item, table_entry

    relation = relation_of(noun)
    entry = table_entry(relation, relation.name)
    return Scope(items=[scope_item(entry)], clause=clause, entries=[entry])


def expression_text(
    names: Names, noun: Noun, node: Node, *, is_boolean: bool, is_pretty: bool = False
) -> str:
    """Write an expression over a table's columns."""
    binder = showing_binder(names)
    scope = table_scope(noun, "CHECK")
    expr = (
        binder.boolean(node, scope, "CHECK")
        if is_boolean
        else binder.known(binder.expression(node, scope))
    )
    return expression_shown(names, expr, scope.entries, is_pretty=is_pretty)


def parse_expression(text: str) -> Node:
    """Read an expression that was written here."""
    from dotdo_postgres.engine.parse import parse

    ((statement,),) = [parse(f"select {text}")]
    node: Node = statement["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
    return node


def key_text(text: str, *, is_alone: bool = False) -> str:
    """Write an expression as a part of a key: all but calls stand in parentheses."""
    rest = text.rpartition(")")[2]
    is_call = text.endswith(")") and not text.startswith("(") and "::" not in rest
    return text if is_call or (is_alone and text.startswith("(")) else f"({text})"


def shown_again(names: Names, noun: Noun, text: str, *, is_boolean: bool, is_pretty: bool) -> str:
    """Return a stored text in the form asked for."""
    if not is_pretty:
        return text
    return expression_text(
        names, noun, parse_expression(text), is_boolean=is_boolean, is_pretty=True
    )


def default_text(names: Names, column: TableColumn, node: Node, *, is_pretty: bool = False) -> str:
    """Write a column's default."""
    binder = showing_binder(names)
    expr: ir.Expr = binder.expression(node, Scope(clause="DEFAULT"))
    if expr.type == t.UNKNOWN:
        expr = binder.coercer.coerce(expr, column.type)
    return Deparser(is_pretty=is_pretty).shown(expr)


def sequence_default(schema: str, name: str) -> str:
    """Write the default of a serial column."""
    shown = (
        quote_ident(name) if schema == "public" else f"{quote_ident(schema)}.{quote_ident(name)}"
    )
    return "nextval('" + shown.replace("'", "''") + "'::regclass)"
