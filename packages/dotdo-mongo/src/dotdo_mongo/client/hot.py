"""The short ways from a driver's call to the engine: for plain calls, where no option, listener or transaction asks for more."""

from collections.abc import Iterator, Sequence
from typing import Any

from bson.codec_options import TypeRegistry

from dotdo_mongo.client.seam import dict_to_bson, is_hot
from dotdo_mongo.engine.arrivals import Given
from dotdo_mongo.engine.direct import Detour, Direct

__all__ = ["Detour", "Direct", "direct_to", "insert_into"]

_NO_TYPES = TypeRegistry()
_ACKNOWLEDGED: tuple[dict[str, Any], ...] = ({}, {"w": 1}, {"w": "majority"})


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


def insert_into(direct: Direct, documents: Sequence[dict[str, Any]], options: Any) -> None:
    """Insert documents, which have an `_id`, all or none.

    Raises:
        Detour: One is refused.
        InvalidDocument: One cannot be encoded.
    """
    is_plain = options.type_registry == _NO_TYPES  # else BSON differs from what the documents hold

    def given() -> Iterator[Given]:
        for each in documents:
            data = dict_to_bson(each, False, options)
            yield each if is_plain else None, data

    direct.insert(given, len(documents))


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
        direct = known[key] = Direct(client._deployment, db, collection._name)
    collection._direct = direct
    return direct
