"""The short ways from a driver's call to the engine, for both kinds of clients: for plain calls, where no option, listener or transaction asks for more."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from bson import ObjectId
from bson.codec_options import TypeRegistry
from bson.errors import InvalidDocument
from pymongo.common import validate_ok_for_update
from pymongo.results import DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

from dotdo_mongo.client.seam import bson_to_dict, dict_to_bson, engine_form, is_hot
from dotdo_mongo.engine.arrivals import Given
from dotdo_mongo.engine.direct import Detour, Direct

__all__ = [
    "NOT_TAKEN",
    "Detour",
    "Direct",
    "deleted",
    "direct_to",
    "found_one",
    "inserted_many",
    "inserted_one",
    "updated",
]

T = TypeVar("T")
NOT_TAKEN = object()
"""What a call gives that is to go the driver's own way."""

_NO_TYPES = TypeRegistry()
_ACKNOWLEDGED: tuple[dict[str, Any], ...] = ({}, {"w": 1}, {"w": "majority"})
_IDENTITIES = frozenset({int, str, ObjectId})
_MAX_MANY = 100_000
_UNENCODABLE = (Detour, InvalidDocument, OverflowError, TypeError, ValueError)


def direct_to(collection: Any) -> Direct | None:
    """Return the short way to a driver's collection, None when something asks for the long one."""
    direct: Direct | None = collection._direct
    if direct is None:
        direct = _found(collection)
        if direct is None:
            return None
    if direct.is_watched or not is_hot(collection._database._client):
        return None
    return direct


def _found(collection: Any) -> Direct | None:
    client, db = collection._database._client, collection._database._name
    if (
        not client._may_be_hot
        or "@" in db
        or collection.write_concern.document not in _ACKNOWLEDGED
        or collection.read_concern.level == "snapshot"
    ):
        return None
    known: dict[tuple[str, str], Direct] = client._directs
    key = (db, collection._name)
    direct = known.get(key)
    if direct is None:
        if len(known) > 10_000:
            known.clear()
        direct = known[key] = Direct(
            client._deployment, db, collection._name, waits=client._may_wait
        )
    collection._direct = direct
    return direct


def found_one(collection: Any, filter: Any) -> Any:
    """Return the document, or None, that a filter by `_id` finds; NOT_TAKEN for other filters."""
    if type(filter) is not dict or len(filter) != 1:
        return NOT_TAKEN
    identity = filter.get("_id", collection)
    if type(identity) not in _IDENTITIES:
        return NOT_TAKEN
    direct = direct_to(collection)
    if direct is None:
        return NOT_TAKEN
    try:
        data = direct.get(identity)
    except Detour:
        return NOT_TAKEN
    return None if data is None else bson_to_dict(data, collection._codec_options)


def inserted_one(collection: Any, document: Any) -> InsertOneResult | None:
    """Insert a document, None when that is not done."""
    if type(document) is not dict or not _inserted(collection, (document,)):
        return None
    return InsertOneResult(document["_id"], True)


def inserted_many(collection: Any, documents: Iterable[Any]) -> InsertManyResult | None:
    """Insert documents, all or none; None when that is not done."""
    if (
        type(documents) is not list
        or not 0 < len(documents) <= _MAX_MANY
        or not all(type(document) is dict for document in documents)
        or not _inserted(collection, documents)
    ):
        return None
    return InsertManyResult([each["_id"] for each in documents], True)


def _inserted(collection: Any, documents: Sequence[dict[str, Any]]) -> bool:
    direct = direct_to(collection)
    if direct is None:
        return False
    for document in documents:
        if "_id" not in document:
            document["_id"] = ObjectId()
    options = collection._codec_options
    is_plain = options.type_registry == _NO_TYPES  # else BSON differs from what the documents hold

    def given() -> Iterator[Given]:
        for each in documents:
            data = dict_to_bson(each, False, options)
            yield each if is_plain else None, data

    try:
        direct.insert(given, len(documents))
    except _UNENCODABLE:
        return False
    return True


def updated(
    collection: Any, filter: Any, update: Any, options: dict[str, Any], *, is_many: bool
) -> UpdateResult | None:
    """Change documents, None when that is not done."""
    if type(filter) is not dict or type(update) is not dict:
        return None
    if options and (options.keys() != {"upsert"} or not isinstance(options["upsert"], bool)):
        return None
    validate_ok_for_update(update)

    def run(direct: Direct) -> tuple[int, int]:
        parts = engine_form({"q": filter, "u": update}, collection._codec_options)
        return direct.update(parts["q"], parts["u"], is_many=is_many)

    done = _ran(collection, run)
    if done is None or (done[0] == 0 and options.get("upsert")):
        return None
    return UpdateResult(
        {"n": done[0], "nModified": done[1], "ok": 1.0, "updatedExisting": done[0] > 0}, True
    )


def deleted(collection: Any, filter: Any, *, is_many: bool) -> DeleteResult | None:
    """Delete documents, None when that is not done."""
    if type(filter) is not dict:
        return None
    options = collection._codec_options
    done = _ran(
        collection, lambda direct: direct.delete(engine_form(filter, options), is_many=is_many)
    )
    return None if done is None else DeleteResult({"n": done, "ok": 1.0}, True)


def _ran(collection: Any, run: Callable[[Direct], T]) -> T | None:
    """Return what the short way gives, None when it cannot be taken."""
    direct = direct_to(collection)
    if direct is None:
        return None
    try:
        return run(direct)
    except Detour:
        return None
