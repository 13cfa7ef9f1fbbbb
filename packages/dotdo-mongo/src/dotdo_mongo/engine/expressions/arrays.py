"""Array operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

from dotdo_mongo.engine.expressions.declare import (
    VARIADIC,
    Expr,
    Family,
    Named,
    Scope,
    constant,
    folded,
)
from dotdo_mongo.engine.expressions.logic import is_true
from dotdo_mongo.engine.expressions.names import check_variable_write
from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.numbers import whole32, whole64
from dotdo_mongo.engine.ordering import parse_sort_by
from dotdo_mongo.engine.values import MISSING, NULLISH, NUMBERS, Key, type_name
from dotdo_mongo.errors import failure

FAMILY = Family("arrays")
SortKey = Callable[[Any], Key]


def check_array(value: Any, code: int, text: str) -> list[Any]:
    """Return the array; the error's text may hold {} for the type."""
    if not isinstance(value, list):
        raise failure(code, text.format(type_name(value)))
    return value


@FAMILY.operator("$arrayElemAt", 2, null=True)
def array_elem_at(array: Any, index: Any) -> Any:
    """Give the member at an index, from the end when negative. Codes 28689 to 28691."""
    check_array(array, 28689, "$arrayElemAt's first argument must be an array, but is {}")
    if type(index) not in NUMBERS:
        raise failure(
            28690,
            f"$arrayElemAt's second argument must be a numeric value, but is {type_name(index)}",
        )
    place = whole32(index)
    if place is None:
        raise failure(
            28691,
            f"$arrayElemAt's second argument must be representable as a 32-bit integer: {index}",
        )
    return array[place] if -len(array) <= place < len(array) else MISSING


def _end(name: str, index: int) -> None:
    def apply(array: Any) -> Any:
        check_array(array, 28689, f"{name}'s argument must be an array, but is {{}}")
        return array[index] if array else MISSING

    FAMILY.operator(name, null=True)(apply)


_end("$first", 0)
_end("$last", -1)


class _Keys:
    """What $arrayToObject has taken so far; the form of the first entry holds for all."""

    def __init__(self, entries: list[Any]) -> None:
        self.is_pairs = bool(entries) and isinstance(entries[0], list)
        self.found: dict[str, Any] = {}

    def take(self, entry: Any) -> None:
        if isinstance(entry, list):
            self._take_pair(entry)
        elif isinstance(entry, Mapping) or self.is_pairs:
            self._take_document(entry)
        else:
            raise failure(
                40398, f"Unrecognised input type format for $arrayToObject: {type_name(entry)}"
            )

    def _take_pair(self, entry: list[Any]) -> None:
        if not self.is_pairs:
            raise failure(
                40391, "$arrayToObject requires a consistent input format. Expected object"
            )
        if len(entry) != 2:
            raise failure(
                40397,
                f"$arrayToObject requires an array of size 2 arrays,found array of size: {len(entry)}",
            )
        if type(entry[0]) is not str:
            raise failure(
                40395,
                f"$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: {type_name(entry[0])}",
            )
        self._set(entry[0], entry[1], 4940400)

    def _take_document(self, entry: Mapping[str, Any]) -> None:
        if self.is_pairs:
            raise failure(
                40396, "$arrayToObject requires a consistent input format. Expected array"
            )
        if len(entry) != 2:
            raise failure(
                40392,
                f"$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:{len(entry)}",
            )
        if "k" not in entry or "v" not in entry:
            raise failure(
                40393,
                "$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys",
            )
        if type(entry["k"]) is not str:
            raise failure(
                40394,
                f"$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string. Found type: {type_name(entry['k'])}",
            )
        self._set(entry["k"], entry["v"], 4940401)

    def _set(self, key: str, value: Any, code: int) -> None:
        if "\0" in key:
            raise failure(code, "Key field cannot contain an embedded null byte")
        self.found[key] = value


@FAMILY.operator("$arrayToObject", null=True)
def array_to_object(entries: Any) -> Any:
    """Make a document of pairs or of {k, v}. Codes 40386, 40391 to 40398."""
    check_array(entries, 40386, "$arrayToObject requires an array input, found: {}")
    keys = _Keys(entries)
    for entry in entries:
        keys.take(entry)
    return keys.found


@FAMILY.operator("$objectToArray", null=True)
def object_to_array(value: Any) -> Any:
    """Make {k, v} of each member. Code 40390."""
    document = as_document(value)
    if document is None:
        raise failure(40390, f"$objectToArray requires a document input, found: {type_name(value)}")
    return [{"k": name, "v": member} for name, member in document.items()]


