"""Rows as values: whole rows of FROM, composite types, their fields and their casts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.objects.kept import derived_oid
from dotdo_postgres.errors import error, not_supported
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.bind.scope import Scope, ScopeItem

Node = dict[str, Any]
Field = tuple[str, int, int]


def whole_row(item: ScopeItem, location: int) -> ir.Row:
    """Return the row that a name of FROM, or a row variable, stands for.

    Raises:
        PostgresError: an outer join may give none, which does not show here (0A000).
    """
    names = tuple(name for name, _ in item.columns)
    cells = [expr for _, expr in item.columns]
    entry = item.entry
    relation = None if entry is None else entry.relation
    absent: ir.Expr | None = None
    if item.may_be_missing:
        if entry is None or relation is None:
            raise not_supported("a whole row that an outer join may leave out", location)
        absent = ir.Missing(t.BOOL, -1, location, entry)
    if item.row_type and not cells:  # a record variable without a value
        absent = ir.Const(t.BOOL, -1, location, True)
    oid = item.row_type
    if not oid and relation is not None and relation.noun.id != 0:
        oid = derived_oid(relation.noun, "t", "")
        oid = oid if oid in t.BY_OID else t.RECORD
    return ir.Row(oid or t.RECORD, -1, location, cells, absent, names)


def fields_of_expr(binder: Binder, expr: ir.Expr) -> tuple[Field, ...] | None:
    """Return the fields of an expression's row, None when it is no row."""
    from dotdo_postgres.engine.objects.rowtypes import fields_of

    if isinstance(expr, ir.Row):
        names = expr.names or tuple(f"f{at}" for at in range(1, len(expr.args) + 1))
        return tuple(
            (name, arg.type, arg.typmod) for name, arg in zip(names, expr.args, strict=True)
        )
    if isinstance(expr, ir.Call) and expr.routine.is_stored and expr.type == t.RECORD:
        columns: tuple[Field, ...] | None = expr.routine.body.args[3]  # type: ignore[union-attr]  # `routine_for` bound it
        return columns
    return fields_of(binder.names, expr.type) if expr.type not in {t.RECORD, t.UNKNOWN} else None


def opened(binder: Binder, expr: ir.Expr) -> ir.Row | None:
    """Return a row expression with its fields taken apart; None when it is no row."""
    if isinstance(expr, ir.Row):
        return expr
    fields = fields_of_expr(binder, expr)
    if fields is None:
        return None
    cells = [_field(expr, at, oid, typmod) for at, (_, oid, typmod) in enumerate(fields)]
    names = tuple(name for name, _, _ in fields)
    return ir.Row(expr.type, -1, expr.location, cells, names=names)


def _field(expr: ir.Expr, at: int, oid: int, typmod: int) -> ir.Expr:
    """Take a field out of a row that is one value."""
    from dotdo_postgres.engine.bind.domains import base_type

    base, modifier, _ = base_type(oid, typmod)
    return ir.FieldOf(base, modifier, expr.location, expr, at)


def select_field(binder: Binder, expr: ir.Expr, name: str, location: int) -> ir.Expr:
    """Bind `(row).name`.

    Raises:
        PostgresError: no row (42809), or no such field (42703).
    """
    row = opened(binder, expr)
    if row is None:
        if expr.type == t.RECORD:
            message = f'could not identify column "{name}" in record data type'
            raise error("42703", message, position=location)
        shown = t.format_type(expr.type)
        message = f"column notation .{name} applied to type {shown}, which is not a composite type"
        raise error("42809", message, position=location)
    names = row.names or tuple(f"f{at}" for at in range(1, len(row.args) + 1))
    if name not in names:
        if row.type == t.RECORD:
            raise error(
                "42703",
                f'could not identify column "{name}" in record data type',
                position=location,
            )
        raise error(
            "42703",
            f'column "{name}" not found in data type {t.format_type(row.type)}',
            position=location,
        )
    return row.args[names.index(name)]


