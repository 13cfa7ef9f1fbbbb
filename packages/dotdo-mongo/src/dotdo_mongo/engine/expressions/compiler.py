"""Expressions compiled to closures: literals, field paths, variables, objects, arrays and operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bson import DatetimeMS

from dotdo_mongo.engine.context import UNBOUND
from dotdo_mongo.engine.expressions.declare import Expr, Scope, Variables, constant, folded
from dotdo_mongo.engine.expressions.names import check_variable_read
from dotdo_mongo.engine.fieldpath import check_name, read, reader, split_path
from dotdo_mongo.engine.values import MISSING
from dotdo_mongo.errors import failure

_NO_DOCUMENTS = "Command let Expression tried to access a field, but this is not allowed because Command let Expressions run before the query examines any documents."
_NO_CLUSTER_TIME = (
    10071200,
    "System variable $$CLUSTER_TIME is only available in replica sets and sharded clusters",
)
DESCEND, PRUNE, KEEP = "descend", "prune", "keep"


def build(expression: Any, scope: Scope) -> Expr:
    """Compile an expression in its scope."""
    if type(expression) is str:
        return _text(expression, scope) if expression[:1] == "$" else constant(expression)
    if isinstance(expression, Mapping):
        return _document(expression, scope)
    if isinstance(expression, list):
        return _array(expression, scope)
    return constant(expression)


def _text(text: str, scope: Scope) -> Expr:
    if text[:2] == "$$":
        name, _, rest = text[2:].partition(".")
        check_variable_read(name)
        has_path = "." in text
        if has_path and not rest:
            raise failure(40353, "FieldPath must not end with a '.'.")
        return variable(name, split_path(rest) if has_path else (), scope)
    if text == "$":
        raise failure(16872, "'$' by itself is not a valid FieldPath")
    return variable("CURRENT", split_path(text[1:]), scope)


def variable(name: str, path: tuple[str, ...], scope: Scope) -> Expr:
    """Compile `$$name.path`; a plain field path is that of CURRENT.

    Raises:
        CommandFailure: nothing defines the name (17276).
    """
    if name in scope.names:
        return _bound(name, path)
    if name in {"CURRENT", "ROOT"}:
        if "no-documents" in scope.context.features:
            raise failure(4890500, _NO_DOCUMENTS)
        return _field(path)
    system = _SYSTEM.get(name)
    if system is not None:
        return _constant_at(system(scope), path)
    if name in scope.context.variables:
        value = scope.context.variables[name]
        return Expr(_unbound) if value is UNBOUND else _constant_at(value, path)
    raise failure(17276, f"Use of undefined variable: {name}")


def _bound(name: str, path: tuple[str, ...]) -> Expr:
    if path:
        return Expr(lambda _, variables: read(variables[name], path))
    return Expr(lambda _, variables: variables[name])


def _unbound(document: Any, variables: Variables) -> Any:  # noqa: ARG001  closures take both
    raise AssertionError("a pipeline that is only checked is not run")


def _field(path: tuple[str, ...]) -> Expr:
    if not path:
        return Expr(lambda document, _: document)
    get = reader(path)
    return Expr(lambda document, _: get(document), path=path)


def _constant_at(value: Any, path: tuple[str, ...]) -> Expr:
    return constant(read(value, path) if path else value)


def _cluster_time(scope: Scope) -> Any:
    if "no-now" in scope.context.features:
        raise failure(51144, "Builtin variable '$$CLUSTER_TIME' is not available")
    if scope.context.cluster_time is None:
        raise failure(*_NO_CLUSTER_TIME)
    return scope.context.cluster_time


def _now(scope: Scope) -> Any:
    if "no-now" in scope.context.features:
        raise failure(51144, "Builtin variable '$$NOW' is not available")
    return DatetimeMS(scope.context.now_ms)


_SYSTEM: Mapping[str, Callable[[Scope], Any]] = {
    "REMOVE": lambda _: MISSING,
    "NOW": _now,
    "CLUSTER_TIME": _cluster_time,
    "DESCEND": lambda _: DESCEND,
    "PRUNE": lambda _: PRUNE,
    "KEEP": lambda _: KEEP,
    "USER_ROLES": lambda scope: list(scope.context.variables.get("USER_ROLES", ())),
    "SEARCH_META": lambda scope: scope.context.variables.get("SEARCH_META", MISSING),
}


def _array(members: list[Any], scope: Scope) -> Expr:
    parts = [scope.compile(member) for member in members]
    calls = [part.evaluate for part in parts]

    def evaluate(document: Any, variables: Variables) -> Any:
        values = [call(document, variables) for call in calls]
        return [None if value is MISSING else value for value in values]

    return folded(evaluate, parts)


def _document(expression: Mapping[str, Any], scope: Scope) -> Expr:
    first = next(iter(expression), "")
    if first[:1] == "$":
        return operation(expression, scope)
    parts = {check_name(name): scope.compile(part) for name, part in expression.items()}
    calls = [(name, part.evaluate) for name, part in parts.items()]

    def evaluate(document: Any, variables: Variables) -> Any:
        return {
            name: value
            for name, call in calls
            if (value := call(document, variables)) is not MISSING
        }

    return folded(evaluate, parts.values())


def operation(expression: Mapping[str, Any], scope: Scope) -> Expr:
    """Compile `{$name: argument}`.

    Raises:
        CommandFailure: more than one member (15983), an unknown operator (168).
    """
    if len(expression) != 1:
        raise failure(
            15983, f"an object representing an expression must have exactly one field: {expression}"
        )
    ((name, argument),) = expression.items()
    operator = scope.operators.get(name)
    if operator is None:
        raise failure(168, f"Unrecognized expression '{name}'")
    return operator.parse(argument, scope)
