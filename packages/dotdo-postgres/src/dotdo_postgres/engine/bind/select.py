"""SELECT: targets, grouping, DISTINCT, ordering, limits, in the order PostgreSQL binds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.composites import stars
from dotdo_postgres.engine.bind.from_items import bind_from
from dotdo_postgres.engine.bind.grouping import bind_group, check_grouping
from dotdo_postgres.engine.bind.names import column_name, first_location
from dotdo_postgres.engine.bind.security import require_readable
from dotdo_postgres.engine.bind.sorting import UNORDERED, directions
from dotdo_postgres.engine.query import Entry, Join, Locking, OutputColumn, Select, SortKey, Target
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder, Node
    from dotdo_postgres.engine.bind.scope import Scope


def bind_select(binder: Binder, node: Node, scope: Scope) -> Select:
    """Bind a plain SELECT in its own scope (WITH already bound into it)."""
    if "intoClause" in node:
        raise not_supported("SELECT INTO")
    keeps_unknown, binder.keeps_unknown = binder.keeps_unknown, False
    select = Select([])
    select.from_items = bind_from(binder, node.get("fromClause", []), scope)
    scope.named_windows = {
        item["WindowDef"]["name"]: item["WindowDef"] for item in node.get("windowClause", [])
    }
    scope.clause = "SELECT"
    select.targets = bind_targets(binder, node.get("targetList", []), scope)
    if "whereClause" in node:
        scope.clause = "WHERE"
        select.where = binder.boolean(node["whereClause"], scope, "WHERE")
    if "havingClause" in node:
        scope.clause = "HAVING"
        select.having = binder.boolean(node["havingClause"], scope, "HAVING")
    scope.clause = "ORDER BY"
    select.order = [
        _order_key(binder, item["SortBy"], select.targets, scope)
        for item in node.get("sortClause", [])
    ]
    scope.clause = "GROUP BY"
    select.group, select.grouping_sets = bind_group(
        binder, node.get("groupClause", []), select.targets, scope
    )
    if node.get("groupDistinct") and select.grouping_sets is not None:
        once = dict.fromkeys(map(tuple, select.grouping_sets))
        select.grouping_sets = [list(places) for places in once]
    scope.clause = "SELECT"
    for target in select.targets:
        if target.expr.type == t.UNKNOWN and not (keeps_unknown and not select.group):
            target.expr = binder.known(target.expr)
            target.column.type = t.TEXT
    _bind_distinct(binder, node, select, scope)
    bind_limits(binder, node, select, scope)
    select.from_items = [*select.from_items, *scope.series]
    scope.entries.extend(scope.series)
    select.has_groups = bool(
        "groupClause" in node or scope.aggregates or select.having or scope.groupings
    )
    _refuse_unordered_steps(select, scope)
    if select.has_groups:
        if any(not _is_grouped(select, entry) for entry in scope.series):
            raise not_supported("set-returning functions beside aggregates")
        check_grouping(select, scope)
    select.columns = [target.column for target in select.targets]
    select.locking = [
        _bind_locking(item["LockingClause"], select, scope)
        for item in node.get("lockingClause", [])
    ]
    return select


def _refuse_unordered_steps(select: Select, scope: Scope) -> None:
    """Refuse what would have to be computed before rows are made or grouped, and is not."""
    if scope.series and scope.window_calls:
        raise not_supported("set-returning functions beside window functions")
    if scope.series and select.distinct_on is not None:
        raise not_supported("set-returning functions beside DISTINCT ON")
    if select.grouping_sets is not None and scope.window_calls:
        raise not_supported("window functions over grouping sets")


def _is_grouped(select: Select, series: Entry) -> bool:
    """Tell whether the rows of set-returning functions are made before they are grouped, as groups are made by them."""
    places = {
        term.index for term in select.group if isinstance(term, ir.Column) and term.entry is series
    }
    return select.grouping_sets is None and len(places) == len(series.columns)


def bind_targets(binder: Binder, nodes: list[Node], scope: Scope) -> list[Target]:
    """Bind a select or RETURNING list, stars expanded."""
    targets: list[Target] = []
    for item in nodes:
        node = item["ResTarget"]
        value = node["val"]
        if "ColumnRef" in value and "A_Star" in value["ColumnRef"]["fields"][-1]:
            targets.extend(_star(binder, value["ColumnRef"], scope))
            continue
        opened = stars(binder, value, scope) if "A_Indirection" in value else None
        if opened is not None:
            targets.extend(make_target(expr, name) for name, expr in opened)
            continue
        expr = binder.expression(value, scope)
        targets.append(make_target(expr, node.get("name") or column_name(value)))
    return targets


def make_target(expr: ir.Expr, name: str) -> Target:
    """Make a target; a bare table column keeps its origin."""
    column = OutputColumn(name, expr.type, expr.typmod)
    if isinstance(expr, ir.Column) and expr.index < len(expr.entry.columns):
        origin = expr.entry.columns[expr.index]
        column.table_oid, column.column_number = origin.table_oid, origin.column_number
    return Target(expr, column)


def _star(binder: Binder, node: Node, scope: Scope) -> list[Target]:
    location = node.get("location", 0)
    qualifiers = [part["String"]["sval"] for part in node["fields"][:-1]]
    if not qualifiers:
        if not scope.items:
            raise error(
                "42601", "SELECT * with no tables specified is not valid", position=location
            )
        pairs = [pair for item in scope.items if item.has_plain_columns for pair in item.columns]
    else:
        item = scope.item(qualifiers[-1])
        if item is None:
            raise error(
                "42P01",
                f'missing FROM-clause entry for table "{qualifiers[-1]}"',
                position=location,
            )
        pairs = item.columns
    require_readable(binder, (expr for _, expr in pairs))
    return [make_target(_placed(expr, location), name) for name, expr in pairs]


def _placed(expr: ir.Expr, location: int) -> ir.Expr:
    """Let a column that a star stands for tell of the star's place in errors."""
    if isinstance(expr, ir.Column):
        return ir.Column(expr.type, expr.typmod, location, expr.entry, expr.index)
    return expr


