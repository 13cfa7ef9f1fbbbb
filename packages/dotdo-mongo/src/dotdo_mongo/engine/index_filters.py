"""Index filters: which indexes a query of some shape may use; values in a filter do not count, its fields and operators do."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bson import Regex

from dotdo_mongo.engine.collation import Collation
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.match import is_operators
from dotdo_mongo.engine.request import Request

Document = dict[str, Any]
Shape = tuple[Any, ...]
Allowed = Callable[[Document], list[Any] | None]


def index_filters(request: Request, collection: Collection) -> list[Document]:
    """Return the index filters of a collection, to be changed in place; they live as long as the process."""
    kept: list[Document] = request.deployment.settings.setdefault(("filters", collection.uuid), [])
    return kept


def allowed_indexes(
    request: Request, collection: Collection | None, collation: Collation | None
) -> Allowed | None:
    """Return what gives the indexes that a query of the request may use; None where there are no filters."""
    if collection is None:
        return None
    kept = request.deployment.settings.get(("filters", collection.uuid))
    arguments = request.arguments
    if not kept or arguments.get("min") or arguments.get("max"):
        return None

    def allowed(query: Document) -> list[Any] | None:
        asked = {
            "query": query,
            "sort": arguments.get("sort") or {},
            "projection": arguments.get("projection") or arguments.get("fields") or {},
        }
        if collation is not None:
            asked["collation"] = collation.spec
        shape = shape_of(asked)
        return next((each["indexes"] for each in kept if shape_of(each) == shape), None)

    return allowed


def shape_of(asked: Mapping[str, Any]) -> Shape:
    """Return what queries have in common that one index filter is for.

    Args:
        asked: `query`, `sort`, `projection` and `collation`.
    """
    sort, projection = asked.get("sort") or {}, asked.get("projection") or {}
    return (
        _predicates(asked["query"]),
        list(sort.items()),
        sorted(projection.items(), key=repr),
        asked.get("collation"),
    )


def is_allowed(index: Mapping[str, Any], allowed: list[Any]) -> bool:
    """An index filter names the index, or gives its keys."""
    return any(
        each == index["name"]
        if isinstance(each, str)
        else list(each.items()) == list(index["key"].items())
        for each in allowed
    )


def _predicates(query: Mapping[str, Any]) -> list[Any]:
    return sorted(_parts(query), key=repr)


def _parts(query: Mapping[str, Any]) -> Iterator[Any]:
    for name, wanted in query.items():
        if name == "$and" and _are_queries(wanted):
            for each in wanted:
                yield from _parts(each)
        elif name in {"$or", "$nor"} and _are_queries(wanted):
            yield name, sorted((_predicates(each) for each in wanted), key=repr)
        elif name.startswith("$"):
            yield (name,)
        elif is_operators(wanted):
            for operator, value in wanted.items():
                yield name, operator, _predicates(value) if isinstance(value, dict) else None
        else:
            yield name, "$regex" if isinstance(wanted, Regex) else "$eq", None


def _are_queries(wanted: Any) -> bool:
    return isinstance(wanted, list) and all(isinstance(each, dict) for each in wanted)
