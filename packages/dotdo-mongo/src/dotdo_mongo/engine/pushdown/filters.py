"""Filters as SQL: what each operator asks of a place, as far as SQL can tell it of plain values."""

import struct
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import Code, Decimal128, ObjectId, Regex

from dotdo_mongo.engine.match import is_operators
from dotdo_mongo.engine.pushdown.bounds import stored_form
from dotdo_mongo.engine.pushdown.truth import (
    KINDS,
    UNKNOWN,
    YES,
    Params,
    Place,
    Sql,
    Truth,
    all_of,
    any_of,
    field,
    identity,
    of_kinds,
    of_three,
    opposite,
    tagged,
)
from dotdo_mongo.engine.values import millis
from dotdo_mongo.mapping.keys import key_of

Document = dict[str, Any]

_RANGES = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_MAX_IN = 200
_MAX_SOUGHT = 4
_DATE_LENGTH = 23


def truth(query: Mapping[str, Any]) -> Truth:
    """Return what a filter without collation says of the rows of documents."""
    return all_of(_part(name, wanted) for name, wanted in query.items())


def _part(name: str, wanted: Any) -> Truth:
    if name == "$comment":
        return YES
    if name in {"$and", "$or", "$nor"}:
        parts = [truth(part) for part in wanted]
        if name == "$and":
            return all_of(parts)
        return any_of(parts) if name == "$or" else opposite(any_of(parts))
    if name.startswith("$"):
        return UNKNOWN
    place = identity() if name == "_id" else field(name)
    return UNKNOWN if place is None else _asked(place, wanted)


# --- questions -----------------------------------------------------------------------------------


def _asked(place: Place, wanted: Any) -> Truth:
    if isinstance(wanted, Regex):
        return _of_strings(place)
    if not is_operators(wanted):
        return equal(place, wanted)
    ranges = {name: value for name, value in wanted.items() if name in _RANGES}
    parts = [_range(place, ranges)] if ranges else []
    for name, value in wanted.items():
        if name not in _RANGES:
            operator = _OPERATORS.get(name)
            parts.append(UNKNOWN if operator is None else operator(place, value))
    return all_of(parts)


def _of_strings(place: Place) -> Truth:
    may = Sql("2")
    return of_kinds(place, {"text": may, "array": may, "object": may})


def _class_of(value: Any) -> str | None:
    """Return what kind of plain value it is, None when SQL cannot tell its equals."""
    match value:
        case Code():
            return None
        case bool():
            return "truth"
        case int() | float() | Decimal128():
            stored = stored_form(value)
            return None if stored is None else "number"
        case str():
            return "text"
        case ObjectId():
            return "oid"
        case datetime():
            return "date" if len(str(stored_form(value))) == _DATE_LENGTH else None
        case bytes():
            subtype = getattr(value, "subtype", 0)
            return (
                {0: "bytes", 4: "uuid"}.get(subtype) if subtype == 0 or len(value) == 16 else None
            )
        case _:
            return None


def equal(place: Place, value: Any) -> Truth:
    """Return whether a value at a place is, or an array there holds, another."""
    if place.is_identity:
        return _identities([value])
    if value is None:
        return of_kinds(place, {"null": Sql("1"), "array": Sql("2")}, 1)
    return _one_of(place, [value])


def _identities(values: list[Any]) -> Truth:
    if any(_class_of(value) is None for value in values):
        return UNKNOWN
    return of_three(Sql(f"id in ({_marks(values)})", tuple(map(key_of, values))))


def _one_of(place: Place, values: list[Any]) -> Truth:
    """Return whether a value is one of several that are not null."""
    classes: dict[str, list[Any]] = {}
    for value in values:
        kind = _class_of(value)
        if kind is None:
            return _complex(place, values)
        classes.setdefault(kind, []).append(value)
    kinds: dict[str, Sql] = {"array": _held(values)}
    for kind, members in classes.items():
        stored = tuple(map(stored_form, members))
        test = Sql(f"{place.value} in ({_marks(stored)})", stored)
        if kind == "truth":
            kinds |= {name: Sql("1") for name, value in (("true", True), ("false", False)) if value in members}  # fmt: skip
        elif kind == "number":
            kinds |= dict.fromkeys(("integer", "real"), test)
        elif kind == "text":
            kinds["text"] = test
    kinds["object"] = _object_among(place, classes)
    return _sought(values, of_kinds(place, kinds))


def _sought(values: list[Any], found: Truth) -> Truth:
    """Return what is so where the bytes of one of the values are in the document's BSON, which is quickly seen."""
    sought = [_bytes_of(value) for value in values[: _MAX_SOUGHT + 1]]
    if len(sought) > _MAX_SOUGHT or None in sought:
        return found
    tests = " or ".join("instr(bson, ?)" for _ in sought)
    text = f"(bson is null or {tests}) and {found.possible.text}"
    return found._replace(possible=Sql(f"({text})", (*sought, *found.possible.params)))


def _object_among(place: Place, classes: Mapping[str, list[Any]]) -> Sql:
    """Return whether an object is one of several values, which are grouped by class."""
    if len(classes) > 1:
        return Sql("2")
    ((kind, members),) = classes.items()
    stored = tuple(map(stored_form, members))
    if kind == "number" and not place.is_identity:
        return _long(place, f"in ({_marks(stored)})", stored)
    return tagged(place, kind, Sql(f"{place.value} in ({_marks(stored)})", stored))


