"""FILTER expressions of VSIM over the attributes of elements; it refuses names that are no attributes."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | \.(?P<field>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<operator>\*\*|>=|<=|==|!=|&&|\|\||[-+*/%<>!()\[\],]|(?:and|or|not|in)\b)
      | (?P<constant>true|false|null)\b
    )""",
    re.VERBOSE,
)
_WORD = re.compile(r"\s*[A-Za-z_]+")
_PRECEDENCE = {
    "or": 0, "||": 0, "and": 1, "&&": 1, ">": 2, ">=": 2, "<": 2, "<=": 2, "==": 2, "!=": 2, "in": 2,
    "+": 3, "-": 3, "*": 4, "/": 4, "%": 4, "**": 5,
}  # fmt: skip
_NOT = 6
_CONSTANTS = {"true": 1.0, "false": 0.0, "null": None}


class FilterError(ValueError):
    """An expression that cannot be read; the text is what stands where it goes wrong."""


class Missing(Exception):
    """An attribute that is not there makes the whole expression false."""


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute."""

    name: str

    def evaluate(self, attributes: dict[str, Any]) -> Any:
        """Its value."""
        value = attributes.get(self.name)
        if isinstance(value, bool):
            return float(value)
        if value is None and self.name not in attributes:
            raise Missing
        return value


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, null, or a list of them."""

    value: Any

    def evaluate(self, _attributes: dict[str, Any]) -> Any:
        """It."""
        return self.value


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator and its operands."""

    apply: Callable[..., Any]
    operands: "tuple[Node, ...]"

    def evaluate(self, attributes: dict[str, Any]) -> Any:
        """What it gives."""
        return self.apply(*(operand.evaluate(attributes) for operand in self.operands))


Node = Field | Constant | Operation
Predicate = Callable[[dict[str, Any]], bool]


def _number(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return 0.0
    return float(value) if isinstance(value, int | float) else 0.0


def _truth(value: Any) -> bool:
    return bool(value) if isinstance(value, int | float | str) else value is not None


def _same(left: Any, right: Any) -> float:
    if isinstance(left, str) and isinstance(right, str):
        return float(left == right)
    if left is None or right is None:
        return float(left is right)
    return float(_number(left) == _number(right))


def _contains(left: Any, right: Any) -> float:
    if isinstance(right, str) and isinstance(left, str):
        return float(left in right)
    if not isinstance(right, list):
        return 0.0
    return float(any(_same(left, item) for item in right))


def _arithmetic(function: Callable[[float, float], float]) -> Callable[[Any, Any], float]:
    def apply(left: Any, right: Any) -> float:
        try:
            result = function(_number(left), _number(right))
        except (ZeroDivisionError, OverflowError, ValueError):
            return nan
        return nan if isinstance(result, complex) else result

    return apply


def _ordering(function: Callable[[float, float], bool]) -> Callable[[Any, Any], float]:
    return lambda left, right: float(function(_number(left), _number(right)))


def _remainder(left: float, right: float) -> float:
    return left - right * int(left / right)


_APPLY: dict[str, Callable[..., Any]] = {
    "+": _arithmetic(operator.add), "-": _arithmetic(operator.sub), "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv), "%": _arithmetic(_remainder), "**": _arithmetic(operator.pow),
    ">": _ordering(operator.gt), ">=": _ordering(operator.ge), "<": _ordering(operator.lt),
    "<=": _ordering(operator.le), "==": _same, "!=": lambda left, right: 1.0 - _same(left, right),
    "in": _contains,
    "and": lambda left, right: float(_truth(left) and _truth(right)),
    "or": lambda left, right: float(_truth(left) or _truth(right)),
}  # fmt: skip
_APPLY |= {"&&": _APPLY["and"], "||": _APPLY["or"]}


def _negated(value: Any) -> float:
    return float(not _truth(value))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._tokens())
        self.at = 0

    def _tokens(self) -> "list[tuple[str, str]]":
        found: list[tuple[str, str]] = []
        at = 0
        while self.text[at:].strip():
            match = _TOKEN.match(self.text, at)
            if match is None:
                word = _WORD.match(self.text, at)
                raise FilterError(self.text[word.end() if word else at :])
            at = match.end()
            kind = match.lastgroup or ""
            found.append((kind, match.group(kind)))
        return found

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, mark: str) -> bool:
        if self.peek() != ("operator", mark):
            return False
        self.at += 1
        return True

    def fail(self) -> FilterError:
        return FilterError(self.text)

    def whole(self) -> Node:
        node = self.expression(0)
        if self.at < len(self.tokens):
            raise self.fail()
        return node

    def expression(self, least: int) -> Node:
        left = self.operand()
        while True:
            kind, mark = self.peek()
            rank = _PRECEDENCE.get(mark, -1) if kind == "operator" else -1
            if rank < least:
                return left
            self.at += 1
            right = self.expression(rank if mark == "**" else rank + 1)
            left = Operation(_APPLY[mark], (left, right))

    def operand(self) -> Node:
        kind, text = self.peek()
        self.at += 1
        if kind == "number":
            return Constant(float(text))
        if kind == "string":
            return Constant(re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "field":
            return Field(text)
        if kind == "constant":
            return Constant(_CONSTANTS[text])
        if kind == "operator":
            return self.prefixed(text)
        raise self.fail()

    def prefixed(self, mark: str) -> Node:
        if mark in {"not", "!"}:
            return Operation(_negated, (self.expression(_NOT),))
        if mark == "-" and self.peek()[0] == "number":
            self.at += 1
            return Constant(-float(self.tokens[self.at - 1][1]))
        if mark == "(":
            inner = self.expression(0)
            if self.take(")"):
                return inner
        elif mark == "[":
            return Constant(self.items())
        raise self.fail()

    def items(self) -> list[Any]:
        found: list[Any] = []
        while not self.take("]"):
            if found and not self.take(","):
                raise self.fail()
            item = self.operand()
            if not isinstance(item, Constant):
                raise self.fail()
            found.append(item.value)
        return found


def parse_filter(text: str) -> Predicate:
    """Read an expression.

    Raises:
        FilterError: it makes no sense.
    """
    node = _Parser(text).whole()

    def holds(attributes: dict[str, Any]) -> bool:
        try:
            return _truth(node.evaluate(attributes))
        except Missing:
            return False

    return holds
