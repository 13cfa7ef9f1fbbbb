"""$densify: documents made where a sequence has gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson import DatetimeMS

from dotdo_mongo.engine import dateunits
from dotdo_mongo.engine.calendar import UTC_ZONE
from dotdo_mongo.engine.fieldpath import read, split_path
from dotdo_mongo.engine.numbers import of_width, to_decimal, whole64, width
from dotdo_mongo.engine.stages.declare import (
    Family,
    Place,
    Run,
    check_document,
    check_fields,
    check_kind,
)
from dotdo_mongo.engine.stages.shape import with_value
from dotdo_mongo.engine.values import (
    DATES,
    MISSING,
    NULLISH,
    NUMBERS,
    Key,
    millis,
    sort_key,
    type_name,
)
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dotdo_mongo.engine.context import Document

FAMILY = Family("densify")
MAX_DOCUMENTS = 500_000


@dataclass(slots=True, frozen=True, kw_only=True)
class Range:
    """How a sequence goes on: its step, unit, and "full", "partition" or two bounds."""

    step: Any
    unit: str | None
    bounds: Any

    def after(self, value: Any) -> Any:
        """Return the next value."""
        if self.unit is not None:
            return DatetimeMS(dateunits.add(millis(value), self.unit, int(self.step), UTC_ZONE))
        return of_width(width(value, self.step), lambda a, b: a + b, value, self.step)


def _bounds(value: Any) -> Any:
    if type(value) is str:
        if value not in {"full", "partition"}:
            raise failure(5946802, "Bounds string must either be 'full' or 'partition'")
        return value
    if not isinstance(value, list):
        raise failure(5733403, "Bounds must be a string or an array")
    if len(value) != 2:
        raise failure(
            5733403, "A bounding array in a range statement must have exactly two elements"
        )
    low, high = value
    is_dates = type(low) in DATES and type(high) in DATES
    is_numbers = type(low) in NUMBERS and type(high) in NUMBERS
    if not is_dates and not is_numbers:
        raise failure(
            5733402, "A bounding array in a range statement must have numeric or date elements"
        )
    if sort_key(low) > sort_key(high):
        raise failure(5733402, "A bounding array in a range statement must be ascending")
    return value


def _range(spec: Mapping[str, Any]) -> Range:
    check_fields("$densify.range", spec, ("step", "unit", "bounds"), ("step", "bounds"))
    step = check_kind("$densify.range", "step", spec["step"], "number")
    if to_decimal(step) <= 0:
        raise failure(
            5733401,
            "The step parameter in a range statement must be a strictly positive numeric value",
        )
    bounds = _bounds(spec["bounds"])
    unit = None
    if "unit" in spec:
        unit = dateunits.check_unit(check_kind("$densify.range", "unit", spec["unit"], "string"))
        if whole64(step) is None:
            raise failure(
                6586400,
                "The step parameter in a range statement must be a whole number when densifying a date range",
            )
    if isinstance(bounds, list):
        if type(bounds[0]) in DATES and unit is None:
            raise failure(5733501, "Unit must be specified with date bounds")
        if type(bounds[0]) in NUMBERS and unit is not None:
            raise failure(5733406, "Numeric bounds may not have unit parameter")
    return Range(step=step, unit=unit, bounds=bounds)


class _Densify:
    """A checked $densify."""

    def __init__(self, field: str, partitions: list[str], span: Range) -> None:
        self.names = split_path(field)
        self.partitions = [split_path(name) for name in partitions]
        self.span = span
        self.made = 0

    def _value(self, document: Document) -> Any:
        value = read(document, self.names)
        if type(value) in NULLISH:
            return MISSING
        if self.span.unit is None:
            if type(value) in DATES:
                raise failure(6053600, "Unit must be specified when densifying a date field")
            if type(value) not in NUMBERS:
                raise failure(
                    5733201, f"Densify field type must be numeric or a date, not {type_name(value)}"
                )
        elif type(value) not in DATES:
            raise failure(
                6053600, f"Encountered non-date while densifying a date: {type_name(value)}"
            )
        return value

    def _partition(self, document: Document) -> tuple[Key, ...]:
        return tuple(sort_key(read(document, names)) for names in self.partitions)

    def run(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield documents, and those made between."""
        plain: list[Document] = []
        groups: dict[tuple[Key, ...], list[tuple[Key, Any, Document]]] = {}
        for document in documents:
            value = self._value(document)
            if value is MISSING:
                plain.append(document)
            else:
                groups.setdefault(self._partition(document), []).append(
                    (sort_key(value), value, document)
                )
        yield from plain
        low, high = self._extent(groups)
        for key in sorted(groups):
            members = sorted(groups[key], key=lambda member: member[0])
            yield from self._between(members, low, high)

    def _extent(self, groups: Mapping[Any, list[tuple[Key, Any, Document]]]) -> tuple[Any, Any]:
        bounds = self.span.bounds
        if isinstance(bounds, list):
            return bounds[0], bounds[1]
        if bounds == "partition" or not groups:
            return None, None
        every = [(key, value) for members in groups.values() for key, value, _ in members]
        return min(every, key=lambda one: one[0])[1], max(every, key=lambda one: one[0])[1]

    def _between(
        self, members: list[tuple[Key, Any, Document]], low: Any, high: Any
    ) -> Iterator[Document]:
        is_inclusive = self.span.bounds == "full"
        example = members[0][2]
        start = members[0][1] if low is None else low
        end = members[-1][1] if high is None else high
        place = start
        index = 0
        while index < len(members) and members[index][0] < sort_key(place):
            yield members[index][2]
            index += 1
        last = sort_key(end)
        while True:
            here = sort_key(place)
            is_over = here > last if is_inclusive else here >= last
            if is_over:
                break
            is_there = False
            while index < len(members) and members[index][0] == here:
                yield members[index][2]
                is_there = True
                index += 1
            if not is_there:
                yield self._made(example, place)
            place = self.span.after(place)
            limit = sort_key(place)
            while index < len(members) and members[index][0] < limit:
                yield members[index][2]
                index += 1
        for _, _, document in members[index:]:
            yield document

    def _made(self, example: Document, value: Any) -> Document:
        self.made += 1
        if self.made > MAX_DOCUMENTS:
            raise failure(
                5897900, f"Generated {MAX_DOCUMENTS} documents in $densify, which is over the limit"
            )
        found: Document = {}
        for names in self.partitions:
            own = read(example, names)
            if own is not MISSING:
                found = with_value(found, names, own)
        return with_value(found, self.names, value)


