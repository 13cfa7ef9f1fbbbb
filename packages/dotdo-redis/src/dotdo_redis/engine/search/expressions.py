"""The expressions of APPLY and FILTER; it refuses functions that RedisSearch does not have."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, exp, floor, fmod, inf, log, log2, nan, sqrt
from typing import Any, NoReturn

from dotdo_redis.engine.search import functions
from dotdo_redis.engine.search.rows import Item, Row, as_number, as_text

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | @(?P<property>[^\s()+\-*/%^<>=!&|,'"]+)
      | (?P<mark>&&|\|\||==|!=|>=|<=|[-+*/%^<>!(),])
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    )""",
    re.VERBOSE,
)
_RANKS = {
    "||": 0, "&&": 1, "==": 2, "!=": 2, "<": 2, "<=": 2, ">": 2, ">=": 2, "+": 3, "-": 3, "*": 4, "/": 4, "%": 4, "^": 5,
}  # fmt: skip


class ExpressionError(ValueError):
    """An expression that makes no sense; the message is the module's own."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What is reckoned of a row, and the properties it reads."""

    evaluate: Callable[[Row], Item]
    properties: tuple[str, ...]


def truth(item: Item) -> bool:
    """Whether a value counts as true."""
    if isinstance(item, str):
        return item != ""
    return bool(item)


def _order(left: Item, right: Item) -> int:
    one, other = as_number(left), as_number(right)
    if one is not None and other is not None:
        return (one > other) - (one < other)
    first, second = as_text(left), as_text(right)
    return (first > second) - (first < second)


def _reckon(function: Callable[[float, float], float]) -> Callable[[Item, Item], Item]:
    def apply(left: Item, right: Item) -> Item:
        one, other = as_number(left), as_number(right)
        if one is None or other is None:
            return None if left is None or right is None else nan
        try:
            result = function(one, other)
        except (ZeroDivisionError, ValueError):
            return nan if one == 0 or function is not operator.truediv else inf if one > 0 else -inf
        except OverflowError:
            return inf
        return nan if isinstance(result, complex) else result

    return apply


_BINARY: dict[str, Callable[[Item, Item], Item]] = {
    "+": _reckon(operator.add),
    "-": _reckon(operator.sub),
    "*": _reckon(operator.mul),
    "/": _reckon(operator.truediv),
    "%": _reckon(fmod),
    "^": _reckon(operator.pow),
    "==": lambda left, right: float(_order(left, right) == 0),
    "!=": lambda left, right: float(_order(left, right) != 0),
    "<": lambda left, right: float(_order(left, right) < 0),
    "<=": lambda left, right: float(_order(left, right) <= 0),
    ">": lambda left, right: float(_order(left, right) > 0),
    ">=": lambda left, right: float(_order(left, right) >= 0),
    "&&": lambda left, right: float(truth(left) and truth(right)),
    "||": lambda left, right: float(truth(left) or truth(right)),
}


def _mathematical(function: Callable[[float], float]) -> Callable[..., Item]:
    def apply(item: Item) -> Item:
        number = as_number(item)
        if number is None:
            return nan
        try:
            return float(function(number))
        except (ValueError, OverflowError):
            return nan

    return apply


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": _mathematical(abs), "ceil": _mathematical(ceil), "floor": _mathematical(floor),
    "log": _mathematical(log), "log2": _mathematical(log2), "exp": _mathematical(exp), "sqrt": _mathematical(sqrt),
    **functions.FUNCTIONS,
}  # fmt: skip


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        self.properties: dict[str, None] = {}
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                self.fail(at, text[at : at + 1])
            at = match.end()
            kind = match.lastgroup or ""
            self.tokens.append((kind, match.group(kind)))
        self.at = 0

    def fail(self, at: int, near: str) -> NoReturn:
        raise ExpressionError(f"Syntax error at offset {at} near '{near}'")

    def stop(self) -> NoReturn:
        at = min(self.at, len(self.tokens)) - 1
        self.fail(len(self.text), self.tokens[at][1] if self.tokens and at >= 0 else "")

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, mark: str) -> bool:
        if self.peek() != ("mark", mark):
            return False
        self.at += 1
        return True

    def expression(self, least: int) -> Callable[[Row], Item]:
        left = self.operand()
        while True:
            kind, mark = self.peek()
            rank = _RANKS.get(mark, -1) if kind == "mark" else -1
            if rank < least:
                return left
            self.at += 1
            right = self.expression(rank if mark == "^" else rank + 1)
            left = _joined(_BINARY[mark], left, right)

    def operand(self) -> Callable[[Row], Item]:
        kind, text = self.peek()
        self.at += 1
        if kind == "number":
            number = float(text)
            return lambda _row: number
        if kind == "string":
            words = re.sub(r"\\(.)", r"\1", text[1:-1])
            return lambda _row: words
        if kind == "property":
            self.properties[text] = None
            return lambda row: row.get(text)
        if kind == "name":
            return self.call(text)
        if kind != "mark":
            self.stop()
        return self.prefixed(text)

    def prefixed(self, mark: str) -> Callable[[Row], Item]:
        if mark == "(":
            inner = self.expression(0)
            if not self.take(")"):
                self.stop()
            return inner
        if mark == "!":
            part = self.expression(6)
            return lambda row: float(not truth(part(row)))
        if mark != "-":
            self.stop()
        part = self.expression(6)
        return lambda row: _BINARY["-"](0.0, part(row))

    def call(self, name: str) -> Callable[[Row], Item]:
        if name.upper() == "NULL" and self.peek() != ("mark", "("):
            return lambda _row: None
        if not self.take("("):
            raise ExpressionError(f"Unknown symbol '{name}'")
        function = _FUNCTIONS.get(name.lower())
        if function is None:
            raise ExpressionError(f"Unknown function name '{name}'")
        arguments: list[Callable[[Row], Item]] = []
        while not self.take(")"):
            if arguments and not self.take(","):
                self.stop()
            arguments.append(self.expression(0))
        known = function

        def evaluate(row: Row) -> Item:
            try:
                found: Item = known(*(argument(row) for argument in arguments))
            except TypeError:
                raise ExpressionError(
                    f"Invalid number of arguments for function '{name}'"
                ) from None
            return found

        return evaluate


def _joined(
    apply: Callable[[Item, Item], Item], left: Callable[[Row], Item], right: Callable[[Row], Item]
) -> Callable[[Row], Item]:
    return lambda row: apply(left(row), right(row))


def parse_expression(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: it makes no sense.
    """
    parser = _Parser(text)
    evaluate = parser.expression(0)
    if parser.at < len(parser.tokens):
        parser.stop()
    return Expression(evaluate, tuple(parser.properties))
