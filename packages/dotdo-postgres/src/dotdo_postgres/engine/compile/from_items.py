"""FROM: tables, joins, subqueries, common table expressions, set-returning calls and LATERAL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.array_values import PACKED, array_item
from dotdo_postgres.engine.compile.document_columns import document_columns
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.documents.present import is_documents
from dotdo_postgres.engine.query import Entry, FromItem, Join
from dotdo_postgres.engine.routines.checks import zipped
from dotdo_postgres.mapping import floats
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler

_SIDES = {"left": "LEFT", "right": "RIGHT", "full": "FULL"}


def attach_from(compiler: Compiler, select: exp.Select, items: list[FromItem]) -> None:
    """Give a select its FROM clause."""
    if not items:
        return
    sources = [_source(compiler, item) for item in items]
    base, joins = sources[0]
    select.set("from_", exp.From(this=base))
    for node, more in sources[1:]:
        if any(join.args.get("side") in {"RIGHT", "FULL"} for join in more):
            joins = [*joins, exp.Join(this=_parenthesised(node, more))]
        else:
            joins = [*joins, exp.Join(this=node), *more]
    if joins:
        select.set("joins", joins)


def _parenthesised(node: n.Node, joins: list[exp.Join]) -> n.Node:
    if not joins:
        return node
    node.set("joins", joins)
    return exp.Paren(this=node)


def _source(compiler: Compiler, item: FromItem) -> tuple[n.Node, list[exp.Join]]:
    if isinstance(item, Entry):
        return entry_source(compiler, item), []
    return _join(compiler, item)


def _join(compiler: Compiler, item: Join) -> tuple[n.Node, list[exp.Join]]:
    base, joins = _source(compiler, item.left)
    right, right_joins = _source(compiler, item.right)
    join = exp.Join(this=_parenthesised(right, right_joins), side=_SIDES.get(item.kind))
    if item.on is not None:
        join.set("on", compiler.node(item.on))
    elif item.kind in _SIDES:
        join.set("on", n.integer(1))
    return base, [*joins, join]


def table_columns(compiler: Compiler, entry: Entry, alias: str) -> None:
    """Note how the columns of a table's entry are written: jsonb is read as text, numeric has its scale."""
    assert entry.relation is not None
    if is_documents(entry.relation.noun):
        document_columns(compiler, entry, alias)
        return
    for at, column in enumerate(entry.relation.columns):
        node = n.column(alias, column.physical) if alias else n.bare_column(column.physical)
        if column.type == t.JSONB:
            node = n.call("json", node)
        digits = t.numeric_limits(column.typmod)[0] if column.scale is not None else 0
        compiler.columns[id(entry), at] = Sql(node, column.scale, digits)


def entry_source(compiler: Compiler, entry: Entry) -> n.Node:
    """Write one entry of FROM."""
    alias = compiler.alias()
    if entry.relation is not None and entry.query is None:
        table_columns(compiler, entry, alias)
        return n.table(entry.relation.snapshot or entry.relation.noun.table, alias)
    if entry.cte is not None:
        forms = entry.cte.forms or compiler.cte_scales.get(id(entry.cte), [])
        compiler.bind_entry(entry, alias, [(f"c{at}", form) for at, form in enumerate(forms)])
        return n.table(entry.cte.table or compiler.cte_name(entry.cte), alias)
    if entry.calls:
        return _series(compiler, entry, alias)
    assert entry.query is not None
    if entry.is_lateral:
        return _lateral(compiler, entry, alias)
    query, forms = compiler.query(entry.query)
    compiler.bind_entry(entry, alias, [(f"c{at}", form) for at, form in enumerate(forms)])
    if compiler.is_volatile(query):
        query = _once(compiler, query, len(forms))
    return n.subquery(query, alias)


def _once(compiler: Compiler, query: n.Node, width: int) -> n.Node:
    """Keep SQLite from writing a subquery's terms into the query around: functions would be called anew each time."""
    name = compiler.alias("w")
    columns = [n.name(f"c{at}") for at in range(width)]
    alias = exp.TableAlias(this=n.name(name), columns=columns)
    whole: Any = exp.Select(
        expressions=[n.aliased(n.bare_column(f"c{at}"), f"c{at}") for at in range(width)]
        or [n.aliased(n.null(), "c")]
    )
    whole.set("from_", exp.From(this=n.table(name)))
    whole.set("with_", exp.With(expressions=[exp.CTE(this=query, alias=alias, materialized=True)]))
    return whole  # type: ignore[no-any-return]  # sqlglot's nodes are untyped


