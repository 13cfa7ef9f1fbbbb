"""Constants, parameters, columns, casts, conditions and conditionals."""
# ruff: noqa: ARG001 -- what is declared alike is called alike

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.binder import Binder, Node, names_of
from dotdo_postgres.engine.bind.composites import (
    as_composite,
    bind_selection,
    star_nodes,
    whole_row,
)
from dotdo_postgres.engine.bind.domains import as_domain, base_of
from dotdo_postgres.engine.bind.hints import unknown_column
from dotdo_postgres.engine.bind.operators import make_operator
from dotdo_postgres.engine.bind.scope import missing_from
from dotdo_postgres.engine.bind.security import require_readable
from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.coercion import can_coerce, cannot_cast, is_array, pathway
from dotdo_postgres.engine.functions.catalog_types import VECTORS
from dotdo_postgres.engine.routines.checks import LETTER
from dotdo_postgres.engine.routines.records import is_empty
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import interval, interval_reading, numeric
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.bits import from_text as bits_from_text

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.scope import Scope, ScopeItem

MAX_PARAMS = 65535


def bind_constant(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Type a literal: whole numbers by size, strings unknown."""
    location = node.get("location", 0)
    if "ival" in node:
        return ir.Const(t.INT4, -1, location, node["ival"].get("ival", 0))
    if "sval" in node:
        return ir.Const(t.UNKNOWN, -1, location, node["sval"].get("sval", ""))
    if "boolval" in node:
        return ir.Const(t.BOOL, -1, location, int(node["boolval"].get("boolval", False)))
    if "isnull" in node:
        return ir.Const(t.UNKNOWN, -1, location, None)
    if "fval" in node:
        return number(node["fval"]["fval"], location)
    bits = bits_from_text(node["bsval"]["bsval"])
    return ir.Const(t.BIT, -1, location, bits)


def number(text: str, location: int) -> ir.Const:
    """Type a number that is not a plain int4."""
    if text.lstrip("-").isdigit():
        value = int(text)
        if -(2**31) <= value < 2**31:
            return ir.Const(t.INT4, -1, location, value)
        if -(2**63) <= value < 2**63:
            return ir.Const(t.INT8, -1, location, value)
    return ir.Const(t.NUMERIC, -1, location, numeric.from_text(text))


def bind_param(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind `$n`; its type may become known later."""
    index = node.get("number", 0)
    if not 0 < index <= MAX_PARAMS:
        raise error("42P02", f"there is no parameter ${index}", position=node.get("location", 0))
    types = binder.param_types
    types.extend([0] * (index - len(types)))
    return ir.Param(types[index - 1] or t.UNKNOWN, -1, node.get("location", 0), index)


def _whole_row(binder: Binder, item: ScopeItem, location: int) -> ir.Row:
    require_readable(binder, (expr for _, expr in item.columns))
    return whole_row(item, location)


def bind_column(  # noqa: C901, PLR0912 -- one clause for each form of a reference
    binder: Binder, node: Node, scope: Scope
) -> ir.Expr:
    """Resolve a column reference."""
    location = node.get("location", 0)
    if "A_Star" in node["fields"][-1]:
        item = scope.item(names_of(node["fields"][:-1])[-1]) if len(node["fields"]) > 1 else None
        if item is None:
            raise not_supported("a whole row as a value", location)
        return _whole_row(binder, item, location)
    parts = names_of(node["fields"])
    if len(parts) == 1:
        found = scope.column(parts[0], location)
        if binder.variables is not None:
            found = binder.variables.settle(parts[0], found, location)
        if found is None and parts[0] in _SYSTEM and len(scope.items) == 1:
            found = _system_column(binder, parts[0], scope.items[0], location)
        if found is None:
            item = scope.item(parts[0])
            found = (
                None if item is None else _scalar_row(item) or _whole_row(binder, item, location)
            )
            if found is None:
                raise unknown_column(scope, parts[0], None, location)
    else:
        if len(parts) == 3:
            _require_schema(scope, parts, location)
            parts = parts[1:]
        if len(parts) > 2:
            raise not_supported("a reference of more than two parts", location)
        found = scope.qualified(parts[0], parts[1], location)
        if found is None and parts[1] in _SYSTEM:
            found = _system_column(binder, parts[1], scope.item(parts[0]), location)
        if found is None:
            raise unknown_column(scope, parts[1], parts[0], location)
    if isinstance(found, ir.Column):
        require_readable(binder, (found,))
        return ir.Column(found.type, found.typmod, location, found.entry, found.index)
    return found


_SYSTEM = frozenset({"tableoid", "ctid", "xmax"})


def _system_column(
    binder: Binder, name: str, item: ScopeItem | None, location: int
) -> ir.Expr | None:
    """Return a system column of a table; None when the name of FROM stands for no table."""
    if name == "tableoid":
        return _table_oid(item, location)
    if name == "xmax":
        if item is None or item.entry is None or item.entry is not binder.inserted:
            return None
        return ir.Column(t.XID, -1, location, item.entry, len(item.entry.columns))
    if item is None or item.entry is None or item.entry.relation is None:
        return None
    return ir.RowId(t.TID, -1, location, item.entry) if item.entry.relation.noun.id else None


def _table_oid(item: ScopeItem | None, location: int) -> ir.Expr | None:
    """Return the system column `tableoid` of a table; None when the name of FROM stands for no table."""
    if item is None or item.entry is None:
        return None
    if item.entry.hidden:
        return ir.Column(t.OID, -1, location, item.entry, len(item.entry.columns) - 1)
    if item.entry.relation is None or item.may_be_missing:
        return None
    return ir.Const(t.OID, -1, location, item.entry.relation.oid)


def _require_schema(scope: Scope, parts: list[str], location: int) -> None:
    """See that a name of FROM, as `schema.table.column` gives it, stands for a table of that schema."""
    item = scope.item(parts[1])
    entry = None if item is None else item.entry
    if entry is None or entry.schema != parts[0]:
        raise missing_from(scope, parts[1], location)


def _scalar_row(item: ScopeItem) -> ir.Expr | None:
    """Return what the name of a function in FROM stands for when its rows are plain values."""
    if item.entry is None or not item.entry.calls or len(item.columns) != 1:
        return None
    return item.columns[0][1]


def bind_cast(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind `x::type` and `type 'literal'`."""
    target, typmod = resolve_type(node["typeName"], binder.names)
    if t.BY_OID[target].kind == "d":
        return _to_domain(binder, node, scope, target)
    if target == t.BPCHAR and typmod < 0 and "typmods" not in node["typeName"]:
        typmod = -1
    arg_node = node["arg"]
    if "A_ArrayExpr" in arg_node and is_array(target):
        return bind_array(binder, arg_node["A_ArrayExpr"], scope, t.BY_OID[target].element)
    expr = binder.expression(arg_node, scope)
    if (
        target == t.INTERVAL
        and isinstance(expr, ir.Const)
        and expr.type == t.UNKNOWN
        and expr.value is not None
    ):
        fields = interval.FULL_RANGE if typmod < 0 else typmod >> 16 & interval.FULL_RANGE
        try:
            span = interval_reading.from_text(expr.value, fields)
            value = interval.encode(span if typmod < 0 else interval.fit(span, typmod))
        except PostgresError as failure:
            failure.position = expr.location
            raise
        return ir.Const(t.INTERVAL, typmod, expr.location, value)
    if isinstance(expr, ir.Row):
        made = as_composite(binder, expr, target, node.get("location", 0))
        if made is not None:
            return made
    return explicit_cast(binder, expr, target, typmod, node.get("location", 0))


def _to_domain(binder: Binder, node: Node, scope: Scope, domain: int) -> ir.Expr:
    """Cast to what a domain is made of, and hold the value against the domain."""
    base, typmod = base_of(t.BY_OID[domain])
    expr = binder.expression(node["arg"], scope)
    made = explicit_cast(binder, expr, base, typmod, node.get("location", 0))
    return as_domain(binder, made, domain)


def explicit_cast(
    binder: Binder, expr: ir.Expr, target: int, typmod: int, location: int
) -> ir.Expr:
    """Cast as written.

    Raises:
        PostgresError: 42846 when no such cast exists.
    """
    if not can_coerce(expr.type, target, "explicit") or target in t.POLYMORPHIC:
        raise cannot_cast(expr.type, target, location)
    known = pathway(expr.type, target, "explicit") == "same" and typmod < 0 and expr.typmod >= 0
    if known:
        return ir.Relabel(target, -1, expr.location, expr)
    return binder.coercer.coerce(expr, target, typmod, "explicit", location)


def bind_collate(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Accept the collations that are byte order; refuse others."""
    name = names_of(node["collname"])[-1]
    if name not in {"C", "POSIX", "default", "ucs_basic"}:
        raise not_supported(f'collation "{name}"', node.get("location", 0))
    expr = binder.known(binder.expression(node["arg"], scope))
    if t.BY_OID[expr.type].category != "S":
        message = f"collations are not supported by type {t.format_type(expr.type)}"
        raise error("42804", message, position=node.get("location", 0))
    return expr


def bind_boolean(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind AND, OR and NOT."""
    op = node["boolop"].removesuffix("_EXPR")
    args = [binder.boolean(arg, scope, op) for arg in node["args"]]
    return ir.Bool(t.BOOL, -1, node.get("location", 0), op.lower(), args)


def bind_null_test(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind IS [NOT] NULL."""
    arg = binder.expression(node["arg"], scope)
    if not isinstance(arg, ir.Param):
        arg = binder.known(arg)
    is_null = node["nulltesttype"] == "IS_NULL"
    if isinstance(arg, ir.Row) and not arg.args:
        return ir.Const(t.BOOL, -1, arg.location, 1)
    if isinstance(arg, ir.Row) and arg.absent is None:
        tests: list[ir.Expr] = [
            ir.NullTest(t.BOOL, -1, arg.location, item, is_null) for item in arg.args
        ]
        return ir.Bool(t.BOOL, -1, arg.location, "and", tests)
    if arg.type == t.RECORD or t.BY_OID[arg.type].kind == "c":
        routine = is_empty(arg.type, is_null=is_null)
        return ir.Call(t.BOOL, -1, node.get("location", 0), routine, [arg])
    return ir.NullTest(t.BOOL, -1, node.get("location", 0), arg, is_null)


def bind_boolean_test(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind IS [NOT] TRUE, FALSE, UNKNOWN."""
    words = node["booltesttype"].replace("_", " ")
    arg = binder.boolean(node["arg"], scope, words)
    return ir.BooleanTest(t.BOOL, -1, node.get("location", 0), arg, words)


def bind_case(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind CASE in both forms."""
    operand = binder.known(binder.expression(node["arg"], scope)) if "arg" in node else None
    conditions, results = [], []
    for item in node["args"]:
        when = item["CaseWhen"]
        if operand is None:
            conditions.append(binder.boolean(when["expr"], scope, "CASE/WHEN"))
        else:
            value = binder.expression(when["expr"], scope)
            comparison = make_operator(binder, "=", operand, value, when.get("location", 0))
            conditions.append(binder.to_boolean(comparison, "CASE/WHEN"))
        results.append(binder.expression(when["result"], scope))
    has_default = "defresult" in node
    default = (
        binder.expression(node["defresult"], scope)
        if has_default
        else ir.Const(t.UNKNOWN, -1, -1, None)
    )
    coerced, oid, typmod = binder.coercer.to_common([default, *results], "CASE")
    if not has_default:
        typmods = {expr.typmod for expr in coerced[1:]}
        typmod = typmods.pop() if len(typmods) == 1 else -1
    whens = list(zip(conditions, coerced[1:], strict=True))
    last = coerced[0] if has_default else None
    return ir.Case(oid, typmod, node.get("location", 0), whens, last, operand is not None)


def bind_coalesce(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind COALESCE."""
    args, oid, typmod = binder.coercer.to_common(
        [binder.expression(arg, scope) for arg in node["args"]], "COALESCE"
    )
    return ir.Coalesce(oid, typmod, node.get("location", 0), args)


def bind_min_max(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind GREATEST and LEAST."""
    is_greatest = node["op"] == "IS_GREATEST"
    name = "GREATEST" if is_greatest else "LEAST"
    args, oid, typmod = binder.coercer.to_common(
        [binder.expression(arg, scope) for arg in node["args"]], name
    )
    return ir.MinMax(oid, typmod, node.get("location", 0), args, is_greatest)


def bind_row(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind a row of values."""
    args = [
        binder.expression(arg, scope) for arg in star_nodes(binder, node.get("args", []), scope)
    ]
    return ir.Row(t.RECORD, -1, node.get("location", 0), args)


def _has_lists(node: Node) -> bool:
    return any("A_ArrayExpr" in item for item in node.get("elements", []))


def _bind_nested(binder: Binder, node: Node, scope: Scope, element: int) -> ir.Expr:
    """Bind ARRAY[[...], [...]]: every item is an array itself."""
    location = node.get("location", 0)
    items = [
        bind_array(binder, item["A_ArrayExpr"], scope, element)
        if "A_ArrayExpr" in item
        else binder.expression(item, scope)
        for item in node["elements"]
    ]
    args, oid, _ = binder.coercer.to_common(items, "ARRAY")
    if element and oid != t.BY_OID[element].array:
        args = [
            binder.coercer.coerce(item, t.BY_OID[element].array, -1, "explicit") for item in args
        ]
        oid = t.BY_OID[element].array
    return ir.ArrayOf(oid, -1, location, args)


def bind_array(binder: Binder, node: Node, scope: Scope, element: int = 0) -> ir.Expr:
    """Bind ARRAY[...]."""
    if _has_lists(node):
        return _bind_nested(binder, node, scope, element)
    items = [binder.expression(item, scope) for item in node.get("elements", [])]
    location = node.get("location", 0)
    if element and t.BY_OID[element].kind == "c":
        items = [
            (as_composite(binder, item, element, location) if isinstance(item, ir.Row) else None)
            or item
            for item in items
        ]
    if any(is_array(item.type) for item in items):
        args, oid, _ = binder.coercer.to_common(items, "ARRAY")
        return ir.ArrayOf(oid, -1, location, args)
    if element:
        args = [binder.coercer.coerce(item, element, -1, "explicit") for item in items]
    elif not items:
        hint = "Explicitly cast to the desired type, for example ARRAY[]::integer[]."
        raise error("42P18", "cannot determine type of empty array", hint=hint, position=location)
    else:
        args, element, _ = binder.coercer.to_common(items, "ARRAY")
    return ir.ArrayOf(t.BY_OID[element].array, -1, location, args)


_SQL_VALUES = {
    "SVFOP_CURRENT_DATE": ("current_date", t.DATE), "SVFOP_CURRENT_TIME": ("current_time", t.TIMETZ), "SVFOP_CURRENT_TIME_N": ("current_time", t.TIMETZ), "SVFOP_LOCALTIME_N": ("localtime", t.TIME),
    "SVFOP_CURRENT_TIMESTAMP": ("now", t.TIMESTAMPTZ), "SVFOP_LOCALTIME": ("localtime", t.TIME),
    "SVFOP_LOCALTIMESTAMP": ("localtimestamp", t.TIMESTAMP),
    "SVFOP_CURRENT_TIMESTAMP_N": ("now", t.TIMESTAMPTZ), "SVFOP_LOCALTIMESTAMP_N": ("localtimestamp", t.TIMESTAMP),
    "SVFOP_CURRENT_USER": ("user", t.NAME), "SVFOP_USER": ("user", t.NAME), "SVFOP_SESSION_USER": ("session_user", t.NAME),
    "SVFOP_CURRENT_ROLE": ("user", t.NAME), "SVFOP_CURRENT_CATALOG": ("database", t.NAME),
    "SVFOP_CURRENT_SCHEMA": ("schema", t.NAME),
}  # fmt: skip


def bind_sql_value(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind current_date, current_user and their kin."""
    kind, oid = _SQL_VALUES.get(node["op"], ("", 0))
    if not kind:
        raise not_supported(node["op"].removeprefix("SVFOP_").lower(), node.get("location", 0))
    word = node["op"].removeprefix("SVFOP_").removesuffix("_N")
    value = ir.SessionValue(oid, -1, node.get("location", 0), kind, word)
    if node["op"].endswith("_N"):
        return binder.coercer.fit(value, min(node.get("typmod", 6), 6), is_explicit=True)
    return value


def bind_subscript(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    """Bind `array[n]`, `array[a:b]`, `jsonb['key']`."""
    selected = bind_selection(binder, node, scope, subscripted)
    if selected is not None:
        return selected
    arg = binder.expression(node["arg"], scope)
    parts = [item.get("A_Indices") for item in node["indirection"]]
    if None in parts:
        raise not_supported("a star here", arg.location)
    return subscripted(binder, arg, parts, scope, arg.location)


def subscripted(
    binder: Binder, arg: ir.Expr, parts: list[Node], scope: Scope, location: int
) -> ir.Expr:
    """Take an element or a part of an array or jsonb.

    Raises:
        PostgresError: the type has none (SQLSTATE 42804).
    """
    if arg.type == t.JSONB:
        return _jsonb_subscript(binder, arg, parts, scope)
    if arg.type == t.NAME and len(parts) == 1 and not parts[0].get("is_slice"):
        index = _index(binder, parts[0]["uidx"], scope)
        return ir.Call(LETTER.result, -1, location, LETTER, [arg, index])
    if not is_array(arg.type):
        message = f"cannot subscript type {t.format_type(arg.type)} because it does not support subscripting"
        raise error("42804", message, position=location)
    is_slice = any(part.get("is_slice") for part in parts)
    indexes: list[ir.Expr | None] = []
    for part in parts:
        if is_slice and not part.get("is_slice"):
            indexes += [ir.Const(t.INT4, -1, -1, 1), _index(binder, part["uidx"], scope)]
        elif is_slice:
            indexes += [
                _index(binder, part[key], scope) if key in part else None
                for key in ("lidx", "uidx")
            ]
        else:
            indexes.append(_index(binder, part["uidx"], scope))
    if arg.type in VECTORS and not is_slice:  # these are counted from 0
        one = ir.Const(t.INT4, -1, -1, 1)
        indexes = [i and make_operator(binder, "+", i, one, location) for i in indexes]
    result = arg.type if is_slice else t.BY_OID[arg.type].element
    return ir.Subscript(result, -1 if is_slice else arg.typmod, location, arg, indexes, is_slice)


def _index(binder: Binder, node: Node, scope: Scope) -> ir.Expr:
    expr = binder.expression(node, scope)
    if not can_coerce(expr.type, t.INT4, "assignment"):
        message = "array subscript must have type integer"
        raise error("42804", message, position=expr.location)
    return binder.coercer.coerce(expr, t.INT4, -1, "assignment")


def _jsonb_subscript(binder: Binder, arg: ir.Expr, parts: list[Node], scope: Scope) -> ir.Expr:
    steps: list[ir.Expr] = []
    for part in parts:
        if part.get("is_slice"):
            raise error("42804", "jsonb subscript does not support slices", position=arg.location)
        index = binder.expression(part["uidx"], scope)
        if not (can_coerce(index.type, t.INT4) or can_coerce(index.type, t.TEXT)):
            message = f"subscript type {t.format_type(index.type)} is not supported"
            hint = "jsonb subscript must be coercible to either integer or text."
            raise error("42804", message, hint=hint, position=index.location)
        if index.type != t.UNKNOWN and can_coerce(index.type, t.INT4):
            index = binder.coercer.coerce(index, t.INT4)
        steps.append(binder.coercer.coerce(index, t.TEXT, -1, "explicit"))
    path = ir.ArrayOf(t.BY_OID[t.TEXT].array, -1, arg.location, steps)
    return make_operator(binder, "#>", arg, path, arg.location)
