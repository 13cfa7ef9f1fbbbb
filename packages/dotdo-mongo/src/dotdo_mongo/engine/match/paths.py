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


def at_path(path: str, test: Test, *, enters: bool) -> Matcher:
    """Return whether any value that the path reaches passes the test; an absent one is MISSING.

    Args:
        path: dotted.
        test: of one value.
        enters: whether members of an array at the end of the path are values too.
    """
    names = tuple(path.split("."))
    whole = expanded(test) if enters else test
    if len(names) == 1:
        return lambda document: whole(document.get(path, MISSING))
    return _Search(names, whole, test).document


class _Search:
    """Looks for a value along a path; a member named by its position is not entered."""

    __slots__ = ("last", "member", "names", "whole")

    def __init__(self, names: tuple[str, ...], whole: Test, member: Test) -> None:
        self.names = names
        self.last = len(names) - 1
        self.whole = whole
        self.member = member

    def document(self, document: Any, index: int = 0) -> bool:
        """Whether a document holds such a value at the rest of the path."""
        names, last = self.names, self.last
        while True:
            value = document.get(names[index], MISSING)
            if index == last:
                return self.whole(value)
            index += 1
            if type(value) is list:
                return self.members(value, index)
            inner = value if type(value) is dict else as_document(value)
            if inner is None:
                return self.whole(MISSING)
            document = inner

    def members(self, members: list[Any], index: int) -> bool:
        """Whether a member of an array holds such a value at the rest of the path."""
        for member in members:
            inner = as_document(member)
            if inner is not None and self.document(inner, index):
                return True
        name = self.names[index]
        if not name.isdigit() or (name[0] == "0" and len(name) > 1) or int(name) >= len(members):
            return False
        value = members[int(name)]
        if index == self.last:
            return self.member(value)
        if isinstance(value, list):
            return self.members(value, index + 1)
        inner = as_document(value)
        return inner is not None and self.document(inner, index + 1)


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
