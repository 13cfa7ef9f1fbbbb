"""Commands on plans and index filters: filters bind the planner while the process runs; plans are made anew for each query, so none is cached."""

from typing import Any

from dotdo_mongo.engine import kinds
from dotdo_mongo.engine.collation import parse_collation
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.commands.declaration import COLLECTION, Declared, command
from dotdo_mongo.engine.index_filters import index_filters, shape_of
from dotdo_mongo.engine.request import Request
from dotdo_mongo.errors import failure

Document = dict[str, Any]
_SHAPE: Declared = {
    "query": kinds.ANY,
    "sort": kinds.ANY,
    "projection": kinds.ANY,
    "collation": kinds.ANY,
    "indexes": kinds.ANY,
}
_FACTS: dict[str, Any] = {"target": COLLECTION, "is_lenient": True}


def _collection(request: Request) -> Collection | None:
    found = request.find()
    if found is not None and (found[1].is_view or found[1].kind == "timeseries"):
        raise failure(166, f"Namespace {request.namespace} is a view, not a collection")
    return None if found is None else found[1]


@command("planCacheClear", _SHAPE, **_FACTS)
def plan_cache_clear(request: Request) -> Document:
    """Forget plans: none are kept."""
    _collection(request)
    return {}


@command("planCacheListFilters", _SHAPE, **_FACTS)
def plan_cache_list_filters(request: Request) -> Document:
    """List the index filters of a collection."""
    collection = _collection(request)
    return {"filters": [] if collection is None else list(index_filters(request, collection))}


@command("planCacheClearFilters", _SHAPE, **_FACTS)
def plan_cache_clear_filters(request: Request) -> Document:
    """Forget the index filter of a query's shape, or all of them."""
    collection = _collection(request)
    query = request.arguments["query"]
    if collection is None:
        return {}
    kept = index_filters(request, collection)
    if isinstance(query, dict):
        shape = shape_of(_asked(request, collection))
        kept[:] = [each for each in kept if shape_of(each) != shape]
    else:
        kept.clear()
    return {}


@command("planCacheSetFilter", _SHAPE, **_FACTS)
def plan_cache_set_filter(request: Request) -> Document:  # noqa: C901  (one check after the other, in MongoDB's order)
    """Say which indexes a query of some shape may use."""
    arguments, body = request.arguments, request.body
    collection = _collection(request)
    if "query" not in body or not isinstance(arguments["query"], (dict, list)):
        raise failure(
            2,
            "required field query missing"
            if "query" not in body
            else "optional field query must be an object",
        )
    for name in ("sort", "projection"):
        if name in body and not isinstance(arguments[name], (dict, list)):
            raise failure(2, f"optional field {name} must be an object")
    if "collation" in body:
        if not isinstance(arguments["collation"], dict):
            raise failure(2, "optional field collation must be an object")
        if arguments["collation"]:
            parse_collation(arguments["collation"])
    indexes = arguments["indexes"]
    if not isinstance(indexes, list):
        raise failure(
            2,
            "required field indexes missing"
            if indexes is None
            else "field indexes must be an array",
        )
    if not indexes:
        raise failure(2, "required field indexes must contain at least one index")
    for index in indexes:
        if not isinstance(index, (dict, str)) or not index:
            raise failure(2, "each item in indexes must be an object or a name")
    if collection is None:
        return {}
    asked = _asked(request, collection)
    shape = shape_of(asked)
    kept = index_filters(request, collection)
    kept[:] = [each for each in kept if shape_of(each) != shape]
    kept.append(asked | {"indexes": indexes})
    return {}


def _asked(request: Request, collection: Collection) -> Document:
    arguments = request.arguments
    shape: Document = {
        name: arguments[name] if isinstance(arguments[name], dict) else {}
        for name in ("query", "sort", "projection")
    }
    given = arguments["collation"] if isinstance(arguments["collation"], dict) else None
    spec = given or collection.options.get("collation")
    parsed = parse_collation(spec) if spec else None
    if parsed is not None:
        shape["collation"] = parsed.spec
    return shape


COMMANDS = (
    plan_cache_clear,
    plan_cache_list_filters,
    plan_cache_clear_filters,
    plan_cache_set_filter,
)
