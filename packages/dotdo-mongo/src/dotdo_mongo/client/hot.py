"""The short ways from a driver's call to a row: for plain documents, where no option, listener or transaction asks for more."""

from typing import Any

from dotdo.storage import Store
from dotdo_mongo.engine.collection import Collection, find_collection
from dotdo_mongo.engine.deployment import API, Deployment
from dotdo_mongo.engine.tables import DocumentTable
from dotdo_mongo.mapping.codec import MAX_DOCUMENT_BYTES, decode
from dotdo_mongo.mapping.keys import key_of


class HotPath:
    """What one collection of one client needs to be reached directly.

    Args:
        deployment: What it leads to.
        db: The database's name.
        name: The collection's name.
    """

    __slots__ = ("_catalog", "_collection", "_db", "_deployment", "_is_plain", "_name", "_select")

    def __init__(self, deployment: Deployment, db: str, name: str) -> None:
        self._deployment, self._db, self._name = deployment, db, name
        self._catalog: Any = None
        self._collection: Collection | None = None
        self._select = ""
        self._is_plain = False

    def _look(self, session: Any) -> None:
        catalog = session.catalog
        self._collection = found = find_collection(catalog, self._name)
        self._is_plain = (
            found is not None
            and found.kind == "collection"
            and isinstance(found.table, DocumentTable)
            and found.table.has_cache
            and "collation" not in found.options
        )
        if found is not None and self._is_plain:
            self._select = f"select bson, _id from {found.table.table} where id = ?"
        self._catalog = catalog

    def _store(self) -> Store | None:
        return self._deployment.databases.open(self._db, create=False)

    def get(self, identity: Any) -> bytes | None:
        """Return the BSON of the document with that `_id`, or None."""
        store = self._store()
        if store is None:
            return None
        session = store.acquire()
        try:
            if session.catalog is not self._catalog:
                self._look(session)
            if not self._is_plain:
                return self._slow_get(session, identity)
            rows = session.read(self._select, (key_of(identity),), planned_for=self._catalog)
            if not rows:
                return None
            return rows[0][0] or self._slow_get(session, identity)
        finally:
            store.give_back(session)

    def _slow_get(self, session: Any, identity: Any) -> bytes | None:
        if self._collection is None:
            return None
        record = self._collection.table.by_identity(session, identity)
        return None if record is None else record.encoded

    def insert(self, data: bytes) -> bool:
        """Insert a document; False when it must go the long way, with nothing done."""
        if len(data) > MAX_DOCUMENT_BYTES:
            return False
        store = self._store()
        if store is None:
            return False
        session = store.acquire()
        try:
            if session.catalog is not self._catalog:
                self._look(session)
            found = self._collection
            if found is None or not self._is_plain or not _is_free(found):
                return False
            document = decode(data)
            identity = document["_id"]
            if (
                next(iter(document)) != "_id"
                or isinstance(identity, (list, dict))
                or _has_zero(document)
            ):
                return False
            session.describe(api=API)
            table, catalog = found.table, self._catalog
            row = session.mutate(lambda: table.insert(session, document, data), planned_for=catalog)
            session.describe(api="dotdo")
            return row is not None
        finally:
            store.give_back(session)


def _is_free(collection: Collection) -> bool:
    """Nothing but the `_id` is to be checked when a document comes in."""
    return (
        not collection.is_capped
        and "validator" not in collection.options
        and len(collection.indexes) == 1
    )


def _has_zero(document: dict[str, Any]) -> bool:
    return any(type(value).__name__ in {"Timestamp", "Regex"} for value in document.values())


def hot_path(collection: Any) -> HotPath | None:
    """Return the short way to a driver's collection, None when something asks for the long one."""
    client = collection._database._client
    if not client._may_be_hot():
        return None
    hot: HotPath | None = collection._hot
    if hot is None:
        hot = HotPath(client._deployment, collection._database._name, collection._name)
        collection._hot = hot
    return hot
