"""$setWindowFields, $fill and $densify."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.accumulators import ACCUMULATORS
from dotdo_mongo.engine.expressions import Expr, Scope, scope_of
from dotdo_mongo.engine.fieldpath import split_path
from dotdo_mongo.engine.ordering import document_key
from dotdo_mongo.engine.sortspec import parse_sort
from dotdo_mongo.engine.stages.declare import (
    Family,
    Place,
    Run,
    check_document,
    check_fields,
    check_kind,
)
from dotdo_mongo.engine.stages.shape import with_value
from dotdo_mongo.engine.values import MISSING, Key
from dotdo_mongo.engine.windows.bounds import Sort, Window, parse_window
from dotdo_mongo.engine.windows.functions import FUNCTIONS, NO_WINDOW, RANKS, accumulated
from dotdo_mongo.engine.windows.setting import Function, Setting
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document

FAMILY = Family("windows")
Output = tuple[tuple[str, ...], Function]


class Partitions:
    """Documents sorted and cut into partitions."""

    def __init__(self, part: Expr | None, sort: Sort | None, key: Callable[[Any], Key]) -> None:
        self.part = part
        self.key = key
        self.order = document_key(sort, key) if sort else None

    def of(self, documents: Iterable[Document]) -> Iterator[list[Document]]:
        """Yield the partitions, by their key, each in its order. Code 5371603 for arrays as keys."""
        groups: dict[Key, list[Document]] = {}
        for document in documents:
            groups.setdefault(self._key(document), []).append(document)
        for key in sorted(groups):
            members = groups[key]
            if self.order is not None:
                members.sort(key=self.order)
            yield members

    def _key(self, document: Document) -> Key:
        if self.part is None:
            return ()
        value = self.part.evaluate(document, {})
        if isinstance(value, list):
            raise failure(
                5371603, "An expression used to partition cannot evaluate to value of type array"
            )
        return self.key(None if value is MISSING else value)


def _function_of(name: str, spec: Any, sort: Sort | None, scope: Scope) -> Function:
    if not isinstance(spec, Mapping):
        raise failure(9, f"The field '{name}' must be an object")
    operators = [one for one in spec if one != "window"]
    known = [one for one in operators if one in FUNCTIONS or one in ACCUMULATORS]
    if any(one in RANKS for one in operators) and len(spec) > 1:
        raise failure(5371601, "Rank style window functions take no other arguments")
    if not known:
        if operators and operators[0][:1] == "$":
            raise failure(9, f"Unrecognized window function, {operators[0]}")
        raise failure(9, "Expected a $-prefixed window function")
    if len(operators) > 1:
        raise failure(9, f"Window function found an unknown argument: {operators[1]}")
    (operator,) = known
    window = parse_window(spec.get("window"), sort) if "window" in spec else Window()
    setting = Setting(
        scope=scope,
        sort=sort,
        window=window,
        has_window="window" in spec,
        sort_expression=scope.compile("$" + ".".join(sort[0][0])) if sort else None,
    )
    if operator in FUNCTIONS:
        return FUNCTIONS[operator](spec[operator], setting)
    if operator in NO_WINDOW:
        raise failure(
            5461500 if operator == "$accumulator" else 9,
            f"Unrecognized window function, {operator}",
        )
    return accumulated(operator, spec[operator], setting)


def _run_outputs(outputs: list[Output], partitions: Partitions) -> Run:
    def run(documents: Iterable[Document]) -> Iterator[Document]:
        for members in partitions.of(documents):
            columns = [(names, function(members)) for names, function in outputs]
            for index, document in enumerate(members):
                found = document
                for names, values in columns:
                    found = with_value(found, names, values[index])
                yield found

    return run


def _window_scope(context: Context) -> Scope:
    return scope_of(context.with_(features=context.features | {"window"}))


@FAMILY.stage("$setWindowFields")
def set_window_fields(argument: Any, place: Place) -> Run:
    """Compute fields over windows of sorted partitions. Codes 9, 14, 40414, 40415 and those of windows."""
    spec = check_document(
        argument, 9, "the $setWindowFields stage specification must be an object, found {}"
    )
    check_fields("$setWindowFields", spec, ("partitionBy", "sortBy", "output"), ("output",))
    given = spec.get("sortBy")
    if given is not None:
        check_kind("$setWindowFields", "sortBy", given, "object")
    check_kind("$setWindowFields", "output", spec["output"], "object")
    scope = _window_scope(place.context)
    sort = parse_sort(given, place.context)[0] if given else (None if given is None else [])
    part = scope.compile(spec["partitionBy"]) if "partitionBy" in spec else None
    outputs = [
        (split_path(name), _function_of(name, one, sort, scope))
        for name, one in spec["output"].items()
    ]
    return _run_outputs(outputs, Partitions(part, sort, scope.key))


def _fill_part(spec: Mapping[str, Any], scope: Scope) -> Expr | None:
    if "partitionBy" in spec and "partitionByFields" in spec:
        raise failure(
            6050204,
            "Maximum one of 'partitionBy' and 'partitionByFields can be specified in '$fill'",
        )
    if "partitionByFields" in spec:
        fields = check_kind("$fill", "partitionByFields", spec["partitionByFields"], "array")
        for name in fields:
            if type(name) is not str:
                raise failure(14, "BSON field '$fill.partitionByFields' must hold strings")
            if name[:1] == "$":
                raise failure(6050203, "Fields can't start with '$' in partitionByFields")
        return scope.compile({name.replace(".", "_"): f"${name}" for name in fields})
    return scope.compile(spec["partitionBy"]) if "partitionBy" in spec else None


@FAMILY.stage("$fill", in_update=True)
def fill(argument: Any, place: Place) -> Run:
    """Fill null and absent fields. Codes 9, 14, 40414, 40415, 6050200 to 6050204."""
    spec = check_document(argument, 6050200, "The $fill stage must be an object")
    check_fields(
        "$fill", spec, ("partitionBy", "partitionByFields", "sortBy", "output"), ("output",)
    )
    output = check_kind("$fill", "output", spec["output"], "object")
    if not output:
        raise failure(6050203, "The output field must not be empty")
    scope = _window_scope(place.context)
    if "sortBy" in spec:
        check_kind("$fill", "sortBy", spec["sortBy"], "object")
    sort = parse_sort(spec["sortBy"], place.context)[0] if "sortBy" in spec else None
    outputs: list[Output] = []
    constants: list[tuple[tuple[str, ...], Expr]] = []
    for name, one in output.items():
        if not isinstance(one, Mapping) or len(one) != 1 or not {"value", "method"} & one.keys():
            raise failure(
                6050202, "The fill fields must be an object with exactly one of 'value' or 'method'"
            )
        if "value" in one:
            constants.append((split_path(name), scope.compile(one["value"])))
            continue
        operator = (
            {"linear": "$linearFill", "locf": "$locf"}.get(one["method"])
            if type(one["method"]) is str
            else None
        )
        if operator is None:
            raise failure(6050202, f"Method must be either locf or linear: {one['method']}")
        if operator == "$linearFill" and sort is None:
            raise failure(
                605001,
                "$linearFill must be specified with a top level sortBy expression with exactly one element",
            )
        outputs.append((split_path(name), _function_of(name, {operator: f"${name}"}, sort, scope)))
    windows = _run_outputs(outputs, Partitions(_fill_part(spec, scope), sort, scope.key))

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        for document in windows(documents) if outputs or sort else documents:
            yield _filled(document, constants)

    return run


def _filled(document: Document, constants: list[tuple[tuple[str, ...], Expr]]) -> Document:
    found = document
    for names, part in constants:
        value: Any = document
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is None:
            found = with_value(found, names, part.evaluate(document, {}))
    return found
