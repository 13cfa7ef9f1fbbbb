"""Set-returning functions: in FROM, several side by side, with ordinality or a column list, and in the select list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.names import column_name
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.functions.jsonrows import rows_routine
from dotdo_postgres.engine.query import Entry, OutputColumn
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.bind.binder import Binder, Node
    from dotdo_postgres.engine.bind.scope import ScopeItem
    from dotdo_postgres.engine.overloads import Candidate
    from dotdo_postgres.engine.routines.declare import Routine


def bind_series(  # noqa: PLR0917 -- what a call is made of
    name: str,
    found: Candidate,
    routine: Routine,
    args: list[ir.Expr],
    result: int,
    scope: Scope,
    location: int,
) -> ir.Expr:
    """Bind a call of a set-returning function where the clause allows it.

    Raises:
        PostgresError: the clause takes none (SQLSTATE 0A000).
    """
    call = ir.SeriesCall(result, -1, location, routine, args, outputs(found, result))
    return place_series(name, call, scope, location)


def place_series(name: str, call: ir.SeriesCall, scope: Scope, location: int) -> ir.Expr:
    """Put a set-returning call where the clause allows it, as `bind_series`."""
    if scope.clause == "FROM":
        return call
    if scope.clause in _REFUSED:
        message = f"set-returning functions are not allowed in {_REFUSED[scope.clause]}"
        raise error("0A000", message, position=location)
    if any(_reads(arg, entry) for arg in call.args for entry in scope.series):
        raise not_supported("a set-returning function as argument of another one", location)
    if scope.clause not in {"SELECT", "ORDER BY", "GROUP BY"} or call.columns == [("", t.RECORD)]:
        raise not_supported("set-returning functions here", location)
    return _beside_rows(scope, name, call)


def _reads(expr: ir.Expr, entry: Entry) -> bool:
    if isinstance(expr, ir.Column):
        return expr.entry is entry
    return any(_reads(child, entry) for child in ir.children(expr))


def without_series(construct: str, bind: Callable[..., ir.Expr]) -> Callable[..., ir.Expr]:
    """Return what binds an expression in which set-returning functions may not stand."""

    def bound(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
        known = [call for entry in scope.series for call in entry.calls]
        expr = bind(binder, node, scope)
        calls = [call for entry in scope.series for call in entry.calls]
        if len(calls) > len(known):
            message = f"set-returning functions are not allowed in {construct}"
            hint = "You might be able to move the set-returning function into a LATERAL FROM item."
            raise error("0A000", message, hint=hint, position=calls[len(known)].location)
        return expr

    return bound


_REFUSED = {
    "WHERE": "WHERE", "HAVING": "HAVING", "JOIN/ON": "JOIN conditions", "LIMIT": "LIMIT", "UPDATE": "UPDATE",
    "RETURNING": "RETURNING", "VALUES": "VALUES", "CHECK": "check constraints", "DEFAULT": "DEFAULT expressions",
}  # fmt: skip


def outputs(found: Candidate, result: int) -> list[tuple[str, int]]:
    """Return the columns a call gives; a single one without a name has the empty one."""
    if found.columns and result == t.RECORD:
        return list(found.columns)
    if found.columns:
        return [(found.columns[0][0], result)]
    return [("", result)]


def _beside_rows(scope: Scope, name: str, call: ir.SeriesCall) -> ir.Expr:
    """Put a call of the select list beside the rows: several run in step, the shorter filled with NULL."""
    for entry in scope.series:
        first = 0
        for other in entry.calls:
            assert isinstance(other, ir.SeriesCall)  # only these are put here
            if ir.same(other, call):
                return _cells(entry, call, first)
            first += len(other.columns)
    if not scope.series:
        scope.series.append(Entry(name, [], calls=[]))
    (entry,) = scope.series
    entry.calls.append(call)
    first = len(entry.columns)
    is_row = len(call.columns) > 1
    entry.columns += [
        OutputColumn(label if is_row else name, oid if is_row else call.type)
        for label, oid in call.columns
    ]
    return _cells(entry, call, first)


def _cells(entry: Entry, call: ir.SeriesCall, first: int) -> ir.Expr:
    """Return the value of a call of the select list: a column, or a row of them."""
    if len(call.columns) == 1:
        return ir.Column(call.type, -1, call.location, entry, first)
    cells: list[ir.Expr] = [
        ir.Column(oid, -1, call.location, entry, first + at)
        for at, (_, oid) in enumerate(call.columns)
    ]
    names = tuple(label for label, _ in call.columns)
    return ir.Row(call.row_type or t.RECORD, -1, call.location, cells, names=names)


def bind_functions(binder: Binder, node: Node, scope: Scope, left: list[ScopeItem]) -> Entry:
    """Bind the functions of one FROM item."""
    inner = Scope(
        parent=scope.parent, items=left, clause="FROM", ctes=scope.ctes, entries=scope.entries
    )
    listed = [item["List"]["items"] for item in node["functions"]]
    alias = node.get("alias", {}).get("aliasname")
    name = alias or column_name(listed[0][0])
    if len(listed) == 1 and not node.get("is_rowsfrom") and _is_plain(node):
        nodes = _unnested(listed[0][0])
        if len(nodes) == 1:
            return _single(binder, nodes[0], inner, name, node)
    entry = Entry(name, [], calls=[])
    for parts in listed:
        definitions = _definitions(binder, parts[1]) if len(parts) > 1 and parts[1] else None
        for call_node in _unnested(parts[0]):
            _add(
                binder,
                entry,
                call_node,
                inner,
                definitions or _definitions(binder, node.get("coldeflist")),
            )
    if len(listed) == 1 and len(entry.columns) == 1 and alias and not node.get("coldeflist"):
        entry.columns[0].name = entry.columns[0].name if _has_own_name(entry) else alias
    _number(entry, node)
    return entry


def _is_plain(node: Node) -> bool:
    return "coldeflist" not in node


def _has_own_name(entry: Entry) -> bool:
    call = entry.calls[0]
    return isinstance(call, ir.SeriesCall) and bool(call.columns[0][0])


def _unnested(node: Node) -> list[Node]:
    """Take unnest(a, b) for unnest(a) beside unnest(b), which is what it means."""
    call = node.get("FuncCall")
    if call is None or call["funcname"][-1]["String"]["sval"] != "unnest":
        return [node]
    if len(call.get("args", [])) < 2:
        return [node]
    return [{"FuncCall": {**call, "args": [arg]}} for arg in call["args"]]


def _single(binder: Binder, node: Node, inner: Scope, name: str, item: Node) -> Entry:
    call = binder.expression(node, inner)
    if isinstance(call, ir.SeriesCall):
        _refuse_record(call, None)
        columns = _columns(call, name)
    else:
        call = binder.known(call)
        columns = [OutputColumn(name, call.type, call.typmod)]
    entry = Entry(name, columns, calls=[call])
    _number(entry, item)
    return entry


def _add(
    binder: Binder,
    entry: Entry,
    node: Node,
    inner: Scope,
    definitions: list[tuple[str, int, int]] | None,
) -> None:
    call = binder.known(binder.expression(node, inner))
    if isinstance(call, ir.SeriesCall):
        if definitions is not None:
            call = _defined(binder, call, definitions)
        _refuse_record(call, definitions)
        entry.columns += _columns(call, column_name(node))
    elif definitions is not None:
        if call.type != t.RECORD:
            message = 'a column definition list is only allowed for functions returning "record"'
            raise error("42601", message, position=call.location)
        raise not_supported("a column definition list here", call.location)
    else:
        entry.columns.append(OutputColumn(column_name(node), call.type, call.typmod))
    entry.calls.append(call)


def _columns(call: ir.SeriesCall, name: str) -> list[OutputColumn]:
    """Return the columns of a call in FROM; those without names are called as the item."""
    typmods = call.typmods or (-1,) * len(call.columns)
    return [
        OutputColumn(label or name, oid, typmod)
        for (label, oid), typmod in zip(call.columns, typmods, strict=True)
    ]


def _refuse_record(call: ir.SeriesCall, definitions: object) -> None:
    if definitions is None and call.columns == [("", t.RECORD)]:
        message = 'a column definition list is required for functions returning "record"'
        raise error("42601", message, position=call.location)


def _definitions(
    binder: Binder, nodes: list[Node] | Node | None
) -> list[tuple[str, int, int]] | None:
    if not nodes:
        return None
    listed = nodes["List"]["items"] if isinstance(nodes, dict) else nodes
    return [
        (item["ColumnDef"]["colname"], *resolve_type(item["ColumnDef"]["typeName"], binder.names))
        for item in listed
    ]


def _defined(
    binder: Binder, call: ir.SeriesCall, definitions: list[tuple[str, int, int]]
) -> ir.SeriesCall:
    """Give a call that returns records the columns listed for it."""
    if call.columns != [("", t.RECORD)]:
        message = "a column definition list is redundant for a function with OUT parameters"
        if call.type != t.RECORD:
            message = 'a column definition list is only allowed for functions returning "record"'
        raise error("42601", message, position=call.location)
    users = binder.names.routines
    own: ir.SeriesCall | None = (
        None if users is None else users.with_columns(binder, call, definitions)
    )
    if own is not None:
        return own
    routine = rows_routine(call.routine, tuple(definitions))
    columns = [(name, oid) for name, oid, _ in definitions]
    return ir.SeriesCall(t.RECORD, -1, call.location, routine, call.args, columns)


def _number(entry: Entry, node: Node) -> None:
    if node.get("ordinality"):
        entry.columns.append(OutputColumn("ordinality", t.INT8))
        entry.with_ordinality = True
