"""Literals lifted out of a statement's text, so that statements that differ only in their whole numbers share a plan; refuses what it does not see through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_TEXT = 2000
MAX_LITERALS = 64
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<string>'(?:[^']|'')*')|(?P<quoted>\"(?:[^\"]|\"\")*\")"
    r"|(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<number>\d+(?![\d.A-Za-z_]))|(?P<other>[(),;.\[\]:])"
    r"|(?P<operator>[-+*/<>=~!@#%^&|`?]+)"
)
_STATEMENTS = frozenset({"select", "insert", "update", "delete"})
_OPAQUE = frozenset({
    "group", "distinct", "over", "conflict", "order", "union", "intersect", "except", "with", "interval", "window", "filter",
})  # fmt: skip
"""Where a literal may be more than its value: compared with other expressions, or part of a name."""
_OPERATORS = frozenset({"=", "<", ">", "<=", ">=", "<>", "!=", "+", "-"})
_LARGEST = (1 << 31) - 1


class Lifted(NamedTuple):
    """A statement without its whole numbers.

    Args:
        sql: Its text, with parameters in their place.
        values: The numbers.
    """

    sql: str
    values: tuple[int, ...]

    @property
    def oids(self) -> tuple[int, ...]:
        """Types of the parameters."""
        return (t.INT4,) * len(self.values)


class _Token(NamedTuple):
    kind: str
    text: str


def lift(sql: str) -> Lifted | None:
    """Take the whole numbers out of a statement; None when there are none, or its text holds what is not seen through."""
    if len(sql) > MAX_TEXT or "$" in sql or "--" in sql or "/*" in sql or "\\" in sql:
        return None
    tokens = _tokens(sql)
    if not tokens or tokens[0].text.lower() not in _STATEMENTS:
        return None
    words = {token.text.lower() for token in tokens if token.kind == "word"}
    if words & _OPAQUE:
        return None
    values: list[int] = []
    places = set(_places(tokens))
    if not 0 < len(places) <= MAX_LITERALS:
        return None
    written = []
    for at, token in enumerate(tokens):
        if at in places:
            values.append(int(token.text))
            written.append(f"${len(values)}")
        else:
            written.append(token.text)
    return Lifted(" ".join(written), tuple(values))


def _tokens(sql: str) -> list[_Token]:
    """Cut a text into tokens without spaces; none when a part of it is unknown, or two tokens touch that mean another together."""
    found: list[_Token] = []
    at, was_word = 0, False
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or ""
        if match.start() != at or (was_word and kind in {"string", "quoted"}):
            return []
        at, was_word = match.end(), kind in {"word", "string", "quoted"}
        if kind != "space":
            found.append(_Token(kind, match[0]))
    return found if at == len(sql) else []


def _places(tokens: Sequence[_Token]) -> list[int]:
    """Return where numbers stand that are values: beside an operator, or alone in a row of VALUES."""
    found: list[int] = []
    depth, base = 0, -1  # of parentheses; where VALUES stands
    for at, token in enumerate(tokens):
        text = token.text
        if token.kind == "word":
            base = depth if text.lower() == "values" else base
        elif text == "(":
            depth += 1
        elif text == ")":
            depth -= 1
        elif _is_value(tokens, at, is_in_row=depth == base + 1 > 0):
            found.append(at)
    return found


def _is_value(tokens: Sequence[_Token], at: int, *, is_in_row: bool) -> bool:
    token, before = tokens[at], tokens[at - 1]
    if token.kind != "number" or not at or int(token.text) > _LARGEST:
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else _Token("other", ";")
    if after.text in {":", "[", "."} or after.kind == "string":
        return False
    if before.kind == "operator":
        return before.text in _OPERATORS
    return is_in_row and before.text in {"(", ","} and after.text in {",", ")"}
