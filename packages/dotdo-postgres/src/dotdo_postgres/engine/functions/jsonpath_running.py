"""jsonpath run on jsonb (9.16.2): lax and strict mode, filters, arithmetic, item methods."""
# ruff: noqa: ARG002, SLF001 -- steps are called alike, by the table of them

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.functions.jsonpath_moments import JsonMoment, read_as
from dotdo_postgres.engine.functions.jsonpath_moments import read as read_moment
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import floats, jsons, numeric
from dotdo_postgres.mapping.jsonpath import COMPARISONS, LAST_LEVEL, METHODS, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

from dotdo_postgres.engine.functions.jsonpath_conditions import UnknownCondition, compare, fail

MISSING = object()


@dataclass(slots=True)
class Run:
    """One run of a path.

    Args:
        root: What `$` is.
        variables: Values of `$name`.
        is_lax: Structures are adapted to the path.
        current: What `@` is.
        ignores: Structural errors are passed over.
        size: Of the array whose subscripts are computed.
        asked: What only has to give anything: a sign passes over what has none.
        zone: Zone of the session, where the function knows of it.
    """

    root: object
    variables: dict[str, object]
    is_lax: bool
    current: object = None
    ignores: bool = False
    size: int = -1
    asked: Item | None = None
    zone: tzinfo | None = None

    def items(self, item: Item, value: object, *, unwrap: bool | None = None) -> Iterator[object]:
        """Yield what a path gives from a value on."""
        if unwrap is None:
            unwrap = self.is_lax
        if item.kind in _CONDITIONS:
            found = self.condition(item, value)
            yield from self.following(item, found)
            return
        step = _STEPS.get(item.kind)
        if step is None:
            step = Run._arithmetic if item.kind in _BINARY else Run._sign
        yield from step(self, item, value, unwrap)

    def following(self, item: Item, value: object) -> Iterator[object]:
        """Yield what the rest of the path makes of a value."""
        if item.next is None:
            yield value
        else:
            yield from self.items(item.next, value)

    def unwrapped(self, item: Item | None, value: object) -> list[object]:
        """Return the results of an operand, in lax mode arrays taken apart."""
        assert item is not None  # operators have their operands
        found: list[object] = []
        for one in self.items(item, value):
            found += one if self.is_lax and isinstance(one, list) else [one]
        return found

    def _each(self, item: Item, value: list[object]) -> Iterator[object]:
        for element in value:
            yield from self.items(item, element, unwrap=False)

    # --- steps -----------------------------------------------------------------------------

    def _literal(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        found = item.value
        if isinstance(found, Decimal):
            found = jsons.Number(numeric.to_text(found))
        return self.following(item, found)

    def _variable(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        name = str(item.value)
        if name not in self.variables:
            raise error("42704", f'could not find jsonpath variable "{name}"')
        return self.following(item, self.variables[name])

    def _root(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        return self.following(item, self.root)

    def _current(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        return self.following(item, self.current)

    def _last(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        return self.following(item, jsons.Number(str(self.size - 1)))

    def _key(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if isinstance(value, dict):
            if item.value in value:
                yield from self.following(item, value[str(item.value)])
            elif not (self.is_lax or self.ignores):
                raise fail("2203A", f'JSON object does not contain key "{item.value}"')
        elif unwrap and isinstance(value, list):
            yield from self._each(item, value)
        elif not (self.is_lax or self.ignores):
            raise fail("2203A", "jsonpath member accessor can only be applied to an object")

    def _any_key(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if isinstance(value, dict):
            for member in value.values():
                yield from self.following(item, member)
        elif unwrap and isinstance(value, list):
            yield from self._each(item, value)
        elif not (self.is_lax or self.ignores):
            raise fail(
                "2203C", "jsonpath wildcard member accessor can only be applied to an object"
            )

    def _any_element(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if isinstance(value, list):
            for element in value:
                yield from self.following(item, element)
        elif self.is_lax:
            yield from self.following(item, value)
        elif not self.ignores:
            raise fail("22039", "jsonpath wildcard array accessor can only be applied to an array")

    def _subscripts(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if not isinstance(value, list):
            if not self.is_lax:
                if not self.ignores:
                    message = "jsonpath array accessor can only be applied to an array"
                    raise fail("22039", message)
                return
            value = [value]
        size, self.size = self.size, len(value)
        try:
            for low, high in zip(item.args[::2], item.args[1::2], strict=True):
                first = self._index(low, value)
                last = first if high is None else self._index(high, value)
                if not self.ignores and not self.is_lax and not 0 <= first <= last < len(value):
                    raise fail("22033", "jsonpath array subscript is out of bounds")
                for at in range(max(first, 0), min(last, len(value) - 1) + 1):
                    inner, self.size = self.size, size
                    yield from self.following(item, value[at])
                    self.size = inner
        finally:
            self.size = size

    def _index(self, item: Item | None, value: object) -> int:
        assert item is not None  # a subscript has a lower bound
        found = list(self.items(item, value))
        if len(found) != 1 or not isinstance(found[0], jsons.Number):
            raise fail("22033", "jsonpath array subscript is not a single numeric value")
        whole = int(numeric.truncated(Decimal(found[0]), 0))
        if not -(1 << 31) <= whole < 1 << 31:
            raise fail("22033", "jsonpath array subscript is out of integer range")
        return whole

    def _levels(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        assert isinstance(item.value, tuple)  # the parser made it so
        first, last = item.value
        ignores, self.ignores = self.ignores, True
        try:
            if first == 0:
                yield from self.following(item, value)
            yield from self._deeper(item, value, 1, first, last)
        finally:
            self.ignores = ignores

    def _deeper(
        self, item: Item, value: object, level: int, first: int, last: int
    ) -> Iterator[object]:
        if level > last or not isinstance(value, (list, dict)):
            return
        for one in value.values() if isinstance(value, dict) else value:
            is_leaf = not isinstance(one, (list, dict))
            if level >= first or (first == LAST_LEVEL and last == LAST_LEVEL and is_leaf):
                yield from self.following(item, one)
            yield from self._deeper(item, one, level + 1, first, last)

    def _filter(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if unwrap and isinstance(value, list):
            yield from self._each(item, value)
            return
        current, self.current = self.current, value
        assert item.args[0] is not None  # a filter has a condition
        is_kept = self.condition(item.args[0], value)
        self.current = current
        if is_kept:
            yield from self.following(item, value)

    # --- arithmetic ------------------------------------------------------------------------

    def _arithmetic(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        left, right = (self.unwrapped(arg, value) for arg in item.args)
        for side, found in (("left", left), ("right", right)):
            if len(found) != 1 or not isinstance(found[0], jsons.Number):
                message = (
                    f"{side} operand of jsonpath operator {item.kind} is not a single numeric value"
                )
                raise fail("22038", message)
        try:
            result = _BINARY[item.kind](Decimal(str(left[0])), Decimal(str(right[0])))
        except PostgresError as failure:
            raise UnknownCondition(failure) from None
        yield from self.following(item, jsons.Number(numeric.to_text(result)))

    def _sign(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        for one in self.unwrapped(item.args[0], value):
            if not isinstance(one, jsons.Number):
                if item is self.asked and item.next is None:
                    continue
                message = (
                    f"operand of unary jsonpath operator {item.kind[-1]} is not a numeric value"
                )
                raise fail("2203B", message)
            number = Decimal(one)
            if item.kind[-1] == "-":
                number = number.copy_negate()
            yield from self.following(item, jsons.Number(numeric.to_text(number)))

    # --- methods ---------------------------------------------------------------------------

    def _type(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        kind = value.kind if isinstance(value, JsonMoment) else jsons.kind_of(value)
        return self.following(item, kind)

    def _size(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if not isinstance(value, list) and not self.is_lax:
            if self.ignores:
                return iter(())
            raise fail("22039", "jsonpath item method .size() can only be applied to an array")
        size = len(value) if isinstance(value, list) else 1
        return self.following(item, jsons.Number(str(size)))

    def _round(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if unwrap and isinstance(value, list):
            yield from self._each(item, value)
            return
        if not isinstance(value, jsons.Number):
            message = f"jsonpath item method .{item.kind}() can only be applied to a numeric value"
            raise fail("22036", message)
        number = _ROUNDING[item.kind](Decimal(value))
        yield from self.following(item, jsons.Number(numeric.to_text(number)))

    def _double(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if unwrap and isinstance(value, list):
            yield from self._each(item, value)
            return
        if not isinstance(value, str):
            message = (
                "jsonpath item method .double() can only be applied to a string or numeric value"
            )
            raise fail("22036", message)
        is_number = isinstance(value, jsons.Number)
        try:
            found = floats.from_text(str(value))
        except PostgresError:
            found = math.inf
        if not math.isfinite(found):
            what = (
                "numeric argument of jsonpath item method .double() is out of range for type double precision"
                if is_number
                else "string argument of jsonpath item method .double() is not a valid representation of a double precision number"
            )
            raise fail("22036", what)
        shown = numeric.to_text(numeric.from_float(found, 15))
        yield from self.following(item, value if is_number else jsons.Number(shown))

    def _key_value(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if unwrap and isinstance(value, list):
            yield from self._each(item, value)
            return
        if not isinstance(value, dict):
            message = "jsonpath item method .keyvalue() can only be applied to an object"
            raise fail("2203C", message)
        if value is not self.root:
            raise not_supported("the item method keyvalue() of an object inside another")
        for key, member in value.items():
            row = {"id": jsons.Number("0"), "key": key, "value": member}
            yield from self.following(item, row)

    def _datetime(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if unwrap and isinstance(value, list):
            yield from self._each(item, value)
            return
        if not isinstance(value, str) or isinstance(value, jsons.Number):
            raise fail("22031", "jsonpath item method .datetime() can only be applied to a string")
        try:
            found = read_moment(value) if item.value is None else read_as(value, str(item.value))
        except PostgresError as failure:
            if failure.sqlstate == "0A000":
                raise
            raise UnknownCondition(failure) from None
        yield from self.following(item, found)

    # --- conditions ------------------------------------------------------------------------

    def condition(self, item: Item, value: object) -> bool | None:
        """Evaluate a condition; None is unknown."""
        if item.kind not in _CONDITIONS:
            return self._as_condition(item, value)
        if item.kind in {"&&", "||"}:
            return self._joined(item, value)
        (first, *rest) = item.args
        assert first is not None  # conditions have operands
        if item.kind == "!":
            found = self.condition(first, value)
            return None if found is None else not found
        if item.kind == "is unknown":
            return self.condition(first, value) is None
        if item.kind == "exists":
            return self._exists(first, value)
        try:
            left = self.unwrapped(first, value)
            if item.kind == "like_regex":
                right: list[object] = [None]
            elif item.kind == "starts with":
                assert rest[0] is not None  # the parser made it so
                right = list(self.items(rest[0], value))
            else:
                right = self.unwrapped(rest[0], value)
        except UnknownCondition:
            return None
        return self._any_pair(item, left, right)

    def _as_condition(self, item: Item, value: object) -> bool | None:
        try:
            found = list(self.items(item, value))
        except UnknownCondition:
            return None
        return found[0] if len(found) == 1 and isinstance(found[0], bool) else None

    def _joined(self, item: Item, value: object) -> bool | None:
        first, second = item.args
        assert first is not None
        assert second is not None
        decisive = item.kind == "||"
        left = self.condition(first, value)
        if left is decisive:
            return decisive
        right = self.condition(second, value)
        if right is decisive:
            return decisive
        return None if left is None or right is None else not decisive

    def _exists(self, item: Item, value: object) -> bool | None:
        try:
            if self.is_lax:
                return next(self.items(item, value), MISSING) is not MISSING
            return bool(list(self.items(item, value)))
        except UnknownCondition:
            return None

    def _any_pair(self, item: Item, left: list[object], right: list[object]) -> bool | None:
        is_unknown = is_found = False
        for one in left:
            for other in right:
                found = compare(item, one, other, self.zone)
                if found is None:
                    if not self.is_lax:
                        return None
                    is_unknown = True
                elif found:
                    if self.is_lax:
                        return True
                    is_found = True
        return True if is_found else None if is_unknown else False


def _modulo(left: Decimal, right: Decimal) -> Decimal:
    if right.is_zero():
        raise error("22012", "division by zero")
    return numeric.CONTEXT.remainder(left, right)


_BINARY = {
    "+": numeric.CONTEXT.add, "-": numeric.CONTEXT.subtract, "*": numeric.CONTEXT.multiply, "/": numeric.divide,
    "%": _modulo,
}  # fmt: skip
_ROUNDING: dict[str, Callable[[Decimal], Decimal]] = {
    "abs": abs,
    "floor": lambda number: number.to_integral_value(rounding="ROUND_FLOOR"),
    "ceiling": lambda number: number.to_integral_value(rounding="ROUND_CEILING"),
}
_CONDITIONS = frozenset(
    {"&&", "||", "!", "is unknown", "exists", "like_regex", "starts with", *COMPARISONS}
)
_STEPS: dict[str, Any] = {
    "literal": Run._literal, "variable": Run._variable, "$": Run._root, "@": Run._current, "last": Run._last,
    "key": Run._key, ".*": Run._any_key, "[*]": Run._any_element, "[]": Run._subscripts,
    "**": Run._levels, "?": Run._filter, "type": Run._type, "size": Run._size, "abs": Run._round,
    "floor": Run._round, "ceiling": Run._round, "double": Run._double, "keyvalue": Run._key_value,
    "datetime": Run._datetime,
}  # fmt: skip
assert set(_STEPS) >= METHODS
