"""Date operators: parts, formats, arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import Int64, ObjectId, Timestamp

from dotdo_mongo.engine.calendar import (
    UTC_ZONE,
    Zone,
    zone,
)
from dotdo_mongo.engine.conversions import id_seconds
from dotdo_mongo.engine.expressions.declare import Expr, Family, Named, Scope, folded
from dotdo_mongo.engine.values import (
    DATES,
    NULLISH,
    millis,
    type_name,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = Family("dates")
Values = dict[str, Any]


def date_millis(value: Any) -> int | None:
    """Return the milliseconds of a date, a timestamp or an id; None for others."""
    if type(value) in DATES:
        return millis(value)
    if isinstance(value, Timestamp):
        return value.time * 1000
    if isinstance(value, ObjectId):
        return id_seconds(value) * 1000
    return None


def moment_of(value: Any, code: int = 16006) -> int:
    """Return the milliseconds of what stands for a moment. Raises `code` for others."""
    found = date_millis(value)
    if found is None:
        raise failure(code, f"can't convert from BSON type {type_name(value)} to Date")
    return found


def zone_of(value: Any) -> Zone | None:
    """Read a timezone, UTC where none was given, None for null. Codes 40485, 40517."""
    if value is ABSENT:
        return UTC_ZONE
    if type(value) in NULLISH:
        return None
    if type(value) is not str:
        raise failure(40517, f"timezone must evaluate to a string, found {type_name(value)}")
    return zone(value)


class _Absent:
    """Stands for a part that was not given, where null would be something else."""


ABSENT = _Absent()


def named_form(named: Named, *, run: Callable[[Values], Any]) -> Callable[[Any, Scope], Expr]:
    """Return the reader of an operator that works on the values of its named parts; absent ones are ABSENT."""

    def parse(argument: Any, scope: Scope) -> Expr:
        parts = {name: scope.compile(part) for name, part in named.parts(argument).items()}
        calls = [(name, part.evaluate) for name, part in parts.items()]
        absent = {name: ABSENT for name in named.optional if name not in parts}

        def evaluate(document: Any, variables: Any) -> Any:
            values = {name: call(document, variables) for name, call in calls}
            return run({**values, **absent})

        return folded(evaluate, parts.values())

    return parse


@FAMILY.operator("$tsSecond", null=True)
def ts_second(value: Any) -> Int64:
    """Give the seconds of a timestamp. Code 5687301."""
    if not isinstance(value, Timestamp):
        raise failure(
            5687301, f"Argument to $tsSecond must be a timestamp, but is {type_name(value)}"
        )
    return Int64(value.time)


@FAMILY.operator("$tsIncrement", null=True)
def ts_increment(value: Any) -> Int64:
    """Give the increment of a timestamp. Code 5687302."""
    if not isinstance(value, Timestamp):
        raise failure(
            5687302, f"Argument to $tsIncrement must be a timestamp, but is {type_name(value)}"
        )
    return Int64(value.inc)