@FAMILY.operator("$concatArrays", 0, VARIADIC)
def concat_arrays(*arrays: Any) -> Any:
    """Join arrays. Code 28664."""
    joined: list[Any] = []
    for array in arrays:
        if type(array) in NULLISH:
            return None
        joined += check_array(array, 28664, "$concatArrays only supports arrays, not {}")
    return joined


@FAMILY.operator("$isArray")
def is_array(value: Any) -> bool:
    """Whether it is an array."""
    return isinstance(value, list)


@FAMILY.operator("$in", 2, key=True)
def in_(key: SortKey, value: Any, array: Any) -> bool:
    """Whether an array holds a value. Code 40081."""
    check_array(array, 40081, "$in requires an array as a second argument, found: {}")
    wanted = key(value)
    return any(key(member) == wanted for member in array)


def check_index(name: str, what: str, value: Any) -> int:
    """Read a start or end. Codes 9711600 type, 9711601 negative."""
    number = whole32(value)
    if number is None:
        raise failure(
            9711600,
            f"{name} requires an integral {what} index, found a value of type: {type_name(value)}, with value: {value}",
        )
    if number < 0:
        raise failure(9711601, f"{name} requires a nonnegative {what} index, found: {value}")
    return number


@FAMILY.operator("$indexOfArray", 2, 4, key=True)
def index_of_array(key: SortKey, array: Any, value: Any, start: Any = 0, end: Any = None) -> Any:
    """Give where a value first is, -1 where it is not. Codes 40090, 9711600, 9711601."""
    if type(array) in NULLISH:
        return None
    check_array(array, 40090, "$indexOfArray requires an array as a first argument, found: {}")
    first = check_index("$indexOfArray", "starting", start)
    last = len(array) if end is None else check_index("$indexOfArray", "ending", end)
    wanted = key(value)
    for index in range(first, min(last, len(array))):
        if key(array[index]) == wanted:
            return index
    return -1


@FAMILY.operator("$range", 2, 3)
def range_(start: Any, end: Any, step: Any = 1) -> list[int]:
    """Give the numbers from start up to end. Codes 34443 to 34449."""
    bounds = []
    for value, what, code in ((start, "start", 34443), (end, "end", 34445), (step, "step", 34447)):
        if type(value) not in NUMBERS:
            raise failure(
                code,
                f"$range requires a numeric {what}ing value, found value of type: {type_name(value)}",
            )
        number = whole32(value)
        if number is None:
            raise failure(
                code + 1,
                f"$range requires a {what}ing value that can be represented as a 32-bit integer, found value: {value}",
            )
        bounds.append(number)
    if bounds[2] == 0:
        raise failure(34449, "$range requires a non-zero step value")
    return list(range(*bounds))


@FAMILY.operator("$reverseArray", null=True)
def reverse_array(array: Any) -> Any:
    """Give the array backwards. Code 34435."""
    return check_array(
        array, 34435, "The argument to $reverseArray must be an array, but was of type: {}"
    )[::-1]


@FAMILY.operator("$size")
def size(array: Any) -> int:
    """Count the members. Code 17124."""
    return len(
        check_array(array, 17124, "The argument to $size must be an array, but was of type: {}")
    )


def _slice_number(value: Any, place: str, code: int) -> int:
    if type(value) not in NUMBERS:
        raise failure(
            code, f"{place} argument to $slice must be numeric, but is of type: {type_name(value)}"
        )
    number = whole32(value)
    if number is None:
        raise failure(
            code + 1,
            f"{place} argument to $slice can't be represented as a 32-bit integer: {value}",
        )
    return number


@FAMILY.operator("$slice", 2, 3, null=True)
def slice_array(array: Any, *bounds: Any) -> Any:
    """Give the first or last n members, or n from a position. Codes 28724 to 28729."""
    check_array(array, 28724, "First argument to $slice must be an array, but is of type: {}")
    first = _slice_number(bounds[0], "Second", 28725)
    if len(bounds) == 1:
        return array[:first] if first >= 0 else array[first:]
    count = _slice_number(bounds[1], "Third", 28727)
    if count <= 0:
        raise failure(28729, f"Third argument to $slice must be positive: {count}")
    start = max(len(array) + first, 0) if first < 0 else first
    return array[start : start + count]


