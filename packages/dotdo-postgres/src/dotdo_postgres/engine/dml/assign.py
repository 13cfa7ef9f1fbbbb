"""Assignment of values to columns: casts, type modifiers, and the form the column keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.domains import as_domain
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.coercion import can_coerce
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile import numerics
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.dml.documents import changed
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.objects.grantable import of_sequence
from dotdo_postgres.engine.objects.search_path import split_qualified
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.query import Query
    from dotdo_postgres.engine.relations import RelationColumn


def assign(binder: Binder, expr: ir.Expr, column: RelationColumn, what: str = "") -> ir.Expr:
    """Cast an expression to a column's type by assignment.

    Raises:
        PostgresError: no such cast (42804).
    """
    if not can_coerce(expr.type, column.type, "assignment"):
        shown = t.format_type(expr.type)
        message = f'column "{column.name}" is of type {t.format_type(column.type)} but {what or ""}expression is of type {shown}'
        if what == "default":
            message = f'column "{column.name}" is of type {t.format_type(column.type)} but default expression is of type {shown}'
        raise error(
            "42804",
            message,
            hint="You will need to rewrite or cast the expression.",
            position=expr.location,
        )
    found = binder.coercer.coerce(expr, column.type, column.typmod, "assignment")
    return as_domain(binder, found, column.domain) if column.domain else found


def _require_sequence(binder: Binder, name: str) -> None:
    """See that the acting role may draw numbers.

    Raises:
        PostgresError: it may not (42501).
    """
    actor = binder.names.actor
    if actor.is_superuser or binder.is_trusted:
        return
    schema, bare = split_qualified(name)
    sequence = binder.names.sequence(schema, bare)
    if sequence is None:
        return
    target = of_sequence(sequence)
    if not (actor.holds(target, "USAGE") or actor.holds(target, "UPDATE")):
        raise error("42501", f"permission denied for sequence {sequence.key[1]}")


def default_expression(binder: Binder, column: RelationColumn) -> ir.Expr:
    """Return what a column gets when nothing is given."""
    if column.sequence:
        if not column.identity:
            _require_sequence(binder, column.sequence)
        return ir.SessionValue(t.INT8, -1, -1, "nextval", column.sequence)
    if column.default is None:
        nothing: ir.Expr = ir.Const(column.type, column.typmod, -1, None)
        return as_domain(binder, nothing, column.domain) if column.domain else nothing
    default: Any = column.default
    expr = assign(binder, binder.expression(default, Scope(clause="DEFAULT")), column, "default")
    _forget_places(expr)
    return expr


def _forget_places(expr: ir.Expr) -> None:
    expr.location = -1
    for child in ir.children(expr):
        _forget_places(child)


def storage_node(compiler: Compiler, sql: Sql, column: RelationColumn) -> n.Node:
    """Write a value in the form its column keeps."""
    if sql.is_null:
        return sql.node
    if column.type == t.JSONB:
        return n.call("jsonb", sql.node)
    if column.type != t.NUMERIC:
        return sql.node
    if column.scale is None:
        return numerics.widened(compiler, sql).node
    if sql.scale is not None and sql.scale <= column.scale:
        return numerics.rescaled(compiler, sql, column.scale).node
    precision, scale = t.numeric_limits(column.typmod)
    extra = [Sql(n.integer(precision)), Sql(n.integer(scale))]
    return compiler.python(checks.FIT_SCALED, [sql, *extra], [t.NUMERIC, t.INT4, t.INT4])


def guarded(compiler: Compiler, node: n.Node, column: RelationColumn, noun: Noun) -> n.Node:
    """Refuse NULL for a key that SQLite would otherwise number by itself or refuse in its own words."""
    if noun.has_hidden_rowid or column.physical != noun.rowid or isinstance(node, exp.Literal):
        return node
    routine = checks.null_key(noun.table, noun.rowid, noun.id)
    return n.call("ifnull", node, compiler.python(routine, [], []))


def read_column(node: n.Node, column: RelationColumn) -> Sql:
    """Read a column into the form values have inside statements."""
    if column.type == t.JSONB:
        return Sql(n.call("json", node))
    digits = t.numeric_limits(column.typmod)[0] if column.scale is not None else 0
    return Sql(node, column.scale, digits)


def assigned_cells(
    compiler: Compiler, noun: Noun, alias: str, cells: list[tuple[RelationColumn, n.Node]]
) -> list[n.Node]:
    """Write SET of columns and what they get in the form they keep; `alias` names the table, empty for none."""
    if is_documents(noun):
        return changed(compiler, noun, alias, cells)
    return [exp.EQ(this=n.bare_column(column.physical), expression=node) for column, node in cells]


def assigned_query(binder: Binder, query: Query, columns: list[RelationColumn]) -> Query:
    """Make a query's columns values for columns of a table."""
    from dotdo_postgres.engine.bind.select import make_target
    from dotdo_postgres.engine.query import Entry, Select

    if (
        isinstance(query, Select)
        and not query.is_distinct
        and query.distinct_on is None
        and not query.order
    ):
        for target, column in zip(query.targets, columns, strict=False):
            expr = target.expr
            if isinstance(expr, ir.Const) and expr.type == t.TEXT and column.type != t.TEXT:
                expr = ir.Const(t.UNKNOWN, -1, expr.location, expr.value)
            target.expr = assign(binder, expr, column)
            target.column.type, target.column.typmod = target.expr.type, target.expr.typmod
        return query
    entry = Entry("", list(query.columns), query=query)
    targets = []
    for at, (output, column) in enumerate(zip(query.columns, columns, strict=False)):
        expr = ir.Column(output.type, output.typmod, -1, entry, at)
        targets.append(make_target(assign(binder, expr, column), output.name))
    return Select([target.column for target in targets], targets=targets, from_items=[entry])
