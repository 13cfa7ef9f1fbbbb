"""$all, $elemMatch and $not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import Regex

from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.match.comparison import equal_test
from dotdo_mongo.engine.match.declare import Family, Predicate, Question, Scope, Several
from dotdo_mongo.engine.match.paths import Test, both
from dotdo_mongo.engine.match.regex import regex_test
from dotdo_mongo.errors import failure

FAMILY = Family("arrays")
Siblings = Mapping[str, Any]
_TOP_NAMES = frozenset(
    {"$and", "$or", "$nor", "$where", "$expr", "$jsonSchema", "$text", "$comment", "$sampleRate"}
)


def is_operators(value: Any) -> bool:
    """Whether a document holds operators on a field, not a value."""
    if not isinstance(value, Mapping):
        return False
    first = next(iter(value), "")
    return first[:1] == "$" and first not in {"$ref", "$id", "$db"}


def _as_members(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, list):
        return {str(index): member for index, member in enumerate(value)}
    return as_document(value)


def elem_match_test(argument: Any, scope: Scope) -> Test:
    """Return the test of an array with a member that meets a query or operators. Code 2."""
    if not isinstance(argument, Mapping):
        raise failure(2, "$elemMatch needs an Object")
    inner = scope.inside()
    first = next(iter(argument), "")
    if is_operators(argument) and first not in _TOP_NAMES:
        test = both([one.of_value() for one in scope.parse_field(argument, inner)])
        return lambda value: isinstance(value, list) and any(map(test, value))
    if "$where" in argument:
        raise failure(2, "$elemMatch cannot contain $where expression")
    matches = scope.parse(dict(argument), inner)

    def has_document(value: Any) -> bool:
        if not isinstance(value, list):
            return False
        members = map(_as_members, value)
        return any(member is not None and matches(dict(member)) for member in members)

    return has_document


@FAMILY.operator("$elemMatch")
def elem_match(argument: Any, scope: Scope, siblings: Siblings) -> Predicate:  # noqa: ARG001
    """An array with such a member. Code 2."""
    return Predicate(elem_match_test(argument, scope), enters=False)


def _all_tests(argument: list[Any], scope: Scope) -> list[Predicate]:
    first = argument[0]
    if isinstance(first, Mapping) and next(iter(first), "") == "$elemMatch":
        tests = []
        for one in argument:
            if not isinstance(one, Mapping) or list(one) != ["$elemMatch"]:
                raise failure(2, "$all/$elemMatch has to be consistent")
            tests.append(Predicate(elem_match_test(one["$elemMatch"], scope), enters=False))
        return tests
    found = []
    for one in argument:
        if is_operators(one):
            raise failure(2, "no $ expressions in $all")
        found.append(
            Predicate(regex_test(one) if isinstance(one, Regex) else equal_test(one, scope))
        )
    return found


@FAMILY.operator("$all")
def all_(argument: Any, scope: Scope, siblings: Siblings) -> Question:
    """All of these among the values. Code 2."""
    del siblings
    if not isinstance(argument, list):
        raise failure(2, "$all needs an array")
    if not argument:
        return Predicate(lambda _: False)
    return Several(_all_tests(argument, scope))


@FAMILY.operator("$not")
def not_(argument: Any, scope: Scope, siblings: Siblings) -> Question:
    """The opposite of operators or of a regular expression. Code 2."""
    del siblings
    if isinstance(argument, Regex):
        return Predicate(regex_test(argument), is_negated=True)
    if not isinstance(argument, Mapping):
        raise failure(2, "$not needs a regex or a document")
    if not argument:
        raise failure(2, "$not cannot be empty")
    for name in argument:
        if name[:1] != "$":
            raise failure(2, f"unknown operator: {name}")
    return Several(scope.parse_field(argument, scope), is_negated=True)