@FAMILY.stage("$densify")
def densify(argument: Any, place: Place) -> Run:
    """Fill gaps of a sequence with documents. Codes 5733201 to 5733501, 6053600, 8993000."""
    del place
    spec = check_document(
        argument, 5733601, "The $densify stage specification must be an object, found {}"
    )
    check_fields("$densify", spec, ("field", "partitionByFields", "range"), ("field", "range"))
    field = check_kind("$densify", "field", spec["field"], "string")
    span = _range(check_kind("$densify", "range", spec["range"], "object"))
    partitions = check_kind(
        "$densify", "partitionByFields", spec.get("partitionByFields", []), "array"
    )
    for name in partitions:
        if type(name) is not str:
            raise failure(14, "BSON field '$densify.partitionByFields' must hold strings")
        if name == field or name.startswith(field + ".") or field.startswith(name + "."):
            raise failure(
                8993000,
                "BSON field '$densify.partitionByFields' contains the field that is being densified",
            )
    if span.bounds == "partition" and not partitions:
        raise failure(
            5733408,
            "One may not specify the bounds as 'partition' without specifying a non-empty array of partitionByFields",
        )
    if field[:1] == "$":
        raise failure(
            16410,
            "FieldPath field names may not start with '$'. Consider using $getField or $setField.",
        )
    return lambda documents: _Densify(field, list(partitions), span).run(documents)
