"""Functions in SQL that are one expression, written in place of their calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.domains import base_type
from dotdo_postgres.engine.bind.scope import Scope, ScopeItem
from dotdo_postgres.engine.coercion import can_coerce
from dotdo_postgres.engine.procedures.sqlbody import statements_of
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.bind.binder import Binder
    from dotdo_postgres.engine.udf.definition import Stored

Node = dict[str, Any]
_PLAIN_SELECT = frozenset({"targetList", "limitOption", "op"})
MAX_DEPTH = 20


def inlined(binder: Binder, stored: Stored, args: list[ir.Expr], result: int) -> ir.Expr | None:
    """Return a function's expression with the arguments put in, None where that would change what it means."""
    if (
        stored.language != "sql"
        or stored.facts.get("security_definer")
        or stored.facts.get("config")
    ):
        return None
    if stored.name in binder.inlining or len(binder.inlining) > MAX_DEPTH or result == t.VOID:
        return None
    tree = expression_of(stored)
    if tree is None or _counts(tree, stored, args) is None:
        return None
    binder.inlining.append(stored.name)
    variables, binder.variables = binder.variables, None
    keeps = binder.keeps_unknown
    binder.keeps_unknown = False
    try:
        expr = binder.expression(named(tree), _scope(stored, args))
    finally:
        binder.inlining.pop()
        binder.variables, binder.keeps_unknown = variables, keeps
    base, modifier, domain = base_type(result)
    if (
        domain
        or isinstance(expr, (ir.Row, ir.SeriesCall))
        or not can_coerce(expr.type, base, "assignment")
    ):
        return None
    found = binder.coercer.coerce(expr, base, modifier, "assignment")
    _forget_places(found)
    return _strict(stored, args, found)


def _strict(stored: Stored, args: list[ir.Expr], expr: ir.Expr) -> ir.Expr | None:
    if not stored.is_strict or not args:
        return expr
    tests: list[ir.Expr] = [ir.NullTest(t.BOOL, -1, -1, arg, is_null=True) for arg in args]
    condition = tests[0] if len(tests) == 1 else ir.Bool(t.BOOL, -1, -1, "or", tests)
    nothing = ir.Const(expr.type, expr.typmod, -1, None)
    return ir.Case(expr.type, expr.typmod, -1, [(condition, nothing)], expr)


def expression_of(stored: Stored) -> Node | None:
    """Return the expression that a body is, None when it is more than one."""
    found = _expressions.get(stored.noun.id)
    if found is not None and found[0] is stored:
        return found[1]
    tree = _expression(stored)
    _expressions[stored.noun.id] = stored, tree
    return tree


_expressions: dict[int, tuple[Any, Node | None]] = {}


def _expression(stored: Stored) -> Node | None:
    listed = statements_of(stored)
    if len(listed) != 1:
        return None
    ((kind, body),) = listed[0].items()
    if kind == "ReturnStmt":
        tree: Node = body["returnval"]
    elif (
        kind == "SelectStmt"
        and set(body) <= _PLAIN_SELECT
        and body["op"] == "SETOP_NONE"
        and len(body.get("targetList", [])) == 1
    ):
        tree = body["targetList"][0]["ResTarget"]["val"]
    else:
        return None
    return None if _has_more(tree) else tree


def _has_more(node: Any) -> bool:
    """Tell whether an expression holds what belongs to a query: subqueries, aggregates, windows, whole rows."""
    if isinstance(node, list):
        return any(_has_more(item) for item in node)
    if not isinstance(node, dict):
        return False
    if (
        "SubLink" in node
        or "A_Star" in node
        or "over" in node
        or "agg_filter" in node
        or "agg_star" in node
    ):
        return True
    call = node.get("FuncCall")
    if isinstance(call, dict) and _is_no_plain(call):
        return True
    return any(_has_more(value) for value in node.values() if isinstance(value, (dict, list)))


def _is_no_plain(call: Node) -> bool:
    from dotdo_postgres.spec.functions import FUNCTIONS

    name = call["funcname"][-1]["String"]["sval"]
    return any(
        kind != "f" or returns_set
        for _, _, _, _, kind, returns_set, _, _ in FUNCTIONS.get(name, ())
    )


def _counts(tree: Node, stored: Stored, args: list[ir.Expr]) -> bool | None:
    """See that putting arguments in evaluates none twice that is more than a name or a literal."""
    used: dict[int, int] = {}
    _count(tree, stored, used)
    for at, arg in enumerate(args):
        if not is_simple(arg) and (used.get(at, 0) != 1 or stored.is_strict):
            return None
    return True


def is_simple(expr: ir.Expr) -> bool:
    """Tell whether an expression costs nothing and changes nothing."""
    if isinstance(expr, (ir.Relabel,)):
        return is_simple(expr.arg)
    return isinstance(expr, (ir.Const, ir.Param, ir.Column))


def _count(node: Any, stored: Stored, used: dict[int, int]) -> None:
    if isinstance(node, list):
        for item in node:
            _count(item, stored, used)
    elif isinstance(node, dict):
        param, column = node.get("ParamRef"), node.get("ColumnRef")
        if isinstance(param, dict):
            at = param.get("number", 0) - 1
            used[at] = used.get(at, 0) + 1
        elif isinstance(column, dict):
            last = column["fields"][-1].get("String", {}).get("sval")
            if last in stored.names:
                at = stored.names.index(last)
                used[at] = used.get(at, 0) + 1
        else:
            for value in node.values():
                _count(value, stored, used)


def named(node: Any) -> Any:
    """Return a tree in which `$n` is a name."""
    if isinstance(node, list):
        return [named(item) for item in node]
    if not isinstance(node, dict):
        return node
    param = node.get("ParamRef")
    if isinstance(param, dict):
        return {
            "ColumnRef": {
                "fields": [{"String": {"sval": f"${param.get('number', 0)}"}}],
                "location": -1,
            }
        }
    return {key: named(value) for key, value in node.items()}


def _scope(stored: Stored, args: list[ir.Expr]) -> Scope:
    columns: list[tuple[str, ir.Expr]] = [
        (name, arg) for name, arg in zip(stored.names, args, strict=True) if name
    ]
    hidden = [(f"${at}", arg) for at, arg in enumerate(args, 1)]
    return Scope(
        items=[ScopeItem(stored.name, columns), ScopeItem("", list(hidden), is_named=False)],
        clause="SELECT",
    )


def _forget_places(expr: ir.Expr) -> None:
    if not is_simple(expr):
        expr.location = -1
        for child in ir.children(expr):
            _forget_places(child)
