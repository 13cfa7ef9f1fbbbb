"""Functions and operators of the extension citext: text that compares without regard to case, as `lower` of the locale C makes it."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

from sqlglot import exp

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.functions import patterns, regexps
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("F.10")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def _folded(text: str) -> str:
    return text.translate(_LOWER)


def _compare(op: str) -> None:
    @FAMILY.native_operator(f"citext {op} citext", returns="boolean")
    def build(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:  # noqa: ARG001 -- declared alike
        left = exp.Collate(this=n.wrap(args[0].node), expression=exp.Var(this="nocase"))
        return Sql(n.binary(op, left, args[1].node))


for _op in ("=", "<>", "<", "<=", ">", ">="):
    _compare(_op)


@FAMILY.function("citext_cmp(citext, citext)", returns="integer")
def compare(left: str, right: str) -> int:
    """Return -1, 0 or 1."""
    a, b = _folded(left), _folded(right)
    return (a > b) - (a < b)


@FAMILY.operator(
    "citext ~~ citext", "citext ~~ text", "citext ~~* citext", "citext ~~* text", returns="boolean"
)
def like(text: str, pattern: str) -> int:
    """Tell whether a text is like a pattern."""
    return patterns.ilike(text, pattern)


@FAMILY.operator(
    "citext !~~ citext",
    "citext !~~ text",
    "citext !~~* citext",
    "citext !~~* text",
    returns="boolean",
)
def unlike(text: str, pattern: str) -> int:
    """Tell whether a text is not like a pattern."""
    return 1 - patterns.ilike(text, pattern)


@FAMILY.operator(
    "citext ~ citext", "citext ~ text", "citext ~* citext", "citext ~* text", returns="boolean"
)
def search(text: str, pattern: str) -> int:
    """Tell whether a regular expression is found."""
    return int(patterns.compile_regex(pattern, "i").search(text) is not None)


@FAMILY.operator(
    "citext !~ citext", "citext !~ text", "citext !~* citext", "citext !~* text", returns="boolean"
)
def search_no(text: str, pattern: str) -> int:
    """Tell whether a regular expression is not found."""
    return 1 - search(text, pattern)


def _flags(flags: str) -> str:
    return flags if "c" in flags else flags + "i"


@FAMILY.function(
    "regexp_match(citext, citext)", "regexp_match(citext, citext, text)", returns="text[]"
)
def regexp_match(text: str, pattern: str, flags: str = "") -> str | None:
    """Return the groups of the first match."""
    return patterns.regexp_match_flags(text, pattern, _flags(flags))


@FAMILY.series(
    "regexp_matches(citext, citext)", "regexp_matches(citext, citext, text)", returns="text[]"
)
def regexp_matches(text: str, pattern: str, flags: str = "") -> list[str]:
    """Return the groups of matches."""
    return patterns.regexp_matches_flags(text, pattern, _flags(flags))


@FAMILY.function(
    "regexp_replace(citext, citext, text)",
    "regexp_replace(citext, citext, text, text)",
    returns="text",
)
def regexp_replace(text: str, pattern: str, replacement: str, flags: str = "") -> str:
    """Replace matches."""
    return patterns.regexp_replace_flags(text, pattern, replacement, _flags(flags))


@FAMILY.function(
    "regexp_split_to_array(citext, citext)",
    "regexp_split_to_array(citext, citext, text)",
    returns="text[]",
)
def regexp_split_to_array(text: str, pattern: str, flags: str = "") -> str:
    """Split at matches."""
    return regexps.regexp_split_to_array(text, pattern, _flags(flags))


@FAMILY.series(
    "regexp_split_to_table(citext, citext)",
    "regexp_split_to_table(citext, citext, text)",
    returns="text",
)
def regexp_split_to_table(text: str, pattern: str, flags: str = "") -> list[str]:
    """Split at matches into rows."""
    return regexps.regexp_split_to_table(text, pattern, _flags(flags))


@FAMILY.function("strpos(citext, citext)", returns="integer")
def position(text: str, part: str) -> int:
    """Return where a part is, 0 for nowhere."""
    return _folded(text).find(_folded(part)) + 1


@FAMILY.function("replace(citext, citext, citext)", returns="text")
def replace(text: str, old: str, new: str) -> str:
    """Put a text in the place of another."""
    if not old:
        return text
    quoted = re.sub(r"([^a-zA-Z_0-9])", r"\\\1", old)
    return patterns.regexp_replace_flags(text, quoted, new, "gi")


@FAMILY.function("split_part(citext, citext, integer)", returns="text")
def split_part(text: str, delimiter: str, number: int) -> str:
    """Return a field (22023 for the number 0)."""
    if number == 0:
        raise error("22023", "field position must not be zero")
    fields, folded, wanted, at = [], _folded(text), _folded(delimiter), 0
    while wanted and (found := folded.find(wanted, at)) >= 0:
        fields.append(text[at:found])
        at = found + len(wanted)
    fields.append(text[at:])
    index = number - 1 if number > 0 else number
    return fields[index] if -len(fields) <= index < len(fields) else ""


@FAMILY.function("translate(citext, citext, text)", returns="text")
def translate(text: str, old: str, new: str) -> str:
    """Exchange characters, in either case."""
    table: dict[int, str | None] = {}
    for at, char in enumerate(old):
        for form in {char.lower(), char.upper()} if char.isascii() else {char}:
            table.setdefault(ord(form), new[at] if at < len(new) else None)
    return text.translate(table)


class _Least:
    """Keeps the value that comes first."""

    is_greatest = False

    def __init__(self) -> None:
        self.best: str | None = None

    def step(self, value: str) -> None:
        """Look at a value."""
        if self.best is None:
            self.best = value
        elif self.is_greatest:
            self.best = value if _folded(value) > _folded(self.best) else self.best
        elif _folded(value) < _folded(self.best):
            self.best = value

    def final(self) -> str | None:
        """Return the value, NULL of nothing."""
        return self.best


class _Greatest(_Least):
    is_greatest = True


FAMILY.aggregate("min(citext)", returns="citext")(_Least)
FAMILY.aggregate("max(citext)", returns="citext")(_Greatest)


@FAMILY.cast("bpchar as citext")
def of_padded(text: str) -> str:
    """Drop trailing spaces."""
    return text.rstrip(" ")
