"""Regular expressions that start, count and return as told (9.7.3): regexp_count, _instr, _like, _substr, _replace, _split."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.patterns import compile_regex, expanded
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

FAMILY = Family("9.7")


def _positive(name: str, value: int, least: int = 1) -> None:
    if value < least:
        raise error("22023", f'invalid value for parameter "{name}": {value}')


def _without_g(flags: str, function: str) -> str:
    if "g" in flags:
        raise error("22023", f'{function} does not support the "global" option')
    return flags


def _matches(text: str, pattern: str, start: int, flags: str) -> Iterator[re.Match[str]]:
    return compile_regex(pattern, flags).finditer(text, start - 1)


@FAMILY.function(
    "regexp_count(text, text)",
    "regexp_count(text, text, integer)",
    "regexp_count(text, text, integer, text)",
    returns="integer",
)
def regexp_count(text: str, pattern: str, start: int = 1, flags: str = "") -> int:
    """Count the matches from a place on.

    Raises:
        PostgresError: a place before the first, or flag g (SQLSTATE 22023).
    """
    _positive("start", start)
    return sum(1 for _ in _matches(text, pattern, start, _without_g(flags, "regexp_count()")))


@FAMILY.function("regexp_like(text, text)", "regexp_like(text, text, text)", returns="boolean")
def regexp_like(text: str, pattern: str, flags: str = "") -> int:
    """Return whether there is a match."""
    found = compile_regex(pattern, _without_g(flags, "regexp_like()")).search(text)
    return int(found is not None)


@FAMILY.function(
    "regexp_substr(text, text)",
    "regexp_substr(text, text, integer)",
    "regexp_substr(text, text, integer, integer)",
    "regexp_substr(text, text, integer, integer, text)",
    "regexp_substr(text, text, integer, integer, text, integer)",
    returns="text",
)
def regexp_substr(  # noqa: PLR0917 -- PostgreSQL's arguments
    text: str, pattern: str, start: int = 1, nth: int = 1, flags: str = "", group: int = 0
) -> str | None:
    """Return the n-th match, or a group of it."""
    found = _nth(text, pattern, start, nth, flags, group, "regexp_substr()")
    return None if found is None or group > found.re.groups else found[group]


@FAMILY.function(
    "regexp_instr(text, text)",
    "regexp_instr(text, text, integer)",
    "regexp_instr(text, text, integer, integer)",
    "regexp_instr(text, text, integer, integer, integer)",
    "regexp_instr(text, text, integer, integer, integer, text)",
    "regexp_instr(text, text, integer, integer, integer, text, integer)",
    returns="integer",
)
def regexp_instr(  # noqa: PLR0917 -- PostgreSQL's arguments
    text: str,
    pattern: str,
    start: int = 1,
    nth: int = 1,
    end: int = 0,
    flags: str = "",
    group: int = 0,
) -> int:
    """Return where the n-th match begins, or the place after it; 0 when there is none."""
    if end not in {0, 1}:
        raise error("22023", f'invalid value for parameter "endoption": {end}')
    found = _nth(text, pattern, start, nth, flags, group, "regexp_instr()")
    if found is None or group > found.re.groups or found.start(group) < 0:
        return 0
    return (found.end(group) if end else found.start(group)) + 1


def _nth(  # noqa: PLR0917 -- PostgreSQL's arguments
    text: str, pattern: str, start: int, nth: int, flags: str, group: int, function: str
) -> re.Match[str] | None:
    _positive("start", start)
    _positive("n", nth)
    _positive("subexpr", group, 0)
    matches = _matches(text, pattern, start, _without_g(flags, function))
    return next(islice(matches, nth - 1, None), None)


@FAMILY.function(
    "regexp_replace(text, text, text, integer)",
    "regexp_replace(text, text, text, integer, integer)",
    "regexp_replace(text, text, text, integer, integer, text)",
    returns="text",
)
def regexp_replace_nth(  # noqa: PLR0917 -- PostgreSQL's arguments
    text: str, pattern: str, replacement: str, start: int, nth: int = 1, flags: str = ""
) -> str:
    """Replace the n-th match from a place on, all of them for 0."""
    _positive("start", start)
    _positive("n", nth, 0)
    if nth == 1 and "g" in flags:
        nth = 0
    template, out, last = expanded(replacement), [], 0
    for number, match in enumerate(_matches(text, pattern, start, flags), start=1):
        if nth in {0, number}:
            out += [text[last : match.start()], match.expand(template)]
            last = match.end()
    return "".join([*out, text[last:]])


def _split(text: str, pattern: str, flags: str = "") -> list[str]:
    out, last = [], 0
    for match in compile_regex(pattern, flags).finditer(text):
        # a match of nothing splits only between characters that are not already split
        if match.end() == match.start() and match.start() in {last, len(text)}:
            continue
        out.append(text[last : match.start()])
        last = match.end()
    return [*out, text[last:]]


@FAMILY.function(
    "regexp_split_to_array(text, text)", "regexp_split_to_array(text, text, text)", returns="text[]"
)
def regexp_split_to_array(text: str, pattern: str, flags: str = "") -> str:
    """Split at matches."""
    return arrays.pack([*_split(text, pattern, _without_g(flags, "regexp_split_to_array()"))])


@FAMILY.series(
    "regexp_split_to_table(text, text)", "regexp_split_to_table(text, text, text)", returns="text"
)
def regexp_split_to_table(text: str, pattern: str, flags: str = "") -> list[str]:
    """Split at matches into rows."""
    return _split(text, pattern, _without_g(flags, "regexp_split_to_table()"))
