"""The kernel's log as changes of collections: entries with their documents, grouped by transaction; it shapes no events."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from dotdo.history import Entry, Reader, Transaction, entries, head
from dotdo.history.transactions import transaction_at
from dotdo.storage import Noun, Session, Store, system
from dotdo_mongo.engine.collection import read_json
from dotdo_mongo.engine.tables.columns import to_bson
from dotdo_mongo.mapping.keys import identity_of
from dotdo_mongo.mapping.tags import untagged

Document = dict[str, Any]
_WINDOW = 512
_KINDS = {system.INSERT: "insert", system.UPDATE: "update", system.DELETE: "delete"}


@dataclass(slots=True)
class Change:
    """One change of a collection.

    Args:
        seq: Its position.
        time_us: When it was committed.
        kind: `insert`, `update`, `delete`, `create`, `drop`, `rename`, `createIndexes`, `dropIndexes` or `modify`.
        noun: The collection's definition at that time (before it, when dropped).
        before: The document before.
        after: The document after; the new name of a renamed collection; the definition after, when altered.
        action: As the transaction's record has it.
        replaced: The collection whose place a renamed one has taken.
    """

    seq: int
    time_us: int
    kind: str
    noun: Noun
    before: Document | None = None
    after: Any = None
    action: str | None = None
    replaced: Noun | None = None


class LogReader:
    """Reads one store's log from a position on.

    Args:
        store: Whose.
        position: What is known already.
    """

    def __init__(self, store: Store, position: int) -> None:
        self.store, self.position = store, position

    def changes(self) -> Iterator[Change]:
        """Yield what has been committed since; the position moves with it."""
        session = self.store.acquire()
        try:
            newest = head(session)
            reader = Reader(session)
            while self.position < newest:
                transaction = transaction_at(session, self.position + 1)
                if transaction is None:
                    return
                last = transaction.last
                yield from self._of_transaction(session, reader, transaction)
                self.position = last
        finally:
            self.store.give_back(session)

    def _of_transaction(
        self, session: Session, reader: Reader, transaction: Transaction
    ) -> Iterator[Change]:
        found = list(entries(session, max(transaction.first - 1, self.position), transaction.last))
        dropped = {
            entry.noun
            for entry in found
            if entry.op == system.SCHEMA and reader.noun_at(entry.noun, entry.seq) is None
        }
        changes = [self._change(session, reader, entry, transaction) for entry in found]
        renamed = {c.after: c for c in changes if c is not None and c.kind == "rename"}
        for entry, change in zip(found, changes, strict=True):
            if change is None or (entry.noun in dropped and change.kind == "delete"):
                continue
            if change.kind == "drop" and change.noun.name in renamed:
                renamed[change.noun.name].replaced = change.noun
                continue
            yield change

    def _change(
        self, session: Session, reader: Reader, entry: Entry, by: Transaction
    ) -> Change | None:
        if entry.noun < system.FIRST_NOUN:
            return None
        if entry.op == system.SCHEMA:
            return _definition(reader, entry, by)
        kind = _KINDS.get(entry.op)
        if kind is None:
            return None
        noun = reader.noun_at(entry.noun, entry.seq)
        if noun is None:
            return None
        before = None if entry.before is None else _document(session, reader, noun, entry.before)
        after = None if entry.after is None else _document(session, reader, noun, entry.after)
        return Change(entry.seq, by.time_us, kind, noun, before, after, by.action)


def _definition(reader: Reader, entry: Entry, by: Transaction) -> Change | None:
    old = reader.noun_at(entry.noun, entry.seq - 1)
    new = reader.noun_at(entry.noun, entry.seq)
    if old is None and new is not None:
        return Change(entry.seq, by.time_us, "create", new)
    if old is not None and new is None:
        return Change(entry.seq, by.time_us, "drop", old)
    if old is None or new is None:
        return None
    if old.name != new.name:
        return Change(entry.seq, by.time_us, "rename", old, after=new.name)
    return Change(entry.seq, by.time_us, _alteration(old, new), old, after=new)


def _alteration(old: Noun, new: Noun) -> str:
    before, after = index_names(old), index_names(new)
    if after - before:
        return "createIndexes"
    return "dropIndexes" if before - after else "modify"


def index_names(noun: Noun) -> set[str]:
    """Return the names of a collection's indexes."""
    return set(collection_facts(noun)["indexes"])


def collection_facts(noun: Noun) -> Document:
    """Return `options`, and `indexes` by name, as a definition has them."""
    facts = noun.extra.get("mongo")
    if facts is None:
        return {"options": {}, "indexes": {}}
    indexes = [read_json(text) for text in facts["indexes"]]
    return {
        "options": read_json(facts["options"]),
        "indexes": {index["name"]: index for index in indexes},
    }


def _document(session: Session, reader: Reader, noun: Noun, image: Any) -> Document | None:
    if noun.layout == "document":
        ((text,),) = session.read("select json(?)", (image,))
        parts = orjson.loads(text)
        fields = untagged(parts[3])
        assert isinstance(fields, dict)
        if "_id" in fields:
            identity = fields.pop("_id")
            return {"_id": identity, **fields}
        return {"_id": identity_of(parts[2]), **fields}
    thing = reader.thing(noun, image)
    if thing is None:
        return None
    names = [c.name for k in noun.key for c in noun.columns if c.column == k]
    fields = {name: to_bson(value) for name, value in thing.fields.items() if name not in names}
    identity = (
        to_bson(thing.id)
        if len(names) < 2
        else dict(zip(names, map(to_bson, thing.id), strict=True))
    )
    return {"_id": identity, **fields}