def as_composite(binder: Binder, expr: ir.Expr, oid: int, location: int) -> ir.Expr | None:
    """Cast to a composite type; None when the expression is no row.

    Raises:
        PostgresError: its fields are not those of the type (42846).
    """
    from dotdo_postgres.engine.bind.domains import base_type
    from dotdo_postgres.engine.objects.rowtypes import fields_of

    row = expr if isinstance(expr, ir.Row) else None
    fields = fields_of(binder.names, oid)
    if row is None or fields is None:
        return None
    if len(row.args) != len(fields):
        detail = (
            "Input has too few columns."
            if len(row.args) < len(fields)
            else "Input has too many columns."
        )
        shown = t.format_type(oid)
        raise error(
            "42846", f"cannot cast type record to {shown}", detail=detail, position=location
        )
    cells = []
    for arg, (_, kind, typmod) in zip(row.args, fields, strict=True):
        inner = as_composite(binder, arg, kind, location) if isinstance(arg, ir.Row) else None
        base, modifier, _ = base_type(kind, typmod)
        cells.append(inner or binder.known(binder.coercer.coerce(arg, base, modifier, "explicit")))
    names = tuple(name for name, _, _ in fields)
    return ir.Row(oid, -1, expr.location, cells, names=names)


def bind_selection(
    binder: Binder, node: Node, scope: Scope, subscripted: Callable[..., ir.Expr]
) -> ir.Expr | None:
    """Bind `(row).field` and `(row).field[n]`, the latter by `subscripted`; None when it selects no field."""
    steps = node["indirection"]
    if not any("String" in step for step in steps):
        return None
    expr = binder.expression(node["arg"], scope)
    location = expr.location
    for step in steps:
        if "String" in step:
            expr = select_field(binder, expr, step["String"]["sval"], location)
        elif "A_Star" in step:
            raise error("0A000", 'row expansion via "*" is not supported here', position=location)
        else:
            expr = subscripted(binder, expr, [step["A_Indices"]], scope, location)
    return expr


def stars(binder: Binder, node: Node, scope: Scope) -> list[tuple[str, ir.Expr]] | None:
    """Return names and expressions of `(row).*`, None for anything else.

    Raises:
        PostgresError: it is no row (42809).
    """
    body = node.get("A_Indirection")
    if body is None or "A_Star" not in body["indirection"][-1]:
        return None
    expr = binder.expression(body["arg"], scope)
    for step in body["indirection"][:-1]:
        if "String" not in step:
            return None
        expr = select_field(binder, expr, step["String"]["sval"], expr.location)
    row = opened(binder, expr)
    if row is None:
        message = f"type {t.format_type(expr.type)} is not composite"
        raise error("42809", message, position=expr.location)
    names = row.names or tuple(f"f{at}" for at in range(1, len(row.args) + 1))
    return list(zip(names, row.args, strict=True))


def star_nodes(binder: Binder, nodes: list[Node], scope: Scope) -> list[Node]:
    """Write `x.*` and `(row).*` in a list of values out as one node for each column.

    Raises:
        PostgresError: no such name in FROM (42P01), no row (42809).
    """
    found: list[Node] = []
    for node in nodes:
        reference, selection = node.get("ColumnRef"), node.get("A_Indirection")
        if reference is not None and "A_Star" in reference["fields"][-1]:
            found += [
                {"ColumnRef": {**reference, "fields": [*reference["fields"][:-1], _name(name)]}}
                for name in _star_names(reference, scope)
            ]
        elif selection is not None and "A_Star" in selection["indirection"][-1]:
            steps = selection["indirection"][:-1]
            found += [
                {"A_Indirection": {**selection, "indirection": [*steps, _name(name)]}}
                for name, _ in stars(binder, node, scope) or ()
            ]
        else:
            found.append(node)
    return found


def _name(text: str) -> Node:
    return {"String": {"sval": text}}


def _star_names(reference: Node, scope: Scope) -> list[str]:
    if len(reference["fields"]) == 1:
        listed = [pair for item in scope.items if item.has_plain_columns for pair in item.columns]
        return [name for name, _ in listed]
    qualifier = reference["fields"][-2]["String"]["sval"]
    item = scope.item(qualifier)
    if item is None:
        message = f'missing FROM-clause entry for table "{qualifier}"'
        raise error("42P01", message, position=reference.get("location", 0))
    return [name for name, _ in item.columns]
