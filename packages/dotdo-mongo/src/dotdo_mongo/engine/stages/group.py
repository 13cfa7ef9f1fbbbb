"""$group, $sortByCount, $bucket and $bucketAuto."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bson import Code, MaxKey, MinKey

from dotdo_mongo.engine.accumulators import Accumulation, State, parse_accumulation
from dotdo_mongo.engine.expressions import Expr, Scope, scope_of
from dotdo_mongo.engine.numbers import whole32
from dotdo_mongo.engine.stages.declare import Family, Place, Run, check_document
from dotdo_mongo.engine.stages.granularity import rounding
from dotdo_mongo.engine.values import MISSING, NUMBERS, R_NAN, R_NUMBER, Key, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document

FAMILY = Family("group")
Accumulations = list[tuple[str, Accumulation]]


def accumulations(spec: Mapping[str, Any], scope: Scope) -> Accumulations:
    """Read the accumulated fields of a stage."""
    return [(name, parse_accumulation(name, value, scope)) for name, value in spec.items()]


def started(parts: Accumulations, key: Any) -> list[State]:
    """Return empty states, one for each accumulation."""
    return [part.start(key) for _, part in parts]


def finished(parts: Accumulations, states: list[State]) -> Document:
    """Return the fields that states give."""
    return {name: state.value() for (name, _), state in zip(parts, states, strict=True)}


def _handed_on(value: Any) -> Any:
    """Return what the stages after MongoDB's compiled $group see of a value: MinKey and MaxKey lie in an object, code is a string."""
    if isinstance(value, list):
        return [_handed_on(one) for one in value]
    if isinstance(value, (MinKey, MaxKey)):
        return {"": value}
    return str(value) if type(value) is Code and value.scope is None else value


def grouped(
    part: Expr,
    fields: Accumulations,
    sort_key: Callable[[Any], Key],
    *,
    hands_on: bool = False,
) -> Callable[[Iterable[Document]], Iterator[Document]]:
    """Return the run of $group.

    Args:
        part: the key.
        fields: the accumulations.
        sort_key: what tells keys apart.
        hands_on: whether the compiled stages of MongoDB hand the documents on, which changes some types.
    """
    of = part.evaluate
    reads = [field.read for _, field in fields]

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        groups: dict[Key, tuple[Any, list[State]]] = {}
        for document in documents:
            key = of(document, {})
            key = None if key is MISSING else key
            place = sort_key(key)
            group = groups.get(place)
            if group is None:
                group = groups[place] = (key, started(fields, key))
            for read, state in zip(reads, group[1], strict=True):
                state.add(read(document, {}))
        for key, states in groups.values():
            found = {"_id": key, **finished(fields, states)}
            yield {name: _handed_on(one) for name, one in found.items()} if hands_on else found

    return run


def _check_id(value: Any) -> None:
    if isinstance(value, Mapping) and next(iter(value), "")[:1] != "$":
        for name, inner in value.items():
            if name[:1] != "$" and (isinstance(inner, bool) or type(inner) in NUMBERS):
                raise failure(17390, "$group does not support inclusion-style expressions")


@FAMILY.stage("$group")
def group(argument: Any, place: Place) -> Run:
    """Gather documents by a key. Codes 15947, 15948, 15955, 17390 and those of accumulators."""
    spec = check_document(argument, 15947, "a group's fields must be specified in an object")
    context = place.context
    if "prefix" in context.features:
        context = context.with_(features=context.features | {"compiled"})
    scope = scope_of(context)
    if "_id" in spec:
        _check_id(spec["_id"])
    part = scope.compile(spec["_id"]) if "_id" in spec else None
    fields = accumulations({name: one for name, one in spec.items() if name != "_id"}, scope)
    if part is None:
        raise failure(15955, "a group specification must include an _id")
    hands_on = "prefix" in context.features and not place.is_last
    return grouped(part, fields, scope.key, hands_on=hands_on)


@FAMILY.stage("$sortByCount")
def sort_by_count(argument: Any, place: Place) -> Run:
    """Count documents by a key, the most frequent first. Codes 40147 to 40149."""
    if isinstance(argument, Mapping):
        if next(iter(argument), "")[:1] != "$":
            raise failure(
                40147,
                "the sortByCount field must be defined as a $-prefixed path or an expression inside an object",
            )
    elif type(argument) is not str:
        raise failure(40149, "the sortByCount field must be specified as a string or as an object")
    elif argument[:1] != "$":
        raise failure(
            40148,
            "the sortByCount field must be defined as a $-prefixed path or an expression inside an object",
        )
    scope = place.scope()
    run = grouped(scope.compile(argument), accumulations({"count": {"$sum": 1}}, scope), scope.key)
    return lambda documents: iter(
        sorted(run(documents), key=lambda document: document["count"], reverse=True)
    )


