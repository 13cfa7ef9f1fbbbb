"""All first stages that read from the store itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context, Source
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.sources.catalog import list_cluster_catalog
from dotdo_mongo.engine.sources.operations import current_op, list_sessions, local_sessions
from dotdo_mongo.engine.sources.place import Document
from dotdo_mongo.engine.sources.plans import plan_cache, query_settings
from dotdo_mongo.engine.sources.statistics import coll_stats, index_stats

Make = Callable[[Request, Collection | None, Any, Context], Iterable[Document]]
_MAKERS: dict[str, Make] = {
    "$collStats": coll_stats,
    "$indexStats": index_stats,
    "$currentOp": current_op,
    "$listClusterCatalog": list_cluster_catalog,
    "$listLocalSessions": local_sessions,
    "$listSessions": list_sessions,
    "$planCacheStats": plan_cache,
    "$querySettings": query_settings,
}

SOURCES = frozenset(_MAKERS)
"""Names of the first stages that are here."""


def sources(request: Request, collection: Collection | None) -> Mapping[str, Source]:
    """Return the first stages that this request can answer."""
    return _Sources(request, collection)


class _Sources(Mapping[str, Source]):
    """The first stages of one request, made when they are asked for."""

    __slots__ = ("_collection", "_request")

    def __init__(self, request: Request, collection: Collection | None) -> None:
        self._request, self._collection = request, collection

    def __getitem__(self, name: str) -> Source:
        make = _MAKERS[name]
        return lambda argument, context: make(self._request, self._collection, argument, context)

    def __iter__(self) -> Iterator[str]:
        return iter(_MAKERS)

    def __len__(self) -> int:
        return len(_MAKERS)

    def __contains__(self, name: object) -> bool:
        return name in _MAKERS