def _order_key(binder: Binder, node: Node, targets: list[Target], scope: Scope) -> SortKey:
    expr = order_expression(binder, node["node"], targets, scope, "ORDER BY")
    if expr.type in UNORDERED:
        raise unordered(expr.type, expr.location)
    return SortKey(expr, *directions(node))


def unordered(oid: int, location: int) -> Exception:
    """Make the error for a type without an ordering (42883)."""
    hint = "Use an explicit ordering operator or modify the query."
    message = f"could not identify an ordering operator for type {t.format_type(oid)}"
    return error("42883", message, hint=hint, position=location)


def order_expression(
    binder: Binder, node: Node, targets: list[Target], scope: Scope, clause: str
) -> ir.Expr:
    """Resolve a term of ORDER BY or DISTINCT ON: an output name, an ordinal, or an expression.

    Raises:
        PostgresError: 42P10 ordinal out of range, 42702 ambiguous name, 42601 a constant that is no ordinal.
    """
    column = node.get("ColumnRef")
    if column is not None and len(column["fields"]) == 1 and "String" in column["fields"][0]:
        name = column["fields"][0]["String"]["sval"]
        matches = [target for target in targets if target.column.name == name]
        if matches:
            if any(not ir.same(matches[0].expr, other.expr) for other in matches[1:]):
                raise error(
                    "42702", f'{clause} "{name}" is ambiguous', position=column.get("location", 0)
                )
            return _settled(binder, matches[0])
    constant = node.get("A_Const")
    if constant is not None and "ival" in constant:
        return _settled(binder, targets[_ordinal(constant, len(targets), clause)])
    if constant is not None and "isnull" not in constant:
        raise error(
            "42601", f"non-integer constant in {clause}", position=constant.get("location", 0)
        )
    expr = binder.known(binder.expression(node, scope))
    for target in targets:
        if ir.same(target.expr, expr):
            return target.expr
    return expr


def _ordinal(constant: Node, count: int, clause: str) -> int:
    position = constant["ival"].get("ival", 0)
    if not 1 <= position <= count:
        raise error(
            "42P10",
            f"{clause} position {position} is not in select list",
            position=constant.get("location", 0),
        )
    return int(position) - 1


def _settled(binder: Binder, target: Target) -> ir.Expr:
    if target.expr.type == t.UNKNOWN:
        target.expr = binder.known(target.expr)
        target.column.type = t.TEXT
    return target.expr


def _bind_distinct(binder: Binder, node: Node, select: Select, scope: Scope) -> None:
    clause = node.get("distinctClause")
    if not clause:
        return
    if clause == [{}]:
        select.is_distinct = True
        for target in select.targets:
            if target.expr.type in UNORDERED:
                message = f"could not identify an equality operator for type {t.format_type(target.expr.type)}"
                raise error("42883", message, position=target.expr.location)
        for key in select.order:
            if not any(ir.same(key.expr, target.expr) for target in select.targets):
                message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list"
                raise error("42P10", message, position=key.expr.location)
        return
    scope.clause = "DISTINCT ON"
    select.distinct_on = [
        order_expression(binder, item, select.targets, scope, "DISTINCT ON") for item in clause
    ]
    leading = select.order[: len(select.distinct_on)]
    for key in leading:
        if not any(ir.same(key.expr, expr) for expr in select.distinct_on):
            message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions"
            raise error("42P10", message, position=first_location(clause[0]))


