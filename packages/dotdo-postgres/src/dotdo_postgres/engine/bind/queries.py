"""Queries of every form: SELECT, VALUES, set operations, with their WITH clauses."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.composites import star_nodes
from dotdo_postgres.engine.bind.names import first_location
from dotdo_postgres.engine.bind.scope import Scope
from dotdo_postgres.engine.bind.select import bind_limits, bind_select, make_target
from dotdo_postgres.engine.bind.sorting import UNORDERED, directions
from dotdo_postgres.engine.query import Cte, OutputColumn, Query, Select, SetOperation, Values
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder, Node

_KINDS = {"SETOP_UNION": "union", "SETOP_INTERSECT": "intersect", "SETOP_EXCEPT": "except"}


def bind_query(binder: Binder, node: Node, parent: Scope | None) -> Query:
    """Bind a SelectStmt of any form inside a scope."""
    body = node.get("SelectStmt", node)
    scope = Scope(parent=parent)
    keeps_unknown, binder.keeps_unknown = binder.keeps_unknown, False
    ctes = bind_with(binder, body.get("withClause"), scope)
    binder.keeps_unknown = keeps_unknown
    query: Query
    if body["op"] != "SETOP_NONE":
        query = _set_operation(binder, body, scope)
    elif "valuesLists" in body:
        query = _values(binder, body, scope)
    else:
        query = bind_select(binder, body, scope)
    query.ctes = ctes
    return query


def bind_with(binder: Binder, node: Node | None, scope: Scope) -> list[Cte]:
    """Bind WITH; its names become visible in the scope."""
    if node is None:
        return []
    found = []
    for item in node["ctes"]:
        cte_node = item["CommonTableExpr"]
        name = cte_node["ctename"]
        if name in scope.ctes:
            message = f'WITH query name "{name}" specified more than once'
            raise error("42712", message, position=cte_node.get("location", 0))
        if "SelectStmt" not in cte_node["ctequery"]:
            message = "WITH clause containing a data-modifying statement must be at the top level"
            raise error("0A000", message, position=cte_node.get("location", 0))
        if "search_clause" in cte_node or "cycle_clause" in cte_node:
            raise not_supported("SEARCH and CYCLE", cte_node.get("location", 0))
        cte = _recursive(binder, cte_node, scope) if node.get("recursive") else None
        if cte is None:
            query = binder.query(cte_node["ctequery"], scope)
            cte = Cte(name, named_columns(query.columns, cte_node), query)
        materialized = cte_node.get("ctematerialized")
        cte.is_materialized = {"CTEMaterializeAlways": True, "CTEMaterializeNever": False}.get(
            materialized
        )
        scope.ctes[name] = cte
        found.append(cte)
    return found


def named_columns(columns: list[OutputColumn], node: Node) -> list[OutputColumn]:
    """Give the columns of a query of WITH the names listed for them."""
    names = [part["String"]["sval"] for part in node.get("aliascolnames", [])]
    if len(names) > len(columns):
        message = f'WITH query "{node["ctename"]}" has {len(columns)} columns available but {len(names)} columns specified'
        raise error("42P10", message, position=node.get("location", 0))
    return [
        OutputColumn(
            names[at] if at < len(names) else c.name, c.type, c.typmod, c.table_oid, c.column_number
        )
        for at, c in enumerate(columns)
    ]


def _mentions(node: object, name: str) -> bool:
    if isinstance(node, dict):
        if node.get("relname") == name and "schemaname" not in node:
            return True
        return any(_mentions(value, name) for value in node.values())
    if isinstance(node, list):
        return any(_mentions(item, name) for item in node)
    return False


def _recursive(binder: Binder, node: Node, scope: Scope) -> Cte | None:
    """Bind a CTE that reads itself: the first term gives the columns, then the second is bound against them."""
    name, body = node["ctename"], node["ctequery"]["SelectStmt"]
    if not _mentions(body, name):
        return None
    if body["op"] != "SETOP_UNION" or _mentions(body["larg"], name):
        message = f'recursive query "{name}" does not have the form non-recursive-term UNION [ALL] recursive-term'
        raise error("42P19", message, position=node.get("location", 0))
    if (
        "sortClause" in body
        or "limitCount" in body
        or "limitOffset" in body
        or "withClause" in body
    ):
        raise not_supported("ORDER BY, LIMIT or WITH in a recursive query", node.get("location", 0))
    if "lockingClause" in body or "lockingClause" in body["rarg"]:
        raise error("0A000", "FOR UPDATE/SHARE in a recursive query is not implemented")
    first = bind_query(binder, {"SelectStmt": body["larg"]}, scope)
    cte = Cte(name, named_columns(first.columns, node), is_recursive=True)
    inner = Scope(parent=scope)
    inner.ctes = {name: cte}
    second = bind_query(binder, {"SelectStmt": body["rarg"]}, inner)
    if len(first.columns) != len(second.columns):
        raise error("42601", "each UNION query must have the same number of columns")
    for at, (a, b) in enumerate(zip(first.columns, second.columns, strict=True), start=1):
        if a.type != b.type:
            common = binder.coercer.common_type(
                [ir.Const(a.type, -1, -1, None), ir.Const(b.type, -1, place_of(second, at), None)],
                "UNION",
            )
            if common != a.type:
                message = (
                    f'recursive query "{name}" column {at} has type {t.format_type(a.type)} in non-recursive term '
                    f"but type {t.format_type(common)} overall"
                )
                hint = "Cast the output of the non-recursive term to the correct type."
                raise error("42804", message, hint=hint, position=_first_target(body["larg"]))
    second = coerce_columns(binder, second, [(c.type, -1) for c in first.columns])
    cte.query = SetOperation(
        list(cte.columns), kind="union", is_all=bool(body.get("all")), left=first, right=second
    )
    return cte


def place_of(query: Query, at: int) -> int:
    """Return where the term of a result column stands, counted from 1; -1 when it has no place."""
    return query.targets[at - 1].expr.location if isinstance(query, Select) else -1


def _values(binder: Binder, node: Node, scope: Scope) -> Query:
    scope.clause = "VALUES"
    rows = []
    for item in node["valuesLists"]:
        row_nodes = star_nodes(binder, item["List"]["items"], scope)
        if any("SetToDefault" in cell for cell in row_nodes):
            raise error(
                "42601",
                "DEFAULT is not allowed in this context",
                position=row_nodes[0].get("location"),
            )
        rows.append([binder.expression(cell, scope) for cell in row_nodes])
    odd = next((row for row in rows if len(row) != len(rows[0])), None)
    if odd is not None:
        message = "VALUES lists must all be the same length"
        raise error("42601", message, position=odd[0].location)
    columns, by_column = [], []
    for at in range(len(rows[0])):
        coerced, oid, typmod = binder.coercer.to_common([row[at] for row in rows], "VALUES")
        by_column.append(coerced)
        columns.append(OutputColumn(f"column{at + 1}", oid, typmod))
    values = Values(columns, rows=[list(row) for row in zip(*by_column, strict=True)])
    values.order_positions = _positions(binder, node, values.columns)
    bind_limits(binder, node, values, scope)
    return values


def _first_target(node: Node) -> int | None:
    while "rarg" in node:
        node = node["larg"]
    targets = node.get("targetList")
    return targets[0]["ResTarget"].get("location", 0) if targets else None


def _set_operation(binder: Binder, node: Node, scope: Scope) -> Query:
    kind = _KINDS[node["op"]]
    binder.keeps_unknown = True
    left = bind_query(binder, {"SelectStmt": node["larg"]}, scope)
    binder.keeps_unknown = True
    right = bind_query(binder, {"SelectStmt": node["rarg"]}, scope)
    binder.keeps_unknown = False
    word = kind.upper()
    if len(left.columns) != len(right.columns):
        message = f"each {word} query must have the same number of columns"
        raise error("42601", message, position=_first_target(node["rarg"]))
    columns = []
    for a, b in zip(left.columns, right.columns, strict=True):
        pair = [_stand_in(left, a), _stand_in(right, b)]
        oid = binder.coercer.common_type(pair, word)
        typmod = a.typmod if (a.type, a.typmod) == (b.type, b.typmod) else -1
        if not node.get("all") and oid in UNORDERED:
            raise error(
                "42883", f"could not identify an equality operator for type {t.format_type(oid)}"
            )
        columns.append(OutputColumn(a.name, oid, typmod))
    left = coerce_columns(binder, left, [(c.type, -1) for c in columns])
    right = coerce_columns(binder, right, [(c.type, -1) for c in columns])
    found = SetOperation(columns, kind=kind, is_all=bool(node.get("all")), left=left, right=right)
    found.order_positions = _positions(binder, node, columns)
    bind_limits(binder, node, found, scope)
    if "lockingClause" in node:
        raise error("0A000", f"FOR UPDATE is not allowed with {word}/INTERSECT/EXCEPT")
    return found


def _stand_in(query: Query, column: OutputColumn) -> ir.Expr:
    """Return the expression behind a column, which may be an untyped literal."""
    at = query.columns.index(column)
    if isinstance(query, Select):
        return query.targets[at].expr
    return ir.Const(column.type, column.typmod, -1, None)


def coerce_columns(binder: Binder, query: Query, types: list[tuple[int, int]]) -> Query:
    """Cast the columns of a query to given types."""
    if [c.type for c in query.columns] == [oid for oid, _ in types]:
        return query
    if isinstance(query, Select) and not query.is_distinct and query.distinct_on is None:
        for target, (oid, _) in zip(query.targets, types, strict=True):
            if target.expr.type != oid:
                target.expr = binder.coercer.coerce(target.expr, oid)
                target.column.type, target.column.typmod = oid, target.expr.typmod
        return query
    if isinstance(query, Values):
        query.rows = [
            [binder.coercer.coerce(cell, oid) for cell, (oid, _) in zip(row, types, strict=True)]
            for row in query.rows
        ]
        query.columns = [
            OutputColumn(c.name, oid) for c, (oid, _) in zip(query.columns, types, strict=True)
        ]
        return query
    return _wrapped(binder, query, types)


def _wrapped(binder: Binder, query: Query, types: list[tuple[int, int]]) -> Query:
    from dotdo_postgres.engine.query import Entry

    entry = Entry("", list(query.columns), query=query)
    targets = []
    for at, (column, (oid, _)) in enumerate(zip(query.columns, types, strict=True)):
        expr: ir.Expr = ir.Column(column.type, column.typmod, -1, entry, at)
        targets.append(make_target(binder.coercer.coerce(expr, oid), column.name))
    return Select([target.column for target in targets], targets=targets, from_items=[entry])


def _positions(
    binder: Binder, node: Node, columns: list[OutputColumn]
) -> list[tuple[int, bool, bool]]:
    """Resolve ORDER BY of a set operation: output names and ordinals only."""
    found = []
    for item in node.get("sortClause", []):
        sort = item["SortBy"]
        term = sort["node"]
        column, constant = term.get("ColumnRef"), term.get("A_Const")
        if constant is not None and "ival" in constant:
            at = constant["ival"].get("ival", 0)
            if not 1 <= at <= len(columns):
                message = f"ORDER BY position {at} is not in select list"
                raise error("42P10", message, position=constant.get("location", 0))
        elif column is not None and len(column["fields"]) == 1 and "String" in column["fields"][0]:
            name = column["fields"][0]["String"]["sval"]
            matches = [number for number, c in enumerate(columns, start=1) if c.name == name]
            if not matches:
                raise error(
                    "42703", f'column "{name}" does not exist', position=column.get("location", 0)
                )
            if len(matches) > 1:
                raise error(
                    "42702", f'ORDER BY "{name}" is ambiguous', position=column.get("location", 0)
                )
            at = matches[0]
        else:
            raise error(
                "0A000",
                "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
                detail="Only result column names can be used, not expressions or functions.",
                hint="Add the expression/function to every SELECT, or move the UNION into a FROM clause.",
                position=first_location(term),
            )
        found.append((at, *directions(sort)))
    return found
