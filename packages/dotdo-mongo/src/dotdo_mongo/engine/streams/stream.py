"""A change stream: what was committed since a place, as events in order, as they come; it ends when its subject is gone."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Binary

from dotdo.errors import DotdoError, NotADatabase
from dotdo.history import head
from dotdo.storage import Store
from dotdo_mongo.engine.collection import find_collection
from dotdo_mongo.engine.streams.difference import update_description
from dotdo_mongo.engine.streams.log import Change, LogReader, collection_facts
from dotdo_mongo.engine.streams.options import StreamOptions
from dotdo_mongo.engine.streams.split import after_fragment, fragments
from dotdo_mongo.engine.streams.tokens import Place, timestamp_of, token
from dotdo_mongo.errors import failure

Document = dict[str, Any]
Open = Callable[[str], Store | None]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPANDED = frozenset({"create", "modify", "createIndexes", "dropIndexes"})


class ChangeStream(Iterator[Document]):
    """The events of a collection, a database or all databases.

    Args:
        open_store: Gives the store of a database, None while there is none.
        names: Gives the databases there are.
        db: The database; None for all.
        collection: The collection; None for all.
        options: What is shown, and where it begins.
        run: The rest of the pipeline.
        now_us: The present.
    """

    def __init__(  # noqa: PLR0917  (one place makes it)
        self,
        open_store: Open,
        names: Callable[[], list[str]],
        subject: tuple[str | None, str | None],
        options: StreamOptions,
        run: Callable[[Iterable[Document]], Iterator[Document]],
        now_us: int,
    ) -> None:
        self._open, self._names, self._run = open_store, names, run
        self.db, self.collection = subject
        self.options = options
        self._readers: dict[str, LogReader] = {}
        self._events: deque[tuple[Place, Document]] = deque()
        self._place = options.after or Place(
            now_us if options.from_us is None else options.from_us, 0, self.db or ""
        )
        self.is_over = False
        self._ends_after = False
        self._begin(now_us)

    # --- where it begins -------------------------------------------------------------------------

    def _databases(self) -> list[str]:
        return self._names() if self.db is None else [self.db]

    def _begin(self, now_us: int) -> None:
        for name in self._databases():
            store = self._opened(name)
            if store is not None:
                self._readers[name] = LogReader(store, self._start(name, store, now_us))

    def _start(self, name: str, store: Store, now_us: int) -> int:
        options = self.options
        del now_us
        session = store.acquire()
        try:
            if (
                options.after is not None
                and options.after.db == name
                and options.after.seq <= head(session)
            ):
                return options.after.seq - bool(options.after.fragment)
            if options.after is None and options.from_us is None:
                return head(session)
            since = options.after.time_us + 1 if options.after is not None else options.from_us
            rows = session.read(
                "select max(seq) from _log where noun = 0 and op = 0 and cast(before ->> 0 as integer) < ?",
                (since,),
            )
            return int(rows[0][0] or 0)
        finally:
            store.give_back(session)

    # --- reading ---------------------------------------------------------------------------------

    def __iter__(self) -> "ChangeStream":
        return self

    def __next__(self) -> Document:
        if not self._events and not self.is_over:
            self.fill()
        if not self._events:
            if self._ends_after:
                self.is_over = True
            raise StopIteration
        self._place, event = self._events.popleft()
        return event

    def resume(self) -> Document:
        """Return the token of the place up to which everything has been given."""
        if not self._events:
            for name, reader in self._readers.items():
                if name == self._place.db or self._place.seq == 0:
                    self._place = Place(
                        self._place.time_us,
                        max(self._place.seq, reader.position),
                        name,
                        self._place.is_invalidate,
                    )
        return token(self._place)

    def stores(self) -> tuple[Store, ...]:
        """Return the stores whose commits matter."""
        return tuple(reader.store for reader in self._readers.values())

    def fill(self) -> None:
        """Read what has been committed since."""
        found: list[tuple[Place, Document]] = []
        for name in self._databases():
            reader = self._reader(name)
            if reader is None:
                continue
            with suppress(NotADatabase):  # it is being made: the next look sees it whole
                for change in reader.changes():
                    found += self._told(name, change)
        found.sort(key=lambda pair: pair[0].time_us)
        self._add(found)

    def _opened(self, name: str) -> Store | None:
        """Return the store of a database; None also while its file is being made."""
        try:
            return self._open(name)
        except NotADatabase:
            return None

    def _reader(self, name: str) -> LogReader | None:
        known = self._readers.get(name)
        store = self._opened(name)
        if store is None:
            self._readers.pop(name, None)
            return None
        if known is None or known.store is not store:
            known = self._readers[name] = LogReader(store, 0)
        return known

    def _add(self, found: list[tuple[Place, Document]]) -> None:
        for place, event in found:
            if self._ends_after:
                return
            passed = next(iter(self._run([event])), None)
            if passed is not None:
                if "_id" not in passed or passed["_id"] != event["_id"]:
                    raise failure(
                        280,
                        "Encountered an event whose _id field, which contains the resume token, was modified by the pipeline.",
                        errorLabels=["NonResumableChangeStreamError"],
                    )
                self._events += self._parts(place, passed)
            if event["operationType"] == "invalidate":
                self._ends_after = True

    def _parts(self, place: Place, event: Document) -> list[tuple[Place, Document]]:
        if not self.options.splits:
            return [(place, event)]
        parts = fragments(place, event)
        return [part for part in parts if after_fragment(part[0], self.options.after)]

    def dropped(self, db: str, names: Iterable[str], now_us: int) -> None:
        """A database with these collections is about to go: tell it, with all that came before."""
        if self.db not in {None, db}:
            return
        self.fill()
        reader = self._readers.pop(db, None)
        seq = 0 if reader is None else reader.position
        found: list[tuple[Place, Document]] = []
        for name in names:
            seq += 1
            if self.collection in {None, name}:
                found.append(
                    self._event(Place(now_us, seq, db), "drop", {"ns": {"db": db, "coll": name}})
                )
        if self.collection is None:
            found.append(
                self._event(Place(now_us, seq + 1, db), "dropDatabase", {"ns": {"db": db}})
            )
        if self.db is not None and found:
            found.append(
                self._event(Place(now_us, seq + 1, db, is_invalidate=True), "invalidate", {})
            )
        self._add(found)

    # --- events ----------------------------------------------------------------------------------

    @staticmethod
    def _event(place: Place, kind: str, rest: Document) -> tuple[Place, Document]:
        event = {
            "_id": token(place),
            "operationType": kind,
            "clusterTime": timestamp_of(place.time_us),
            "wallTime": _EPOCH + timedelta(milliseconds=place.time_us // 1000),
            **rest,
        }
        return place, event

    def _told(self, db: str, change: Change) -> list[tuple[Place, Document]]:
        name = change.noun.name
        if name.startswith("system."):
            return []
        is_ours = self.collection in {None, name} or (
            change.kind == "rename" and change.after == self.collection
        )
        if change.replaced is not None and change.replaced.name == self.collection:
            is_ours = True
        if not is_ours or (change.kind in _EXPANDED and not self.options.is_expanded):
            return []
        place = Place(change.time_us, change.seq, db)
        kind, rest = self._shaped(db, change)
        found = [self._event(place, kind, rest)]
        if change.kind in {"drop", "rename"} and self.collection is not None:
            found.append(self._event(place._replace(is_invalidate=True), "invalidate", {}))
        return found

    def _shaped(self, db: str, change: Change) -> tuple[str, Document]:
        namespace = {"db": db, "coll": change.noun.name}
        kind = change.kind
        rest: Document = {}
        facts = change.noun.extra.get("mongo")
        if self.options.is_expanded and facts is not None:
            rest["collectionUUID"] = Binary(bytes.fromhex(facts["uuid"]), 4)
        if kind == "rename":
            to = {"db": db, "coll": change.after}
            rest |= {"ns": namespace, "to": to}
            if self.options.is_expanded:
                rest["operationDescription"] = {"to": to, **_replaced(change)}
            return kind, rest
        if kind not in {"insert", "update", "delete"}:
            rest["ns"] = namespace
            if kind == "create":
                rest["operationDescription"] = {
                    "idIndex": {"v": 2, "key": {"_id": 1}, "name": "_id_"}
                }
                rest["nsType"] = "collection" if facts is None else facts["kind"]
            elif kind != "drop":
                rest |= _altered(change)
            return kind, rest
        return self._write(db, change, namespace, rest)

    def _write(
        self, db: str, change: Change, namespace: Document, rest: Document
    ) -> tuple[str, Document]:
        kind = "replace" if change.kind == "update" and change.action == "replace" else change.kind
        state = change.before if kind == "delete" else change.after
        assert state is not None
        if kind in {"insert", "replace"}:
            rest["fullDocument"] = change.after
        rest |= {"ns": namespace, "documentKey": {"_id": state["_id"]}}
        has_images = _has_images(change)
        if kind == "update":
            assert change.before is not None
            assert change.after is not None
            rest["updateDescription"] = update_description(
                change.before, change.after, is_expanded=self.options.is_expanded
            )
            self._add_after(db, rest, change, has_images=has_images)
        if kind != "insert":
            self._add_before(rest, change, has_images=has_images)
        return kind, rest

    def _add_after(self, db: str, rest: Document, change: Change, *, has_images: bool) -> None:
        wanted = self.options.full_document
        if wanted == "default":
            return
        if wanted == "updateLookup" or has_images:
            rest["fullDocument"] = (
                change.after if wanted != "updateLookup" else self._present(db, change)
            )
        elif wanted == "whenAvailable":
            rest["fullDocument"] = None
        else:
            raise failure(
                47,
                "Change stream was configured to require a post-image for all update events, but the post-image was not found",
            )

    def _present(self, db: str, change: Change) -> Document | None:
        """Return the document as it is now."""
        reader = self._readers.get(db)
        if reader is None:
            return None
        session = reader.store.acquire()
        try:
            found = find_collection(session.catalog, change.noun.name)
            record = (
                None if found is None else found.table.by_identity(session, change.after["_id"])
            )
        except DotdoError:
            return None
        else:
            return None if record is None else record.document
        finally:
            reader.store.give_back(session)

    def _add_before(self, rest: Document, change: Change, *, has_images: bool) -> None:
        wanted = self.options.before
        if wanted == "off":
            return
        if has_images:
            rest["fullDocumentBeforeChange"] = change.before
        elif wanted == "whenAvailable":
            rest["fullDocumentBeforeChange"] = None
        else:
            raise failure(
                47,
                "Change stream was configured to require a pre-image for all update, delete and replace events, but the pre-image was not found",
            )


def _replaced(change: Change) -> Document:
    facts = None if change.replaced is None else change.replaced.extra.get("mongo")
    return {} if facts is None else {"dropTarget": Binary(bytes.fromhex(facts["uuid"]), 4)}


def _altered(change: Change) -> Document:
    """Return what createIndexes, dropIndexes and modify events tell beside the namespace."""
    before, after = collection_facts(change.noun), collection_facts(change.after)
    if change.kind == "createIndexes":
        added = [i for n, i in after["indexes"].items() if n not in before["indexes"]]
        return {"operationDescription": {"indexes": added}}
    if change.kind == "dropIndexes":
        gone = [i for n, i in before["indexes"].items() if n not in after["indexes"]]
        return {"operationDescription": {"indexes": gone}}
    told: Document = {
        name: value
        for name, value in after["options"].items()
        if before["options"].get(name) != value
    }
    state: Document = {"collectionOptions": before["options"]}
    for name, index in after["indexes"].items():
        known = before["indexes"].get(name)
        if known is not None and known != index:
            changed = {n: v for n, v in index.items() if known.get(n) != v}
            told["index"] = {"name": name, **changed}
            state["indexOptions"] = {n: known[n] for n in changed if n in known}
    return {"operationDescription": told, "stateBeforeChange": state}


def _has_images(change: Change) -> bool:
    facts = change.noun.extra.get("mongo")
    if facts is None:
        return True
    return '"changeStreamPreAndPostImages": {"enabled": true}' in facts["options"]
