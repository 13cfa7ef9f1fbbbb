"""Which values of a document a query's path reaches: arrays are entered, by member and by position."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.values import MISSING

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Matcher

Test = Callable[[Any], bool]


def expanded(test: Test) -> Test:
    """Return the test of a value or, when it is an array, also of its members."""

    def any_of(value: Any) -> bool:
        if type(value) is list:
            return any(map(test, value)) or test(value)
        return test(value)

    return any_of


def at_path(path: str, test: Test) -> Matcher:
    """Return whether any value that the path reaches passes the test; an absent one is MISSING."""
    names = tuple(path.split("."))
    if len(names) == 1:
        return lambda document: test(document.get(path, MISSING))
    return lambda document: _search(document, names, 0, test)


def _search(document: Any, names: tuple[str, ...], index: int, test: Test) -> bool:
    last = len(names) - 1
    while True:
        value = document.get(names[index], MISSING)
        if index == last:
            return test(value)
        index += 1
        if type(value) is list:
            return _search_members(value, names, index, test)
        inner = value if type(value) is dict else as_document(value)
        if inner is None:
            return test(MISSING)
        document = inner


def _search_members(members: list[Any], names: tuple[str, ...], index: int, test: Test) -> bool:
    for member in members:
        inner = as_document(member)
        if inner is not None and _search(inner, names, index, test):
            return True
    name = names[index]
    if not name.isdigit() or (name[0] == "0" and len(name) > 1) or int(name) >= len(members):
        return False
    value = members[int(name)]
    if index == len(names) - 1:
        return test(value)
    if isinstance(value, list):
        return _search_members(value, names, index + 1, test)
    inner = as_document(value)
    return inner is not None and _search(inner, names, index + 1, test)


def everything(document: Any) -> bool:
    """Match any document."""
    del document
    return True


def nothing(document: Any) -> bool:
    """Match no document."""
    del document
    return False


def negated(matcher: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return the opposite."""
    return lambda value: not matcher(value)


def both(matchers: list[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    """Return whether all hold, in order."""
    if not matchers:
        return everything
    if len(matchers) == 1:
        return matchers[0]
    if len(matchers) == 2:
        first, second = matchers
        return lambda value: first(value) and second(value)
    return lambda value: all(matcher(value) for matcher in matchers)
