"""$and, $or, $nor, $expr, $where, $text, $comment and the constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.expressions import compile_expression, expression, is_true
from dotdo_mongo.engine.match.declare import Family, Question, Scope
from dotdo_mongo.engine.match.paths import both, everything, nothing
from dotdo_mongo.engine.numbers import to_double
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Matcher

FAMILY = Family("logical")


def _clauses(name: str, argument: Any, scope: Scope) -> list[Matcher]:
    if not isinstance(argument, list):
        raise failure(2, f"{name} argument must be an array")
    if not argument:
        raise failure(2, f"{name} argument must be a non-empty array")
    found = []
    for clause in argument:
        if not isinstance(clause, Mapping):
            raise failure(2, f"{name} argument's entries must be objects")
        found.append(scope.parse(dict(clause), scope))
    return found


@FAMILY.top("$and")
def and_(argument: Any, scope: Scope) -> Matcher:
    """Match what all clauses match. Code 2."""
    return both(_clauses("$and", argument, scope))


@FAMILY.top("$or")
def or_(argument: Any, scope: Scope) -> Matcher:
    """Match what any clause matches. Code 2."""
    clauses = _clauses("$or", argument, scope)
    return lambda document: any(clause(document) for clause in clauses)


@FAMILY.top("$nor")
def nor(argument: Any, scope: Scope) -> Matcher:
    """Match what no clause matches. Code 2."""
    clauses = _clauses("$nor", argument, scope)
    return lambda document: not any(clause(document) for clause in clauses)


@FAMILY.top("$expr")
def expr(argument: Any, scope: Scope) -> Matcher:
    """Match what makes an expression true. Codes of expressions; 2 inside $elemMatch."""
    if not scope.is_top:
        raise failure(2, "$expr can only be applied to the top-level document")
    evaluate = compile_expression(argument, scope.context)
    return lambda document: is_true(evaluate(document, {}))


@FAMILY.top("$comment")
def comment(argument: Any, scope: Scope) -> Matcher:
    """Match everything; it is a remark."""
    del argument, scope
    return everything


@FAMILY.operator("$comment")
def field_comment(argument: Any, scope: Scope, siblings: Mapping[str, Any]) -> Question | None:
    """Ask nothing; it is a remark."""
    del argument, scope, siblings
    return None


def _constant(name: str, argument: Any) -> None:
    if type(argument) not in NUMBERS or to_double(argument) != 1:
        raise failure(9, f"{name} must be an integer value of 1")


@FAMILY.top("$alwaysTrue")
def always_true(argument: Any, scope: Scope) -> Matcher:
    """Match everything. Code 9."""
    del scope
    _constant("$alwaysTrue", argument)
    return everything


@FAMILY.top("$alwaysFalse")
def always_false(argument: Any, scope: Scope) -> Matcher:
    """Match nothing. Code 9."""
    del scope
    _constant("$alwaysFalse", argument)
    return nothing


@FAMILY.top("$sampleRate")
def sample_rate(argument: Any, scope: Scope) -> Matcher:
    """Match a share of the documents by chance. Code 2."""
    part = expression(argument, scope.context)
    rate = part.constant if part.is_constant else None
    if type(rate) not in NUMBERS or not 0 <= to_double(rate) <= 1:
        raise failure(2, "numeric argument to $sampleRate must be in [0, 1]")
    share, random = to_double(rate), scope.context.random
    return lambda _: random() < share


@FAMILY.top("$where")
def where(argument: Any, scope: Scope) -> Matcher:
    """Match what makes a JavaScript function true. Codes 2, 14, 31264 without JavaScript."""
    if not isinstance(argument, str) or getattr(argument, "scope", None) is not None:
        raise failure(2, "$where got bad type")
    run = scope.context.javascript
    if run is None:
        raise failure(31264, "$where not supported without the extra dotdo-mongo[javascript]")
    source = str(argument)
    if "function" not in source and "=>" not in source:
        source = (
            f"function() {{ return ({source}); }}"
            if "return" not in source
            else f"function() {{ {source} }}"
        )
    return lambda document: is_true(run(source, [document]))


@FAMILY.top("$text")
def text(argument: Any, scope: Scope) -> Matcher:
    """Match words, where a text index is. Codes 2, 4, 9, 14, 27."""
    if not scope.is_top:
        raise failure(2, "$text can only be applied to the top-level document")
    check_text(argument)
    if scope.context.text is None:
        raise failure(27, "text index required for $text query")
    return scope.context.text(argument, scope.context)


_TEXT_PARTS = {
    "$search": ("string", str),
    "$language": ("string", str),
    "$caseSensitive": ("bool", bool),
    "$diacriticSensitive": ("bool", bool),
}


def check_text(argument: Any) -> None:
    """Refuse what is no argument of $text. Codes 2, 4, 9, 14."""
    if not isinstance(argument, Mapping):
        raise failure(2, "$text expects an object")
    if "$search" not in argument:
        raise failure(4, 'Missing expected field "$search"')
    for name, value in argument.items():
        if name not in _TEXT_PARTS:
            raise failure(2, "extra fields in $text")
        alias, kind = _TEXT_PARTS[name]
        if type(value) is not kind:
            raise failure(
                14, f'"{name}" had the wrong type. Expected {alias}, found {type_name(value)}'
            )