def _series(compiler: Compiler, entry: Entry, alias: str) -> n.Node:
    """Write set-returning calls as json_each over their rows; plain calls as a query of one row."""
    is_plain = len(entry.calls) == 1 and not isinstance(entry.calls[0], ir.SeriesCall)
    if is_plain and not _reads_columns(entry.calls[0]):
        sql = compiler.expression(entry.calls[0])
        listed = [n.aliased(sql.node, "c0")]
        columns = [("c0", Sql(n.null(), sql.scale, sql.digits))]
        if entry.with_ordinality:
            listed.append(n.aliased(n.integer(1), "c1"))
            columns.append(("c1", Sql(n.null())))
        compiler.bind_entry(entry, alias, columns)
        return n.subquery(exp.Select(expressions=listed), alias)
    widths = [len(call.columns) if isinstance(call, ir.SeriesCall) else 1 for call in entry.calls]
    value = n.column(alias, "value")
    paths = [""] if sum(widths) == 1 else [f"[{at}]" for at in range(sum(widths))]
    for at, path in enumerate(paths):
        oid = entry.columns[at].type
        compiler.columns[id(entry), at] = Sql(_cell(value.copy(), path, oid))
    if entry.with_ordinality:
        last = len(entry.columns) - 1
        compiler.columns[id(entry), last] = Sql(n.binary("+", n.column(alias, "key"), n.integer(1)))
    rows = [_rows(compiler, call) for call in entry.calls]
    if len(rows) > 1:
        form = ",".join(map(str, widths))
        args = [Sql(n.string(form)), *map(Sql, rows)]
        rows = [compiler.python(zipped(len(args)), args, [t.TEXT] * len(args))]
    return exp.Table(this=n.call("json_each", rows[0]), alias=exp.TableAlias(this=n.name(alias)))


def _reads_columns(expr: ir.Expr) -> bool:
    """Tell whether an expression reads what is on its left in FROM."""
    return isinstance(expr, ir.Column) or any(map(_reads_columns, ir.children(expr)))


def _cell(value: n.Node, path: str, oid: int) -> n.Node:
    """Write a cell of a row that is an element of JSON text."""
    if oid in PACKED:
        return n.call("unhex", n.call("json_extract", value, n.string(f"${path}.b")))
    return n.call("json_extract", value, n.string(f"${path}")) if path else value


def _rows(compiler: Compiler, call: ir.Expr) -> n.Node:
    sql = compiler.expression(call)
    if isinstance(call, ir.SeriesCall):
        return sql.node
    return n.call("json_array", array_item(compiler, sql, call.type))


def _lateral_item(compiler: Compiler, sql: Sql, oid: int) -> n.Node:
    """Write a cell so that JSON text keeps it whole: floats with all digits, json as a string."""
    if oid in {t.FLOAT4, t.FLOAT8}:
        digits = n.call("printf", n.string("%!.17g"), sql.node.copy())
        is_finite = n.binary("<", n.call("abs", sql.node.copy()), n.real(float("inf")))
        is_number = n.binary("<", sql.node.copy(), n.string(""))
        return n.call("iif", n.binary("and", is_number, is_finite), digits, sql.node)
    if oid in {t.JSON, t.JSONB}:
        return n.binary("||", sql.node, n.string(""))
    return array_item(compiler, sql, oid)


def _lateral(compiler: Compiler, entry: Entry, alias: str) -> n.Node:
    """Write LATERAL (...) as json_each over the subquery's rows, which may refer to what is on its left."""
    assert entry.query is not None
    query, forms = compiler.query(entry.query)
    inner = compiler.alias()
    items = [
        _lateral_item(
            compiler, Sql(n.column(inner, f"c{at}"), form.scale, form.digits), column.type
        )
        for at, (form, column) in enumerate(zip(forms, entry.columns, strict=True))
    ]
    rows: Any = exp.Select(expressions=[n.call("json_group_array", n.call("json_array", *items))])
    rows.set("from_", exp.From(this=n.subquery(query, inner)))
    for at, column in enumerate(entry.columns):
        cell = _cell(n.column(alias, "value"), f"[{at}]", column.type)
        if column.type in {t.FLOAT4, t.FLOAT8}:
            is_nan = n.binary("=", cell.copy(), n.string(floats.NAN))
            cell = n.call("iif", is_nan, cell, n.cast(cell.copy(), "real"))
        compiler.columns[id(entry), at] = Sql(cell)
    source = n.call("json_each", n.subquery(rows))
    return exp.Table(this=source, alias=exp.TableAlias(this=n.name(alias)))
