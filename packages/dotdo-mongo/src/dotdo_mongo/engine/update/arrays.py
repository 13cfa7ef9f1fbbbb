"""Update operators on arrays: $push, $addToSet, $pop, $pull, $pullAll."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bson import Regex

from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.match import compile_match, compile_value_match
from dotdo_mongo.engine.match.arrays import is_operators
from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.ordering import sorter
from dotdo_mongo.engine.update.declare import Family
from dotdo_mongo.engine.values import MISSING, NUMBERS, collated_key, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context
    from dotdo_mongo.engine.update.paths import Change

FAMILY = Family("arrays")
Sort = Callable[[list[Any]], list[Any]]


def _key(context: Context) -> Callable[[Any], Any]:
    return collated_key(context.collation.key if context.collation else None)


def _each(name: str, argument: Any, code: int) -> list[Any]:
    values = argument["$each"]
    if not isinstance(values, list):
        raise failure(
            code,
            f"The argument to $each in {name} must be an array but it was of type: {type_name(values)}",
        )
    return values


def _is_each(argument: Any) -> bool:
    return isinstance(argument, Mapping) and "$each" in argument


def _whole(name: str, value: Any) -> int:
    number = whole64(value) if type(value) in NUMBERS else None
    if number is None:
        raise failure(
            2,
            f"The value for {name} must be an integer value but was given type: {type_name(value)}",
        )
    return number


def _direction(value: Any) -> int:
    number = whole64(value) if type(value) in NUMBERS else None
    if number not in {1, -1}:
        raise failure(2, "The $sort element value must be either 1 or -1")
    return int(number or 0)


def _sort(spec: Any, context: Context) -> Sort:
    key = _key(context)
    if not isinstance(spec, Mapping):
        if type(spec) not in NUMBERS:
            raise failure(
                2,
                "The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields",
            )
        way = _direction(spec)
        return lambda values: sorted(values, key=key, reverse=way < 0)
    if not spec:
        raise failure(2, "The $sort pattern is empty when it should be a set of fields.")
    paths = []
    for name, value in spec.items():
        names = tuple(name.split("."))
        if not all(names):
            raise failure(2, f"The $sort field is a dotted field but has an empty part: {name}")
        if name[:1] == "$":
            raise failure(2, f"The $sort field cannot start with '$': {name}")
        paths.append((names, _direction(value)))
    return sorter(paths, key)


class _Push:
    """A checked $push."""

    def __init__(self, argument: Any, path: str, context: Context) -> None:
        self.path = path
        self.values = [argument]
        self.position: int | None = None
        self.slice: int | None = None
        self.sort: Sort | None = None
        if not _is_each(argument):
            return
        self.values = _each("$push", argument, 2)
        for name, value in argument.items():
            if name == "$position":
                self.position = _whole(name, value)
            elif name == "$slice":
                self.slice = _whole(name, value)
            elif name == "$sort":
                self.sort = _sort(value, context)
            elif name != "$each":
                raise failure(2, f"Unrecognized clause in $push: {name}")

    def change(self, old: Any) -> Any:
        """Return the array with the values in it."""
        if old is MISSING:
            array = []
        elif isinstance(old, list):
            array = list(old)
        else:
            raise failure(
                2,
                f"The field '{self.path}' must be an array but is of type {type_name(old)} in document",
            )
        at = len(array) if self.position is None else self.position
        array[at:at] = self.values
        if self.sort is not None:
            array = self.sort(array)
        if self.slice is not None:
            array = array[: self.slice] if self.slice >= 0 else array[self.slice :]
        return old if array == old and not self.values else array


@FAMILY.operator("$push")
def push(argument: Any, path: str, context: Context) -> Change:
    """Append values, at a place, sorted and cut when told. Code 2."""
    return _Push(argument, path, context).change


@FAMILY.operator("$addToSet")
def add_to_set(argument: Any, path: str, context: Context) -> Change:
    """Append values that are not there yet. Codes 2, 14."""
    values = [argument]
    if _is_each(argument):
        values = _each("$addToSet", argument, 14)
        for name in argument:
            if name != "$each":
                raise failure(2, f"Found unexpected fields after $each in $addToSet: {argument}")
    key = _key(context)

    def change(old: Any) -> Any:
        if old is not MISSING and not isinstance(old, list):
            raise failure(
                2,
                f"Cannot apply $addToSet to non-array field. Field named '{path}' has non-array type {type_name(old)}",
            )
        array = list(old) if isinstance(old, list) else []
        seen = {key(member) for member in array}
        size = len(array)
        for value in values:
            its = key(value)
            if its not in seen:
                seen.add(its)
                array.append(value)
        return array if old is MISSING or len(array) > size else old

    return change


@FAMILY.operator("$pop", creates=False, needs_way=True)
def pop(argument: Any, path: str, context: Context) -> Change:
    """Remove the last or the first member. Codes 9, 14."""
    del context
    number = whole64(argument) if type(argument) in NUMBERS else None
    if number is None:
        raise failure(9, f"Expected a number in: {path}: {argument}")
    if number not in {1, -1}:
        raise failure(9, f"$pop expects 1 or -1, found: {argument}")

    def change(old: Any) -> Any:
        if old is MISSING:
            return old
        if not isinstance(old, list):
            raise failure(
                14, f"Path '{path}' contains an element of non-array type '{type_name(old)}'"
            )
        if not old:
            return old
        return old[:-1] if number == 1 else old[1:]

    return change


def _without(path: str, name: str, is_removed: Callable[[Any], bool]) -> Change:
    def change(old: Any) -> Any:
        if old is MISSING:
            return old
        if not isinstance(old, list):
            raise failure(2, f"Cannot apply {name} to a non-array value: field '{path}'")
        kept = [member for member in old if not is_removed(member)]
        return old if len(kept) == len(old) else kept

    return change


def _pull_test(argument: Any, context: Context) -> Callable[[Any], bool]:
    if isinstance(argument, Regex) or is_operators(argument):
        first = next(iter(argument)) if isinstance(argument, Mapping) else ""
        if first not in {"$and", "$or", "$nor"}:
            return compile_value_match(argument, context)
    if isinstance(argument, Mapping):
        matches = compile_match(dict(argument), context)

        def of_document(member: Any) -> bool:
            document = as_document(member)
            return document is not None and matches(dict(document))

        return of_document
    key = _key(context)
    wanted = key(argument)
    return lambda member: key(member) == wanted


@FAMILY.operator("$pull", creates=False)
def pull(argument: Any, path: str, context: Context) -> Change:
    """Remove the members that match. Code 2 and those of queries."""
    return _without(path, "$pull", _pull_test(argument, context))


@FAMILY.operator("$pullAll", creates=False)
def pull_all(argument: Any, path: str, context: Context) -> Change:
    """Remove the members that equal one of these. Code 2."""
    if not isinstance(argument, list):
        raise failure(
            2, f"$pullAll requires an array argument but was given a {type_name(argument)}"
        )
    key = _key(context)
    removed = {key(value) for value in argument}
    return _without(path, "$pullAll", lambda member: key(member) in removed)
