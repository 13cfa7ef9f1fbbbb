"""Paths into JSON documents, the dialect of JSONPath and the older one with dots; it refuses to walk them."""

import re
from dataclasses import dataclass
from typing import NoReturn

from dotdo_redis.engine.json_values.filters import Comparison, Expression, Literal, Logic, Reference
from dotdo_redis.engine.json_values.steps import Index, Names, Slice, Step, Subset, Wildcard

_SPACES = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z0-9_\-$`~+#%^/:]+")
_INTEGER = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OPERATOR = re.compile(r"==|!=|>=|<=|>|<|=~")
_CONSTANTS = {"true": True, "false": False, "null": None}

IN_BRACKETS = "'<string>[,<string>,...]', '<number>', ['start:end:steps'], '*'"
AFTER_TERM = "ge, gt, le, lt, eq, ne, re, and, or, '..'"
OPERAND = "decimal, from_current, from_root, boolean_true, boolean_false, null"


class PathError(ValueError):
    """A path that cannot be read; the message is RedisJSON's own."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path as it was given and as it is walked."""

    given: str
    text: str
    """In the dialect of JSONPath."""
    is_legacy: bool
    steps: tuple[Step, ...]

    @property
    def is_root(self) -> bool:
        """Whether it is the whole document."""
        return not self.steps

    @property
    def is_static(self) -> bool:
        """Whether each step names one place."""
        return all(step.is_static for step in self.steps)


def is_legacy(text: str) -> bool:
    """Whether a path is of the older dialect."""
    return text != "$" and not text.startswith(("$.", "$["))


def parse_path(word: bytes) -> Path:
    """Read a path of either dialect.

    Raises:
        PathError: it makes no sense.
    """
    given = word.decode("utf-8", "replace")
    legacy = is_legacy(given)
    text = given
    if legacy:
        if given == ".":
            text = "$"
        elif given.startswith((".", "[")):
            text = f"${given}"
        else:
            text = f"$.{given}"
    return Path(given, text, legacy, _Reader(text).whole())


class _Reader:
    """Reads one path from its start to its end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1

    def whole(self) -> tuple[Step, ...]:
        steps = self.steps()
        self.skip()
        if self.at < len(self.text):
            self.fail("EOI, '..'")
        return steps

    def fail(self, expected: str, at: int | None = None) -> NoReturn:
        where = self.at if at is None else at
        before, behind = self.text[:where], self.text[where:]
        shown = f"{before} ---->>>> {behind}" if behind else f"{before} <<<<----"
        raise PathError(
            f'Error occurred on position {where}, "{shown}", expected one of the following: {expected}.'
        )

    def skip(self) -> None:
        found = _SPACES.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, mark: str) -> bool:
        """Pass a mark when it stands here, after white space."""
        before = self.at
        self.skip()
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        self.at = before
        return False

    def steps(self) -> tuple[Step, ...]:
        found: list[Step] = []
        while True:
            if self.take(".."):
                found.append(self.step_after_dots(is_deep=True))
            elif self.take("."):
                found.append(self.step_after_dots(is_deep=False))
            elif self.take("["):
                found.append(self.in_brackets(is_deep=False))
            else:
                return tuple(found)

    def step_after_dots(self, *, is_deep: bool) -> Step:
        self.skip()
        if self.take("["):
            return self.in_brackets(is_deep=is_deep)
        if self.take("*"):
            return Wildcard(is_deep)
        found = _NAME.match(self.text, self.at)
        if found is None:
            self.fail("<string>, '*'")
        self.at = found.end()
        return Names(is_deep, (found.group(),))

    def in_brackets(self, *, is_deep: bool) -> Step:
        start = self.at
        self.skip()
        step: Step
        if self.take("*"):
            step = Wildcard(is_deep)
        elif self.take("?"):
            step = Subset(is_deep, self.single_filter())
        elif self.text[self.at : self.at + 1] in {"'", '"'}:
            step = self.names(is_deep=is_deep)
        else:
            step = self.places(is_deep=is_deep)
        if not self.take("]"):
            if isinstance(step, Subset):
                self.fail(AFTER_TERM)
            self.fail("'<number>', ['start:end:steps']", start)
        return step

    def quoted(self) -> str | None:
        found = _QUOTED.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        body = found.group(1) if found.group(1) is not None else found.group(2)
        return _ESCAPED.sub(r"\1", body)

    def names(self, *, is_deep: bool) -> Step:
        names: list[str] = []
        while True:
            self.skip()
            name = self.quoted()
            if name is None:
                self.fail(IN_BRACKETS)
            names.append(name)
            if not self.take(","):
                return Names(is_deep, tuple(names))

    def integer(self) -> int | None:
        self.skip()
        found = _INTEGER.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return int(found.group())

    def places(self, *, is_deep: bool) -> Step:
        start = self.at
        first = self.integer()
        if self.take(":"):
            return self.slice(first, is_deep=is_deep)
        if first is None:
            self.at = start
            self.fail(IN_BRACKETS)
        numbers = [first]
        while self.take(","):
            number = self.integer()
            if number is None:
                self.fail("'<number>'")
            numbers.append(number)
        return Index(is_deep, tuple(numbers))

    def slice(self, first: int | None, *, is_deep: bool) -> Step:
        last = self.integer()
        pace = 1
        if self.take(":"):
            self.skip()
            before = self.at
            given = self.integer()
            if given is not None and given < 1:
                self.fail("pos_number", before)
            pace = 1 if given is None else given
        return Slice(is_deep, first, last, pace)

    # -- filters

    def single_filter(self) -> Expression:
        if self.text[self.at : self.at + 1] == "(":
            self.at += 1
            inner = self.disjunction()
            if not self.take(")"):
                self.fail(AFTER_TERM)
            return inner
        return self.disjunction()

    def disjunction(self) -> Expression:
        parts = [self.conjunction()]
        while self.take("||"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Logic(any, tuple(parts))

    def conjunction(self) -> Expression:
        parts = [self.relation()]
        while self.take("&&"):
            parts.append(self.relation())
        return parts[0] if len(parts) == 1 else Logic(all, tuple(parts))

    def relation(self) -> Expression:
        self.skip()
        if self.take("("):
            inner = self.disjunction()
            if not self.take(")"):
                self.fail(AFTER_TERM)
            return inner
        left = self.operand("single_filter")
        self.skip()
        found = _OPERATOR.match(self.text, self.at)
        if found is None:
            return left
        self.at = found.end()
        self.skip()
        return Comparison(found.group(), left, self.operand(OPERAND))

    def operand(self, expected: str) -> Literal | Reference:
        self.skip()
        if self.take("@"):
            return Reference(is_root=False, steps=self.steps())
        if self.take("$"):
            return Reference(is_root=True, steps=self.steps())
        text = self.quoted()
        if text is not None:
            return Literal(text)
        found = _DECIMAL.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            number = found.group()
            return Literal(int(number) if number.lstrip("-").isdigit() else float(number))
        name = next((name for name in _CONSTANTS if self.text.startswith(name, self.at)), None)
        if name is None:
            self.fail(expected)
        self.at += len(name)
        return Literal(_CONSTANTS[name])
