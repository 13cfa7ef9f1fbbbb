"""Which member of an array a query matched: what the positional `$` stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.fieldpath import as_document
from dotdo_mongo.engine.match.arrays import is_operators

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document

_ORDER = ("$elemMatch", "$eq", "$lte", "$lt", "$gt", "$gte", "$regex", "$mod", "$in")
_WITHOUT_MEMBER = frozenset({"$ne", "$nin", "$not", "$size", "$options", "$comment"})
Clause = tuple[int, str, Any]


def _of_field(path: str, value: Any) -> Iterator[Clause]:
    if not is_operators(value):
        yield 1, path, value
        return
    for operator, argument in value.items():
        if operator == "$all" and isinstance(argument, list):
            for one in argument:
                yield from _of_field(path, one)
        elif operator not in _WITHOUT_MEMBER:
            rank = _ORDER.index(operator) if operator in _ORDER else len(_ORDER)
            options = {"$options": value["$options"]} if "$options" in value else {}
            yield rank, path, {operator: argument, **options}


def _of_or(clauses: Any) -> Iterator[Clause]:
    """Yield what an $or of equalities on one path is: a choice of values; others tell no member."""
    if not isinstance(clauses, list) or not all(isinstance(one, Mapping) for one in clauses):
        return
    paths = {name for one in clauses for name in one}
    if len(paths) == 1 and all(len(one) == 1 for one in clauses):
        (path,) = paths
        values = [one[path] for one in clauses]
        if path[:1] != "$" and not any(is_operators(value) for value in values):
            yield _ORDER.index("$in"), path, {"$in": values}


def _clauses(query: Mapping[str, Any]) -> Iterator[Clause]:
    for name, value in query.items():
        if name == "$and" and isinstance(value, list):
            for clause in value:
                yield from _clauses(clause)
        elif name == "$or":
            yield from _of_or(value)
        elif name[:1] != "$":
            yield from _of_field(name, value)


def _first_array(document: Any, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the way to the first array on a path; a path that names a position has none."""
    value = document
    for index, name in enumerate(names):
        inner = as_document(value)
        if inner is None or name not in inner:
            return None
        value = inner[name]
        if isinstance(value, list):
            is_position = index + 1 < len(names) and names[index + 1].isdigit()
            return None if is_position else names[: index + 1]
    return None


def _value_at(document: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        document = document[name]
    return document


def _with_only(document: Any, names: tuple[str, ...], member: Any) -> Any:
    if not names:
        return [member]
    return {**document, names[0]: _with_only(document[names[0]], names[1:], member)}


def matched_index(query: Document, context: Context) -> Callable[[Document], int | None]:
    """Return the function from a document to the index of the member that matched, None when no array did.

    The last clause that matched a member tells, clauses in the order in which MongoDB sorts them.
    """
    from dotdo_mongo.engine.match import compile_match

    ordered = sorted(_clauses(query), key=lambda clause: clause[:2])
    clauses = [
        (tuple(path.split(".")), compile_match({path: value}, context))
        for _, path, value in ordered
    ]

    def index_of(document: Document) -> int | None:
        found: int | None = None
        for path, matches in clauses:
            where = _first_array(document, path)
            if where is None:
                continue
            members = _value_at(document, where)
            for index, member in enumerate(members):
                if matches(_with_only(document, where, member)):
                    found = index
                    break
        return found

    return index_of
