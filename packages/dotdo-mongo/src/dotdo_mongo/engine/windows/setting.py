"""What a window function stands in, and the numbers it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.context import Document
from dotdo_mongo.engine.values import NULLISH, NUMBERS, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.expressions import Expr, Scope
    from dotdo_mongo.engine.windows.bounds import Sort, Window


Function = Callable[[list[Document]], list[Any]]


@dataclass(slots=True, frozen=True, kw_only=True)
class Setting:
    """What a function stands in: how the partition is sorted, its window and whether one was given."""

    scope: Scope
    sort: Sort | None
    window: Window
    has_window: bool
    sort_expression: Expr | None = None


def number_or_null(value: Any, code: int, name: str) -> Any:
    """Return a number, or None for null. Raises `code` for others."""
    if type(value) in NULLISH:
        return None
    if type(value) not in NUMBERS:
        raise failure(code, f"{name} requires numeric values, found {type_name(value)}")
    return value
