"""What a statement was about to write to documents, for details of errors: their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.dml.documents import stored_key
from dotdo_postgres.engine.run.probe import Probe, make_probe

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.relations import Relation, RelationColumn


def key_probe(
    compiler: Compiler, relation: Relation, source: Any, columns: list[RelationColumn]
) -> Probe:
    """Make a query for the ids that were to be inserted of one for all that was."""
    alias = compiler.alias()
    at = next((at for at, column in enumerate(columns, 1) if column.physical == "id"), None)
    if isinstance(source, exp.Select):
        cells = [n.aliased(cell, f"column{i}") for i, cell in enumerate(source.expressions, 1)]
        source.set("expressions", cells)
    key = (
        n.null()
        if at is None
        else stored_key(compiler, relation.noun, n.column(alias, f"column{at}"))
    )
    select: Any = exp.Select(expressions=[key])
    select.set("from_", exp.From(this=n.subquery(source, alias)))
    return make_probe(compiler, select, [relation.columns[0]])
