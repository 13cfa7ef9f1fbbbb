"""What an upsert starts from: the equalities of its query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import Regex

from dotdo_mongo.engine.match.arrays import is_operators
from dotdo_mongo.engine.update.fields import setting
from dotdo_mongo.engine.update.paths import Positions, changed
from dotdo_mongo.engine.values import equals
from dotdo_mongo.errors import failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dotdo_mongo.engine.context import Document


def _equalities(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in query.items():
        if name == "$and":
            for clause in value:
                yield from _equalities(clause)
        elif name == "$or" and len(value) == 1:
            yield from _equalities(value[0])
        elif name[:1] == "$" or isinstance(value, Regex):
            continue
        elif not is_operators(value):
            yield name, value
        else:
            yield from _operator_equalities(name, value)


def _operator_equalities(name: str, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for operator, argument in value.items():
        if operator == "$eq":
            yield name, argument
        elif (operator == "$all" and len(argument) == 1 and not is_operators(argument[0])) or (
            operator == "$in" and len(argument) == 1 and not isinstance(argument[0], Regex)
        ):
            yield name, argument[0]


def equalities(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return path -> value of what a query asks to be equal. Codes 54, 55."""
    found: dict[str, Any] = {}
    for name, value in _equalities(query):
        if name in found:
            raise failure(54, f"cannot infer query fields to set, path '{name}' is matched twice")
        for other in found:
            if name.startswith(other + ".") or other.startswith(name + "."):
                raise failure(
                    54,
                    f"cannot infer query fields to set, both paths '{other}' and '{name}' are matched",
                )
        found[name] = value
    return found


def build_upsert(query: Document, update: Document | list[Document]) -> Document:
    """Return the document that an upsert starts from.

    Args:
        query: the command's; its equalities are taken, of a replacement that of _id only.
        update: decides which.

    Raises:
        CommandFailure: a path asked for twice (54).
    """
    is_replacement = not isinstance(update, list) and next(iter(update), "")[:1] != "$"
    document: Document = {}
    if is_replacement:
        for name, value in _equalities(query):
            if name == "_id":
                if "_id" in document and not equals(document["_id"], value):
                    raise failure(
                        54, "cannot infer query fields to set, path '_id' is matched twice"
                    )
                document["_id"] = value
        return document
    for name, value in equalities(query).items():
        names = tuple(name.split("."))
        document = changed(document, names, setting(value), Positions(), creates=True)
    return document
