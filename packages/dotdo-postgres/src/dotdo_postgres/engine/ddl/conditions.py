"""Conditions of checks: compiled for SQLite, written anew when a column changes its name or type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dotdo.storage import Check, Noun
from dotdo_postgres.engine import ir
from dotdo_postgres.engine.catalog.expressions import expression_text, parse_expression
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.ddl.scopes import persistent_scope
from dotdo_postgres.engine.relations import EXTRA
from dotdo_postgres.engine.stored import storable_text
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.planner import Planner

Node = dict[str, Any]


def rebound_checks(planner: Planner, noun: Noun, physical_name: str) -> Noun:
    """Compile the checks that read a column again, after its type has changed."""
    made = []
    for check in noun.checks:
        if f'"{physical_name}"' in check.sql and check.source:
            tree = parse_expression(check.source)
            text, _ = persistent_condition(planner, noun, tree)
            source = expression_text(planner.names, noun, tree, is_boolean=True)
            made.append(Check(check.name, text, source))
        else:
            made.append(check)
    return msgspec.structs.replace(noun, checks=tuple(made))


def renamed_in_checks(planner: Planner, noun: Noun, old: str, new: str) -> Noun:
    """Write the sources of checks and generated columns with a column's new name."""
    checks = tuple(
        msgspec.structs.replace(
            c, source=renamed_text(planner, noun, c.source, old, new, is_boolean=True)
        )
        if c.source
        else c
        for c in noun.checks
    )
    columns = []
    for column in noun.columns:
        facts = column.extra.get(EXTRA, {})
        if facts.get("generated"):
            text = renamed_text(planner, noun, facts["generated"], old, new, is_boolean=False)
            column = msgspec.structs.replace(  # noqa: PLW2901 -- the column as it becomes
                column, extra={**column.extra, EXTRA: facts | {"generated": text}}
            )
        columns.append(column)
    return msgspec.structs.replace(noun, checks=checks, columns=tuple(columns))


def renamed_text(
    planner: Planner, noun: Noun, text: str, old: str, new: str, *, is_boolean: bool
) -> str:
    """Write a stored expression with a column's new name."""
    tree = parse_expression(text)
    _rename(tree, old, new)
    return expression_text(planner.names, noun, tree, is_boolean=is_boolean)


def _rename(node: Any, old: str, new: str) -> None:
    if isinstance(node, list):
        for item in node:
            _rename(item, old, new)
    elif isinstance(node, dict):
        fields = node.get("ColumnRef", {}).get("fields", [])
        if fields and fields[-1].get("String", {}).get("sval") == old:
            fields[-1]["String"]["sval"] = new
        for item in node.values():
            _rename(item, old, new)


def persistent_condition(planner: Planner, noun: Noun, node: Node) -> tuple[str, list[str]]:
    """Compile a condition that SQLite evaluates by itself; return its text and the columns it names."""
    binder = planner.binder()
    scope, entry = persistent_scope(noun, "CHECK")
    expr = binder.boolean(node, scope, "CHECK")
    compiler = make_compiler(is_persistent=True)
    table_columns(compiler, entry, "")
    text = storable_text(compiler, compiler.node(expr))
    used: list[str] = []

    def walk(item: ir.Expr) -> None:
        if isinstance(item, ir.Subquery):
            raise error("0A000", "cannot use subquery in check constraint", position=item.location)
        if isinstance(item, ir.Column):
            name = item.entry.columns[item.index].name
            if name not in used:
                used.append(name)
        for child in ir.children(item):
            walk(child)

    walk(expr)
    return text, used
