"""What the keywords of a schema take: each checked, the errors being MongoDB's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dotdo_mongo.engine.match.paths import Test
from dotdo_mongo.engine.numbers import whole64
from dotdo_mongo.engine.values import (
    type_name,
    type_number,
)
from dotdo_mongo.errors import failure

Keyword = Callable[[Any, Mapping[str, Any]], Test | None]
OBJECT = frozenset({3})
ARRAY = frozenset({4})
STRING = frozenset({2})


def of_type(numbers: frozenset[int], test: Test) -> Test:
    """Return the test that holds for values of other types."""
    return lambda value: type_number(value) not in numbers or test(value)


def wrong(name: str, expected: str, value: Any) -> Any:
    """Return the error for an operand of a wrong type. Code 14."""
    return failure(
        14,
        f"$jsonSchema keyword '{name}' must be {expected}, but found an element of type {type_name(value)}",
    )


def count_of(name: str, value: Any) -> int:
    """Read a length. Code 9."""
    number = whole64(value)
    if number is None:
        raise failure(9, f"$jsonSchema keyword '{name}' must be representable as a long: {value}")
    if number < 0:
        raise failure(9, f"$jsonSchema keyword '{name}' must be a nonnegative integer: {value}")
    return number


def object_of(name: str, value: Any) -> dict[str, Any]:
    """Read a document. Code 14."""
    if not isinstance(value, Mapping):
        raise wrong(name, "an object", value)
    return dict(value)


def flag_of(name: str, value: Any) -> bool:
    """Read a boolean. Code 14."""
    if not isinstance(value, bool):
        raise wrong(name, "a boolean", value)
    return value


def text_of(name: str, value: Any) -> str:
    """Read a text. Code 14."""
    if type(value) is not str:
        raise wrong(name, "a string", value)
    return value


def strings_of(name: str, value: Any) -> list[str]:
    """Read different texts, at least one. Codes 9, 14."""
    if not isinstance(value, list):
        raise wrong(name, "an array", value)
    if not value:
        raise failure(9, f"$jsonSchema keyword '{name}' cannot be an empty array")
    for one in value:
        if type(one) is not str:
            raise failure(
                14,
                f"$jsonSchema keyword '{name}' must be an array of strings, but found an element of type {type_name(one)}",
            )
    if len(set(value)) != len(value):
        raise failure(9, f"$jsonSchema keyword '{name}' array cannot contain duplicate values")
    return value
