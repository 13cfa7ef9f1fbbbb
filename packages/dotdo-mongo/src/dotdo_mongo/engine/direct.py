"""One collection reached without a command: plain statements that need no checked arguments, replies or sessions; it refuses all others."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NoReturn, TypeVar

from bson import Binary, Decimal128, Int64, ObjectId, Timestamp
from bson.raw_bson import RawBSONDocument

from dotdo.errors import DotdoError
from dotdo.storage import CatalogChanged, Session, Store
from dotdo_mongo.engine.client import ClientState
from dotdo_mongo.engine.collection import Collection, collection_of, find_collection
from dotdo_mongo.engine.commands.reads import search
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.deployment import API, Deployment
from dotdo_mongo.engine.geo_keys import is_geospatial
from dotdo_mongo.engine.match import has_text
from dotdo_mongo.engine.query import plan
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.surroundings import context_of
from dotdo_mongo.engine.tables import DocumentTable
from dotdo_mongo.engine.ttl import has_limits, is_due
from dotdo_mongo.engine.update import compile_update
from dotdo_mongo.engine.writing import Writer
from dotdo_mongo.errors import CommandFailure
from dotdo_mongo.mapping.codec import MAX_DOCUMENT_BYTES, decode, encode
from dotdo_mongo.mapping.keys import key_of

Document = dict[str, Any]
T = TypeVar("T")
_IDENTITIES = frozenset({int, str, ObjectId, Int64, float, bool, Binary, Decimal128})
_PART_BYTES = 4 << 20
_MAX_DEPTH = 100
_SHALLOW_BYTES = 700  # each level of nesting takes seven bytes at least
_DEFAULTS: Document = {"hint": None, "min": None, "max": None}


class Detour(Exception):
    """The statement is for the command to do; nothing has been done."""


class Direct:
    """One collection, for plain statements.

    Args:
        deployment: Where it is.
        db: Its database, which is no moment of the past.
        name: Its name.
    """

    __slots__ = (
        "_catalog", "_client", "_collection", "_db", "_deployment", "_has_limits", "_name", "_select", "_store",
    )  # fmt: skip

    def __init__(self, deployment: Deployment, db: str, name: str) -> None:
        self._deployment, self._db, self._name = deployment, db, name
        self._client = ClientState(0)
        self._store: Store | None = None
        self._catalog: Any = None
        self._collection: Collection | None = None
        self._select = ""
        self._has_limits = False

    @property
    def is_watched(self) -> bool:
        """A fail point or a profiler wants to see every command."""
        return self._deployment.is_watched

    # --- reading ---------------------------------------------------------------------------------

    def get(self, identity: Any) -> bytes | None:
        """Return the BSON of the document with that `_id`, or None.

        Raises:
            Detour: The collection is no plain one.
        """
        store = self._store
        if store is None or store.is_closed:
            store = self._open()
        session = store.acquire()
        try:
            if session.catalog is not self._catalog or self._has_limits:
                self._look(session)
            rows = session.read(self._select, (key_of(identity),), planned_for=self._catalog)
            if not rows:
                return None
            found: bytes | None = rows[0][0]
            return self._from_other_door(session, identity) if found is None else found
        except (CatalogChanged, DotdoError):
            raise Detour from None
        finally:
            store.give_back(session)

    def _from_other_door(self, session: Session, identity: Any) -> bytes | None:
        assert self._collection is not None
        record = self._collection.table.by_identity(session, identity)
        return None if record is None else record.encoded

    def find(self, arguments: Document, most: int) -> list[bytes]:
        """Return the BSON of the documents that a query finds.

        Args:
            arguments: `filter`, `sort`, `projection`, `skip`, `limit` of a find command.
            most: How many may be returned.

        Raises:
            Detour: There are more, or the query fails.
        """
        if has_text(arguments["filter"]):
            raise Detour

        def run(session: Session, collection: Collection, request: Request) -> list[bytes]:
            context = context_of(request, collection)
            found = search(request, session.store, collection, context)
            batch: list[bytes] = []
            size = 0
            for item in found:
                data = bytes(item.raw) if type(item) is RawBSONDocument else encode(item)  # type: ignore[arg-type]
                batch.append(data)
                size += len(data)
                if len(batch) > most or size > MAX_DOCUMENT_BYTES:
                    raise Detour
            return batch

        return self._run("find", _DEFAULTS | arguments, run)

    # --- writing ---------------------------------------------------------------------------------

    def insert(self, encoded: Callable[[], Iterable[bytes]]) -> int:
        """Insert documents, all or none, and return how many.

        Args:
            encoded: Gives them; it may be called again.

        Raises:
            Detour: One is refused, or is no plain document.
        """

        def run(session: Session, collection: Collection, request: Request) -> int:
            del request
            if collection.is_capped or "validator" in collection.options:
                raise Detour
            table = collection.table
            assert isinstance(table, DocumentTable)
            is_checked = len(collection.indexes) > 1 and not _is_unchecked(collection)

            def work() -> int:
                writer = self._writer(session, collection, Context()) if is_checked else None
                count = 0
                for part in _parts(encoded()):
                    count += len(part)
                    documents = [_plain(data) for data in part]
                    if writer is None:
                        if not table.insert_all(session, documents, part):
                            raise Detour
                        continue
                    for document, data in zip(documents, part, strict=True):
                        writer.insert(document, data)
                return count

            done = session.mutate(work, planned_for=self._catalog)
            self._deployment.count("insert", done)
            return done

        return self._run("insert", {}, run)

    def update(self, query: Document, change: Any, *, is_many: bool) -> tuple[int, int]:
        """Change what a query finds; return how many matched and how many were changed.

        Raises:
            Detour: The change is refused.
        """

        def run(session: Session, collection: Collection, request: Request) -> tuple[int, int]:
            context = context_of(request, collection)
            apply = compile_update(change, array_filters=(), query=query, context=context)

            def work() -> tuple[int, int]:
                writer = self._writer(session, collection, context)
                matched = modified = 0
                found = plan(collection, query, context).records(session)
                for record in found if is_many else islice(found, 1):
                    before = record.document
                    after = apply(before)
                    matched += 1
                    if after is not before:
                        writer.replace(record, after)
                        modified += 1
                return matched, modified

            done = session.mutate(work, planned_for=self._catalog)
            self._deployment.count("update")
            return done

        return self._run("update", {}, run)

    def delete(self, query: Document, *, is_many: bool) -> int:
        """Delete what a query finds; return how many.

        Raises:
            Detour: The query is refused.
        """

        def run(session: Session, collection: Collection, request: Request) -> int:
            context = context_of(request, collection)

            def work() -> int:
                found = plan(collection, query, context).records(session)
                count = 0
                for record in found if is_many else islice(found, 1):
                    collection.table.delete(session, record)
                    count += 1
                return count

            done = session.mutate(work, planned_for=self._catalog)
            self._deployment.count("delete")
            return done

        return self._run("delete", {}, run)

    def _writer(self, session: Session, collection: Collection, context: Context) -> Writer:
        return Writer(session, f"{self._db}.{self._name}", collection, context)

    # --- the way there ---------------------------------------------------------------------------

    def _run(
        self, name: str, arguments: Document, run: Callable[[Session, Collection, Request], T]
    ) -> T:
        store = self._store
        if store is None or store.is_closed:
            store = self._open()
        session = store.acquire()
        try:
            if session.catalog is not self._catalog or self._has_limits:
                self._look(session)
            assert self._collection is not None
            request = Request(
                self._deployment, self._client, name, self._db, {}, arguments, self._deployment.clock()
            )  # fmt: skip
            request.leased[store] = session
            if name == "find":
                return run(session, self._collection, request)
            session.describe(api=API)
            try:
                return run(session, self._collection, request)
            finally:
                session.describe(api="dotdo")
        except (CatalogChanged, CommandFailure, DotdoError):
            raise Detour from None
        finally:
            store.give_back(session)

    def _open(self) -> Store:
        store = self._deployment.databases.open(self._db, create=False)
        if store is None:
            raise Detour
        self._store, self._catalog = store, None
        return store

    def _look(self, session: Session) -> None:
        """Learn what the collection is now.

        Raises:
            Detour: It is no plain one, or documents of its database may have to go first.
        """
        catalog = session.catalog
        if catalog is not self._catalog:
            found = self._collection = find_collection(catalog, self._name)
            self._catalog = None
            if not (
                found is not None
                and found.kind == "collection"
                and isinstance(found.table, DocumentTable)
                and found.table.has_cache
                and "collation" not in found.options
            ):
                self._fail()
            self._has_limits = any(
                has_limits(collection_of(catalog, noun)) for noun in catalog.nouns
            )
            self._select = f"select bson from {found.table.table} where id = ?"  # noqa: S608  (its quoted name)
            self._catalog = catalog
        if self._has_limits and is_due(self._deployment, self._db):
            self._fail()

    def _fail(self) -> NoReturn:
        raise Detour


def _parts(encoded: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield documents in parts of few megabytes, since what is made of them is larger."""
    part: list[bytes] = []
    size = 0
    for data in encoded:
        part.append(data)
        size += len(data)
        if size > _PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _is_unchecked(collection: Collection) -> bool:
    """Nothing but the `_id` is to be checked when a document comes in."""
    return all(
        len(index["key"]) == 1 and not index.get("unique") and not is_geospatial(index)
        for index in collection.indexes
    )


def _plain(data: bytes) -> Document:
    """Return a document that can be stored as it is.

    Raises:
        Detour: It is to be looked at more closely.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise Detour
    document = decode(data)
    if len(data) > _SHALLOW_BYTES and _is_deep(document, _MAX_DEPTH):
        raise Detour
    if type(document.get("_id")) not in _IDENTITIES or next(iter(document)) != "_id":
        raise Detour
    for value in document.values():
        if type(value) is Timestamp:
            raise Detour
    return document


def _is_deep(value: Any, most: int) -> bool:
    """Documents and arrays lie in each other deeper than that."""
    if type(value) is dict:
        return most == 0 or any(_is_deep(inner, most - 1) for inner in value.values())
    return type(value) is list and (most == 0 or any(_is_deep(inner, most - 1) for inner in value))
