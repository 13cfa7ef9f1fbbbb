"""FROM: tables, subqueries, functions, common table expressions and joins of every kind."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.operators import make_operator
from dotdo_postgres.engine.bind.policies import secured
from dotdo_postgres.engine.bind.relations import find_relation
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem
from dotdo_postgres.engine.bind.security import (
    SELECT,
    readable_columns,
    require_privilege,
    require_readable,
)
from dotdo_postgres.engine.bind.series import bind_functions
from dotdo_postgres.engine.bind.views import view_entry
from dotdo_postgres.engine.objects.descent import has_children, keepers_of
from dotdo_postgres.engine.query import (
    Entry,
    FromItem,
    Join,
    OutputColumn,
    Query,
    Select,
    SetOperation,
    Target,
)
from dotdo_postgres.engine.relations import Relation, relation_of
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder, Node

_KINDS = {"JOIN_INNER": "inner", "JOIN_LEFT": "left", "JOIN_RIGHT": "right", "JOIN_FULL": "full"}


def bind_from(binder: Binder, nodes: list[Node], scope: Scope) -> list[FromItem]:
    """Bind the FROM list; names become visible in the scope."""
    found = []
    for node in nodes:
        item, names = _bind_item(binder, node, scope, list(scope.items))
        for name in names:
            _add_name(scope, name, node)
        found.append(item)
    return found


def _add_name(scope: Scope, item: ScopeItem, node: Node) -> None:
    if (
        item.is_named
        and item.name
        and any(other.is_named and other.name == item.name for other in scope.items)
    ):
        raise error("42712", f'table name "{item.name}" specified more than once')
    scope.items.append(item)


def _bind_item(
    binder: Binder, node: Node, scope: Scope, left: list[ScopeItem]
) -> tuple[FromItem, list[ScopeItem]]:
    ((kind, body),) = node.items()
    bind = {
        "RangeVar": _table,
        "RangeSubselect": _subquery,
        "RangeFunction": _function,
        "JoinExpr": _join,
    }.get(kind)
    if bind is None:
        raise not_supported(f"{kind} in FROM", body.get("location"))
    return bind(binder, body, scope, left)


def table_entry(relation: Relation, name: str) -> Entry:
    """Make the entry of a table."""
    columns = [
        OutputColumn(c.name, c.type, c.typmod, relation.oid, c.number) for c in relation.columns
    ]
    schema = relation.schema if name == relation.name else ""
    return Entry(name, columns, relation=relation, schema=schema)


def scope_item(entry: Entry) -> ScopeItem:
    """Make the name of an entry and its columns visible."""
    columns = [
        (c.name, ir.Column(c.type, c.typmod, -1, entry, at))
        for at, c in enumerate(entry.columns[: len(entry.columns) - entry.hidden])
    ]
    return ScopeItem(entry.name, list(columns), entry=entry)


def _rename(entry: Entry, alias: Node | None, location: int | None) -> Entry:
    if alias is None:
        return entry
    entry.name = alias["aliasname"]
    entry.schema = ""
    names = [part["String"]["sval"] for part in alias.get("colnames", [])]
    width = len(entry.columns) - entry.hidden
    if len(names) > width:
        message = (
            f'table "{entry.name}" has {width} columns available but {len(names)} columns specified'
        )
        raise error("42P10", message, position=location)
    for at, name in enumerate(names):
        old = entry.columns[at]
        entry.columns[at] = OutputColumn(
            name, old.type, old.typmod, old.table_oid, old.column_number
        )
    return entry


def _table(
    binder: Binder, node: Node, scope: Scope, left: list[ScopeItem]
) -> tuple[FromItem, list[ScopeItem]]:
    name = node["relname"]
    cte = scope.find_cte(name) if "schemaname" not in node else None
    if cte is not None:
        if cte.is_without_rows:
            message = f'WITH query "{name}" does not have a RETURNING clause'
            raise error("0A000", message, position=node.get("location", 0))
        cte.uses += 1
        entry = Entry(
            name,
            [
                OutputColumn(c.name, c.type, c.typmod, c.table_oid, c.column_number)
                for c in cte.columns
            ],
            cte=cte,
        )
    else:
        found = find_relation(binder, node)
        if isinstance(found, Relation):
            require_privilege(binder, found.noun, SELECT)
            entry = secured(binder, found.noun, _read_entry(binder, found, name, node))
            entry.readable = readable_columns(binder, found.noun)
        else:
            require_privilege(binder, found, SELECT)
            entry = view_entry(binder, found, name)
            entry.readable = readable_columns(binder, found)
    entry = _rename(entry, node.get("alias"), None)
    scope.entries.append(entry)
    return entry, [scope_item(entry)]


def _read_entry(binder: Binder, relation: Relation, name: str, node: Node) -> Entry:
    """Make the entry of a table that is read: with the rows of its descendants unless ONLY is written."""
    if node.get("inh") and has_children(binder.names.catalog, relation.noun):
        return family_entry(binder, relation, name)
    return table_entry(binder.as_read(relation), name)


def family_entry(
    binder: Binder, relation: Relation, name: str, *, with_places: bool = False
) -> Entry:
    """Make the entry of a table and its descendants: the columns of the table, behind them where (if asked for) and whose each row is."""
    keepers = keepers_of(binder.names.catalog, relation.noun, binder.names.temporary) or [
        relation.noun
    ]
    parts = [_part(binder, relation, noun, with_places=with_places) for noun in keepers]
    whole: Query = parts[0]
    for part in parts[1:]:
        listed = [OutputColumn(c.name, c.type, c.typmod) for c in whole.columns]
        whole = SetOperation(listed, kind="union", is_all=True, left=whole, right=part)
    columns = table_entry(relation, name).columns
    if with_places:
        columns.append(OutputColumn("ctid", t.TID))
    columns.append(OutputColumn("tableoid", t.OID))
    schema = relation.schema if name == relation.name else ""
    hidden = len(columns) - len(relation.columns)
    return Entry(name, columns, query=whole, view=relation.noun.id, schema=schema, hidden=hidden)


def _part(binder: Binder, relation: Relation, noun: Noun, *, with_places: bool) -> Select:
    own = relation_of(noun)
    entry = table_entry(binder.as_read(own), own.name)
    places = {column.name: at for at, column in enumerate(own.columns)}
    targets = [
        Target(
            ir.Column(c.type, c.typmod, -1, entry, places[c.name]),
            OutputColumn(c.name, c.type, c.typmod),
        )
        for c in relation.columns
    ]
    if with_places:
        targets.append(Target(ir.RowId(t.TID, -1, -1, entry), OutputColumn("ctid", t.TID)))
    targets.append(Target(ir.Const(t.OID, -1, -1, own.oid), OutputColumn("tableoid", t.OID)))
    columns = [target.column for target in targets]
    return Select(columns, targets=targets, from_items=[entry])


def _subquery(
    binder: Binder, node: Node, scope: Scope, left: list[ScopeItem]
) -> tuple[FromItem, list[ScopeItem]]:
    if "alias" not in node:
        word, what = (
            ("VALUES", "VALUES ...")
            if "valuesLists" in node["subquery"]["SelectStmt"]
            else ("subquery", "SELECT ...")
        )
        message, hint = (
            f"{word} in FROM must have an alias",
            f"For example, FROM ({what}) [AS] foo.",
        )
        raise error("42601", message, hint=hint)
    is_lateral = bool(node.get("lateral"))
    lateral_scope = Scope(parent=scope.parent, ctes=scope.ctes)
    if is_lateral:
        lateral_scope.items = left
        lateral_scope.entries = scope.entries
    else:
        lateral_scope.hidden = left
    query = binder.query(node["subquery"], lateral_scope)
    columns = [
        OutputColumn(c.name, c.type, c.typmod, c.table_oid, c.column_number) for c in query.columns
    ]
    entry = Entry("", columns, query=query, is_lateral=is_lateral and bool(left))
    entry = _rename(entry, node.get("alias"), None)
    scope.entries.append(entry)
    item = scope_item(entry)
    item.is_named = "alias" in node
    return entry, [item]


def _function(
    binder: Binder, node: Node, scope: Scope, left: list[ScopeItem]
) -> tuple[FromItem, list[ScopeItem]]:
    entry = _rename(bind_functions(binder, node, scope, left), node.get("alias"), None)
    scope.entries.append(entry)
    return entry, [scope_item(entry)]


def _join(
    binder: Binder, node: Node, scope: Scope, left_items: list[ScopeItem]
) -> tuple[FromItem, list[ScopeItem]]:
    left, left_names = _bind_item(binder, node["larg"], scope, left_items)
    right, right_names = _bind_item(binder, node["rarg"], scope, [*left_items, *left_names])
    for item in right_names:
        if item.is_named and any(
            other.is_named and other.name == item.name for other in left_names
        ):
            raise error("42712", f'table name "{item.name}" specified more than once')
    kind = _KINDS[node["jointype"]]
    for item in [
        *(right_names if kind in {"left", "full"} else []),
        *(left_names if kind in {"right", "full"} else []),
    ]:
        item.may_be_missing = True
    using = [part["String"]["sval"] for part in node.get("usingClause", [])]
    if node.get("isNatural"):
        right_columns = [name for name, _ in _plain(right_names)]
        using = [name for name, _ in _plain(left_names) if name in right_columns]
    on: ir.Expr | None = None
    names = [*left_names, *right_names]
    if using:
        on, merged = _using(binder, using, kind, left_names, right_names)
        rest = [pair for pair in _plain(left_names) if pair[0] not in using]
        rest += [pair for pair in _plain(right_names) if pair[0] not in using]
        for item in names:
            item.has_plain_columns = False
        names.append(ScopeItem("", merged + rest, is_named=False))
    elif "quals" in node:
        on_scope = Scope(
            parent=scope.parent,
            items=names,
            clause="JOIN/ON",
            ctes=scope.ctes,
            entries=scope.entries,
        )
        on = binder.boolean(node["quals"], on_scope, "JOIN/ON")
    else:
        kind = "cross"
    if "alias" in node:
        _name_join(node["alias"], names)
    made = Join(kind, left, right, on, tuple(using))
    made.alias = node.get("alias", {}).get("aliasname", "")
    return made, names


def _name_join(alias: Node, names: list[ScopeItem]) -> None:
    """Let a join go by a name of its own, and its tables by none."""
    columns = _plain(names)
    for item in names:
        item.has_plain_columns = item.is_named = False
    given = [part["String"]["sval"] for part in alias.get("colnames", [])]
    renamed = [
        (given[at] if at < len(given) else name, expr) for at, (name, expr) in enumerate(columns)
    ]
    names.append(ScopeItem(alias["aliasname"], renamed))


def _plain(items: list[ScopeItem]) -> list[tuple[str, ir.Expr]]:
    return [pair for item in items if item.has_plain_columns for pair in item.columns]


def _using(
    binder: Binder, using: list[str], kind: str, left: list[ScopeItem], right: list[ScopeItem]
) -> tuple[ir.Expr, list[tuple[str, ir.Expr]]]:
    conditions: list[ir.Expr] = []
    merged: list[tuple[str, ir.Expr]] = []
    for name in using:
        first, second = _using_side(name, left, "left"), _using_side(name, right, "right")
        require_readable(binder, (first, second))
        both, oid, typmod = binder.coercer.to_common([first, second], "JOIN/USING")
        conditions.append(make_operator(binder, "=", first, second, -1))
        if kind == "full":
            merged.append((name, ir.Coalesce(oid, typmod, -1, both)))
        else:
            merged.append((name, both[1] if kind == "right" else both[0]))
    on = conditions[0] if len(conditions) == 1 else ir.Bool(t.BOOL, -1, -1, "and", conditions)
    return on, merged


def _using_side(name: str, items: list[ScopeItem], side: str) -> ir.Expr:
    found = [expr for column, expr in _plain(items) if column == name]
    if not found:
        raise error(
            "42703", f'column "{name}" specified in USING clause does not exist in {side} table'
        )
    if len(found) > 1:
        raise error("42702", f'common column name "{name}" appears more than once in {side} table')
    return found[0]
