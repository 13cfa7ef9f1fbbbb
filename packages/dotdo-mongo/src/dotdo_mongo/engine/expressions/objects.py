"""Operators on documents, and $let, $literal, $rand, $meta and their like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bson

from dotdo_mongo.engine.expressions.declare import (
    NOT_CONSTANT,
    VARIADIC,
    Expr,
    Family,
    Named,
    Scope,
    arguments_of,
    constant,
    folded,
)
from dotdo_mongo.engine.expressions.names import check_variable_write
from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.hashing import hashed
from dotdo_mongo.engine.values import MISSING, NULLISH, type_name
from dotdo_mongo.errors import failure

FAMILY = Family("objects")


@FAMILY.operator("$mergeObjects", 0, VARIADIC)
def merge_objects(*values: Any) -> Any:
    """Join documents, later members over earlier. Code 40400."""
    merged: dict[str, Any] = {}
    if len(values) == 1 and isinstance(values[0], list):
        (values,) = values
    for value in values:
        if type(value) in NULLISH:
            continue
        document = as_document(value)
        if document is None:
            raise failure(
                40400,
                f"$mergeObjects requires object inputs, but input {value} is of type {type_name(value)}",
            )
        merged.update(document)
    return merged


_GET_FIELD = Named(
    name="$getField",
    required={
        "field": (3041702, "$getField requires 'field' to be specified"),
        "input": (3041703, "$getField requires 'input' to be specified"),
    },
    not_object=(3041701, "$getField requires an object"),
    unknown=(3041701, "$getField found an unknown argument: {}"),
)


def _is_long_form(argument: Any) -> bool:
    if not isinstance(argument, Mapping):
        return False
    first = next(iter(argument), "")
    return first[:1] != "$"


@FAMILY.form("$getField")
def get_field(argument: Any, scope: Scope) -> Expr:
    """Give a member by a name that may hold dots and dollars. Codes 3041701 to 3041704."""
    parts = (
        _GET_FIELD.parts(argument)
        if _is_long_form(argument)
        else {"field": argument, "input": "$$CURRENT"}
    )
    field, source = scope.compile(parts["field"]), scope.compile(parts["input"])
    if field.is_constant:
        _field_name(field.constant)

    def evaluate(document: Any, variables: Any) -> Any:
        name = _field_name(field.evaluate(document, variables))
        value = source.evaluate(document, variables)
        if value is None:
            return None
        found = as_document(value)
        return MISSING if found is None else found.get(name, MISSING)

    return folded(evaluate, (field, source))


def _field_name(value: Any) -> str:
    if type(value) is not str:
        raise failure(
            3041704,
            f"$getField requires 'field' to evaluate to type String, but got {type_name(value)}",
        )
    return value


def _member_name(field: Any, scope: Scope, operator: str) -> str:
    """Read the constant name of $setField and $unsetField. Codes 4161106 to 4161108."""
    if type(field) is str and field[:1] == "$":
        if field[:2] == "$$":
            part = scope.compile(field)
            if part.is_constant and type(part.constant) is str:
                return part.constant
            raise failure(4161108, f"'{operator}' requires 'field' to evaluate to a constant")
        scope.compile(field)
        raise failure(
            4161108,
            f"{operator}: field path '{field}' not allowed; did you mean {{$literal: '{field}'}}?",
        )
    part = scope.compile(field)
    is_literal = isinstance(field, Mapping) and next(iter(field), "") in {"$literal", "$const"}
    if isinstance(field, list) or (isinstance(field, Mapping) and field and not is_literal):
        raise failure(
            4161106,
            f"{operator} requires 'field' to evaluate to a constant, but got a non-constant argument",
        )
    if type(part.constant) is not str:
        raise failure(
            4161107,
            f"{operator} requires 'field' to evaluate to type String, but got {type_name(part.constant)}",
        )
    if "\0" in part.constant:
        raise failure(9534700, f"{operator}: 'field' cannot contain an embedded null byte")
    return part.constant


def _set_named(name: str, *required: str) -> Named:
    codes = {"field": 4161102, "value": 4161103, "input": 4161109}
    return Named(
        name=name,
        required={
            part: (codes[part], f"{name} requires '{part}' to be specified") for part in required
        },
        not_object=(4161100, f"{name} only supports an object as its argument"),
        unknown=(4161101, f"{name} found an unknown argument: {{}}"),
    )


_SET_FIELD = _set_named("$setField", "field", "value", "input")
_UNSET_FIELD = _set_named("$unsetField", "field", "input")


def _with_member(name: str, source: Expr, value: Expr, operator: str) -> Expr:
    def evaluate(document: Any, variables: Any) -> Any:
        given = source.evaluate(document, variables)
        if type(given) in NULLISH:
            return None
        found = as_document(given)
        if found is None:
            raise failure(
                4161105,
                f"{operator} requires 'input' to evaluate to type Object, but got {type_name(given)}",
            )
        changed = dict(found)
        member = value.evaluate(document, variables)
        if member is MISSING:
            changed.pop(name, None)
        else:
            changed[name] = member
        return changed

    return folded(evaluate, (source, value))


@FAMILY.form("$setField")
def set_field(argument: Any, scope: Scope) -> Expr:
    """Give a document with one member set. Codes 4161100 to 4161109, 9534700."""
    parts = _SET_FIELD.parts(argument)
    source, value = scope.compile(parts["input"]), scope.compile(parts["value"])
    return _with_member(
        _member_name(parts["field"], scope, "$setField"), source, value, "$setField"
    )


@FAMILY.form("$unsetField")
def unset_field(argument: Any, scope: Scope) -> Expr:
    """Give a document without one member. Codes 4161100 to 4161109, 9534700."""
    parts = _UNSET_FIELD.parts(argument)
    source = scope.compile(parts["input"])
    name = _member_name(parts["field"], scope, "$unsetField")
    return _with_member(name, source, constant(MISSING), "$unsetField")


_LET = Named(
    name="$let",
    required={
        "vars": (16876, "Missing 'vars' parameter to $let"),
        "in": (16877, "Missing 'in' parameter to $let"),
    },
    not_object=(16874, "$let only supports an object as its argument"),
    unknown=(16875, "Unrecognized parameter to $let: {}"),
)


@FAMILY.form("$let")
def let(argument: Any, scope: Scope) -> Expr:
    """Define variables for an expression. Codes 9, 10065, 16874 to 16877."""
    parts = _LET.parts(argument)
    given = parts["vars"]
    if isinstance(given, list):
        given = {str(index): one for index, one in enumerate(given)}
    if not isinstance(given, Mapping):
        raise failure(10065, "invalid parameter: expected an object (vars)")
    for name in given:
        check_variable_write(name)
    bound = [(name, scope.compile(part)) for name, part in given.items()]
    body = scope.defining(*given).compile(parts["in"])
    if body.is_constant:
        return body
    inner = body.evaluate
    calls = [(name, part.evaluate) for name, part in bound]

    def evaluate(document: Any, variables: Any) -> Any:
        defined = {name: call(document, variables) for name, call in calls}
        return inner(document, {**variables, **defined})

    return Expr(evaluate)


@FAMILY.form("$literal", "$const")
def literal(argument: Any, scope: Scope) -> Expr:  # noqa: ARG001  forms take both
    """Give the argument as it stands."""
    return constant(argument)


@FAMILY.form("$expr")
def expr(argument: Any, scope: Scope) -> Expr:
    """Give what the expression in it gives."""
    return scope.compile(argument)


@FAMILY.form("$rand")
def rand(argument: Any, scope: Scope) -> Expr:
    """Give a number of [0, 1). Codes 10065, 3040501."""
    if isinstance(argument, list):
        if argument and argument != [{}]:
            raise failure(3040501, "$rand does not currently accept arguments")
    elif not isinstance(argument, Mapping):
        raise failure(10065, "invalid parameter: expected an object ($rand)")
    elif argument:
        raise failure(3040501, "$rand does not currently accept arguments")
    random = scope.context.random
    return Expr(lambda document, variables: random(), NOT_CONSTANT)  # noqa: ARG005


_CHECKED = frozenset({"textScore", "score", "scoreDetails"})
_META = frozenset(
    {
        "textScore",
        "randVal",
        "searchScore",
        "searchHighlights",
        "geoNearDistance",
        "geoNearPoint",
        "recordId",
        "indexKey",
        "sortKey",
        "searchScoreDetails",
        "searchSequenceToken",
        "timeseriesBucketMinTime",
        "timeseriesBucketMaxTime",
        "vectorSearchScore",
        "score",
        "scoreDetails",
        "stream",
    }
)


@FAMILY.form("$meta")
def meta(argument: Any, scope: Scope) -> Expr:
    """Give a document's metadata. Codes 17307, 17308."""
    if type(argument) is not str:
        raise failure(17307, "$meta only supports string arguments")
    if argument not in _META:
        raise failure(17308, f"Unsupported argument to $meta: {argument}")
    context = scope.context
    metadata = context.metadata
    if argument in _CHECKED and argument not in context.features:
        raise failure(40218, f"query requires {argument} metadata, but it is not available")

    def evaluate(document: Any, variables: Any) -> Any:  # noqa: ARG001  closures take both
        return metadata.get(document, argument, MISSING)

    return Expr(evaluate)


