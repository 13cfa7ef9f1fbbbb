"""$group by SQL: over plain keys and numbers whose sums are exact in any order; of everything else SQL says so, and nothing is taken from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bson import Int64

from dotdo.errors import DotdoError
from dotdo_mongo.engine.aggregates import Total
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.numbers import DOUBLE, INT, LONG
from dotdo_mongo.engine.pushdown.plain import ODD, plain_value, rank_text
from dotdo_mongo.engine.pushdown.truth import Truth
from dotdo_mongo.engine.pushdown.truth import field as place_of
from dotdo_mongo.engine.tables import Condition, Reader

Document = dict[str, Any]
_EXACT = 1 << 53
_STEPS = 1024
"""Fractions whose sums are exact: multiples of 1/1024, as long as their sum stays below 2**53 of these."""


class Accumulated(NamedTuple):
    """One accumulated field: its name, its operator, and the path or number that it takes."""

    name: str
    operator: str
    path: str | None
    number: int | Int64 = 1


@dataclass(slots=True)
class Grouping:
    """A $group that SQL can do.

    Args:
        keys: Name in `_id` -> path; the one of no name is `_id` itself.
        fields: What is accumulated.
        constant: The `_id` of the one group that there is without keys.
        paths: All paths, in order of their columns.
    """

    keys: dict[str, str]
    fields: list[Accumulated]
    constant: int | None = None
    paths: list[str] = field(default_factory=list)

    def column(self, path: str) -> int:
        """Return the number of a path's columns."""
        if path not in self.paths:
            self.paths.append(path)
        return self.paths.index(path)


def grouping(spec: Mapping[str, Any]) -> Grouping | None:
    """Read a checked $group, None when SQL cannot do it."""
    keys = _keys(spec["_id"])
    fields = [_accumulated(name, value) for name, value in spec.items() if name != "_id"]
    known = [one for one in fields if one is not None]
    if keys is None or len(known) < len(fields):
        return None
    found = Grouping(keys, known, None if keys else spec["_id"])
    for path in (*keys.values(), *(one.path for one in known if one.path is not None)):
        if place_of(path) is None or path.split(".")[0] == "_id":
            return None
        found.column(path)
    return found


def _keys(identity: Any) -> dict[str, str] | None:
    if identity is None or type(identity) is int:
        return {}
    if type(identity) is str:
        path = _path(identity)
        return None if path is None else {"": path}
    if not isinstance(identity, dict) or any(name[:1] == "$" or not name for name in identity):
        return None
    paths = {name: _path(value) for name, value in identity.items()}
    return None if None in paths.values() else paths  # type: ignore[return-value]  # just seen


def _path(value: Any) -> str | None:
    is_path = type(value) is str and value[:1] == "$" and value[:2] != "$$"
    return value[1:] if is_path else None


_OF_PATHS = frozenset({"$sum", "$avg"})


def _accumulated(name: str, value: Any) -> Accumulated | None:
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((operator, argument),) = value.items()
    if operator == "$count":
        return Accumulated(name, "$sum", None)
    if operator == "$sum" and type(argument) in {int, Int64}:
        return Accumulated(name, operator, None, argument)
    path = _path(argument)
    return None if path is None or operator not in _OF_PATHS else Accumulated(name, operator, path)


def one_group(asked: Grouping, count: int) -> list[Document] | None:
    """Return the one group of a $group that only counts, None when it asks for more."""
    if asked.paths or asked.keys:
        return None
    fields = {one.name: _counted(count, one.number).value() for one in asked.fields}
    return [{"_id": asked.constant, **fields}] if count else []


# --- running -------------------------------------------------------------------------------------


