"""$regex with its $options, and regular expressions as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import Regex

from dotdo_mongo.engine import regexes
from dotdo_mongo.engine.match.declare import Family, Predicate, Scope
from dotdo_mongo.engine.values import regex_parts
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FAMILY = Family("regex")


def pattern_of(text: str, options: str) -> regexes.Pattern:
    """Return the compiled pattern. Codes 2 for a null byte, 51091 for none, 51108 for an option."""
    if "\0" in text:
        raise failure(2, "Regular expression cannot contain an embedded null byte")
    if "\0" in options:
        raise failure(2, "Regular expression options string cannot contain an embedded null byte")
    regexes.check_options(options, 51108)
    try:
        return regexes.compiled(text, options)
    except regexes.BadPattern as error:
        raise failure(51091, f"Regular expression is invalid: {error}") from error


def regex_test(value: Any, options: str | None = None) -> Callable[[Any], bool]:
    """Return the test of a string by a pattern; an equal regular expression passes too."""
    text, own = regex_parts(value) if isinstance(value, Regex) else (str(value), "")
    letters = own if options is None else options
    matches = pattern_of(text, letters).matches
    parts = (text, "".join(sorted(letters)))

    def test(candidate: Any) -> bool:
        if type(candidate) is str:
            return matches(candidate)
        return type(candidate) is Regex and regex_parts(candidate) == parts

    return test


@FAMILY.operator("$regex")
def regex(argument: Any, scope: Scope, siblings: Mapping[str, Any]) -> Predicate:
    """Match a pattern. Codes 2, 51074, 51075, 51091, 51108."""
    del scope
    options = siblings.get("$options")
    has_options = "$options" in siblings
    if has_options and type(options) is not str:
        raise failure(2, "$options has to be a string")
    if isinstance(argument, Regex):
        _, own = regex_parts(argument)
        if own and has_options:
            names = list(siblings)
            is_before = names.index("$options") < names.index("$regex")
            raise failure(51074 if is_before else 51075, "options set in both $regex and $options")
        return Predicate(regex_test(argument, options if has_options else None))
    if type(argument) is not str:
        raise failure(2, "$regex has to be a string")
    return Predicate(regex_test(argument, options or ""))


@FAMILY.operator("$options")
def options(argument: Any, scope: Scope, siblings: Mapping[str, Any]) -> None:
    """Belong to $regex, which reads them. Code 2 without it."""
    del argument, scope
    if "$regex" not in siblings:
        raise failure(2, "$options needs a $regex")
