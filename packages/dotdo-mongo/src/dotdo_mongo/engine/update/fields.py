"""Update operators on any field: $set, $unset, $inc, $mul, $min, $max, $currentDate, $bit."""

from __future__ import annotations

import operator as python_operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bson import DatetimeMS, Int64, Timestamp

from dotdo_mongo.engine.numbers import DECIMAL, LONG, WIDTH, of_width, width
from dotdo_mongo.engine.update.declare import Family
from dotdo_mongo.engine.values import (
    INTEGERS,
    MISSING,
    NUMBERS,
    collated_key,
    equals,
    is_identical,
    type_name,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context
    from dotdo_mongo.engine.update.paths import Change

FAMILY = Family("fields")


def setting(value: Any) -> Change:
    """Return the change to a value; what is there already stays."""
    return lambda old: old if old is not MISSING and is_identical(old, value) else value


@FAMILY.operator("$set")
def set_(argument: Any, path: str, context: Context) -> Change:
    """Set a field."""
    del path, context
    return setting(argument)


@FAMILY.operator("$setOnInsert", on_insert_only=True)
def set_on_insert(argument: Any, path: str, context: Context) -> Change:
    """Set a field of a document that an upsert makes."""
    del path, context
    return setting(argument)


@FAMILY.operator("$unset", creates=False)
def unset(argument: Any, path: str, context: Context) -> Change:
    """Remove a field; in an array, null takes its place."""
    del argument, path, context
    return lambda _: MISSING


def _arithmetic(name: str, verb: str, combine: Callable[[Any, Any], Any]) -> None:
    def parse(argument: Any, path: str, context: Context) -> Change:
        del context
        if type(argument) not in NUMBERS:
            raise failure(14, f"Cannot {verb} with non-numeric argument: {{{path}: {argument}}}")

        def change(old: Any) -> Any:
            if old is MISSING:
                return of_width(width(argument), combine, _zero(argument), argument)
            if type(old) not in NUMBERS:
                raise failure(
                    14,
                    f"Cannot apply {name} to a value of non-numeric type. The field '{path}' is of non-numeric type {type_name(old)}",
                )
            new = of_width(width(old, argument), combine, old, argument)
            if width(old, argument) <= LONG and isinstance(new, float):
                raise failure(
                    2,
                    f"Failed to apply {name} operations to current value (({type_name(old)}) {old}) for document",
                )
            return old if type(old) is type(new) and equals(old, new) else new

        return change

    parse.__doc__ = f"{name}. Codes 2 beyond 64 bits, 14."
    FAMILY.operator(name)(parse)


def _zero(argument: Any) -> Any:
    kind = type(argument)
    return kind("0") if WIDTH[kind] == DECIMAL else kind(0)


_arithmetic("$inc", "increment", python_operator.add)
_arithmetic("$mul", "multiply", python_operator.mul)


def _bounded(name: str, wins: Callable[[Any, Any], bool]) -> None:
    def parse(argument: Any, path: str, context: Context) -> Change:
        del path
        key = collated_key(context.collation.key if context.collation else None)
        mine = key(argument)
        return lambda old: argument if old is MISSING or wins(mine, key(old)) else old

    parse.__doc__ = f"{name}: set where the argument is beyond, in BSON order."
    FAMILY.operator(name)(parse)


_bounded("$min", python_operator.lt)
_bounded("$max", python_operator.gt)


def _is_timestamp(argument: Any, path: str) -> bool:
    if isinstance(argument, bool):
        return False
    if not isinstance(argument, Mapping):
        raise failure(
            2,
            f"{type_name(argument)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({{$type: 'timestamp/date'}}).",
        )
    for name in argument:
        if name != "$type":
            raise failure(2, f"Unrecognized $currentDate option: {name}")
    kind = argument.get("$type")
    if type(kind) is not str or kind not in {"date", "timestamp"}:
        raise failure(
            2,
            f"The '$type' string field is required to be 'date' or 'timestamp': {{$currentDate: {{{path}: {argument}}}}}",
        )
    return kind == "timestamp"


@FAMILY.operator("$currentDate")
def current_date(argument: Any, path: str, context: Context) -> Change:
    """Set the present. Code 2."""
    present: Any = DatetimeMS(context.now_ms)
    if _is_timestamp(argument, path):
        present = context.cluster_time or Timestamp(context.now_ms // 1000, 1)
    return lambda _: present


_BITS: dict[str, Callable[[int, int], int]] = {
    "and": python_operator.and_,
    "or": python_operator.or_,
    "xor": python_operator.xor,
}


@FAMILY.operator("$bit")
def bit(argument: Any, path: str, context: Context) -> Change:
    """Change bits of an int or long. Code 2."""
    del context
    if not isinstance(argument, Mapping):
        raise failure(
            2,
            f"The $bit modifier is not compatible with a {type_name(argument)}. You must pass in an embedded document: {{$bit: {{field: {{and/or/xor: #}}}}}}",
        )
    if not argument:
        raise failure(
            2,
            "You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}}",
        )
    steps = []
    for name, mask in argument.items():
        if name not in _BITS:
            raise failure(
                2,
                f"The $bit modifier only supports 'and', 'or', and 'xor', not '{name}' which is an unknown operator: {{{name}: {mask}}}",
            )
        if type(mask) not in INTEGERS:
            raise failure(
                2,
                f"The $bit modifier field must be an Integer(32/64 bit); a '{type_name(mask)}' is not supported here: {{{name}: {mask}}}",
            )
        steps.append((_BITS[name], mask))

    def change(old: Any) -> Any:
        value = (
            (Int64(0) if any(type(mask) is Int64 for _, mask in steps) else 0)
            if old is MISSING
            else old
        )
        if type(value) not in INTEGERS:
            raise failure(
                2,
                f"Cannot apply $bit to a value of non-integral type. The field '{path}' is of type {type_name(old)}",
            )
        for combine, mask in steps:
            is_long = Int64 in {type(value), type(mask)}
            value = combine(int(value), int(mask))
            value = Int64(value) if is_long else value
        return old if old is not MISSING and is_identical(old, value) else value

    return change