def _long(place: Place, test: str, params: Params) -> Sql:
    """Return what is so of an object that may be a tagged whole number."""
    number = f'{place.value[:-1]}."$long"\''
    rest = tagged(place, None, None)
    return Sql(f"case when {number} is not null then {number} {test} else {rest.text} end", params)


def _complex(place: Place, values: list[Any]) -> Truth:
    """Return whether a value may be one of several whose equals SQL cannot tell."""
    if any(value is None or isinstance(value, Regex) for value in values):
        return UNKNOWN
    may = Sql("2")
    if all(isinstance(value, (list, dict)) for value in values):
        return of_kinds(place, {"array": may, "object": may})
    return UNKNOWN


def _marks(values: Iterable[Any]) -> str:
    return ", ".join("?" for _ in values)


def _held(values: list[Any]) -> Sql:
    """Return whether an array may hold one of the values: their bytes are in the document's BSON, where there is any."""
    sought = [_bytes_of(value) for value in values[: _MAX_SOUGHT + 1]]
    if len(sought) > _MAX_SOUGHT or None in sought:
        return Sql("2")
    tests = " or ".join("instr(bson, ?)" for _ in sought)
    return Sql(f"iif(bson is null or {tests}, 2, 0)", tuple(sought))


def _bytes_of(value: Any) -> bytes | None:
    """Return the bytes that every BSON of this value has, None when equals of it look otherwise."""
    match value:
        case Code():
            return None
        case str():
            data = value.encode()
            return struct.pack("<i", len(data) + 1) + data + b"\0"
        case ObjectId():
            return value.binary
        case datetime():
            return struct.pack("<q", millis(value))
        case _:
            return None


def _range(place: Place, wanted: Mapping[str, Any]) -> Truth:
    """Return whether a value lies within bounds, which are of one class."""
    classes = {_class_of(value) for value in wanted.values()}
    kind = classes.pop()
    if classes or kind not in {"number", "text", "oid", "date"}:
        return UNKNOWN
    stored = tuple(map(stored_form, wanted.values()))
    tests = [f"{place.value} {_RANGES[name]} ?" for name in wanted]
    test = Sql(f"({' and '.join(tests)})", stored)
    kinds = {"array": Sql("2"), "object": tagged(place, None, None)}
    if kind == "number":
        kinds |= dict.fromkeys(("integer", "real"), test)
        if not place.is_identity:
            kinds["object"] = _long_within(place, wanted, stored)
    elif kind == "text":
        kinds["text"] = test
        if place.is_identity:
            kinds["object"] = Sql("2")
    else:
        kinds["object"] = tagged(place, kind, test)
    return of_kinds(place, kinds)


def _long_within(place: Place, wanted: Mapping[str, Any], stored: Params) -> Sql:
    parts = [_long(place, f"{_RANGES[name]} ?", (value,)) for name, value in zip(wanted, stored, strict=True)]  # fmt: skip
    if len(parts) == 1:
        return parts[0]
    return Sql(f"min({', '.join(part.text for part in parts)})", stored)


def _all(place: Place, values: Any) -> Truth:
    if (
        not isinstance(values, list)
        or not values
        or any(isinstance(v, (dict, Regex)) for v in values)
    ):
        return UNKNOWN
    return all_of(equal(place, value) for value in values)


def _in(place: Place, values: Any) -> Truth:
    if not isinstance(values, list) or not 0 < len(values) <= _MAX_IN:
        return UNKNOWN
    if place.is_identity:
        return _identities(values)
    some = [value for value in values if value is not None]
    if not some:
        return equal(place, None)
    found = _one_of(place, some)
    return found if len(some) == len(values) else any_of([found, equal(place, None)])


def _exists(place: Place, wanted: Any) -> Truth:
    if place.is_identity or type(wanted) not in {bool, int}:
        return UNKNOWN
    there = Sql("1")
    found = of_kinds(place, dict.fromkeys(KINDS, there))
    return found if wanted else opposite(found)


def _size(place: Place, wanted: Any) -> Truth:
    if place.is_identity or type(wanted) is not int or wanted < 0:
        return UNKNOWN
    length = f"json_array_length({place.kind.removeprefix('json_type(')}"
    return of_kinds(place, {"array": Sql(f"{length} = ?", (wanted,))})


def _in_array(place: Place, wanted: Any) -> Truth:
    del wanted
    return of_kinds(place, {"array": Sql("2")})


_OPERATORS: dict[str, Callable[[Place, Any], Truth]] = {
    "$eq": equal,
    "$ne": lambda place, value: opposite(equal(place, value)),
    "$all": _all,
    "$in": _in,
    "$nin": lambda place, values: opposite(_in(place, values)),
    "$not": lambda place, wanted: opposite(_asked(place, wanted)),
    "$exists": _exists,
    "$size": _size,
    "$elemMatch": _in_array,
    "$regex": lambda place, _: _of_strings(place),
    "$options": lambda *_: YES,
}
