"""Ranges and multiranges: bounds, PostgreSQL's text and binary forms, and the JSON text that keeps them; empty ones included."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import orjson

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import datetimes, numeric
from dotdo_postgres.mapping import types as t

# range -> type of its bounds, multirange
RANGES = {
    3904: (t.INT4, 4451), 3906: (t.NUMERIC, 4532), 3908: (t.TIMESTAMP, 4533), 3910: (t.TIMESTAMPTZ, 4534),
    3912: (t.DATE, 4535), 3926: (t.INT8, 4536),
}  # fmt: skip
MULTIRANGES = {multirange: oid for oid, (_, multirange) in RANGES.items()}
BY_SUBTYPE = {subtype: oid for oid, (subtype, _) in RANGES.items()}
_LIMITS = {t.INT4: (1 << 31, "integer"), t.INT8: (1 << 63, "bigint")}
_EMPTY, _LOWER_INC, _UPPER_INC, _LOWER_INF, _UPPER_INF = 1, 2, 4, 8, 16


@dataclass(slots=True, frozen=True)
class Range:  # type: ignore[explicit-any]  # each type has its own bounds
    """A range; a bound of None is infinite.

    Args:
        subtype: Type of the bounds.
        lower: Lower bound.
        upper: Upper bound.
        has_lower: The lower bound belongs to it.
        has_upper: The upper bound belongs to it.
        is_empty: It holds nothing; the rest means nothing then.
    """

    subtype: int
    lower: Any = None  # type: ignore[explicit-any]  # each type has its own
    upper: Any = None  # type: ignore[explicit-any]  # each type has its own
    has_lower: bool = False
    has_upper: bool = False
    is_empty: bool = False

    @property
    def start(self) -> tuple[Any, ...]:  # type: ignore[explicit-any]  # each type has its own
        """The lower bound as something that compares with other bounds."""
        return (-1,) if self.lower is None else (0, self.lower, int(not self.has_lower))

    @property
    def end(self) -> tuple[Any, ...]:  # type: ignore[explicit-any]  # each type has its own
        """The upper bound as something that compares with other bounds."""
        return (1,) if self.upper is None else (0, self.upper, -int(not self.has_upper))


Multirange = tuple[Range, ...]


def empty(subtype: int) -> Range:
    """Return the range of a type that holds nothing."""
    return Range(subtype, is_empty=True)


def make(subtype: int, lower: object, upper: object, bounds: str = "[)") -> Range:
    """Make a range in canonical form.

    Raises:
        PostgresError: the bounds are the wrong way around (22000), one leaves its type (22003).
    """
    made = Range(
        subtype,
        lower,
        upper,
        bounds[0] == "[" and lower is not None,
        bounds[1] == "]" and upper is not None,
    )
    if lower is not None and upper is not None and lower > upper:  # type: ignore[operator]  # of one type
        message = "range lower bound must be less than or equal to range upper bound"
        raise error("22000", message)
    return canonical(made)


def canonical(made: Range) -> Range:
    """Bring whole numbers and dates to `[ )`; what holds nothing becomes empty."""
    if made.subtype in {t.INT4, t.INT8, t.DATE} and not made.is_empty:
        if _is_finite(made.lower) and not made.has_lower:
            made = replace(made, lower=_next(made.lower, made.subtype), has_lower=True)
        if _is_finite(made.upper) and made.has_upper:
            made = replace(made, upper=_next(made.upper, made.subtype), has_upper=False)
    if made.is_empty or made.start > made.end:
        return empty(made.subtype)
    return made


def _is_finite(bound: int | None) -> bool:
    return bound is not None and abs(bound) < datetimes.INFINITY


def _next(value: int, subtype: int) -> int:
    limit = _LIMITS.get(subtype)
    if limit is not None and value + 1 >= limit[0]:
        raise error("22003", f"{limit[1]} out of range")
    return value + 1


# --- storage -------------------------------------------------------------------------------


def encode(made: Range) -> str:
    """Write the JSON text that keeps a range: `[lower,upper,"[)"]` or `"empty"`."""
    return orjson.dumps(_cells(made)).decode()


def _cells(made: Range) -> object:
    if made.is_empty:
        return "empty"
    bounds = ("[" if made.has_lower else "(") + ("]" if made.has_upper else ")")
    return [_kept(made.lower), _kept(made.upper), bounds]


def _kept(value: object) -> object:
    return numeric.to_text(value) if isinstance(value, Decimal) else value


def decode(stored: str, subtype: int) -> Range:
    """Read back what `encode` wrote."""
    return _from_cells(orjson.loads(stored), subtype)


def _from_cells(cells: Any, subtype: int) -> Range:  # type: ignore[explicit-any]  # what JSON holds
    if cells == "empty":
        return empty(subtype)
    lower, upper, bounds = cells
    if subtype == t.NUMERIC:
        lower, upper = (None if x is None else Decimal(x) for x in (lower, upper))
    return Range(subtype, lower, upper, bounds[0] == "[", bounds[1] == "]")


def encode_multirange(parts: Multirange) -> str:
    """Write the JSON text that keeps a multirange."""
    return orjson.dumps([_cells(part) for part in parts]).decode()


def decode_multirange(stored: str, subtype: int) -> Multirange:
    """Read back what `encode_multirange` wrote."""
    return tuple(_from_cells(cells, subtype) for cells in orjson.loads(stored))


def normalized(parts: list[Range]) -> Multirange:
    """Order ranges, join those that touch, leave out empty ones."""
    found: list[Range] = []
    for part in sorted(
        (one for one in parts if not one.is_empty), key=lambda one: (one.start, one.end)
    ):
        if found and touches(found[-1], part):
            if part.end > found[-1].end:
                found[-1] = replace(found[-1], upper=part.upper, has_upper=part.has_upper)
        else:
            found.append(part)
    return tuple(found)


def touches(left: Range, right: Range) -> bool:
    """Tell whether the right one, which does not begin earlier, overlaps the left or follows at once."""
    return right.start <= left.end or is_adjacent(left, right)


def is_adjacent(left: Range, right: Range) -> bool:
    """Tell whether nothing lies between the end of one and the start of the other, and they share nothing."""
    if left.upper is None or right.lower is None:
        return False
    return bool(left.upper == right.lower) and left.has_upper != right.has_lower


# --- order ---------------------------------------------------------------------------------


def sort_key(made: Range) -> bytes:
    """Return bytes that order as ranges do."""
    if made.is_empty:
        return b"\0"
    return b"\1" + _bound_key(made.start) + _bound_key(made.end)


def multirange_key(parts: Multirange) -> bytes:
    """Return bytes that order as multiranges do."""
    return b"".join(b"\1" + sort_key(part) for part in parts) + b"\0"


def _bound_key(bound: tuple[Any, ...]) -> bytes:  # type: ignore[explicit-any]  # each type has its own
    if len(bound) == 1:
        return b"\0" if bound[0] < 0 else b"\2"
    value = bound[1]
    data = (
        numeric.encode(value)[:-2]
        if isinstance(value, Decimal)
        else struct.pack(">Q", max(value + 2**63, 0))
    )
    return b"\1" + data + bytes([bound[2] + 1])


# --- text ----------------------------------------------------------------------------------


def _malformed(text: str, detail: str, what: str = "range") -> PostgresError:
    return error("22P02", f'malformed {what} literal: "{text}"', detail=detail)


class _Reader:
    """The reading of range literals."""

    def __init__(self, text: str, what: str) -> None:
        self.text, self.what, self.at = text, what, 0

    @property
    def char(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip_spaces(self) -> None:
        while self.char.isspace():
            self.at += 1

    def fail(self, detail: str) -> PostgresError:
        return _malformed(self.text, detail, self.what)

    def range(self, subtype: int, read: Callable[[str], Any]) -> Range:  # type: ignore[explicit-any]  # each type has its own
        self.skip_spaces()
        if self.text[self.at : self.at + 5].lower() == "empty":
            self.at += 5
            self.skip_spaces()
            return empty(subtype)
        if self.char not in {"[", "("}:
            raise self.fail("Missing left parenthesis or bracket.")
        opening = self.char
        self.at += 1
        lower = self.bound()
        if self.char != ",":
            raise self.fail("Missing comma after lower bound.")
        self.at += 1
        upper = self.bound()
        if self.char not in {"]", ")"}:
            raise self.fail("Too many commas.")
        bounds = opening + self.char
        self.at += 1
        self.skip_spaces()
        first, last = (None if part is None else read(part) for part in (lower, upper))
        return make(subtype, first, last, bounds)

    def bound(self) -> str | None:
        if self.char in {",", "]", ")"}:
            return None
        out: list[str] = []
        is_quoted = False
        while is_quoted or self.char not in {",", "]", ")"}:
            if not self.char:
                raise self.fail("Unexpected end of input.")
            if self.char == "\\":
                self.at += 1
                if not self.char:
                    raise self.fail("Unexpected end of input.")
                out.append(self.char)
            elif self.char == '"':
                if is_quoted and self.text[self.at + 1 : self.at + 2] == '"':
                    self.at += 1
                    out.append('"')
                else:
                    is_quoted = not is_quoted
            else:
                out.append(self.char)
            self.at += 1
        return "".join(out)


def from_text(text: str, subtype: int, read: Callable[[str], Any]) -> str:  # type: ignore[explicit-any]  # each type has its own
    """Read a range literal into what keeps it.

    Raises:
        PostgresError: malformed (22P02), bounds the wrong way around (22000), errors of the bounds.
    """
    reader = _Reader(text, "range")
    made = reader.range(subtype, read)
    if reader.char:
        raise reader.fail("Junk after right parenthesis or bracket.")
    return encode(made)


def multirange_from_text(text: str, subtype: int, read: Callable[[str], Any]) -> str:  # type: ignore[explicit-any]  # each type has its own
    """Read a multirange literal into what keeps it."""
    reader = _Reader(text, "multirange")
    reader.skip_spaces()
    if reader.char != "{":
        raise reader.fail("Missing left brace.")
    reader.at += 1
    parts: list[Range] = []
    reader.skip_spaces()
    if reader.char == "}":
        reader.at += 1
    else:
        while True:
            reader.skip_spaces()
            if (
                reader.char not in {"[", "("}
                and reader.text[reader.at : reader.at + 5].lower() != "empty"
            ):
                raise reader.fail("Expected range start.")
            parts.append(reader.range(subtype, read))
            if reader.char == "}":
                reader.at += 1
                break
            if reader.char != ",":
                raise reader.fail(
                    "Expected comma or end of multirange."
                    if reader.char
                    else "Unexpected end of input."
                )
            reader.at += 1
    reader.skip_spaces()
    if reader.char:
        raise reader.fail("Junk after closing right brace.")
    return encode_multirange(normalized(parts))


def shown(made: Range, write: Callable[[Any], str]) -> str:  # type: ignore[explicit-any]  # each type has its own
    """Write a range the way PostgreSQL shows it."""
    if made.is_empty:
        return "empty"
    lower, upper = (
        "" if bound is None else _quoted(write(bound)) for bound in (made.lower, made.upper)
    )
    return f"{'[' if made.has_lower else '('}{lower},{upper}{']' if made.has_upper else ')'}"


def _quoted(text: str) -> str:
    if text and not any(char in '"\\()[],' or char.isspace() for char in text):
        return text
    doubled = text.replace("\\", "\\\\").replace('"', '""')
    return f'"{doubled}"'


# --- binary --------------------------------------------------------------------------------


def to_binary(made: Range, write: Callable[[Any], bytes]) -> bytes:  # type: ignore[explicit-any]  # each type has its own
    """Write PostgreSQL's binary range."""
    if made.is_empty:
        return bytes([_EMPTY])
    flags = _LOWER_INC * made.has_lower | _UPPER_INC * made.has_upper
    flags |= _LOWER_INF * (made.lower is None) | _UPPER_INF * (made.upper is None)
    parts = [write(bound) for bound in (made.lower, made.upper) if bound is not None]
    return bytes([flags]) + b"".join(struct.pack(">i", len(part)) + part for part in parts)


def from_binary(data: bytes, subtype: int, read: Callable[[bytes], Any]) -> Range:  # type: ignore[explicit-any]  # each type has its own
    """Read PostgreSQL's binary range."""
    flags, at = data[0], 1
    if flags & _EMPTY:
        return empty(subtype)
    bounds: list[Any] = []  # type: ignore[explicit-any]  # each type has its own
    for infinite in (_LOWER_INF, _UPPER_INF):
        if flags & infinite:
            bounds.append(None)
            continue
        (size,) = struct.unpack_from(">i", data, at)
        bounds.append(read(data[at + 4 : at + 4 + size]))
        at += 4 + size
    marks = ("[" if flags & _LOWER_INC else "(") + ("]" if flags & _UPPER_INC else ")")
    return make(subtype, bounds[0], bounds[1], marks)
