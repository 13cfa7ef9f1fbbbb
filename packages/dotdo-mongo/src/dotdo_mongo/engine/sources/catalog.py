"""$listClusterCatalog: the collections of a database, as every shard would know them."""

from collections.abc import Iterable
from typing import Any

from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.describing import collections, described_collection
from dotdo_mongo.engine.kinds import (
    STRICT_BOOL,
    Declared,
    Kind,
    parse_part,
)
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.sources.place import Document, check_read_concern, on_database
from dotdo_mongo.errors import failure

_OPTIONS: Declared = {
    "shards": Kind(STRICT_BOOL.check, refuses_null=True),
    "tracked": Kind(STRICT_BOOL.check, refuses_null=True),
    "balancingConfiguration": Kind(STRICT_BOOL.check, refuses_null=True),
}


def list_cluster_catalog(
    request: Request, _: Collection | None, argument: Any, context: Context
) -> Iterable[Document]:
    """Tell each collection of the database. Codes 14, 40415, 72, 9621301, 9621302."""
    stage = "$listClusterCatalog"
    if not isinstance(argument, dict):
        raise failure(9621302, f"The {stage} stage specification must be an object")
    given = parse_part(_OPTIONS, argument, stage)
    on_database(context, stage, 9621301)
    check_read_concern(request, stage)
    store = request.store()
    known = [] if store is None else collections(request, store)
    rows = [_row(request.db, described_collection(one, name_only=False)) for one in known]
    if given["shards"]:
        rows = [{**row, "shards": []} for row in rows]
    return rows


def _row(db: str, described: Document) -> Document:
    name = described.pop("name")
    return {"ns": f"{db}.{name}", "db": db, **described, "sharded": False}
