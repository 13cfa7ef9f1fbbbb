"""Measures of collections: how many documents, how many bytes."""

from typing import Any

from bson import Int64

from dotdo.storage import Store
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.kinds import INT32_MAX
from dotdo_mongo.engine.request import Request

Document = dict[str, Any]
PAGE = 4096


def measure(request: Request, store: Store, collection: Collection) -> tuple[int, int]:
    """Return how many documents a collection has, and the bytes of their BSON."""
    count = size = 0
    for record in collection.table.scan(request.reader(store)):
        count += 1
        size += len(record.encoded)
    return count, size


def whole(number: int) -> int | Int64:
    """Return a count as int, or long where it needs that."""
    return number if number <= INT32_MAX else Int64(number)


def storage_stats(request: Request, collection: Collection | None, scale: int = 1) -> Document:
    """Return the measures of a collection as collStats and $collStats show them; of none when there is none."""
    store = request.store()
    if store is None or collection is None:
        return {
            "size": 0, "count": 0, "numOrphanDocs": 0, "storageSize": 0, "totalSize": 0, "nindexes": 0,
            "totalIndexSize": 0, "indexDetails": {}, "indexSizes": {}, "scaleFactor": scale,
        }  # fmt: skip
    count, size = measure(request, store, collection)
    sizes = {index["name"]: PAGE // scale for index in collection.indexes}
    stored = max(PAGE, -(-size // PAGE) * PAGE)
    reply: Document = {"size": whole(size // scale), "count": whole(count)}
    if count:
        reply["avgObjSize"] = size // count
    reply |= {
        "numOrphanDocs": 0,
        "storageSize": whole(stored // scale),
        "freeStorageSize": 0,
        "capped": collection.is_capped,
    }
    if collection.is_capped:
        reply |= {
            "max": collection.options.get("max", 0),
            "maxSize": collection.options["size"] // scale,
        }
    reply |= {
        "nindexes": collection.index_count,
        "indexDetails": {},
        "indexBuilds": [],
        "totalIndexSize": sum(sizes.values()),
        "totalSize": whole((stored + PAGE * len(sizes)) // scale),
        "indexSizes": sizes,
        "scaleFactor": scale,
    }
    return reply
