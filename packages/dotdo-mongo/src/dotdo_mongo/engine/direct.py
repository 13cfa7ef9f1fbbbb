"""One collection reached without a command: plain statements that need no checked arguments, replies or sessions; it refuses all others."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any, NoReturn, TypeVar

from bson.raw_bson import RawBSONDocument

from dotdo.errors import DotdoError
from dotdo.storage import Blocked, CatalogChanged, Session, Store
from dotdo_mongo.engine.arrivals import Given, Unready, arrivals, plain
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
from dotdo_mongo.mapping.codec import MAX_DOCUMENT_BYTES, encode
from dotdo_mongo.mapping.keys import key_of

Document = dict[str, Any]
T = TypeVar("T")
_DEFAULTS: Document = {"hint": None, "min": None, "max": None}


class Detour(Exception):
    """The statement is for the command to do; nothing has been done."""


class Direct:
    """One collection, for plain statements.

    Args:
        deployment: Where it is.
        db: Its database, which is no moment of the past.
        name: Its name.
        waits: Its thread may stand still while others' transactions are in the way.
    """

    __slots__ = (
        "_catalog", "_client", "_collection", "_db", "_deployment", "_has_limits", "_is_checked", "_name", "_select", "_store", "_waits",
    )  # fmt: skip

    def __init__(self, deployment: Deployment, db: str, name: str, *, waits: bool = True) -> None:
        self._waits = waits
        self._deployment, self._db, self._name = deployment, db, name
        self._client = ClientState(0)
        self._store: Store | None = None
        self._catalog: Any = None
        self._collection: Collection | None = None
        self._select = ""
        self._has_limits = self._is_checked = False

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

        def run(session: Session, collection: Collection) -> list[bytes]:
            request = self._request(session, "find", _DEFAULTS | arguments)
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

        return self._run(run, is_write=False)

    # --- writing ---------------------------------------------------------------------------------

    def insert(self, given: Callable[[], Iterable[Given]], count: int) -> None:
        """Insert documents, all or none.

        Args:
            given: Gives them; it may be called again.
            count: How many.

        Raises:
            Detour: One is refused, or is no plain document.
        """

        def run(session: Session, collection: Collection) -> None:
            if collection.is_capped or "validator" in collection.options:
                raise Detour
            table = collection.table
            assert isinstance(table, DocumentTable)

            def work() -> None:
                if self._is_checked:
                    writer = self._writer(session, collection, Context())
                    for _, data in given():
                        writer.insert(plain(data), data)
                else:
                    table.insert_rows(session, partial(arrivals, given()), count)

            session.mutate(work, planned_for=self._catalog, wait=self._waits)
            self._deployment.count("insert", count)

        self._run(run)

    def update(self, query: Document, change: Any, *, is_many: bool) -> tuple[int, int]:
        """Change what a query finds; return how many matched and how many were changed.

        Raises:
            Detour: The change is refused.
        """

        def run(session: Session, collection: Collection) -> tuple[int, int]:
            context = context_of(self._request(session, "update", {}), collection)
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

            done = session.mutate(work, planned_for=self._catalog, wait=self._waits)
            self._deployment.count("update")
            return done

        return self._run(run)

    def delete(self, query: Document, *, is_many: bool) -> int:
        """Delete what a query finds; return how many.

        Raises:
            Detour: The query is refused.
        """

        def run(session: Session, collection: Collection) -> int:
            context = context_of(self._request(session, "delete", {}), collection)

            def work() -> int:
                found = plan(collection, query, context).records(session)
                count = 0
                for record in found if is_many else islice(found, 1):
                    collection.table.delete(session, record)
                    count += 1
                return count

            done = session.mutate(work, planned_for=self._catalog, wait=self._waits)
            self._deployment.count("delete")
            return done

        return self._run(run)

    def _writer(self, session: Session, collection: Collection, context: Context) -> Writer:
        return Writer(session, f"{self._db}.{self._name}", collection, context)

    # --- the way there ---------------------------------------------------------------------------

    def _run(self, run: Callable[[Session, Collection], T], *, is_write: bool = True) -> T:
        store = self._store
        if store is None or store.is_closed:
            store = self._open()
        session = store.acquire()
        try:
            if session.catalog is not self._catalog or self._has_limits:
                self._look(session)
            assert self._collection is not None
            if not is_write:
                return run(session, self._collection)
            session.describe(api=API)
            try:
                return run(session, self._collection)
            finally:
                session.describe(api="dotdo")
        except (Blocked, CatalogChanged, CommandFailure, DotdoError, Unready):
            raise Detour from None
        finally:
            store.give_back(session)

    def _request(self, session: Session, name: str, arguments: Document) -> Request:
        """Return the request that a command would be, in a session."""
        request = Request(
            self._deployment, self._client, name, self._db, {}, arguments, self._deployment.clock()
        )
        request.leased[session.store] = session
        return request

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
            self._is_checked = not _is_unchecked(found)
            self._select = f"select bson from {found.table.table} where id = ?"  # noqa: S608  (its quoted name)
            self._catalog = catalog
        if self._has_limits and is_due(self._deployment, self._db):
            self._fail()

    def _fail(self) -> NoReturn:
        raise Detour


def _is_unchecked(collection: Collection) -> bool:
    """Nothing but the `_id` is to be checked when a document comes in."""
    return all(
        len(index["key"]) == 1 and not index.get("unique") and not is_geospatial(index)
        for index in collection.indexes
    )
