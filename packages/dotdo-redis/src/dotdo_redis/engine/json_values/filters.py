"""The expressions of filters in paths; it refuses operators that RedisJSON does not have."""

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from dotdo_redis.engine.json_values.steps import Step
from dotdo_redis.engine.json_values.walking import find_values

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NOTHING = object()


class Expression(Protocol):
    """What is true or false of a value."""

    def holds(self, current: Any, root: Any) -> bool:
        """Whether it is true of `current`, a value in `root`."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: str | float | bool | None

    def holds(self, _current: Any, _root: Any) -> bool:
        """Only `true` is true by itself."""
        return self.value is True

    def evaluate(self, _current: Any, _root: Any) -> Any:
        """The constant."""
        return self.value


@dataclass(frozen=True, slots=True)
class Reference:
    """`@...` or `$...`."""

    is_root: bool
    steps: tuple[Step, ...]

    def _values(self, current: Any, root: Any) -> list[Any]:
        return find_values(root if self.is_root else current, self.steps, root)

    def holds(self, current: Any, root: Any) -> bool:
        """Whether anything is there."""
        return bool(self._values(current, root))

    def evaluate(self, current: Any, root: Any) -> Any:
        """The one value that is there."""
        found = self._values(current, root)
        return found[0] if len(found) == 1 else _NOTHING


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and what is asked of them; values of unlike types are unequal and in no order."""

    operator: str
    left: Literal | Reference
    right: Literal | Reference

    def holds(self, current: Any, root: Any) -> bool:
        """Whether the relation holds."""
        left = self.left.evaluate(current, root)
        right = self.right.evaluate(current, root)
        if left is _NOTHING or right is _NOTHING:
            return False
        if self.operator == "==":
            return same(left, right)
        if self.operator == "!=":
            return not same(left, right)
        if self.operator == "=~":
            return isinstance(left, str) and isinstance(right, str) and _found(right, left)
        if self.operator not in _ORDER or not _comparable(left, right):
            return False
        return _ORDER[self.operator](left, right)


@dataclass(frozen=True, slots=True)
class Logic:
    """`&&` and `||`."""

    joined: Callable[[Iterable[bool]], bool]
    parts: tuple[Expression, ...]

    def holds(self, current: Any, root: Any) -> bool:
        """Whether all, or any, of the parts are true."""
        return self.joined(part.holds(current, root) for part in self.parts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _comparable(left: Any, right: Any) -> bool:
    return (_is_number(left) and _is_number(right)) or (
        isinstance(left, str) and isinstance(right, str)
    )


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in a filter: a whole number equals the same one with a fraction of zero."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | dict) and type(left) is type(right) and len(left) == len(right):
        if isinstance(left, list):
            return all(same(one, other) for one, other in zip(left, right, strict=True))
        return all(name in right and same(item, right[name]) for name, item in left.items())
    return bool(left == right)


@lru_cache(256)
def _pattern(text: str) -> "re.Pattern[str] | None":
    try:
        return re.compile(text)
    except (re.error, RecursionError):
        return None


def _found(pattern: str, text: str) -> bool:
    compiled = _pattern(pattern)
    return compiled is not None and compiled.search(text) is not None