@FAMILY.operator("$bsonSize", null=True)
def bson_size(value: Any) -> int:
    """Give the size of a document in bytes. Code 31393."""
    document = as_document(value)
    if document is None:
        raise failure(31393, f"$bsonSize requires a document input, found: {type_name(value)}")
    return len(bson.encode(document))


@FAMILY.operator("$binarySize", null=True)
def binary_size(value: Any) -> int:
    """Give the size of a string or of binary data in bytes. Code 51276."""
    if type(value) is str:
        return len(value.encode())
    if isinstance(value, bytes):
        return len(value)
    raise failure(
        51276, f"$binarySize requires a string or BinData argument, found: {type_name(value)}"
    )


@FAMILY.operator("$toHashedIndexKey")
def to_hashed_index_key(value: Any) -> Any:
    """Give what a hashed index holds for a value."""
    return hashed(None if value is MISSING else value)


@FAMILY.form("$function")
def function(argument: Any, scope: Scope) -> Expr:
    """Call a JavaScript function. Codes 4660800 to 4660806."""
    if not isinstance(argument, Mapping):
        raise failure(4660800, "$function requires an object argument")
    for name, code in (("body", 4660801), ("args", 4660802), ("lang", 4660803)):
        if name not in argument:
            raise failure(code, f"The '{name}' field must be specified for $function")
    if argument["lang"] != "js":
        raise failure(4660805, "Currently the only supported language specifier is 'js'.")
    body = argument["body"]
    if not isinstance(body, str):
        raise failure(4660800, "The body function must evaluate to type string or code")
    parts = [scope.compile(one) for one in arguments_of(argument["args"])]
    run = scope.context.javascript
    if run is None:
        raise failure(31264, "$function not supported without the extra dotdo-mongo[javascript]")

    def evaluate(document: Any, variables: Any) -> Any:
        return run(str(body), [part.evaluate(document, variables) for part in parts])

    return Expr(evaluate)
