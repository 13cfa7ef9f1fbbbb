"""Rows held against the checks of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo.storage.names import quoted
from dotdo_postgres.engine.bind.domains import value_scope
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.make import make_compiler
from dotdo_postgres.engine.dml.assign import read_column
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.relations import relation_of

if TYPE_CHECKING:
    from dotdo.storage import Column, Noun
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.session import Session


def broken_check(
    session: Session, planner: Planner, table: Noun, column: Column, domain: Noun
) -> bool:
    """Tell whether a value of a column breaks a check of a domain."""
    facts = facts_of(domain)
    relation_column = relation_of(table).column(column.name)
    assert relation_column is not None
    for check in facts["checks"]:
        binder = planner.binder()
        scope = value_scope(facts["base"], facts["typmod"])
        expr = binder.boolean(check["tree"], scope, "CHECK")
        compiler = make_compiler()
        compiler.columns[id(scope.entries[0]), 0] = read_column(
            n.bare_column(column.column), relation_column
        )
        text = n.to_text(compiler.node(expr))
        session.register(tuple(compiler.python_calls.values()))
        if session.kernel.read(f"select 1 from {quoted(table.table)} where not ({text}) limit 1"):  # noqa: S608 -- compiled
            return True
    return False
