"""Comparison, boolean, conditional and bitwise operators."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from bson import Decimal128, Int64

from dotdo_mongo.engine.expressions.declare import (
    NOT_CONSTANT,
    VARIADIC,
    Expr,
    Family,
    Scope,
    arguments_of,
    check_arity,
    constant,
    folded,
)
from dotdo_mongo.engine.numbers import LONG, WIDTH, integer
from dotdo_mongo.engine.values import INTEGERS, NULLISH, Key, type_name
from dotdo_mongo.errors import CommandFailure, failure

FAMILY = Family("logic")


def is_true(value: Any) -> bool:
    """Whether a value counts as true: all but false, null, absent and zero."""
    kind = type(value)
    if kind is bool:
        return value  # type: ignore[no-any-return]  # its type was just looked at
    if kind in NULLISH:
        return False
    if kind is Decimal128:
        return bool(value.to_decimal() != 0)
    if kind in {int, Int64, float}:
        return bool(value != 0)
    return True


SortKey = Callable[[Any], Key]


@FAMILY.operator("$cmp", 2, key=True)
def cmp(key: SortKey, left: Any, right: Any) -> int:
    """Give -1, 0 or 1."""
    a, b = key(left), key(right)
    return (a > b) - (a < b)


def _comparison(name: str, holds: Callable[[Any, Any], bool]) -> None:
    FAMILY.operator(name, 2, key=True)(lambda key, left, right: holds(key(left), key(right)))


for _name, _holds in (
    ("$eq", operator.eq),
    ("$ne", operator.ne),
    ("$gt", operator.gt),
    ("$gte", operator.ge),
    ("$lt", operator.lt),
    ("$lte", operator.le),
):
    _comparison(_name, _holds)


def _folded_boolean(parts: list[Expr], evaluate: Any, decisive: bool) -> Expr:
    """Fold; a decisive constant settles it whatever stands beside it."""
    for part in parts:
        if part.is_constant and is_true(part.constant) is decisive:
            return constant(decisive)
    return folded(evaluate, parts)


@FAMILY.form("$and")
def and_(argument: Any, scope: Scope) -> Expr:
    """Whether all are true, from the left until one is not."""
    parts = [scope.compile(one) for one in arguments_of(argument)]
    calls = [part.evaluate for part in parts]
    return _folded_boolean(
        parts, lambda doc, variables: all(is_true(call(doc, variables)) for call in calls), False
    )


@FAMILY.form("$or")
def or_(argument: Any, scope: Scope) -> Expr:
    """Whether any is true, from the left until one is."""
    parts = [scope.compile(one) for one in arguments_of(argument)]
    calls = [part.evaluate for part in parts]
    return _folded_boolean(
        parts, lambda doc, variables: any(is_true(call(doc, variables)) for call in calls), True
    )


@FAMILY.operator("$not")
def not_(value: Any) -> bool:
    """Whether it is not true."""
    return not is_true(value)


def _chosen(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    if condition.is_constant:
        return then if is_true(condition.constant) else otherwise
    test, yes, no = condition.evaluate, then.evaluate, otherwise.evaluate
    return Expr(
        lambda doc, variables: (
            yes(doc, variables) if is_true(test(doc, variables)) else no(doc, variables)
        )
    )


@FAMILY.form("$cond")
def cond(argument: Any, scope: Scope) -> Expr:
    """Choose by a condition. Codes 16020, 17080 to 17083."""
    if not isinstance(argument, Mapping):
        given = arguments_of(argument)
        check_arity("$cond", len(given), 3, 3)
        condition, then, otherwise = (scope.compile(one) for one in given)
        return _chosen(condition, then, otherwise)
    for name in argument:
        if name not in {"if", "then", "else"}:
            raise failure(17083, f"Unrecognized parameter to $cond: {name}")
    for name, code in (("if", 17080), ("then", 17081), ("else", 17082)):
        if name not in argument:
            raise failure(code, f"Missing '{name}' parameter to $cond")
    parts = {name: scope.compile(part) for name, part in argument.items()}
    return _chosen(parts["if"], parts["then"], parts["else"])


@FAMILY.form("$ifNull")
def if_null(argument: Any, scope: Scope) -> Expr:
    """Give the first that is neither null nor absent, else the last. Code 1257300."""
    given = arguments_of(argument)
    if len(given) < 2:
        raise failure(1257300, f"$ifNull needs at least two arguments, had: {len(given)}")
    parts = [scope.compile(one) for one in given]
    *calls, last = [part.evaluate for part in parts]

    def evaluate(doc: Any, variables: Any) -> Any:
        for call in calls:
            value = call(doc, variables)
            if type(value) not in NULLISH:
                return value
        return last(doc, variables)

    first = parts[0]
    if first.is_constant and type(first.constant) not in NULLISH:
        return first
    return folded(evaluate, parts)


def _branch(branch: Any, scope: Scope) -> tuple[Expr, Expr]:
    if not isinstance(branch, Mapping):
        raise failure(
            40062, f"$switch expected each branch to be an object, found: {type_name(branch)}"
        )
    for name in branch:
        if name not in {"case", "then"}:
            raise failure(40063, f"$switch found an unknown argument to a branch: {name}")
    if "case" not in branch:
        raise failure(40064, "$switch requires each branch have a 'case' expression")
    if "then" not in branch:
        raise failure(40065, "$switch requires each branch have a 'then' expression.")
    case = scope.compile(branch["case"])
    try:
        return case, scope.compile(branch["then"])
    except CommandFailure as error:
        if error.is_of_constants and case.is_constant and not is_true(case.constant):
            return case, constant(None)  # never reached, so never computed
        raise


def _switch_parts(argument: Any, scope: Scope) -> tuple[list[tuple[Expr, Expr]], Expr | None]:
    if not isinstance(argument, Mapping):
        raise failure(
            40060, f"$switch requires an object as an argument, found: {type_name(argument)}"
        )
    branches: list[tuple[Expr, Expr]] = []
    default = None
    for name, part in argument.items():
        if name == "branches":
            if not isinstance(part, list):
                raise failure(
                    40061, f"$switch expected an array for 'branches', found: {type_name(part)}"
                )
            branches = [_branch(one, scope) for one in part]
        elif name == "default":
            default = scope.compile(part)
        else:
            raise failure(40067, f"$switch found an unknown argument: {name}")
    if not branches:
        raise failure(40068, "$switch requires at least one branch.")
    return branches, default


_NO_BRANCH = (
    40069,
    "One cannot execute a switch statement where all the cases evaluate to false without a default.",
)


@FAMILY.form("$switch")
def switch(argument: Any, scope: Scope) -> Expr:
    """Give what the first true case gives. Codes 40060 to 40069."""
    branches, default = _switch_parts(argument, scope)
    live = [
        (case, then)
        for case, then in branches
        if not (case.is_constant and not is_true(case.constant))
    ]
    if not live and default is None:
        raise failure(*_NO_BRANCH)
    if not live or (live[0][0].is_constant):
        chosen = live[0][1] if live else default
        return chosen if chosen is not None else constant(None)
    calls = [(case.evaluate, then.evaluate) for case, then in live]

    def evaluate(doc: Any, variables: Any) -> Any:
        for case, then in calls:
            if is_true(case(doc, variables)):
                return then(doc, variables)
        if default is None:
            raise failure(
                40066,
                "$switch could not find a matching branch for an input, and no default was specified.",
            )
        return default.evaluate(doc, variables)

    return Expr(evaluate, NOT_CONSTANT)


def _bitwise(name: str, combine: Callable[[int, int], int], start: int) -> None:
    def apply(*values: Any) -> Any:
        for value in values:
            if type(value) not in INTEGERS:
                raise failure(
                    14, f"{name} only supports int and long operands, not {type_name(value)}."
                )
        kind = max((WIDTH[type(value)] for value in values), default=1)
        return integer(reduce(combine, map(int, values), start), kind)

    FAMILY.operator(name, 0, VARIADIC, null=True)(apply)


_bitwise("$bitAnd", operator.and_, -1)
_bitwise("$bitOr", operator.or_, 0)
_bitwise("$bitXor", operator.xor, 0)


@FAMILY.operator("$bitNot", null=True)
def bit_not(value: Any) -> Any:
    """Invert all bits of an int or long. Code 28765."""
    if type(value) not in INTEGERS:
        raise failure(28765, f"$bitNot only supports int and long, not {type_name(value)}.")
    return Int64(~int(value)) if WIDTH[type(value)] == LONG else ~int(value)