_FILTER = Named(
    name="$filter",
    required={
        "input": (28648, "Missing 'input' parameter to $filter"),
        "cond": (28650, "Missing 'cond' parameter to $filter"),
    },
    optional=("as", "limit"),
    not_object=(28646, "$filter only supports an object as its argument"),
    unknown=(28647, "Unrecognized parameter to $filter: {}"),
)
_MAP = Named(
    name="$map",
    required={
        "input": (16880, "Missing 'input' parameter to $map"),
        "in": (16882, "Missing 'in' parameter to $map"),
    },
    optional=("as",),
    not_object=(16878, "$map only supports an object as its argument"),
    unknown=(16879, "Unrecognized parameter to $map: {}"),
)
_REDUCE = Named(
    name="$reduce",
    required={
        "input": (40077, "$reduce requires 'input' to be specified"),
        "initialValue": (40078, "$reduce requires 'initialValue' to be specified"),
        "in": (40079, "$reduce requires 'in' to be specified"),
    },
    not_object=(40075, "$reduce requires an object as an argument"),
    unknown=(40076, "$reduce found an unknown argument: {}"),
)


def _loop_variable(parts: dict[str, Any]) -> str:
    name = parts.get("as", "this")
    if "as" not in parts:
        return "this"
    if type(name) is not str:
        raise failure(9, f"'as' must be a string, found: {type_name(name)}")
    check_variable_write(name)
    return name


def _limit(value: Any) -> int | None:
    if type(value) in NULLISH:
        return None
    number = whole32(value)
    if number is None:
        raise failure(
            327391,
            f"$filter: limit must be represented as a 32-bit integral value: {value}",
        )
    if number <= 0:
        raise failure(327392, f"$filter: limit must be greater than 0: {number}")
    return number


@FAMILY.form("$filter")
def filter_(argument: Any, scope: Scope) -> Expr:
    """Keep what meets a condition. Codes 9, 28646 to 28651, 327391, 327392."""
    parts = _FILTER.parts(argument)
    name = _loop_variable(parts)
    source = scope.compile(parts["input"])
    condition = scope.defining(name).compile(parts["cond"])
    limit = scope.compile(parts["limit"]) if "limit" in parts else constant(None)
    keep = condition.evaluate

    def evaluate(document: Any, variables: Any) -> Any:
        array = source.evaluate(document, variables)
        if type(array) in NULLISH:
            return None
        check_array(array, 28651, "input to $filter must be an array not {}")
        most = _limit(limit.evaluate(document, variables))
        inner = dict(variables)
        found = []
        for member in array:
            inner[name] = member
            if is_true(keep(document, inner)):
                found.append(member)
                if len(found) == most:
                    break
        return found

    return folded(evaluate, (source, condition, limit))


@FAMILY.form("$map")
def map_(argument: Any, scope: Scope) -> Expr:
    """Apply an expression to each member. Codes 9, 16878 to 16883."""
    parts = _MAP.parts(argument)
    name = _loop_variable(parts)
    source = scope.compile(parts["input"])
    body = scope.defining(name).compile(parts["in"])
    each = body.evaluate

    def evaluate(document: Any, variables: Any) -> Any:
        array = source.evaluate(document, variables)
        if type(array) in NULLISH:
            return None
        check_array(array, 16883, "input to $map must be an array not {}")
        inner = dict(variables)
        found = []
        for member in array:
            inner[name] = member
            value = each(document, inner)
            found.append(None if value is MISSING else value)
        return found

    return folded(evaluate, (source, body))


@FAMILY.form("$reduce")
def reduce(argument: Any, scope: Scope) -> Expr:
    """Fold an array. Codes 40075 to 40080."""
    parts = _REDUCE.parts(argument)
    source = scope.compile(parts["input"])
    start = scope.compile(parts["initialValue"])
    body = scope.defining("this", "value").compile(parts["in"])
    step = body.evaluate

    def evaluate(document: Any, variables: Any) -> Any:
        array = source.evaluate(document, variables)
        if type(array) in NULLISH:
            return None
        check_array(array, 40080, "$reduce requires that 'input' be an array, found: {}")
        inner = dict(variables)
        inner["value"] = start.evaluate(document, variables)
        for member in array:
            inner["this"] = member
            inner["value"] = step(document, inner)
        return inner["value"]

    return folded(evaluate, (source, start, body))


_SORT = Named(
    name="$sortArray",
    required={
        "input": (2942502, "$sortArray requires 'input' to be specified"),
        "sortBy": (2942503, "$sortArray requires 'sortBy' to be specified"),
    },
    not_object=(2942500, "$sortArray requires an object as an argument"),
    unknown=(2942501, "$sortArray found an unknown argument: {}"),
)


@FAMILY.form("$sortArray")
def sort_array(argument: Any, scope: Scope) -> Expr:
    """Sort an array by its members or their fields. Codes 2942500 to 2942507."""
    parts = _SORT.parts(argument)
    source = scope.compile(parts["input"])
    sort = parse_sort_by(parts["sortBy"], scope.key)

    def evaluate(document: Any, variables: Any) -> Any:
        array = source.evaluate(document, variables)
        if type(array) in NULLISH:
            return None
        return sort(
            check_array(
                array,
                2942504,
                "The input argument to $sortArray must be an array, but was of type: {}",
            )
        )

    return folded(evaluate, (source,))


