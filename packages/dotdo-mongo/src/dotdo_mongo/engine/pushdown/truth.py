"""Filters as SQL of three values: a row matches, does not, or may; what may is for the compiled filter to decide.

JSON holds plain values (numbers, text, truths, null) and tagged ones (ids, dates) of which SQL knows the order; a value that is an array,
that lies in one, or whose tag SQL does not know, may match. A condition that is no more than possible for no row is the whole answer.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dotdo_mongo.engine.pushdown.bounds import odd_kinds, path_text
from dotdo_mongo.engine.tables import Condition

Document = dict[str, Any]
Params = tuple[Any, ...]

KINDS = ("integer", "text", "real", "true", "false", "null", "object", "array")
"""JSON types, those that documents hold most of first: so SQL looks for them."""

OID_TAG, DATE_TAG = '{"$oid":"*', '{"$t":[1-9]???????????????}'
TAGS = {"oid": OID_TAG, "date": DATE_TAG, "uuid": '{"$u":"*', "bytes": '{"$b":"*'}


class Sql(NamedTuple):
    """An expression with its parameters."""

    text: str
    params: Params = ()


class Truth(NamedTuple):
    """What a filter says of a row.

    Args:
        possible: The row may match; all others do not.
        certain: The row does match.
        three: Both in one expression, which gives 0 for no, 1 for yes, 2 for perhaps, where there is one.
    """

    possible: Sql
    certain: Sql
    three: Sql | None = None

    @property
    def condition(self) -> Condition:
        """What leaves the rows that may match."""
        return Condition() if self.possible == _ALWAYS else Condition(*self.possible)


_ALWAYS, NEVER = Sql("true"), Sql("false")
YES, NO = Truth(_ALWAYS, _ALWAYS), Truth(NEVER, NEVER)
UNKNOWN = Truth(_ALWAYS, NEVER)


# --- joining -------------------------------------------------------------------------------------


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return whether all hold."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    return Truth(
        _joined("and", [part.possible for part in found]),
        _joined("and", [part.certain for part in found]),
    )


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return whether one holds."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
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


def of_three(expression: Sql) -> Truth:
    """Return the truth of an expression that gives 0 for no, 1 for yes, 2 for perhaps."""
    return Truth(
        Sql(f"({expression.text}) > 0", expression.params),
        Sql(f"({expression.text}) = 1", expression.params),
        expression,
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
        kinds = dict.fromkeys(KINDS, Sql("0")) | dict(kinds)
    kinds = {name: kinds[name] for name in KINDS if name in kinds}
    whens = " ".join(f"when '{name}' then {part.text}" for name, part in kinds.items())
    otherwise = f"iif({place.through}, 2, {missing})" if place.through else str(missing)
    params = tuple(p for part in kinds.values() for p in part.params)
    return of_three(Sql(f"case {place.kind} {whens} else {otherwise} end", params))


def tagged(place: Place, tag: str | None, test: Sql | None) -> Sql:
    """Return what is so of an object: with the tag by a test, with other known tags not, else perhaps."""
    whens, params = "", ()
    if tag in TAGS and test is not None:
        whens, params = f"when {place.value} glob '{TAGS[tag]}' then {test.text} ", test.params
    known = " or ".join(f"{place.value} glob '{pattern}'" for pattern in TAGS.values())
    return Sql(f"case {whens}when {known} then 0 else 2 end", params)