def groups(
    collection: Collection, reader: Reader, condition: Condition, said: Truth, asked: Grouping
) -> list[Document] | None:
    """Return the groups in the order in which they were met, None when SQL cannot tell them.

    Args:
        collection: Whose documents.
        reader: Runs statements.
        condition: Leaves the rows that may match.
        said: Which of them do.
        asked: The stage.
    """
    shape = f"unpushed {asked!r}"
    if shape in collection.derived:
        return None
    sql = _statement(collection.table.table, condition, said, asked)
    try:
        rows = reader.read(sql, (*said.certain.params, *condition.params))
    except DotdoError:  # a sum beyond 64 bits
        return None
    made = [_group(asked, row) for row in rows]
    if None in made:
        collection.derived[shape] = True
        return None
    return made if asked.keys or rows else []  # type: ignore[return-value]  # just seen


_MEASURES = (
    "sum({t} is 'integer')",
    "sum(iif({t} is 'integer', {v}, 0))",
    "sum(iif({t} is 'integer', abs({v}), 0))",
    "max({t} is 'integer' and ({v} > 2147483647 or {v} < -2147483648))",
    "sum({t} is 'real')",
    "total(iif({t} is 'real', {v}, 0.0))",
    "total(iif({t} is 'real', abs({v}), 0.0))",
    f"min(iif({{t}} is 'real', {{v}} * {_STEPS}.0 = cast({{v}} * {_STEPS}.0 as integer), 1))",
)


def _statement(table: str, condition: Condition, said: Truth, asked: Grouping) -> str:
    inner, odd, by, shown = [], [], [], []
    for n, path in enumerate(asked.paths):
        place = place_of(path)
        assert place is not None
        inner += [f"{place.kind} as t{n}", f"{place.value} as v{n}", f"{rank_text(place)} as r{n}"]
        odd.append(f"r{n} = {ODD}")
    for name, path in asked.keys.items():
        n = asked.column(path)
        missing = f", t{n} is null" if name else ""
        by.append(f"r{n}, v{n}{missing}")
        shown.append(f"min(t{n}), max(t{n}), v{n}")
    for one in asked.fields:
        if one.path is not None:
            n = asked.column(one.path)
            shown += [text.format(t=f"t{n}", v=f"v{n}") for text in _MEASURES]
    doubt = " or ".join(["not certain", *odd])
    columns = ", ".join([f"{said.certain.text} as certain", "_id as row", *inner])
    found = ", ".join([f"max({doubt})", "count(*)", "min(row)", *shown])
    ending = f" group by {', '.join(by)}" if by else " having count(*) > 0"
    return (
        f"select {found} from (select {columns} from {table}"
        f" where {condition.sql or 'true'} limit -1){ending} order by 3"
    )


def _group(asked: Grouping, row: tuple[Any, ...]) -> Document | None:
    is_doubtful, count, _, *rest = row
    if is_doubtful:
        return None
    values = iter(rest)
    identity: Any = {} if asked.keys else asked.constant
    for name in asked.keys:
        least, greatest, value = next(values), next(values), next(values)
        if least != greatest or (least == "real" and value == 0):
            return None
        if not name:
            identity = plain_value(least, value)
        elif least is not None:
            identity[name] = plain_value(least, value)
    found: Document = {"_id": identity}
    for one in asked.fields:
        total = _counted(count, one.number) if one.path is None else _total(one, values)
        if total is None:
            return None
        found[one.name] = total.mean() if one.operator == "$avg" else total.value()
    return found


def _counted(count: int, number: int | Int64) -> Total:
    total = Total()
    total.count, total.whole = count, count * int(number)
    total.width = LONG if type(number) is Int64 else INT
    return total


def _total(one: Accumulated, values: Any) -> Total | None:
    """Return the sum of what SQL has measured, None when it is not sure to be exact."""
    wholes, whole, size, is_wide, reals, real, real_size, is_short = [
        next(values) for _ in _MEASURES
    ]
    is_average = one.operator == "$avg"
    rounded = real_size + (size if is_average else 0)
    if (reals and not is_short) or rounded * _STEPS >= _EXACT:
        return None
    total = Total(has_doubles=is_average)
    total.count = wholes + reals
    total.width = DOUBLE if reals else LONG if is_wide else INT
    total.whole = 0 if is_average else whole
    total.high = real + (float(whole) if is_average else 0.0)
    return total