def _zip_inputs(argument: Any) -> dict[str, Any]:
    if not isinstance(argument, Mapping):
        raise failure(
            34460, f"$zip only supports an object as an argument, found {type_name(argument)}"
        )
    for name, part in argument.items():
        if name not in {"inputs", "defaults", "useLongestLength"}:
            raise failure(34464, f"$zip found an unknown argument: {name}")
        if name == "useLongestLength" and not isinstance(part, bool):
            raise failure(34463, f"useLongestLength must be a bool, found {type_name(part)}")
        if name != "useLongestLength" and not isinstance(part, list):
            code = 34461 if name == "inputs" else 34462
            raise failure(code, f"{name} must be an array of expressions, found {type_name(part)}")
    if not argument.get("inputs"):
        raise failure(34465, "$zip requires at least one input array")
    if argument.get("defaults"):
        if not argument.get("useLongestLength"):
            raise failure(34466, "cannot specify defaults unless useLongestLength is true")
        if len(argument["defaults"]) != len(argument["inputs"]):
            raise failure(34467, "defaults and inputs must have the same length")
    return dict(argument)


@FAMILY.form("$zip")
def zip_(argument: Any, scope: Scope) -> Expr:
    """Transpose arrays. Codes 34460 to 34468."""
    parts = _zip_inputs(argument)
    inputs = [scope.compile(one) for one in parts["inputs"]]
    defaults = [scope.compile(one) for one in parts.get("defaults", ())]
    is_longest = parts.get("useLongestLength", False)

    def evaluate(document: Any, variables: Any) -> Any:
        arrays = [part.evaluate(document, variables) for part in inputs]
        if any(type(array) in NULLISH for array in arrays):
            return None
        for array in arrays:
            check_array(array, 34468, "$zip found a non-array expression in input: {}")
        if not is_longest:
            return [list(row) for row in zip(*arrays, strict=False)]
        fill = [part.evaluate(document, variables) for part in defaults] or [None] * len(arrays)
        return [
            [
                (None if default is MISSING else default) if value is MISSING else value
                for value, default in zip(row, fill, strict=True)
            ]
            for row in zip_longest(*arrays, fillvalue=MISSING)
        ]

    return folded(evaluate, (*inputs, *defaults))


def n_named(name: str) -> Named:
    """Return the declaration of {n, input}. Codes 5787801, 5787900 to 5787907."""
    return Named(
        name=name,
        required={
            "n": (5787906, "Missing value for 'n'"),
            "input": (5787907, "Missing value for 'input'"),
        },
        not_object=(5787900, f"specification must be an object; found {name}"),
        unknown=(5787901, "Unknown argument for 'n' operator: {}"),
    )


def check_n(value: Any) -> int:
    """Read the `n` of $firstN and its like. Codes 5787902, 5787903, 5787908."""
    if type(value) not in NUMBERS:
        raise failure(5787902, f"Value for 'n' must be of integral type, but found {value}")
    number = whole64(value)
    if number is None:
        raise failure(5787903, f"Value for 'n' must be of integral type, but found {value}")
    if number <= 0:
        raise failure(5787908, f"'n' must be greater than 0, found {number}")
    return number


def n_operator(name: str, pick: Callable[[SortKey, list[Any], int], list[Any]]) -> None:
    """Declare an operator of {n, input}. Code 5788200 when the input is no array."""
    named = n_named(name)

    def parse(argument: Any, scope: Scope) -> Expr:
        parts = named.compiled(argument, scope)
        count, source, key = parts["n"], parts["input"], scope.key

        def evaluate(document: Any, variables: Any) -> Any:
            most = check_n(count.evaluate(document, variables))
            array = source.evaluate(document, variables)
            if not isinstance(array, list):
                raise failure(5788200, f"Input must be an array, found {type_name(array)}")
            return pick(key, array, most)

        return folded(evaluate, (count, source))

    FAMILY.form(name)(parse)


def _present(array: list[Any]) -> list[Any]:
    return [member for member in array if type(member) not in NULLISH]


n_operator("$firstN", lambda _, array, count: array[:count])
n_operator("$lastN", lambda _, array, count: array[-count:])
n_operator(
    "$maxN", lambda key, array, count: sorted(_present(array), key=key, reverse=True)[:count]
)
n_operator("$minN", lambda key, array, count: sorted(_present(array), key=key)[:count])
