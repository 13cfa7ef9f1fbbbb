"""RETURNING lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.select import bind_targets
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.from_items import table_columns
from dotdo_postgres.engine.objects.descent import family_of
from dotdo_postgres.errors import not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.scope import Scope
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.plan import Execute, Prepared, Result, ResultColumn
    from dotdo_postgres.engine.planner import Planner
    from dotdo_postgres.engine.query import Entry, Target
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue

Node = dict[str, Any]


def bind_returning(binder: Binder, node: Node, scope: Scope, noun: Noun) -> list[Target] | None:
    """Bind RETURNING; None when there is none. Its subqueries read the table written to as it was before."""
    listed = node.get("returningList")
    if listed is None and "returningClause" in node:
        clause = node["returningClause"]
        if clause.get("options"):
            raise not_supported("RETURNING WITH")
        listed = clause["exprs"]
    if listed is None:
        return None
    scope.clause = "RETURNING"
    family = family_of(binder.names.catalog, noun)
    known = binder.snapshots
    binder.snapshots = {one.name: f"_before {one.name}" for one in family} | known
    targets = bind_targets(binder, listed, scope)
    binder.snapshots = known
    for target in targets:
        target.expr = binder.known(target.expr)
        target.column.type = target.expr.type
    return targets


def compile_returning(
    planner: Planner, compiler: Compiler, node: Any, targets: list[Target] | None, entry: Entry
) -> tuple[ResultColumn, ...] | None:
    """Give a statement its RETURNING clause; return the result columns."""
    if targets is None:
        return None
    for target in targets:
        refuse_others(target.expr, entry)
    table_columns(compiler, entry, entry.relation.noun.table if entry.relation else "")
    forms = [compiler.expression(target.expr) for target in targets]
    listed = [n.aliased(form.node, f"c{at}") for at, form in enumerate(forms)]
    node.set("returning", exp.Returning(expressions=listed))
    return planner.result_columns([target.column for target in targets], forms)


def add_row_check(
    compiler: Compiler, node: Any, check: ir.Expr | None, entry: Entry, run: Execute
) -> Execute:
    """Let a statement hold each written row against an expression that fails; return the way of running it.

    The expression is one term more of RETURNING, which SQLite evaluates as rows are written; it is not shown.
    """
    if check is None:
        return run
    table_columns(compiler, entry, entry.relation.noun.table if entry.relation else "")
    returning = node.args.get("returning") or exp.Returning(expressions=[])
    returning.append("expressions", n.aliased(compiler.node(check), "row_check"))
    node.set("returning", returning)

    def run_checked(
        session: Session, prepared: Prepared, params: Sequence[StorageValue], wait: bool
    ) -> Result:
        result = run(session, prepared, params, wait)
        result.rows = [row[:-1] for row in result.rows]
        return result

    return run_checked


def refuse_others(expr: ir.Expr, entry: Entry) -> None:
    """Refuse columns of other tables: SQLite's RETURNING sees only the changed row."""
    if isinstance(expr, ir.Column) and expr.entry is not entry:
        raise not_supported("a column of another table in RETURNING", expr.location)
    for child in ir.children(expr):
        refuse_others(child, entry)
