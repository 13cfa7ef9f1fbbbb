"""Words of PL/pgSQL: the text of a body cut into tokens with their places; it refuses texts that do not end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dotdo_postgres.errors import error

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*)
  | (?P<comment>/\*)
  | (?P<dollar>\$(?P<tag>[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)
  | (?P<text>[eE]'(?:[^'\\]|\\.|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
  | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*")
  | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
  | (?P<param>\$\d+)
  | (?P<number>\d+(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<mark>:=|\.\.|<<|>>|::|=>|[-+*/<>=~!@\#%^&|`?]|[;,()\[\].:])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True, frozen=True)
class Token:
    """A token.

    Args:
        kind: `word`, `quoted`, `text`, `number`, `param`, `mark` or `end`.
        value: A word in lower case, a quoted name without its quotes, all else as written.
        start, end: Its place in the body, in characters.
    """

    kind: str
    value: str
    start: int
    end: int

    @property
    def is_name(self) -> bool:
        """It may name something."""
        return self.kind in {"word", "quoted"}


def tokens_of(body: str) -> list[Token]:
    """Cut a body into tokens, the last of them `end`.

    Raises:
        PostgresError: a string, comment or quoted name does not end (SQLSTATE 42601).
    """
    found: list[Token] = []
    at = 0
    while at < len(body):
        match = _TOKEN.match(body, at)
        if match is None:
            raise _unended(body, at)
        kind, end = match.lastgroup or "mark", match.end()
        if kind == "comment":
            at = _comment_end(body, at)
            continue
        if kind in {"dollar", "tag"}:
            close = body.find(match["dollar"], end)
            if close < 0:
                raise _unended(body, at)
            kind, end = "text", close + len(match["dollar"])
        if kind != "space":
            found.append(Token(kind, _value(kind, body[at:end]), at, end))
        at = end
    found.append(Token("end", "", len(body), len(body)))
    return found


def _value(kind: str, text: str) -> str:
    if kind == "word":
        return (
            text.lower()
            if text.isascii()
            else "".join(c.lower() if c < "\x80" else c for c in text)
        )
    if kind == "quoted" and text[0] == '"':
        return text[1:-1].replace('""', '"')
    return text


def _comment_end(body: str, at: int) -> int:
    depth = 0
    for match in re.finditer(r"/\*|\*/", body[at:]):
        depth += 1 if match[0] == "/*" else -1
        if not depth:
            return at + match.end()
    raise error("42601", "unterminated /* comment", position=at)


def _unended(body: str, at: int) -> Exception:
    if body[at] == "'" or body[at : at + 2].lower() == "e'":
        message = f'unterminated quoted string at or near "{body[at:]}"'
    elif body[at] == '"':
        message = f'unterminated quoted identifier at or near "{body[at:]}"'
    elif body[at] == "$":
        message = f'unterminated dollar-quoted string at or near "{body[at:]}"'
    else:
        message = f'syntax error at or near "{body[at]}"'
    return error("42601", message, position=at)
