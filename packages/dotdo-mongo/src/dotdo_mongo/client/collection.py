"""pymongo's Collection with its hottest calls short-circuited; whatever they do not cover goes the driver's own way."""

from typing import Any

import bson
from bson import ObjectId
from pymongo.results import InsertOneResult
from pymongo.synchronous.collection import Collection as DriverCollection

from dotdo_mongo.client.hot import HotPath, hot_path

_IDENTITIES = frozenset({int, str, ObjectId})


class Collection(DriverCollection[Any]):
    """A collection; see pymongo."""

    _hot: HotPath | None = None

    def find_one(self, filter: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return one document or None; see pymongo."""
        if not args and not kwargs and type(filter) is dict and len(filter) == 1:
            identity = filter.get("_id", self)
            if type(identity) in _IDENTITIES:
                hot = hot_path(self)
                if hot is not None:
                    data = hot.get(identity)
                    return None if data is None else bson.decode(data, self.codec_options)
        return super().find_one(filter, *args, **kwargs)

    def insert_one(
        self,
        document: Any,
        bypass_document_validation: bool | None = None,
        session: Any = None,
        comment: Any = None,
    ) -> InsertOneResult:
        """Insert one document; see pymongo."""
        if (
            type(document) is dict
            and session is None
            and comment is None
            and bypass_document_validation is None
        ):
            hot = hot_path(self)
            if hot is not None:
                if "_id" not in document:
                    document["_id"] = ObjectId()
                if hot.insert(bson.encode(document, False, self.codec_options)):
                    return InsertOneResult(document["_id"], True)
        return super().insert_one(document, bypass_document_validation, session, comment)

    def __getitem__(self, name: str) -> "Collection":
        return adopted(super().__getitem__(name))

    def with_options(
        self,
        codec_options: Any = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> "Collection":
        """Return the collection with other options; see pymongo."""
        return adopted(
            super().with_options(codec_options, read_preference, write_concern, read_concern)
        )


def adopted(made: Any) -> Collection:
    """Return a collection of the driver as one of this class."""
    made.__class__ = Collection
    return made  # type: ignore[no-any-return]  # it is one now
