"""Which member of an array a query matched: what the positional `$` stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.fieldpath import as_document

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Context, Document


def _clauses(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in query.items():
        if name in {"$and", "$or"} and isinstance(value, list):
            for clause in value:
                if isinstance(clause, Mapping):
                    yield from _clauses(clause)
        elif name[:1] != "$":
            yield name, value


def _first_array(document: Any, names: tuple[str, ...]) -> tuple[str, ...] | None:
    value = document
    for index, name in enumerate(names):
        inner = as_document(value)
        if inner is None or name not in inner:
            return None
        value = inner[name]
        if isinstance(value, list):
            return names[: index + 1]
    return None


def _value_at(document: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        document = document[name]
    return document


def _with_only(document: Any, names: tuple[str, ...], member: Any) -> Any:
    if not names:
        return [member]
    return {**document, names[0]: _with_only(document[names[0]], names[1:], member)}


def matched_index(
    query: Document, names: tuple[str, ...], context: Context
) -> Callable[[Document], int | None]:
    """Return the function from a document to the index of the member that matched, None when no array did.

    Args:
        query: the command's.
        names: the path before the `$`; clauses on other arrays do not count when one on it does.
        context: the command's.
    """
    from dotdo_mongo.engine.match import compile_match

    clauses = [
        (tuple(path.split(".")), compile_match({path: value}, context))
        for path, value in _clauses(query)
    ]

    def index_of(document: Document) -> int | None:
        found: int | None = None
        for path, matches in clauses:
            where = _first_array(document, path)
            if where is None or (names and where[: len(names)] != names[: len(where)]):
                continue
            members = _value_at(document, where)
            for index, member in enumerate(members):
                if matches(_with_only(document, where, member)):
                    found = index
                    break
        return found

    return index_of
