"""First stages that read from the store itself: $collStats, $indexStats, $currentOp, sessions and the like."""

from typing import Any

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Source
from dotdo_mongo.engine.request import Request

Document = dict[str, Any]


def sources(request: Request, collection: Collection | None) -> dict[str, Source]:
    """Return the first stages that this request can answer."""
    del request, collection
    return {}
