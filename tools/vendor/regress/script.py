"""psql's scripts: statements, psql's own lines, data of COPY; variables put in as psql does."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_DOLLAR = re.compile(r"\$([A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$")
_VARIABLE = re.compile(r":(?:'(\w+)'|\"(\w+)\"|(\w+))")
_COPY_IN = re.compile(r"\s*copy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"'(?:[^'\\]|\\.|'')*'|\S+")
_TRUE = {"1", "on", "true", "yes", "t", "y"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One or several statements sent at once.

    Args:
        sql: the text, variables put in.
        line: where it begins, from 1.
        ending: psql's command that ended it (`gset`, `gexec`, `g`), empty for a semicolon.
        argument: what follows that command.
        data: lines of COPY FROM STDIN, None for other statements.
    """

    sql: str
    line: int
    ending: str = ""
    argument: str = ""
    data: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Meta:
    """A line of psql's own."""

    command: str
    argument: str
    line: int


@dataclass(slots=True)
class Script:
    """A script being read; variables may change between its items.

    Args:
        text: the whole of it.
        variables: psql's variables.
    """

    text: str
    variables: dict[str, str] = field(default_factory=dict)
    _at: int = 0
    _conditions: list[bool] = field(default_factory=list)

    def items(self) -> Iterator[Statement | Meta]:
        r"""Yield statements and psql's own lines, those left out by \if excepted."""
        while (item := self._next()) is not None:
            if isinstance(item, Meta) and item.command in {"if", "elif", "else", "endif"}:
                self._branch(item)
            elif all(self._conditions):
                if isinstance(item, Meta):
                    self._define(item)
                yield item

    def _branch(self, item: Meta) -> None:
        value = self.expanded(item.argument).strip().lower() in _TRUE
        if item.command == "if":
            self._conditions.append(value)
        elif item.command == "endif":
            self._conditions.pop()
        else:
            self._conditions[-1] = not self._conditions[-1] and (value or item.command == "else")

    def _define(self, item: Meta) -> None:
        words = _WORD.findall(item.argument)
        if item.command == "set" and words:
            parts = [_unquoted(word, self.variables) for word in words[1:]]
            self.variables[words[0]] = "".join(parts)
        elif item.command == "unset" and words:
            self.variables.pop(words[0], None)
        elif item.command == "getenv" and len(words) > 1:
            self.variables[words[0]] = os.environ.get(words[1], "")

    def expanded(self, text: str) -> str:
        """Put variables into a text outside of its quotes."""
        return "".join(
            part if is_quoted else _VARIABLE.sub(self._value, part)
            for part, is_quoted in _parts(text)
        )

    def _value(self, match: re.Match[str]) -> str:
        literal, name, bare = match.groups()
        value = self.variables.get(literal or name or bare)
        before = match.string[match.start() - 1 : match.start()]
        if value is None or before == ":":
            return match[0]
        if literal:
            return "'" + value.replace("'", "''") + "'"
        return '"' + value + '"' if name else value

    def _line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def _next(self) -> Statement | Meta | None:  # noqa: C901 -- psql's own lexer, one clause for each kind of text
        text, buffer, depth = self.text, [], 0
        self._skip_space()
        start, line = self._at, self._line(self._at)
        is_block = False
        while self._at < len(text):
            char = text[self._at]
            end = _quoted_end(text, self._at)
            if end > self._at:
                if not (char == "-" or text.startswith("/*", self._at)):
                    buffer.append(text[self._at : end])
                else:
                    buffer.append(" ")
                self._at = end
                continue
            if char == "\\":
                if text.startswith("\\;", self._at):
                    buffer.append(";")
                    self._at += 2
                    continue
                meta = self._meta()
                sql = "".join(buffer).strip()
                if not sql:
                    return meta
                if meta.command in {"g", "gset", "gexec", "gx", "crosstabview"}:
                    return Statement(self.expanded(sql), line, meta.command, meta.argument)
                if meta.command in {"gdesc", "watch", "r", "reset"}:
                    return meta
                continue
            if char == ";" and depth == 0 and not is_block:
                self._at += 1
                return self._finished("".join(buffer).strip(), line)
            depth += (char in "([") - (char in ")]")
            depth = max(depth, 0)
            buffer.append(char)
            self._at += 1
            if char in "cC" and re.search(
                r"\bbegin\s+atomic$", "".join(buffer[-16:]), re.IGNORECASE
            ):
                is_block = True
            if (
                is_block
                and re.search(r"\bend$", "".join(buffer[-5:]), re.IGNORECASE)
                and not text[self._at : self._at + 1].isalnum()
            ):
                is_block = False
        sql = "".join(buffer).strip()
        return Statement(self.expanded(sql), line) if sql and start < len(text) else None

    def _finished(self, sql: str, line: int) -> Statement | Meta:
        expanded = self.expanded(sql)
        if not _COPY_IN.match(sql):
            return Statement(expanded, line)
        newline = self.text.find("\n", self._at)
        rows = []
        at = newline + 1
        while at < len(self.text):
            end = self.text.find("\n", at)
            end = len(self.text) if end < 0 else end
            row = self.text[at:end]
            at = end + 1
            if row == "\\.":
                break
            rows.append(row)
        self._at = at
        return Statement(expanded, line, data=tuple(rows))

    def _meta(self) -> Meta:
        end = self.text.find("\n", self._at)
        end = len(self.text) if end < 0 else end
        line = self._line(self._at)
        command, _, argument = self.text[self._at + 1 : end].strip().partition(" ")
        self._at = end
        return Meta(command, argument.strip(), line)

    def _skip_space(self) -> None:
        text = self.text
        while self._at < len(text):
            if text[self._at].isspace() or text[self._at] == ";":
                self._at += 1
            elif text.startswith("--", self._at) or text.startswith("/*", self._at):
                self._at = _quoted_end(text, self._at)
            else:
                return