def bind_limits(binder: Binder, node: Node, query: Select | object, scope: Scope) -> None:
    """Bind LIMIT, OFFSET and FETCH."""
    scope.clause = "LIMIT"
    if node.get("limitOption") == "LIMIT_OPTION_WITH_TIES":
        _bind_ties(node, query)
    for key, field, word in (("limitCount", "limit", "LIMIT"), ("limitOffset", "offset", "OFFSET")):
        _bind_limit(binder, node, query, scope, (key, field, word))


def _bind_ties(node: Node, query: Select | object) -> None:
    if "sortClause" not in node:
        raise error("42601", "WITH TIES cannot be specified without ORDER BY clause")
    if not isinstance(query, Select) or query.is_distinct or query.distinct_on is not None:
        raise not_supported("FETCH ... WITH TIES of this query")
    locking = [item["LockingClause"] for item in node.get("lockingClause", [])]
    if any(item.get("waitPolicy") == "LockWaitSkip" for item in locking):
        raise error("42601", "SKIP LOCKED and WITH TIES options cannot be used together")
    query.with_ties = True


def _bind_limit(
    binder: Binder,
    node: Node,
    query: Select | object,
    scope: Scope,
    clause: tuple[str, str, str],
) -> None:
    key, field, word = clause
    if key not in node:
        return
    expr = binder.expression(node[key], scope)
    if isinstance(expr, ir.Const) and expr.value is None:
        return
    if _has_columns(expr, scope):
        message = f"argument of {word} must not contain variables"
        raise error("42P10", message, position=expr.location)
    if _has_outer_columns(expr):
        raise not_supported(f"{word} by a column of an outer query", expr.location)
    if t.BY_OID[expr.type].category not in {"N", "X"}:
        message = f"argument of {word} must be type bigint, not type {t.format_type(expr.type)}"
        raise error("42804", message, position=expr.location)
    setattr(query, field, binder.coercer.coerce(expr, t.INT8, -1, "assignment"))


def _has_outer_columns(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Column) or any(map(_has_outer_columns, ir.children(expr)))


def _has_columns(expr: ir.Expr, scope: Scope) -> bool:
    if isinstance(expr, ir.Column):
        return expr.entry in scope.entries
    return any(_has_columns(child, scope) for child in ir.children(expr))


_STRENGTHS = {
    "LCS_FORUPDATE": "update",
    "LCS_FORNOKEYUPDATE": "no key update",
    "LCS_FORSHARE": "share",
    "LCS_FORKEYSHARE": "key share",
}
_WORDS = {
    "LCS_FORUPDATE": "FOR UPDATE", "LCS_FORNOKEYUPDATE": "FOR NO KEY UPDATE",
    "LCS_FORSHARE": "FOR SHARE", "LCS_FORKEYSHARE": "FOR KEY SHARE",
}  # fmt: skip
_WAITS: dict[str, bool | str] = {
    "LockWaitBlock": True,
    "LockWaitSkip": "skip",
    "LockWaitError": False,
}


def _bind_locking(node: Node, select: Select, scope: Scope) -> Locking:
    word = _WORDS[node["strength"]]
    for condition, what in (
        (select.is_distinct or select.distinct_on, "DISTINCT clause"),
        (select.group, "GROUP BY clause"),
        (select.having, "HAVING clause"),
        (scope.aggregates, "aggregate functions"),
        (scope.window_calls, "window functions"),
        (scope.series, "set-returning functions in the target list"),
    ):
        if condition:
            raise error("0A000", f"{word} is not allowed with {what}")
    tables = [entry for entry in scope.entries if entry.relation is not None]
    if any(entry.hidden for entry in scope.entries):
        raise not_supported(f"{word} of a table with descendants")
    if "lockedRels" in node:
        wanted = [item["RangeVar"] for item in node["lockedRels"]]
        tables = []
        for item in wanted:
            matching = [entry for entry in scope.entries if entry.name == item["relname"]]
            if not matching:
                message = f'relation "{item["relname"]}" in {word} clause not found in FROM clause'
                raise error("42P01", message, position=item.get("location", 0))
            tables += [entry for entry in matching if entry.relation is not None]
    _refuse_nullable(select, tables, word)
    return Locking(
        tables, _STRENGTHS[node["strength"]], _WAITS[node.get("waitPolicy", "LockWaitBlock")]
    )


def _refuse_nullable(select: Select, tables: list[Entry], word: str) -> None:
    def walk(item: object, nullable: bool) -> None:
        if isinstance(item, Join):
            walk(item.left, nullable or item.kind in {"right", "full"})
            walk(item.right, nullable or item.kind in {"left", "full"})
        elif nullable and item in tables:
            raise error("0A000", f"{word} cannot be applied to the nullable side of an outer join")

    for item in select.from_items:
        walk(item, nullable=False)
