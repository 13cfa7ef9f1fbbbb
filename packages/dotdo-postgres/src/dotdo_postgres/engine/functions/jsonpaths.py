"""jsonpath run on jsonb (9.16.2): lax and strict mode, filters, arithmetic, item methods."""
# ruff: noqa: ARG002, SLF001 -- steps are called alike, by the table of them

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.functions.patterns import compile_regex
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import PostgresError, error, not_supported
from dotdo_postgres.mapping import floats, jsonpath, jsons, numeric
from dotdo_postgres.mapping.jsonpath import COMPARISONS, LAST_LEVEL, METHODS, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAMILY = Family("9.16")
_MISSING = object()


class _Unknown(Exception):
    """The run of a path failed, which a condition takes for unknown."""

    def __init__(self, failure: PostgresError) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _fail(code: str, message: str, hint: str | None = None) -> _Unknown:
    return _Unknown(error(code, message, hint=hint))


@dataclass(slots=True)
class _Run:
    """One run of a path.

    Args:
        root: What `$` is.
        variables: Values of `$name`.
        is_lax: Structures are adapted to the path.
        current: What `@` is.
        ignores: Structural errors are passed over.
        size: Of the array whose subscripts are computed.
    """

    root: object
    variables: dict[str, object]
    is_lax: bool
    current: object = None
    ignores: bool = False
    size: int = -1

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
            step = _Run._arithmetic if item.kind in _BINARY else _Run._sign
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
                raise _fail("2203A", f'JSON object does not contain key "{item.value}"')
        elif unwrap and isinstance(value, list):
            yield from self._each(item, value)
        elif not (self.is_lax or self.ignores):
            raise _fail("2203A", "jsonpath member accessor can only be applied to an object")

    def _any_key(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if isinstance(value, dict):
            for member in value.values():
                yield from self.following(item, member)
        elif unwrap and isinstance(value, list):
            yield from self._each(item, value)
        elif not (self.is_lax or self.ignores):
            raise _fail(
                "2203C", "jsonpath wildcard member accessor can only be applied to an object"
            )

    def _any_element(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if isinstance(value, list):
            for element in value:
                yield from self.following(item, element)
        elif self.is_lax:
            yield from self.following(item, value)
        elif not self.ignores:
            raise _fail("22039", "jsonpath wildcard array accessor can only be applied to an array")

    def _subscripts(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if not isinstance(value, list):
            if not self.is_lax:
                if not self.ignores:
                    message = "jsonpath array accessor can only be applied to an array"
                    raise _fail("22039", message)
                return
            value = [value]
        size, self.size = self.size, len(value)
        try:
            for low, high in zip(item.args[::2], item.args[1::2], strict=True):
                first = self._index(low, value)
                last = first if high is None else self._index(high, value)
                if not self.ignores and not self.is_lax and not 0 <= first <= last < len(value):
                    raise _fail("22033", "jsonpath array subscript is out of bounds")
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
            raise _fail("22033", "jsonpath array subscript is not a single numeric value")
        whole = int(numeric.truncated(Decimal(found[0]), 0))
        if not -(1 << 31) <= whole < 1 << 31:
            raise _fail("22033", "jsonpath array subscript is out of integer range")
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
                raise _fail("22038", message)
        try:
            result = _BINARY[item.kind](Decimal(str(left[0])), Decimal(str(right[0])))
        except PostgresError as failure:
            raise _Unknown(failure) from None
        yield from self.following(item, jsons.Number(numeric.to_text(result)))

    def _sign(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        for one in self.unwrapped(item.args[0], value):
            if not isinstance(one, jsons.Number):
                message = (
                    f"operand of unary jsonpath operator {item.kind[-1]} is not a numeric value"
                )
                raise _fail("2203B", message)
            number = Decimal(one)
            if item.kind[-1] == "-":
                number = number.copy_negate()
            yield from self.following(item, jsons.Number(numeric.to_text(number)))

    # --- methods ---------------------------------------------------------------------------

    def _type(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        return self.following(item, jsons.kind_of(value))

    def _size(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if not isinstance(value, list) and not self.is_lax:
            if self.ignores:
                return iter(())
            raise _fail("22039", "jsonpath item method .size() can only be applied to an array")
        size = len(value) if isinstance(value, list) else 1
        return self.following(item, jsons.Number(str(size)))

    def _round(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if unwrap and isinstance(value, list):
            yield from self._each(item, value)
            return
        if not isinstance(value, jsons.Number):
            message = f"jsonpath item method .{item.kind}() can only be applied to a numeric value"
            raise _fail("22036", message)
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
            raise _fail("22036", message)
        is_number = isinstance(value, jsons.Number)
        try:
            found = floats.from_text(str(value))
        except PostgresError:
            found = math.inf
        if math.isinf(found):
            what = (
                "numeric argument of jsonpath item method .double() is out of range for type double precision"
                if is_number
                else "string argument of jsonpath item method .double() is not a valid representation of a double precision number"
            )
            raise _fail("22036", what)
        shown = numeric.to_text(numeric.from_float(found, 15))
        yield from self.following(item, value if is_number else jsons.Number(shown))

    def _key_value(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        if unwrap and isinstance(value, list):
            yield from self._each(item, value)
            return
        if not isinstance(value, dict):
            message = "jsonpath item method .keyvalue() can only be applied to an object"
            raise _fail("2203C", message)
        if value is not self.root:
            raise not_supported("the item method keyvalue() of an object inside another")
        for key, member in value.items():
            row = {"id": jsons.Number("0"), "key": key, "value": member}
            yield from self.following(item, row)

    def _datetime(self, item: Item, value: object, unwrap: bool) -> Iterator[object]:
        raise not_supported("the item method datetime()")

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
        except _Unknown:
            return None
        return self._any_pair(item, left, right)

    def _as_condition(self, item: Item, value: object) -> bool | None:
        try:
            found = list(self.items(item, value))
        except _Unknown:
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
                return next(self.items(item, value), _MISSING) is not _MISSING
            return bool(list(self.items(item, value)))
        except _Unknown:
            return None

    def _any_pair(self, item: Item, left: list[object], right: list[object]) -> bool | None:
        is_unknown = is_found = False
        for one in left:
            for other in right:
                found = _compare(item, one, other)
                if found is None:
                    if not self.is_lax:
                        return None
                    is_unknown = True
                elif found:
                    if self.is_lax:
                        return True
                    is_found = True
        return True if is_found else None if is_unknown else False


def _compare(item: Item, one: object, other: object) -> bool | None:
    if item.kind == "like_regex":
        return _matches(item, one)
    kinds = jsons.kind_of(one), jsons.kind_of(other)
    if item.kind == "starts with":
        if kinds != ("string", "string"):
            return None
        return str(one).startswith(str(other))
    if kinds[0] != kinds[1]:
        return item.kind == "!=" if "null" in kinds else None
    if kinds[0] in {"array", "object"}:
        return None
    a: Any = Decimal(str(one)) if kinds[0] == "number" else one
    b: Any = Decimal(str(other)) if kinds[0] == "number" else other
    if kinds[0] == "null":
        a = b = 0
    found: bool = _ORDER[item.kind](a, b)
    return found


def _matches(item: Item, one: object) -> bool | None:
    if jsons.kind_of(one) != "string":
        return None
    assert isinstance(item.value, tuple)  # the parser made it so
    pattern, flags = item.value
    modes = {(False, False): "p", (False, True): "n", (True, False): "s", (True, True): "w"}
    mode = modes["s" in flags, "m" in flags] + ("i" if "i" in flags else "")
    mode += "q" if "q" in flags else ""
    return compile_regex(pattern, mode).search(str(one)) is not None


_ORDER = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


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
    "literal": _Run._literal, "variable": _Run._variable, "$": _Run._root, "@": _Run._current, "last": _Run._last,
    "key": _Run._key, ".*": _Run._any_key, "[*]": _Run._any_element, "[]": _Run._subscripts,
    "**": _Run._levels, "?": _Run._filter, "type": _Run._type, "size": _Run._size, "abs": _Run._round,
    "floor": _Run._round, "ceiling": _Run._round, "double": _Run._double, "keyvalue": _Run._key_value,
    "datetime": _Run._datetime,
}  # fmt: skip
assert set(_STEPS) >= METHODS


def _results(target: str, path: str, variables: str, silent: int) -> tuple[list[object], bool]:
    """Return what a path gives, and whether it came to its end: a failure may be silent."""
    parsed = jsonpath.parse(path)
    given = jsons.parse(variables)
    if not isinstance(given, dict):
        detail = 'Jsonpath parameters should be encoded as key-value pairs of "vars" object.'
        raise error("22023", '"vars" argument is not an object', detail=detail)
    root = jsons.parse(target)
    found: list[object] = []
    try:
        found.extend(_Run(root, given, parsed.is_lax).items(parsed.item, root))
    except _Unknown as unknown:
        if not silent:
            raise unknown.failure from None
        return found, False
    return found, True


def _jsonb(value: object) -> str:
    return jsons.dump(jsons.canonical(value))


def _exists(target: str, path: str, variables: str, silent: int) -> int | None:
    parsed = jsonpath.parse(path)
    if parsed.is_lax:
        given = jsons.parse(variables)
        root = jsons.parse(target)
        run = _Run(root, given if isinstance(given, dict) else {}, parsed.is_lax)
        try:
            return int(next(run.items(parsed.item, root), _MISSING) is not _MISSING)
        except _Unknown as unknown:
            if silent:
                return None
            raise unknown.failure from None
    found, is_whole = _results(target, path, variables, silent)
    return int(bool(found)) if is_whole else None


def _match(target: str, path: str, variables: str, silent: int) -> int | None:
    found, is_whole = _results(target, path, variables, silent)
    if is_whole and len(found) == 1 and (found[0] is None or isinstance(found[0], bool)):
        return None if found[0] is None else int(found[0])
    if silent:
        return None
    raise error("22038", "single boolean result is expected")


_TYPES = "jsonb, jsonpath, jsonb, boolean"


@FAMILY.function(
    f"jsonb_path_exists({_TYPES})", f"jsonb_path_exists_tz({_TYPES})", returns="boolean"
)
def path_exists(target: str, path: str, variables: str = "{}", silent: int = 0) -> int | None:
    """Tell whether a path gives anything."""
    return _exists(target, path, variables, silent)


@FAMILY.function(f"jsonb_path_match({_TYPES})", f"jsonb_path_match_tz({_TYPES})", returns="boolean")
def path_match(target: str, path: str, variables: str = "{}", silent: int = 0) -> int | None:
    """Return the truth value that a path gives.

    Raises:
        PostgresError: it gives anything else (SQLSTATE 22038).
    """
    return _match(target, path, variables, silent)


@FAMILY.operator("jsonb @? jsonpath", returns="boolean")
def exists_operator(target: str, path: str) -> int | None:
    """Tell whether a path gives anything, NULL when it fails."""
    return _exists(target, path, "{}", 1)


@FAMILY.operator("jsonb @@ jsonpath", returns="boolean")
def match_operator(target: str, path: str) -> int | None:
    """Return the truth value that a path gives, NULL when it gives anything else."""
    return _match(target, path, "{}", 1)


@FAMILY.series(f"jsonb_path_query({_TYPES})", f"jsonb_path_query_tz({_TYPES})", returns="jsonb")
def path_query(target: str, path: str, variables: str = "{}", silent: int = 0) -> list[str]:
    """Return what a path gives as rows."""
    return [_jsonb(value) for value in _results(target, path, variables, silent)[0]]


@FAMILY.function(
    f"jsonb_path_query_array({_TYPES})", f"jsonb_path_query_array_tz({_TYPES})", returns="jsonb"
)
def path_query_array(target: str, path: str, variables: str = "{}", silent: int = 0) -> str:
    """Return what a path gives as an array."""
    return _jsonb(_results(target, path, variables, silent)[0])


@FAMILY.function(
    f"jsonb_path_query_first({_TYPES})", f"jsonb_path_query_first_tz({_TYPES})", returns="jsonb"
)
def path_query_first(target: str, path: str, variables: str = "{}", silent: int = 0) -> str | None:
    """Return the first that a path gives, NULL for nothing."""
    found, _ = _results(target, path, variables, silent)
    return _jsonb(found[0]) if found else None
