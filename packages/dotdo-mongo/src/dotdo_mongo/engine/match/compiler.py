"""Queries compiled to matchers: fields, operators and what joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import Regex

from dotdo_mongo.engine.match.arrays import is_operators
from dotdo_mongo.engine.match.comparison import equal_test
from dotdo_mongo.engine.match.declare import Predicate, Question, Scope
from dotdo_mongo.engine.match.paths import both
from dotdo_mongo.engine.match.regex import regex_test
from dotdo_mongo.engine.match.registry import FIELDS, TOPS
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dotdo_mongo.engine.context import Document, Matcher

MAX_DEPTH = 200


def parse(query: Document, scope: Scope) -> Matcher:
    """Compile a query.

    Raises:
        CommandFailure: an unknown operator or a wrong argument, most of them code 2.
    """
    return both([_member(name, value, scope) for name, value in query.items()])


def _member(name: str, value: Any, scope: Scope) -> Matcher:
    if name[:1] == "$" and name not in {"$ref", "$id", "$db"}:
        return _top(name, value, scope)
    here = scope.at(name)
    return both([one.on(name) for one in parse_field(value, here)])


def _top(name: str, value: Any, scope: Scope) -> Matcher:
    if name in scope.restricted:
        raise failure(*scope.restricted[name])
    top = TOPS.get(name)
    if top is None:
        raise failure(
            2,
            f"unknown top level operator: {name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.",
        )
    return top(value, scope)


def parse_field(value: Any, scope: Scope) -> list[Question]:
    """Compile what a query asks of the field `scope.path`: a value to equal, a pattern, or operators."""
    if isinstance(value, Regex):
        return [Predicate(regex_test(value))]
    if not is_operators(value):
        return [Predicate(equal_test(value, scope))]
    questions = []
    for name, argument in value.items():
        question = _operator(name, argument, value, scope)
        if question is not None:
            questions.append(question)
    return questions


def _operator(
    name: str, argument: Any, siblings: Mapping[str, Any], scope: Scope
) -> Question | None:
    if name in scope.restricted:
        raise failure(*scope.restricted[name])
    operator = FIELDS.get(name)
    if operator is None:
        raise failure(2, f"unknown operator: {name}")
    return operator(argument, scope, siblings)
