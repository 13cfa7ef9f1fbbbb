"""pymongo's Collection with its hottest calls short-circuited; whatever they do not cover goes the driver's own way."""

from collections.abc import Iterable
from typing import Any

from pymongo.results import DeleteResult, InsertManyResult, InsertOneResult, UpdateResult
from pymongo.synchronous.collection import Collection as DriverCollection

from dotdo_mongo.client.cursor import Cursor
from dotdo_mongo.client.hot import (
    NOT_TAKEN,
    Direct,
    deleted,
    found_one,
    inserted_many,
    inserted_one,
    updated,
)


class Collection(DriverCollection[Any]):
    """A collection; see pymongo."""

    _direct: Direct | None = None

    def find(self, *args: Any, **kwargs: Any) -> Cursor:
        """Return a cursor over what a filter finds; see pymongo."""
        return Cursor(self, *args, **kwargs)

    def find_one(self, filter: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return one document or None; see pymongo."""
        if not args and not kwargs:
            found = found_one(self, filter)
            if found is not NOT_TAKEN:
                return found
        return super().find_one(filter, *args, **kwargs)

    def insert_one(
        self,
        document: Any,
        bypass_document_validation: bool | None = None,
        session: Any = None,
        comment: Any = None,
    ) -> InsertOneResult:
        """Insert one document; see pymongo."""
        if session is None and comment is None and bypass_document_validation is None:
            done = inserted_one(self, document)
            if done is not None:
                return done
        return super().insert_one(document, bypass_document_validation, session, comment)

    def insert_many(
        self,
        documents: Iterable[Any],
        ordered: bool = True,
        bypass_document_validation: bool | None = None,
        session: Any = None,
        comment: Any = None,
    ) -> InsertManyResult:
        """Insert documents; see pymongo."""
        if session is None and comment is None and bypass_document_validation is None:
            done = inserted_many(self, documents)
            if done is not None:
                return done
        return super().insert_many(documents, ordered, bypass_document_validation, session, comment)

    def update_one(self, filter: Any, update: Any, *args: Any, **kwargs: Any) -> UpdateResult:
        """Change one document; see pymongo."""
        done = None if args else updated(self, filter, update, kwargs, is_many=False)
        return super().update_one(filter, update, *args, **kwargs) if done is None else done

    def update_many(self, filter: Any, update: Any, *args: Any, **kwargs: Any) -> UpdateResult:
        """Change documents; see pymongo."""
        done = None if args else updated(self, filter, update, kwargs, is_many=True)
        return super().update_many(filter, update, *args, **kwargs) if done is None else done

    def delete_one(self, filter: Any, *args: Any, **kwargs: Any) -> DeleteResult:
        """Delete one document; see pymongo."""
        done = None if args or kwargs else deleted(self, filter, is_many=False)
        return super().delete_one(filter, *args, **kwargs) if done is None else done

    def delete_many(self, filter: Any, *args: Any, **kwargs: Any) -> DeleteResult:
        """Delete documents; see pymongo."""
        done = None if args or kwargs else deleted(self, filter, is_many=True)
        return super().delete_many(filter, *args, **kwargs) if done is None else done

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
