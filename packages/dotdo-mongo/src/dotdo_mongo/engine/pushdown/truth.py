"""Filters as SQL of three values: a row matches, does not, or may; what may is for the compiled filter to decide.

JSON holds plain values (numbers, text, truths, null) and tagged ones (ids, dates) of which SQL knows the order; a value that is an array,
that lies in one, or whose tag SQL does not know, may match. A condition that is no more than possible for no row is the whole answer.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bson import Decimal128, ObjectId, Regex

from dotdo_mongo.engine.match import is_operators
from dotdo_mongo.engine.pushdown.bounds import odd_kinds, path_text, stored_form
from dotdo_mongo.engine.tables import Condition
from dotdo_mongo.engine.values import millis
from dotdo_mongo.mapping.keys import key_of

Document = dict[str, Any]
Params = tuple[Any, ...]

_RANGES = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_KINDS = ("null", "true", "false", "integer", "real", "text", "array", "object")
_MAX_IN = 200
_MAX_SOUGHT = 4
_DATE_LENGTH = 23
OID_TAG, DATE_TAG = '{"$oid":"*', '{"$t":[1-9]???????????????}'
_TAGS = {"oid": OID_TAG, "date": DATE_TAG, "uuid": '{"$u":"*', "bytes": '{"$b":"*'}


class Sql(NamedTuple):
    """An expression with its parameters."""

    text: str
    params: Params = ()


class Truth(NamedTuple):
    """What a filter says of a row.

    Args:
        possible: The row may match; all others do not.
        certain: The row does match.
    """

    possible: Sql
    certain: Sql

    @property
    def condition(self) -> Condition:
        """What leaves the rows that may match."""
        return Condition() if self.possible == _ALWAYS else Condition(*self.possible)


_ALWAYS, NEVER = Sql("true"), Sql("false")
YES, NO = Truth(_ALWAYS, _ALWAYS), Truth(NEVER, NEVER)
UNKNOWN = Truth(_ALWAYS, NEVER)


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


# --- joining -------------------------------------------------------------------------------------


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return whether all hold."""
    found = list(parts)
    return Truth(
        _joined("and", [part.possible for part in found]),
        _joined("and", [part.certain for part in found]),
    )


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return whether one holds."""
    found = list(parts)
    return Truth(
        _joined("or", [part.possible for part in found]),
        _joined("or", [part.certain for part in found]),
    )


def opposite(part: Truth) -> Truth:
    """Return whether it does not hold."""
    return Truth(_negated(part.certain), _negated(part.possible))


def _negated(part: Sql) -> Sql:
    if part == _ALWAYS:
        return NEVER
    return _ALWAYS if part == NEVER else Sql(f"not {part.text}", part.params)


def _joined(word: str, parts: list[Sql]) -> Sql:
    neutral, final = (_ALWAYS, NEVER) if word == "and" else (NEVER, _ALWAYS)
    if final in parts:
        return final
    kept = [part for part in parts if part != neutral]
    if not kept:
        return neutral
    if len(kept) == 1:
        return kept[0]
    text = f" {word} ".join(part.text for part in kept)
    return Sql(f"({text})", tuple(p for part in kept for p in part.params))


def _of_three(expression: Sql) -> Truth:
    """Return the truth of an expression that gives 0 for no, 1 for yes, 2 for perhaps."""
    return Truth(
        Sql(f"({expression.text}) > 0", expression.params),
        Sql(f"({expression.text}) = 1", expression.params),
    )


# --- places --------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a value lies.

    Args:
        kind: Expression of its JSON type.
        value: Expression of its plain value.
        through: Condition of rows without a value here whose path leads through an array, or through names that begin with `$`.
        is_identity: It is `_id`.
    """

    kind: str
    value: str
    through: str
    is_identity: bool = False


def field(path: str) -> Place | None:
    """Return the place of a path, None for one that SQL does not follow."""
    text = path_text(path)
    if text is None:
        return None
    names = path.split(".")
    prefixes = [".".join(names[:n]) for n in range(1, len(names))]
    arrays = [f"json_type(data, {path_text(prefix)}) = 'array'" for prefix in prefixes]
    through = " or ".join([*arrays, *(f"{kind} is not null" for kind in odd_kinds(path))])
    return Place(f"json_type(data, {text})", f"data ->> {text}", through)


def identity() -> Place:
    """Return the place of `_id`: the key of its row."""
    kind = (
        "case typeof(id) when 'text' then case when id glob '[[{\"]*' then 'object'"
        " when id in ('true', 'false', 'null') then 'object' else 'text' end else typeof(id) end"
    )
    return Place(kind, "id", "", is_identity=True)


def of_kinds(place: Place, kinds: Mapping[str, Sql], missing: int = 0) -> Truth:
    """Return what is so by the kind of a place's value.

    Args:
        place: Where it lies.
        kinds: JSON type -> 0, 1 or 2; other types are 0.
        missing: What is so where there is no value.
    """
    if missing:
        kinds = dict.fromkeys(_KINDS, Sql("0")) | dict(kinds)
    whens = " ".join(f"when '{name}' then {part.text}" for name, part in kinds.items())
    otherwise = f"iif({place.through}, 2, {missing})" if place.through else str(missing)
    params = tuple(p for part in kinds.values() for p in part.params)
    return _of_three(Sql(f"case {place.kind} {whens} else {otherwise} end", params))


def _tagged(place: Place, tag: str | None, test: Sql | None) -> Sql:
    """Return what is so of an object: with the tag by a test, with other known tags not, else perhaps."""
    whens, params = "", ()
    if tag in _TAGS and test is not None:
        whens, params = f"when {place.value} glob '{_TAGS[tag]}' then {test.text} ", test.params
    known = " or ".join(f"{place.value} glob '{pattern}'" for pattern in _TAGS.values())
    return Sql(f"case {whens}when {known} then 0 else 2 end", params)


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
    return _of_three(Sql(f"id in ({_marks(values)})", tuple(map(key_of, values))))


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
    return of_kinds(place, kinds)


def _object_among(place: Place, classes: Mapping[str, list[Any]]) -> Sql:
    """Return whether an object is one of several values, which are grouped by class."""
    if len(classes) > 1:
        return Sql("2")
    ((kind, members),) = classes.items()
    stored = tuple(map(stored_form, members))
    if kind == "number" and not place.is_identity:
        return _long(place, f"in ({_marks(stored)})", stored)
    return _tagged(place, kind, Sql(f"{place.value} in ({_marks(stored)})", stored))


def _long(place: Place, test: str, params: Params) -> Sql:
    """Return what is so of an object that may be a tagged whole number."""
    number = f'{place.value[:-1]}."$long"\''
    rest = _tagged(place, None, None)
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
    kinds = {"array": Sql("2"), "object": _tagged(place, None, None)}
    if kind == "number":
        kinds |= dict.fromkeys(("integer", "real"), test)
        if not place.is_identity:
            kinds["object"] = _long_within(place, wanted, stored)
    elif kind == "text":
        kinds["text"] = test
        if place.is_identity:
            kinds["object"] = Sql("2")
    else:
        kinds["object"] = _tagged(place, kind, test)
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
    found = of_kinds(place, dict.fromkeys(_KINDS, there))
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
