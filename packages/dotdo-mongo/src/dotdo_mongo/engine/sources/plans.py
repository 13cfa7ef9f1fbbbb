"""$planCacheStats and $querySettings."""

from collections.abc import Iterable
from typing import Any

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.kinds import (
    STRICT_BOOL,
    Declared,
    Kind,
    parse_part,
)
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.sources.place import Document, check_read_concern, on_database
from dotdo_mongo.engine.values import type_name
from dotdo_mongo.errors import failure


def plan_cache(
    request: Request, collection: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    """Tell the plans that are kept, which are none. Codes 9, 13111, 40602, 4503200, 50933, 72."""
    if not isinstance(argument, dict):
        raise failure(9, f"$planCacheStats value must be an object. Found: {type_name(argument)}")
    for name, value in argument.items():
        if name != "allHosts":
            raise failure(9, f"Unrecognized option: {name}")
        if not isinstance(value, bool):
            raise failure(13111, f"wrong type for field ({name})")
        if value:
            raise failure(
                4503200,
                "$planCacheStats stage supports allHosts parameter only for sharded clusters",
            )
    check_read_concern(request, "$planCacheStats")
    if collection is None:
        raise failure(50933, f"collection '{context.db}.{context.collection}' does not exist")
    if collection.is_view:
        raise failure(72, "$planCacheStats is not allowed on a view")
    if collection.kind == "timeseries":
        raise failure(40602, "$planCacheStats is only valid as the first stage in a pipeline.")
    return []


_SETTINGS: Declared = {"showDebugQueryShape": Kind(STRICT_BOOL.check, refuses_null=True)}


def query_settings(
    _: Request, __: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    """Tell the query settings, which are none. Codes 7746800, 73."""
    if not isinstance(argument, dict):
        raise failure(7746800, "$querySettings value must be an object")
    parse_part(_SETTINGS, argument, "$querySettings")
    on_database(context, "$querySettings")
    return []
