"""$regexMatch, $regexFind and $regexFindAll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import Regex

from dotdo_mongo.engine import regexes
from dotdo_mongo.engine.expressions.declare import Expr, Family, Named, Scope, folded
from dotdo_mongo.engine.values import NULLISH, regex_parts, type_name
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = Family("regexes")


def _options(name: str, value: Any) -> str | None:
    if type(value) in NULLISH:
        return None
    if type(value) is not str:
        raise failure(51106, f"{name} needs 'options' to be of type string: {type_name(value)}")
    return value


def _pattern(name: str, pattern: Any, options: Any) -> regexes.Pattern | None:
    """Read pattern and options. Codes 51105 to 51111."""
    if type(pattern) not in NULLISH and type(pattern) not in {str, Regex}:
        raise failure(51105, f"{name} needs 'regex' to be of type string or regex")
    letters = _options(name, options)
    if type(pattern) in NULLISH:
        return None
    text = pattern
    if isinstance(pattern, Regex):
        text, own = regex_parts(pattern)
        if own:
            if letters is not None:
                raise failure(
                    51107,
                    f"{name}: found regex option(s) specified in both 'regex' and 'option' fields",
                )
            letters = own
    if "\0" in text:
        raise failure(51109, f"{name}: regular expression cannot contain an embedded null byte")
    if letters and "\0" in letters:
        raise failure(
            51110, f"{name}: regular expression options string cannot contain an embedded null byte"
        )
    try:
        return regexes.compiled(text, regexes.check_options(letters or "", 51108))
    except regexes.BadPattern as error:
        raise failure(51111, f"Invalid Regex in {name}: {error}") from error


def _found(match: Any) -> dict[str, Any]:
    return {"match": match.group(), "idx": match.start(), "captures": list(match.groups())}


def _first(pattern: regexes.Pattern, text: str) -> Any:
    match = pattern.search(text)
    return _found(match) if match else None


def _all(pattern: regexes.Pattern, text: str) -> list[Any]:
    end = len(text)
    matches = pattern.all(text)
    return [_found(match) for match in matches if match.start() < end or not end or match.group()]


def _declare(name: str, none: Any, run: Callable[[regexes.Pattern, str], Any]) -> None:
    named = Named(
        name=name,
        required={
            "input": (31022, f"{name} requires 'input' parameter"),
            "regex": (31023, f"{name} requires 'regex' parameter"),
        },
        optional=("options",),
        not_object=(51103, f"{name} expects an object of named arguments but found: "),
        unknown=(31024, f"{name} found unknown argument: {{}}"),
    )

    def parse(argument: Any, scope: Scope) -> Expr:
        parts = named.compiled(argument, scope)
        is_fixed = parts["regex"].is_constant and parts["options"].is_constant
        fixed = (
            _pattern(name, parts["regex"].constant, parts["options"].constant) if is_fixed else None
        )

        def evaluate(document: Any, variables: Any) -> Any:
            text = parts["input"].evaluate(document, variables)
            if type(text) not in NULLISH and type(text) is not str:
                raise failure(51104, f"{name} needs 'input' to be of type string")
            pattern = fixed or _pattern(
                name,
                parts["regex"].evaluate(document, variables),
                parts["options"].evaluate(document, variables),
            )
            if pattern is None or type(text) in NULLISH:
                return list(none) if isinstance(none, list) else none
            return run(pattern, text)

        return folded(evaluate, parts.values())

    FAMILY.form(name)(parse)


_declare("$regexMatch", False, lambda pattern, text: pattern.matches(text))
_declare("$regexFind", None, _first)
_declare("$regexFindAll", [], _all)
