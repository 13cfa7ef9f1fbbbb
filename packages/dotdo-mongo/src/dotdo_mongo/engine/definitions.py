"""Definitions changed: collections created, altered, renamed and dropped, within the kernel's log."""

from collections.abc import Iterable
from typing import Any

import msgspec

from dotdo.errors import AlreadyExists
from dotdo.storage import Column, Index, Noun, Session, Store, alter_noun, create_noun, drop_noun
from dotdo.storage.names import physical_table, quoted
from dotdo_mongo.engine.asked import checks_of
from dotdo_mongo.engine.collection import (
    ID_INDEX,
    Collection,
    collection_of,
    described,
    find_collection,
)
from dotdo_mongo.engine.indexes import unique_indexes
from dotdo_mongo.engine.pushdown import exceptions_text, is_pushed, value_text
from dotdo_mongo.engine.request import Request
from dotdo_mongo.engine.tables import DocumentTable

Document = dict[str, Any]


def create(
    request: Request,
    store: Store,
    name: str,
    *,
    kind: str = "collection",
    options: Document | None = None,
    indexes: tuple[Document, ...] | None = None,
) -> Collection:
    """Create a collection; when somebody else was faster, return theirs."""
    with request.lease(store) as session:
        known = find_collection(session.catalog, name)
        if known is not None:
            return known
        taken = {noun.table.lower() for noun in session.catalog.nouns}
        noun = Noun(
            0,
            name,
            "document",
            physical_table(name, taken),
            columns=(Column("id", "any", "id", is_nullable=False),),
            key=("id",),
        )
        uuid = bytearray(request.deployment.randomness(16))
        uuid[6], uuid[8] = uuid[6] & 0x0F | 0x40, uuid[8] & 0x3F | 0x80
        given = (dict(ID_INDEX),) if indexes is None else indexes
        collection = Collection(
            name, noun, kind, options or {}, given, bytes(uuid), DocumentTable(noun)
        )
        try:
            noun = msgspec.structs.replace(noun, checks=checks_of(collection))
            create_noun(session, described(noun, collection))
        except AlreadyExists:
            session.refresh()
        else:
            if request.transaction is not None:
                request.transaction.created.add(noun.table)
        return collection_of(session.catalog, session.catalog.by_name[name])


def change(session: Session, collection: Collection) -> Collection:
    """Write a collection's changed options and indexes into its definition."""
    noun = msgspec.structs.replace(
        session.catalog.by_id[collection.noun.id],
        name=collection.name,
        indexes=_kernel_indexes(collection),
        checks=checks_of(collection),
    )
    alter_noun(session, described(noun, collection))
    return collection_of(session.catalog, session.catalog.by_id[noun.id])


def drop(session: Session, collection: Collection) -> None:
    """Drop a collection with its documents."""
    drop_noun(session, session.catalog.by_id[collection.noun.id])


def _kernel_indexes(collection: Collection) -> tuple[Index, ...]:
    """Return the SQLite indexes that serve the collection's: one over the plain values, one over the rows that have others."""
    kept = tuple(index for index in collection.noun.indexes if "mongo" not in index.extra)
    if collection.noun.layout != "document":
        return (*kept, *_unique_columns(collection))
    made: list[Index] = []
    for index in collection.indexes:
        if index["name"] == "_id_" or not is_pushed(index):
            continue
        paths = list(index["key"])
        mark = {"mongo": index["name"]}
        terms = tuple(
            f"{value_text(path)}{' desc' if index['key'][path] < 0 else ''}" for path in paths
        )
        made.append(Index(index["name"], terms, extra=mark))
        others = " or ".join(exceptions_text(path) for path in paths)
        made.append(Index(f"{index['name']} others", ("_id",), where=others, extra=mark))
    return (*kept, *made)


def _unique_columns(collection: Collection) -> Iterable[Index]:
    """Yield the SQLite indexes by which a table refuses other doors what its collection's unique indexes refuse."""
    noun = collection.noun
    for index in unique_indexes(collection.indexes):
        columns = [noun.column(path) for path in index["key"]]
        terms = tuple(f"{quoted(column.column)}" for column in columns if column is not None)
        if len(terms) == len(columns) and "partialFilterExpression" not in index:
            yield Index(index["name"], terms, is_unique=True, extra={"mongo": index["name"]})
