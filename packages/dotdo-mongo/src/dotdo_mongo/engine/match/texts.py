"""$text as a part of a whole query: once, without $near, and by an index throughout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dotdo_mongo.engine.match.geo.near import near_of
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from dotdo_mongo.engine.context import Document

_JOINED = ("$and", "$or", "$nor")


def has_text(query: Mapping[str, Any]) -> bool:
    """Whether a query searches words."""
    return next(_texts(query), None) is not None


def _texts(query: Mapping[str, Any]) -> Iterator[Any]:
    for name, value in query.items():
        if name == "$text":
            yield value
        elif name in _JOINED and isinstance(value, list):
            for clause in value:
                if isinstance(clause, Mapping):
                    yield from _texts(clause)


def check_text_query(query: Document, index_keys: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a $text that stands where it cannot be answered. Codes 2, 291."""
    if "$text" not in query and not any(name in query for name in _JOINED):
        return
    count = sum(1 for _ in _texts(query))
    if not count:
        return
    if count > 1:
        raise failure(2, "Too many text expressions")
    if near_of(query) is not None:
        raise failure(2, "text and geoNear not allowed in same query")
    firsts = {next(iter(keys)) for keys in index_keys}
    for clauses in _disjunctions(query):
        for clause in clauses:
            if not has_text(clause) and not firsts & clause.keys():
                raise failure(
                    291,
                    "error processing query: Failed to produce a solution for TEXT under OR - other non-TEXT clauses under OR have to be indexed as well.",
                )


def _disjunctions(query: Mapping[str, Any]) -> Iterator[list[Any]]:
    for name in _JOINED:
        clauses = query.get(name)
        if isinstance(clauses, list) and any(has_text(one) for one in clauses):
            if name == "$or":
                yield clauses
            for clause in clauses:
                yield from _disjunctions(clause)
