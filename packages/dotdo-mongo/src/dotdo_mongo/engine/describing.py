"""Collections as listCollections and its like show them."""

from typing import Any

from bson import Binary

from dotdo.storage import Store
from dotdo_mongo.engine.collection import Collection, collection_of
from dotdo_mongo.engine.request import Request

Document = dict[str, Any]


def collections(request: Request, store: Store) -> list[Collection]:
    """Return the collections of a store in order of their names."""
    with request.lease(store) as session:
        session.refresh()
        catalog = session.catalog
        return sorted(
            (collection_of(catalog, noun) for noun in catalog.nouns), key=lambda c: c.name
        )


def described_collection(collection: Collection, *, name_only: bool) -> Document:
    """Return a collection as listCollections shows it."""
    shown: Document = {"name": collection.name, "type": collection.kind}
    if name_only:
        return shown
    shown["options"] = collection.options
    if collection.is_view:
        shown["info"] = {"readOnly": True}
    else:
        shown["info"] = {"readOnly": False, "uuid": Binary(collection.uuid, 4)}
        if collection.kind == "collection" and collection.indexes and not collection.is_clustered:
            shown["idIndex"] = collection.indexes[0]
    return shown
