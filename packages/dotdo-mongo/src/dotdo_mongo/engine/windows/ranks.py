"""Window functions of places: ranks, numbers, neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.numbers import (
    whole32,
)
from dotdo_mongo.engine.ordering import document_key
from dotdo_mongo.engine.values import MISSING
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document
    from dotdo_mongo.engine.windows.bounds import Sort
    from dotdo_mongo.engine.windows.setting import Function, Setting


def _check_rank(name: str, argument: Any, setting: Setting) -> Sort:
    if setting.has_window:
        raise failure(5371601, "Rank style window functions take no other arguments")
    if argument != {} or not isinstance(argument, Mapping):
        raise failure(5371603, f"(None) {name} must be specified with '{{}}' as the value")
    if setting.sort is None or len(setting.sort) != 1:
        raise failure(
            5371602,
            f"{name} must be specified with a top level sortBy expression with exactly one element",
        )
    return setting.sort


def document_number(argument: Any, setting: Setting) -> Function:
    """Number documents from 1. Codes 5371601 to 5371603."""
    _check_rank("$documentNumber", argument, setting)
    return lambda documents: list(range(1, len(documents) + 1))


def _ranks(documents: list[Document], setting: Setting, sort: Sort, *, is_dense: bool) -> list[int]:
    of = document_key(sort, setting.scope.key)
    found: list[int] = []
    rank, last = 0, None
    for index, document in enumerate(documents):
        key = of(document)
        if index == 0 or key != last:
            rank = rank + 1 if is_dense else index + 1
            last = key
        found.append(rank)
    return found


def rank(argument: Any, setting: Setting) -> Function:
    """Rank documents, equals alike, with gaps. Codes 5371601 to 5371603."""
    sort = _check_rank("$rank", argument, setting)
    return lambda documents: _ranks(documents, setting, sort, is_dense=False)


def dense_rank(argument: Any, setting: Setting) -> Function:
    """Rank documents, equals alike, without gaps. Codes 5371601 to 5371603."""
    sort = _check_rank("$denseRank", argument, setting)
    return lambda documents: _ranks(documents, setting, sort, is_dense=True)


def shift(argument: Any, setting: Setting) -> Function:
    """Give an expression of the document so many places on. Code 9."""
    offset = _check_shift(argument, setting)
    output = setting.scope.compile(argument["output"])
    default = None
    if "default" in argument:
        given = setting.scope.compile(argument["default"])
        if not given.is_constant:
            raise failure(9, "'$shift:default' expression must yield a constant value")
        default = given.constant

    def run(documents: list[Document]) -> list[Any]:
        values = [output.evaluate(document, {}) for document in documents]
        count = len(values)
        return [
            (None if values[index + offset] is MISSING else values[index + offset])
            if 0 <= index + offset < count
            else default
            for index in range(count)
        ]

    return run


def _check_shift(argument: Any, setting: Setting) -> int:
    if setting.has_window:
        raise failure(9, "$shift does not accept a 'window' field")
    if not isinstance(argument, Mapping):
        raise failure(9, "Argument to $shift must be an object")
    for name in argument:
        if name not in {"output", "by", "default"}:
            raise failure(9, f"Unknown argument in $shift: {name}")
    for name in ("output", "by"):
        if name not in argument:
            raise failure(9, f"$shift requires an '{name}' expression.")
    if setting.sort is None:
        raise failure(9, "'$shift' requires a sortBy")
    offset = whole32(argument["by"])
    if offset is None:
        raise failure(9, f"'$shift:by' field must be an integer, but found {argument['by']}")
    return offset