def _check_group_by(value: Any, code: int, stage: str) -> None:
    is_expression = isinstance(value, Mapping) and next(iter(value), "")[:1] == "$"
    if not is_expression and not (type(value) is str and value[:1] == "$"):
        raise failure(
            code,
            f"The {stage} 'groupBy' field must be defined as a $-prefixed path or an expression, but found: {value}.",
        )


def _boundaries(value: Any, scope: Scope) -> list[Any]:
    """Read the constant, ascending boundaries of one type. Codes 40191 to 40194, 40200."""
    if not isinstance(value, list):
        raise failure(
            40200,
            f"The $bucket 'boundaries' field must be an array, but found type: {type_name(value)}.",
        )
    found = []
    for one in value:
        part = scope.compile(one)
        if not part.is_constant or (type(one) is str and one[:2] == "$$"):
            raise failure(
                40191,
                f"The $bucket 'boundaries' field must be an array of constant values, but found value: {one}.",
            )
        found.append(part.constant)
    if len(found) < 2:
        raise failure(
            40192,
            f"The $bucket 'boundaries' field must have at least 2 values, but found {len(found)} value(s).",
        )
    for low, high in itertools.pairwise(found):
        a, b = scope.key(low), scope.key(high)
        if a[0] != b[0] and {a[0], b[0]} != {R_NAN, R_NUMBER}:
            raise failure(
                40193,
                f"All values in the the 'boundaries' option to $bucket must have the same type. Found conflicting types {type_name(low)} and {type_name(high)}.",
            )
        if a >= b:
            raise failure(
                40194,
                f"The 'boundaries' option to $bucket must be sorted, but elements are not in ascending order ({low} is not less than {high}).",
            )
    return found


def _check_default(value: Any, bounds: list[Any], scope: Scope) -> Any:
    part = scope.compile(value)
    if not part.is_constant:
        raise failure(
            40195, f"The $bucket 'default' field must be a constant expression, but found: {value}."
        )
    key = scope.key(part.constant)
    if scope.key(bounds[0]) <= key < scope.key(bounds[-1]):
        raise failure(
            40199,
            "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
        )
    return part.constant


def _output(spec: Mapping[str, Any], code: int, stage: str, scope: Scope) -> Accumulations:
    output = spec.get("output", {})
    if not isinstance(output, Mapping):
        raise failure(
            code,
            f"The {stage} 'output' field must be an object, but found type: {type_name(output)}.",
        )
    return accumulations(output or {"count": {"$sum": 1}}, scope)


