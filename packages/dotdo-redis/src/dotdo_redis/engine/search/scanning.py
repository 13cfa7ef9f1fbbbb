"""Query text as marks, words, names and numbers; it refuses to know what they mean."""

import re
from typing import NoReturn

from dotdo_redis.engine.search.values import text_of

WORD = re.compile(r"(?:\\.|[^\s,./(){}\[\]:;~!@#$%^&*\-=+|'`\"<>?\\])+", re.DOTALL)
_NUMBER = re.compile(r"\(?[+-]?(?:inf|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)", re.IGNORECASE)
NAME = re.compile(r"(?:\\.|[^\s:|,(){}\[\]=<>!@;])+", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class QueryError(ValueError):
    """A query that makes no sense; the message is the module's own."""


class Scanner:
    """A place in a query."""

    def __init__(self, text: str, parameters: dict[str, bytes]) -> None:
        self.text = text
        self.at = 0
        self.parameters = parameters
        self.last_word = ""
        """The last word passed, which errors tell."""

    def fail(self) -> NoReturn:
        """Refuse the query here."""
        near = self.last_word
        raise QueryError(f"Syntax error at offset {self.at} near {near}")

    def skip(self) -> None:
        """Pass white space and marks that mean nothing."""
        while self.at < len(self.text) and (
            self.text[self.at].isspace() or self.text[self.at] in ",./#^&+?;`"
        ):
            self.at += 1

    def skip_spaces(self) -> None:
        """Pass white space and commas."""
        while self.at < len(self.text) and (
            self.text[self.at].isspace() or self.text[self.at] == ","
        ):
            self.at += 1

    def peek(self) -> str:
        """The next mark; empty at the end."""
        self.skip()
        return self.text[self.at : self.at + 1]

    def take(self, mark: str) -> bool:
        """Pass a mark when it stands here."""
        self.skip()
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def need(self, mark: str) -> None:
        """Pass a mark that has to stand here."""
        if not self.take(mark):
            self.fail()

    def parameter(self, name: str) -> bytes:
        """What a parameter stands for."""
        found = self.parameters.get(name)
        if found is None:
            raise QueryError(f"No such parameter `{name}`")
        return found

    def token(self) -> str:
        """A word, or what a parameter stands for."""
        if self.take("$"):
            return text_of(self.parameter(self.name()))
        found = WORD.match(self.text, self.at)
        if found is None:
            self.fail()
        self.at = found.end()
        self.last_word = ESCAPED.sub(r"\1", found.group())
        return found.group()

    def name(self) -> str:
        """A name of a field or parameter."""
        found = NAME.match(self.text, self.at)
        if found is None:
            self.fail()
        self.at = found.end()
        return ESCAPED.sub(r"\1", found.group())

    def number(self) -> tuple[float, bool]:
        """A number, and whether it is itself outside."""
        self.skip_spaces()
        is_open = self.take("(")
        if self.take("$") or self.take("-$"):
            negative = self.text[self.at - 2 : self.at] == "-$"
            word = text_of(self.parameter(self.name()))
            if word.startswith("("):
                is_open, word = True, word[1:]
            try:
                value = float(word)
            except ValueError:
                raise QueryError(f"Invalid numeric value ({word}) for parameter") from None
            return (-value if negative else value), is_open
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            self.last_word = (
                self.text[self.at :].split("]")[0].split()[-1]
                if self.text[self.at :].split()
                else ""
            )
            self.fail()
        self.at = found.end()
        return float(found.group().lstrip("(")), is_open or found.group().startswith("(")

    def part(self) -> str:
        """A word of a list in brackets, or what a parameter stands for."""
        self.skip_spaces()
        if self.text.startswith("$", self.at):
            self.at += 1
            return text_of(self.parameter(self.name()))
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in " ,]\t":
            self.at += 1
        if start == self.at:
            self.fail()
        return self.text[start : self.at]