def _unquoted(word: str, variables: dict[str, str]) -> str:
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    if word.startswith(":"):
        return variables.get(word[1:].strip("'\""), word)
    return word


def _quoted_end(text: str, at: int) -> int:
    """Return where a quoted part or comment that begins here ends; the same place when none does."""
    char = text[at]
    if char in "'\"":
        is_escaped = (
            char == "'" and at and text[at - 1] in "eE" and not text[at - 2 : at - 1].isalnum()
        )
        return _string_end(text, at, char, bool(is_escaped))
    if text.startswith("--", at):
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    if text.startswith("/*", at):
        return _comment_end(text, at)
    if char == "$" and not (at and (text[at - 1].isalnum() or text[at - 1] == "_")):
        match = _DOLLAR.match(text, at)
        if match:
            end = text.find(match[0], match.end())
            return len(text) if end < 0 else end + len(match[0])
    return at


def _string_end(text: str, at: int, quote: str, is_escaped: bool) -> int:
    at += 1
    while at < len(text):
        if text[at] == "\\" and is_escaped:
            at += 2
        elif text[at] == quote:
            if text[at + 1 : at + 2] != quote:
                return at + 1
            at += 2
        else:
            at += 1
    return len(text)


def _comment_end(text: str, at: int) -> int:
    depth = 0
    while at < len(text):
        if text.startswith("/*", at):
            depth, at = depth + 1, at + 2
        elif text.startswith("*/", at):
            depth, at = depth - 1, at + 2
            if depth == 0:
                return at
        else:
            at += 1
    return len(text)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Split a text into parts outside and inside of quotes."""
    start = at = 0
    while at < len(text):
        if text[at] == ":" and text[at + 1 : at + 2] in {"'", '"'}:
            match = _VARIABLE.match(text, at)
            at = match.end() if match else at + 1
            continue
        end = _quoted_end(text, at)
        if end > at:
            yield text[start:at], False
            yield text[at:end], True
            start = at = end
        else:
            at += 1
    yield text[start:], False
