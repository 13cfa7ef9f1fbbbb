"""Stages that choose, order and count: $match, $sort, $limit, $skip, $sample, $count, $documents, $facet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.expressions import expression
from dotdo_mongo.engine.fieldpath import as_document, check_name
from dotdo_mongo.engine.match import compile_match
from dotdo_mongo.engine.numbers import rounded64, whole64
from dotdo_mongo.engine.sortspec import compile_sort
from dotdo_mongo.engine.stages.declare import Family, Place, Run, check_document
from dotdo_mongo.engine.values import NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document

FAMILY = Family("flow")


_RESTRICTED = {"$where": (2, "$where is not allowed in this context")}


@FAMILY.stage("$match")
def match(argument: Any, place: Place) -> Run:
    """Let pass what matches. Codes 15959, 17313, 5626500 and those of queries."""
    query = check_document(argument, 15959, "the match filter must be an expression in an object")
    if place.index and "$text" in _all_names(query):
        raise failure(17313, "$match with $text is only allowed as the first pipeline stage")
    context = place.context
    here = context.with_(features=context.features | {"no-near"})
    matches = compile_match(dict(query), here, _RESTRICTED)
    return lambda documents: filter(matches, documents)


def _all_names(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return set(value).union(*[_all_names(inner) for inner in value.values()])
    if isinstance(value, list):
        return set().union(*[_all_names(inner) for inner in value])
    return set()


@FAMILY.stage("$sort")
def sort(argument: Any, place: Place) -> Run:
    """Order documents. Code 15973 and those of sorts."""
    spec = check_document(argument, 15973, "the $sort key specification must be an object")
    order = compile_sort(spec, place.context)
    return lambda documents: iter(order(list(documents)))


def _count(stage: str, argument: Any, code: int) -> int:
    number = whole64(argument) if type(argument) in NUMBERS else None
    if number is None:
        raise failure(
            code, f"invalid argument to {stage} stage: Expected an integer: {stage}: {argument}"
        )
    return number


@FAMILY.stage("$limit")
def limit(argument: Any, place: Place) -> Run:
    """Let the first n pass. Codes 15958, 5107201."""
    del place
    number = _count("$limit", argument, 5107201)
    if number < 0:
        raise failure(
            5107201,
            f"invalid argument to $limit stage: Expected a non-negative number in: $limit: {argument}",
        )
    if number == 0:
        raise failure(15958, "the limit must be positive")
    return lambda documents: islice(documents, number)


@FAMILY.stage("$skip")
def skip(argument: Any, place: Place) -> Run:
    """Leave the first n out. Code 5107200."""
    del place
    number = _count("$skip", argument, 5107200)
    if number < 0:
        raise failure(
            5107200,
            f"invalid argument to $skip stage: Expected a non-negative number in: $skip: {argument}",
        )
    return lambda documents: islice(documents, min(number, 2**62), None)


def _sample_size(value: Any) -> int:
    if type(value) not in NUMBERS:
        raise failure(28746, "size argument to $sample must be a number")
    number = rounded64(value)
    if number <= 0:
        raise failure(28747, "size argument to $sample must be a positive integer")
    return number


@FAMILY.stage("$sample")
def sample(argument: Any, place: Place) -> Run:
    """Let n pass by chance. Codes 28745 to 28749."""
    spec = check_document(argument, 28745, "the $sample stage specification must be an object")
    count = 0
    for name, value in spec.items():
        if name != "size":
            raise failure(28748, f"unrecognized option to $sample: {name}")
        count = _sample_size(value)
    if "size" not in spec:
        raise failure(28749, "$sample stage must specify a size")
    random = place.context.random

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        kept = list(documents)
        for index in range(min(count, len(kept))):
            other = index + int(random() * (len(kept) - index))
            kept[index], kept[other] = kept[other], kept[index]
            yield kept[index]

    return run


@FAMILY.stage("$count")
def count(argument: Any, place: Place) -> Run:
    """Give the number of documents. Codes 40156 to 40160, 9039800."""
    del place
    name = check_count_name(argument)

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        number = sum(1 for _ in documents)
        if number:
            yield {name: number}

    return run


def check_count_name(argument: Any) -> str:
    """Return the field of $count."""
    if type(argument) is not str:
        raise failure(40156, "the count field must be a non-empty string")
    if not argument:
        raise failure(40157, "the count field must be a non-empty string")
    if argument[0] == "$":
        raise failure(40158, "the count field cannot be a $-prefixed path")
    if "\0" in argument:
        raise failure(40159, "the count field cannot contain a null byte")
    if "." in argument:
        raise failure(40160, "the count field cannot contain '.'")
    if argument == "_id":
        raise failure(9039800, "the count field cannot be '_id'")
    return argument


@FAMILY.stage("$documents", is_first=True)
def documents_(argument: Any, place: Place) -> Run:
    """Give the documents that it holds. Codes 5858203, 73."""
    if place.context.collection:
        raise failure(73, "$documents is only valid without a collection")
    part = expression(argument, place.context)
    if part.is_constant and not isinstance(part.constant, list):
        raise failure(5858203, "an array is expected")

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        del documents
        value = part.evaluate({}, {})
        if not isinstance(value, list):
            raise failure(5858203, "an array is expected")
        for member in value:
            document = as_document(member)
            if document is None:
                raise failure(
                    40228,
                    f"'replacement document' must evaluate to an object, but resulting value was: {member}. Type of resulting value: '{type_name(member)}'",
                )
            yield dict(document)

    return run


@FAMILY.stage("$facet", in_facet=False)
def facet(argument: Any, place: Place) -> Run:
    """Give the results of several pipelines on the same documents. Codes 40169 to 40171, 40600."""
    spec = check_document(
        argument, 40169, "the $facet specification must be a non-empty object, but found {}"
    )
    if not spec:
        raise failure(40169, "the $facet specification must be a non-empty object")
    context = place.context.with_(features=place.context.features | {"facet"})
    pipelines = {}
    for name, stages in spec.items():
        check_name(name)
        if not isinstance(stages, list):
            raise failure(
                40170, f"arguments to $facet must be arrays, {name} is type {type_name(stages)}"
            )
        for stage in stages:
            if not isinstance(stage, Mapping):
                raise failure(
                    40171,
                    f"elements of arrays in $facet spec must be non-empty objects, {name} argument contained an element of type {type_name(stage)}",
                )
        pipelines[name] = place.compile(stages, context)

    def run(documents: Iterable[Document]) -> Iterator[Document]:
        kept = list(documents)
        yield {name: list(pipeline(kept)) for name, pipeline in pipelines.items()}

    return run
