"""A collection: the noun that holds it, its options and its indexes as MongoDB describes them; a view is one without documents."""

from dataclasses import dataclass, field, replace
from hashlib import md5
from typing import Any, cast

import msgspec
from bson import json_util

from dotdo.storage import Catalog, Noun
from dotdo_mongo.engine.tables import ColumnTable, DocumentTable, Table

Document = dict[str, Any]
_JSON = json_util.JSONOptions(
    json_mode=json_util.JSONMode.CANONICAL, tz_aware=True, document_class=dict
)
ID_INDEX = {"v": 2, "key": {"_id": 1}, "name": "_id_"}


@dataclass(slots=True)
class Collection:
    """One collection or view.

    Args:
        name: Its name in the database.
        noun: Where it is kept.
        kind: `collection`, `view` or `timeseries`.
        options: As listCollections shows them.
        indexes: As listIndexes shows them, that of `_id` first.
        uuid: Its 16 bytes.
        table: Its documents.
        searches: Its search indexes as $listSearchIndexes shows them.
    """

    name: str
    noun: Noun
    kind: str
    options: Document
    indexes: tuple[Document, ...]
    uuid: bytes
    table: Table
    searches: tuple[Document, ...] = ()
    derived: dict[str, Any] = field(default_factory=dict)

    @property
    def is_view(self) -> bool:
        """It is computed from another collection."""
        return self.kind == "view"

    @property
    def is_capped(self) -> bool:
        """It keeps its newest documents only."""
        return bool(self.options.get("capped"))

    @property
    def is_clustered(self) -> bool:
        """Its `_id` is the order of its documents."""
        return "clusteredIndex" in self.options

    @property
    def index_count(self) -> int:
        """How many indexes it has."""
        return len(self.indexes)

    def index(self, name: str) -> Document | None:
        """Return the index of that name, or None."""
        return next((index for index in self.indexes if index["name"] == name), None)


def described(noun: Noun, collection: Collection) -> Noun:
    """Return the noun with what the collection is written into it."""
    facts = {
        "kind": collection.kind,
        "options": json_util.dumps(collection.options, json_options=_JSON),
        "indexes": [json_util.dumps(index, json_options=_JSON) for index in collection.indexes],
        "uuid": collection.uuid.hex(),
    }
    if collection.searches:
        facts["searches"] = [
            json_util.dumps(one, json_options=_JSON) for one in collection.searches
        ]
    return msgspec.structs.replace(noun, extra=noun.extra | {"mongo": facts})


def collection_of(catalog: Catalog, noun: Noun) -> Collection:
    """Return the collection that a noun is; made once for each catalog."""
    known = catalog.derived.get(("mongo", noun.id))
    if known is None:
        known = catalog.derived["mongo", noun.id] = _read(noun)
    return cast("Collection", known)


def find_collection(catalog: Catalog, name: str) -> Collection | None:
    """Return the collection of a name, or None.

    A name that no noun has is also that of the one noun of another door whose singular, plural or case variant it is.
    """
    noun = catalog.noun(name)
    return None if noun is None or name.startswith("$") else collection_of(catalog, noun)


def _read(noun: Noun) -> Collection:
    facts = noun.extra.get("mongo")
    if facts is None:
        uuid = md5(f"{noun.id} {noun.name}".encode(), usedforsecurity=False).digest()
        return Collection(
            noun.name, noun, "collection", {}, (ID_INDEX,), uuid, _table(noun, "collection")
        )
    options = read_json(facts["options"])
    return Collection(
        noun.name,
        noun,
        facts["kind"],
        options,
        tuple(read_json(index) for index in facts["indexes"]),
        bytes.fromhex(facts["uuid"]),
        _table(noun, facts["kind"], is_clustered="clusteredIndex" in options),
        tuple(read_json(one) for one in facts.get("searches", ())),
    )


def _table(noun: Noun, kind: str, *, is_clustered: bool = False) -> Table:
    if noun.layout == "document":
        return DocumentTable(noun, has_own_keys=kind == "timeseries", is_clustered=is_clustered)
    return ColumnTable(noun)


def read_json(text: str) -> Document:
    """Return the options or the index that a definition holds as text."""
    return cast("Document", json_util.loads(text, json_options=_JSON))


def with_options(collection: Collection, options: Document) -> Collection:
    """Return the collection with other options."""
    return replace(collection, options=options, derived={})


def with_indexes(collection: Collection, indexes: tuple[Document, ...]) -> Collection:
    """Return the collection with other indexes."""
    return replace(collection, indexes=indexes, derived={})


def with_searches(collection: Collection, searches: tuple[Document, ...]) -> Collection:
    """Return the collection with other search indexes."""
    return replace(collection, searches=searches, derived={})
