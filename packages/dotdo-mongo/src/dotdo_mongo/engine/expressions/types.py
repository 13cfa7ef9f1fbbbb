"""$type, $convert and its short forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dotdo_mongo.engine.conversions import Target, Unconvertible, convert
from dotdo_mongo.engine.expressions.declare import Expr, Family, Scope, constant, folded
from dotdo_mongo.engine.numbers import is_finite, whole
from dotdo_mongo.engine.values import MISSING, NULLISH, NUMBERS, TYPE_ORDER, type_name
from dotdo_mongo.errors import failure

FAMILY = Family("types")

_BY_NUMBER: dict[int, str] = {
    number: alias for _, alias, number in TYPE_ORDER.values() if alias != "missing"
} | {0: "missing", 6: "undefined", 12: "dbPointer", 14: "symbol", 15: "javascriptWithScope"}
_ALIASES = frozenset(_BY_NUMBER.values())


@FAMILY.operator("$type")
def type_(value: Any) -> str:
    """Give the alias of the type."""
    return type_name(value)


@FAMILY.operator("$isNumber")
def is_number(value: Any) -> bool:
    """Whether it is a number."""
    return type(value) in NUMBERS


_PARTS = ("input", "to", "onError", "onNull", "format", "byteOrder", "base")


def _kind(value: Any) -> str:
    """Read the name or number of a type. Codes 2, 9, 40485."""
    if type(value) is str:
        if value not in _ALIASES:
            raise failure(2, f"Unknown type name: {value}")
        return value
    if type(value) not in NUMBERS:
        raise failure(
            9, f"$convert's 'to' argument must be a string or number, but is {type_name(value)}"
        )
    number = whole(value)
    if number is None or not is_finite(value):
        raise failure(9, "In $convert, numeric 'to' argument is not an integer")
    if number not in _BY_NUMBER:
        raise failure(
            9, f"In $convert, numeric value for 'to' does not correspond to a BSON type: {value}"
        )
    return _BY_NUMBER[number]


_SUBTYPES = frozenset({*range(10), *range(128, 256)})


def _subtype(value: Any) -> int:
    if type(value) not in NUMBERS:
        raise failure(
            4341108, f"In $convert, 'subtype' must be a number, but is {type_name(value)}"
        )
    number = whole(value)
    if number is None:
        raise failure(4341106, "In $convert, numeric 'subtype' argument is not an integer")
    if number not in _SUBTYPES:
        raise failure(
            4341107,
            f"In $convert, numeric value for 'subtype' does not correspond to a BinData type: {value}",
        )
    return number


_FORMATS = frozenset({"auto", "base64", "base64url", "hex", "utf8", "uuid"})


def _format(value: Any) -> str | None:
    if type(value) in NULLISH:
        return None
    if type(value) is not str:
        raise failure(
            4341114, f"$convert requires that 'format' be a string, found: {type_name(value)}"
        )
    if value not in _FORMATS:
        raise failure(4341125, f"Invalid 'format' argument for $convert: {value}")
    return value


def _is_little(value: Any) -> bool:
    if type(value) in NULLISH:
        return True
    if type(value) is not str:
        raise failure(
            9130001, f"$convert requires that 'byteOrder' be a string, found: {type_name(value)}"
        )
    if value not in {"little", "big"}:
        raise failure(9130002, f"Invalid 'byteOrder' argument for $convert: {value}")
    return value == "little"


def _read_target(to: Any, form: Any, order: Any) -> Target | None:
    if type(to) in NULLISH:
        return None
    kind, subtype = to, 0
    if isinstance(to, Mapping):
        if "type" not in to:
            raise failure(9, "Missing 'type' in 'to' of $convert")
        kind = to["type"]
    name = _kind(kind)
    if isinstance(to, Mapping) and "subtype" in to:
        subtype = _subtype(to["subtype"])
    return Target(name, subtype, _format(form), _is_little(order))


def _compiled(argument: Any, scope: Scope) -> dict[str, Expr]:
    if not isinstance(argument, Mapping):
        raise failure(
            9, f"$convert expects an object of named arguments but found: {type_name(argument)}"
        )
    for name in argument:
        if name not in _PARTS:
            raise failure(9, f"$convert found an unknown argument: {name}")
    for name in ("input", "to"):
        if name not in argument:
            raise failure(9, f"Missing '{name}' parameter to $convert")
    found = {name: scope.compile(part) for name, part in argument.items()}
    for name in _PARTS:
        found.setdefault(name, constant(MISSING))
    return found


@FAMILY.form("$convert")
def convert_(argument: Any, scope: Scope) -> Expr:
    """Convert to another type. Codes 2, 9, 241, 4341106 to 4341125, 9130001, 9130002."""
    parts = _compiled(argument, scope)
    has_fallback = "onError" in argument
    has_null = "onNull" in argument

    def evaluate(document: Any, variables: Any) -> Any:
        value = parts["input"].evaluate(document, variables)
        to = parts["to"].evaluate(document, variables)
        if type(value) in NULLISH:
            if type(to) not in NULLISH:
                _kind(to.get("type") if isinstance(to, Mapping) else to)
            return parts["onNull"].evaluate(document, variables) if has_null else None
        target = _read_target(
            to,
            parts["format"].evaluate(document, variables),
            parts["byteOrder"].evaluate(document, variables),
        )
        if target is None:
            return None
        try:
            return convert(value, target)
        except Unconvertible as error:
            if has_fallback:
                return parts["onError"].evaluate(document, variables)
            raise failure(241, str(error)) from error

    return folded(evaluate, parts.values())


def _short(name: str, target: Target) -> None:
    def run(value: Any) -> Any:
        if type(value) in NULLISH:
            return None
        try:
            return convert(value, target)
        except Unconvertible as error:
            raise failure(241, str(error)) from error

    def parse(argument: Any, scope: Scope) -> Expr:
        given = argument
        if isinstance(argument, list):
            if len(argument) != 1:
                raise failure(50723, f"{name} requires a single argument, got {len(argument)}")
            (given,) = argument
        part = scope.compile(given)
        call: Callable[[Any, Any], Any] = part.evaluate
        return folded(lambda document, variables: run(call(document, variables)), (part,))

    FAMILY.form(name)(parse)


for _name, _alias in (
    ("$toBool", "bool"),
    ("$toInt", "int"),
    ("$toLong", "long"),
    ("$toDouble", "double"),
    ("$toDecimal", "decimal"),
    ("$toDate", "date"),
    ("$toObjectId", "objectId"),
):
    _short(_name, Target(_alias))
_short("$toString", Target("string", format="auto"))
_short("$toUUID", Target("binData", 4, "uuid"))