def _check_bucket(spec: Mapping[str, Any], scope: Scope) -> None:
    for name, value in spec.items():
        if name == "groupBy":
            _check_group_by(value, 40202, "$bucket")
        elif name == "boundaries":
            _boundaries(value, scope)
        elif name == "output":
            if not isinstance(value, Mapping):
                raise failure(
                    40196,
                    f"The $bucket 'output' field must be an object, but found type: {type_name(value)}.",
                )
        elif name != "default":
            raise failure(40197, f"Unrecognized option to $bucket: {name}.")
    if "groupBy" not in spec or "boundaries" not in spec:
        raise failure(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.")


def _bounded(of: Expr, bounds: list[Any], default: Any, key: Callable[[Any], Key]) -> Expr:
    """Return the expression that gives the lower boundary of a document's bucket."""
    keys = [key(bound) for bound in bounds]

    def chosen(document: Any, variables: Any) -> Any:
        its = key(of.evaluate(document, variables))
        for low, high, bound in zip(keys, keys[1:], bounds, strict=False):
            if low <= its < high:
                return bound
        if default is MISSING:
            raise failure(
                40066,
                "$switch could not find a matching branch for an input, and no default was specified.",
            )
        return default

    return Expr(chosen)


@FAMILY.stage("$bucket")
def bucket(argument: Any, place: Place) -> Run:
    """Gather documents between boundaries. Codes 40191 to 40202."""
    spec = check_document(
        argument, 40201, "Argument to $bucket stage must be an object, but found type: {}."
    )
    scope = place.scope()
    _check_bucket(spec, scope)
    bounds = _boundaries(spec["boundaries"], scope)
    default = _check_default(spec["default"], bounds, scope) if "default" in spec else MISSING
    fields = _output(spec, 40196, "$bucket", scope)
    if "_id" in spec.get("output", {}):
        raise failure(15948, "a group's _id may only be specified once")
    part = _bounded(scope.compile(spec["groupBy"]), bounds, default, scope.key)
    run = grouped(part, fields, scope.key, hands_on=place.index == 0)
    return lambda documents: iter(
        sorted(run(documents), key=lambda document: scope.key(document["_id"]))
    )


def _bucket_count(value: Any) -> int:
    if type(value) not in NUMBERS:
        raise failure(
            40241,
            f"The $bucketAuto 'buckets' field must be a numeric value, but found type: {type_name(value)}.",
        )
    number = whole32(value)
    if number is None:
        raise failure(
            40242,
            f"The $bucketAuto 'buckets' field must be representable as a 32-bit integer, but found {value}.",
        )
    if number <= 0:
        raise failure(
            40243, f"The $bucketAuto 'buckets' field must be greater than 0, but found: {value}."
        )
    return number


@FAMILY.stage("$bucketAuto")
def bucket_auto(argument: Any, place: Place) -> Run:
    """Gather documents in buckets of even size. Codes 40240 to 40246, 40257 to 40261."""
    spec = check_document(
        argument, 40240, "The argument to $bucketAuto must be an object, but found type: {}."
    )
    scope = place.scope()
    for name, value in spec.items():
        if name == "groupBy":
            _check_group_by(value, 40239, "$bucketAuto")
        elif name == "buckets":
            _bucket_count(value)
        elif name == "output":
            if not isinstance(value, Mapping):
                raise failure(
                    40244,
                    f"The $bucketAuto 'output' field must be an object, but found type: {type_name(value)}.",
                )
        elif name == "granularity":
            if type(value) is not str:
                raise failure(
                    40261,
                    f"The $bucketAuto 'granularity' field must be a string, but found type: {type_name(value)}.",
                )
        else:
            raise failure(40245, f"Unrecognized option to $bucketAuto: {name}.")
    if "groupBy" not in spec or "buckets" not in spec:
        raise failure(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified.")
    rounder = rounding(spec["granularity"]) if "granularity" in spec else None
    maker = _Buckets(
        scope.compile(spec["groupBy"]),
        _bucket_count(spec["buckets"]),
        _output(spec, 40244, "$bucketAuto", scope),
        scope.key,
        rounder,
    )
    return maker.run


class _Buckets:
    """Cuts sorted documents into buckets; equal keys stay together."""

    def __init__(
        self,
        part: Expr,
        count: int,
        fields: Accumulations,
        key: Callable[[Any], Key],
        rounder: Any,
    ) -> None:
        self.part = part
        self.count = count
        self.fields = fields
        self.key = key
        self.rounder = rounder

    def run(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the buckets."""
        pairs = []
        for document in documents:
            value = self.part.evaluate(document, {})
            value = None if value is MISSING else value
            if self.rounder is not None:
                self.rounder.check(value)
            pairs.append((self.key(value), value, document))
        pairs.sort(key=lambda pair: pair[0])
        yield from self._cut(pairs)

    def _cut(self, pairs: list[tuple[Key, Any, Document]]) -> Iterator[Document]:
        total = len(pairs)
        size = max(round_half_up(total, self.count), 1)
        start = 0
        made: list[tuple[Any, Any, list[Document]]] = []
        while start < total and len(made) < self.count:
            end = total if len(made) == self.count - 1 else min(start + size, total)
            low, high, end = self._bounds(pairs, start, end, made)
            made.append((low, high, [document for _, _, document in pairs[start:end]]))
            start = end
        for low, high, members in made:
            states = started(self.fields, low)
            for document in members:
                for (_, field), state in zip(self.fields, states, strict=True):
                    state.add(field.read(document, {}))
            yield {"_id": {"min": low, "max": high}, **finished(self.fields, states)}

    def _bounds(
        self, pairs: list[tuple[Key, Any, Document]], start: int, end: int, made: list[Any]
    ) -> tuple[Any, Any, int]:
        total = len(pairs)
        if self.rounder is None:
            while end < total and pairs[end][0] == pairs[end - 1][0]:
                end += 1
            high = pairs[end][1] if end < total else pairs[end - 1][1]
            return pairs[start][1], high, end
        low = made[-1][1] if made else self.rounder.down(pairs[start][1])
        high = self.rounder.up(pairs[end - 1][1])
        while end < total and pairs[end][0] < self.key(high):
            end += 1
        return low, high, end


def round_half_up(total: int, count: int) -> int:
    """Return how many documents a bucket gets."""
    return (2 * total + count) // (2 * count)
