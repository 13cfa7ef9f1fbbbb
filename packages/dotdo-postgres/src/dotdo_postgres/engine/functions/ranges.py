"""Range and multirange functions and operators (9.20)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.compile.sql import Sql
from dotdo_postgres.engine.routines import checks
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import ranges
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.ranges import RANGES, Multirange, Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.compile.compiler import Compiler
    from dotdo_postgres.engine.ir import Expr

FAMILY = Family("9.20")
Spans = Range | Multirange
_BOUNDS = frozenset({"[]", "[)", "(]", "()"})


# --- making --------------------------------------------------------------------------------


def _constructors(oid: int) -> None:
    subtype, multirange = RANGES[oid]
    name, bound = t.BY_OID[oid].name, t.BY_OID[subtype].name
    many = t.BY_OID[multirange].name

    @FAMILY.function(
        f"{name}({bound}, {bound})",
        f"{name}({bound}, {bound}, text)",
        returns=name,
        is_strict=False,
    )
    def make(lower: Any, upper: Any, bounds: str | None = "[)") -> Range:
        if bounds is None:
            raise error("22000", "range constructor flags argument must not be null")
        if bounds not in _BOUNDS:
            hint = 'Valid values are "[]", "[)", "(]", and "()".'
            raise error("42601", "invalid range bound flags", hint=hint)
        return ranges.make(subtype, lower, upper, bounds)

    @FAMILY.function(f"{many}()", returns=many)
    def make_none() -> Multirange:
        return ()

    @FAMILY.function(f"{many}({name})", returns=many)
    @FAMILY.cast(f"{name} as {many}")
    def make_one(made: Range) -> Multirange:
        return ranges.normalized([made])

    @FAMILY.function(f"{many}({name}[])", returns=many)
    def make_many(*parts: Range | None) -> Multirange:
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            raise error("22004", "multirange values cannot contain null members")
        return ranges.normalized(found)


for _oid in RANGES:
    _constructors(_oid)


@FAMILY.function("multirange(anyrange)", returns="anymultirange")
def multirange(made: Range) -> Multirange:
    """Return the multirange of one range."""
    return ranges.normalized([made])


# --- parts ---------------------------------------------------------------------------------


def _parts(spans: Spans) -> Multirange:
    if isinstance(spans, Range):
        return () if spans.is_empty else (spans,)
    return spans


def _reading(name: str, returns: str, read: Callable[[Multirange], Any]) -> None:
    @FAMILY.function(f"{name}(anyrange)", f"{name}(anymultirange)", returns=returns)
    def part(spans: Spans) -> Any:
        return read(_parts(spans))


_reading("isempty", "boolean", lambda parts: int(not parts))
_reading("lower", "anyelement", lambda parts: parts[0].lower if parts else None)
_reading("upper", "anyelement", lambda parts: parts[-1].upper if parts else None)
_reading("lower_inc", "boolean", lambda parts: int(bool(parts) and parts[0].has_lower))
_reading("upper_inc", "boolean", lambda parts: int(bool(parts) and parts[-1].has_upper))
_reading("lower_inf", "boolean", lambda parts: int(bool(parts) and parts[0].lower is None))
_reading("upper_inf", "boolean", lambda parts: int(bool(parts) and parts[-1].upper is None))


@FAMILY.series("unnest(anymultirange)", returns="anyrange")
def unnest(parts: Multirange) -> list[str]:
    """Return the ranges of a multirange as rows."""
    return [ranges.encode(part) for part in parts]


# --- relations -----------------------------------------------------------------------------


def _holds(part: Range, value: Any) -> bool:
    point = (0, value, 0)
    return part.start <= point <= part.end


def _contains_value(spans: Spans, value: Any) -> int:
    return int(any(_holds(part, value) for part in _parts(spans)))


FAMILY.operator("anyrange @> anyelement", "anymultirange @> anyelement", returns="boolean")(
    _contains_value
)


@FAMILY.operator("anyelement <@ anyrange", "anyelement <@ anymultirange", returns="boolean")
def value_within(value: Any, spans: Spans) -> int:
    """Return whether the value is within."""
    return _contains_value(spans, value)


def _contains(left: Spans, right: Spans) -> bool:
    return all(
        any(have.start <= part.start and part.end <= have.end for have in _parts(left))
        for part in _parts(right)
    )


def _overlaps(left: Spans, right: Spans) -> bool:
    return any(
        one.start <= other.end and other.start <= one.end
        for one in _parts(left)
        for other in _parts(right)
    )


def _is_before(left: Spans, right: Spans) -> bool:
    one, other = _parts(left), _parts(right)
    return bool(one and other) and one[-1].end < other[0].start


def _ends_within(left: Spans, right: Spans) -> bool:
    one, other = _parts(left), _parts(right)
    return bool(one and other) and one[-1].end <= other[-1].end


def _starts_within(left: Spans, right: Spans) -> bool:
    one, other = _parts(left), _parts(right)
    return bool(one and other) and one[0].start >= other[0].start


def _is_adjacent(left: Spans, right: Spans) -> bool:
    one, other = _parts(left), _parts(right)
    if not one or not other:
        return False
    return ranges.is_adjacent(one[-1], other[0]) or ranges.is_adjacent(other[-1], one[0])


def _relating(op: str, relate: Callable[[Spans, Spans], bool]) -> None:
    kinds = ("anyrange", "anymultirange")

    @FAMILY.operator(*[f"{a} {op} {b}" for a in kinds for b in kinds], returns="boolean")
    def related(left: Spans, right: Spans) -> int:
        return int(relate(left, right))


_relating("@>", _contains)
_relating("<@", lambda left, right: _contains(right, left))
_relating("&&", _overlaps)
_relating("<<", _is_before)
_relating(">>", lambda left, right: _is_before(right, left))
_relating("&<", _ends_within)
_relating("&>", _starts_within)
_relating("-|-", _is_adjacent)


def _comparing(op: str) -> None:
    @FAMILY.native_operator(
        f"anyrange {op} anyrange", f"anymultirange {op} anymultirange", returns="boolean"
    )
    def compare(compiler: Compiler, args: list[Sql], expr: Expr) -> Sql:
        left, right = (
            compiler.python(checks.span_key(arg.type), [sql], [t.TEXT])
            for sql, arg in zip(args, expr.args, strict=True)  # type: ignore[attr-defined]  # it is a call
        )
        return Sql(n.binary(op, left, right))


for _op in ("=", "<>", "<", "<=", ">", ">="):
    _comparing(_op)


# --- sets ----------------------------------------------------------------------------------


def _intersected(left: Multirange, right: Multirange) -> Multirange:
    found = []
    for one in left:
        for other in right:
            low = one if one.start >= other.start else other
            high = one if one.end <= other.end else other
            if low.start <= high.end:
                both = replace(low, upper=high.upper, has_upper=high.has_upper)
                found.append(ranges.canonical(both))
    return ranges.normalized(found)


def _subtracted(left: Multirange, right: Multirange) -> Multirange:
    rest = list(left)
    for gone in right:
        kept = []
        for part in rest:
            if not _overlaps(part, gone):
                kept.append(part)
                continue
            if part.start < gone.start:
                kept.append(replace(part, upper=gone.lower, has_upper=not gone.has_lower))
            if part.end > gone.end:
                kept.append(replace(part, lower=gone.upper, has_lower=not gone.has_upper))
        rest = kept
    return ranges.normalized([ranges.canonical(part) for part in rest])


@FAMILY.operator("anymultirange + anymultirange", returns="anymultirange")
def unite(left: Multirange, right: Multirange) -> Multirange:
    """Return what is in either."""
    return ranges.normalized([*left, *right])


@FAMILY.operator("anymultirange * anymultirange", returns="anymultirange")
def intersect(left: Multirange, right: Multirange) -> Multirange:
    """Return what is in both."""
    return _intersected(left, right)


@FAMILY.operator("anymultirange - anymultirange", returns="anymultirange")
def subtract(left: Multirange, right: Multirange) -> Multirange:
    """Return what is in the left only."""
    return _subtracted(left, right)


def _single(parts: Multirange, subtype: int, what: str) -> Range:
    if len(parts) > 1:
        raise error("22000", f"result of range {what} would not be contiguous")
    return parts[0] if parts else ranges.empty(subtype)


@FAMILY.operator("anyrange + anyrange", returns="anyrange")
def unite_ranges(left: Range, right: Range) -> Range:
    """Return what is in either.

    Raises:
        PostgresError: there is a gap between them (SQLSTATE 22000).
    """
    return _single(ranges.normalized([left, right]), left.subtype, "union")


@FAMILY.operator("anyrange * anyrange", returns="anyrange")
def intersect_ranges(left: Range, right: Range) -> Range:
    """Return what is in both."""
    return _single(_intersected(_parts(left), _parts(right)), left.subtype, "intersection")


@FAMILY.operator("anyrange - anyrange", returns="anyrange")
def subtract_ranges(left: Range, right: Range) -> Range:
    """Return what is in the left only.

    Raises:
        PostgresError: the right one cuts it in two (SQLSTATE 22000).
    """
    return _single(_subtracted(_parts(left), _parts(right)), left.subtype, "difference")


def _span(parts: Multirange, subtype: int) -> Range:
    if not parts:
        return ranges.empty(subtype)
    last = max(parts, key=lambda part: part.end)
    first = min(parts, key=lambda part: part.start)
    return replace(first, upper=last.upper, has_upper=last.has_upper)


@FAMILY.function("range_merge(anyrange, anyrange)", returns="anyrange")
def range_merge(left: Range, right: Range) -> Range:
    """Return the smallest range that holds both."""
    return _span((*_parts(left), *_parts(right)), left.subtype)


# --- aggregates ----------------------------------------------------------------------------


@FAMILY.aggregate("range_agg(anyrange)", "range_agg(anymultirange)", returns="anymultirange")
class RangesUnited:
    """Unites ranges into a multirange."""

    def __init__(self) -> None:
        self.parts: list[Range] | None = None

    def step(self, spans: Spans) -> None:
        """Take a range or multirange."""
        self.parts = [*(self.parts or ()), *_parts(spans)]

    def final(self) -> Multirange | None:
        """Return the multirange, NULL of no rows."""
        return None if self.parts is None else ranges.normalized(self.parts)


@FAMILY.aggregate("range_intersect_agg(anymultirange)", returns="anymultirange")
class Intersected:
    """Finds what is in all."""

    def __init__(self) -> None:
        self.parts: Multirange | None = None

    def step(self, spans: Spans) -> None:
        """Take a range or multirange."""
        own = _parts(spans)
        self.parts = own if self.parts is None else _intersected(self.parts, own)

    def final(self) -> Multirange | None:
        """Return what is in all, NULL of no rows."""
        return self.parts


@FAMILY.aggregate("range_intersect_agg(anyrange)", returns="anyrange")
class IntersectedRanges(Intersected):
    """Finds the range that is in all."""

    subtype = 0

    def step(self, spans: Spans) -> None:
        """Take a range."""
        if isinstance(spans, Range):
            self.subtype = spans.subtype
        super().step(spans)

    def final(self) -> Any:
        """Return what is in all, NULL of no rows."""
        return None if self.parts is None else _single(self.parts, self.subtype, "intersection")
