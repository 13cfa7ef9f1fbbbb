"""pymongo's Collection with its hottest calls short-circuited; whatever they do not cover goes the driver's own way."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from bson import ObjectId
from bson.errors import InvalidDocument
from pymongo.common import validate_ok_for_update
from pymongo.results import DeleteResult, InsertManyResult, InsertOneResult, UpdateResult
from pymongo.synchronous.collection import Collection as DriverCollection

from dotdo_mongo.client.cursor import Cursor
from dotdo_mongo.client.hot import Detour, Direct, direct_to, insert_into
from dotdo_mongo.client.seam import bson_to_dict, engine_form

T = TypeVar("T")
_IDENTITIES = frozenset({int, str, ObjectId})
_MAX_MANY = 100_000
_UNENCODABLE = (Detour, InvalidDocument, OverflowError, TypeError, ValueError)


class Collection(DriverCollection[Any]):
    """A collection; see pymongo."""

    _direct: Direct | None = None

    def find(self, *args: Any, **kwargs: Any) -> Cursor:
        """Return a cursor over what a filter finds; see pymongo."""
        return Cursor(self, *args, **kwargs)

    def find_one(self, filter: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return one document or None; see pymongo."""
        if not args and not kwargs and type(filter) is dict and len(filter) == 1:
            identity = filter.get("_id", self)
            if type(identity) in _IDENTITIES:
                direct = direct_to(self)
                if direct is not None:
                    try:
                        data = direct.get(identity)
                    except Detour:
                        return super().find_one(filter)
                    return None if data is None else bson_to_dict(data, self._codec_options)
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
            direct = direct_to(self)
            if direct is not None:
                if "_id" not in document:
                    document["_id"] = ObjectId()
                try:
                    insert_into(direct, (document,), self._codec_options)
                except _UNENCODABLE:
                    pass
                else:
                    return InsertOneResult(document["_id"], True)
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
        if (
            type(documents) is list
            and 0 < len(documents) <= _MAX_MANY
            and session is None
            and comment is None
            and bypass_document_validation is None
            and all(type(document) is dict for document in documents)
        ):
            direct = direct_to(self)
            if direct is not None:
                for document in documents:
                    if "_id" not in document:
                        document["_id"] = ObjectId()
                try:
                    insert_into(direct, documents, self._codec_options)
                except _UNENCODABLE:
                    pass
                else:
                    return InsertManyResult([each["_id"] for each in documents], True)
        return super().insert_many(documents, ordered, bypass_document_validation, session, comment)

    def update_one(self, filter: Any, update: Any, *args: Any, **kwargs: Any) -> UpdateResult:
        """Change one document; see pymongo."""
        done = self._updated(filter, update, args, kwargs, is_many=False)
        return super().update_one(filter, update, *args, **kwargs) if done is None else done

    def update_many(self, filter: Any, update: Any, *args: Any, **kwargs: Any) -> UpdateResult:
        """Change documents; see pymongo."""
        done = self._updated(filter, update, args, kwargs, is_many=True)
        return super().update_many(filter, update, *args, **kwargs) if done is None else done

    def _updated(
        self,
        filter: Any,
        update: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        is_many: bool,
    ) -> UpdateResult | None:
        if args or type(filter) is not dict or type(update) is not dict:
            return None
        if kwargs and (kwargs.keys() != {"upsert"} or not isinstance(kwargs["upsert"], bool)):
            return None
        validate_ok_for_update(update)

        def run(direct: Direct) -> tuple[int, int]:
            parts = engine_form({"q": filter, "u": update}, self._codec_options)
            return direct.update(parts["q"], parts["u"], is_many=is_many)

        done = self._ran(run)
        if done is None or (done[0] == 0 and kwargs.get("upsert")):
            return None
        return UpdateResult(
            {"n": done[0], "nModified": done[1], "ok": 1.0, "updatedExisting": done[0] > 0}, True
        )

    def delete_one(self, filter: Any, *args: Any, **kwargs: Any) -> DeleteResult:
        """Delete one document; see pymongo."""
        done = None if args or kwargs else self._deleted(filter, is_many=False)
        return super().delete_one(filter, *args, **kwargs) if done is None else done

    def delete_many(self, filter: Any, *args: Any, **kwargs: Any) -> DeleteResult:
        """Delete documents; see pymongo."""
        done = None if args or kwargs else self._deleted(filter, is_many=True)
        return super().delete_many(filter, *args, **kwargs) if done is None else done

    def _deleted(self, filter: Any, *, is_many: bool) -> DeleteResult | None:
        if type(filter) is not dict:
            return None
        done = self._ran(
            lambda direct: direct.delete(engine_form(filter, self._codec_options), is_many=is_many)
        )
        return None if done is None else DeleteResult({"n": done, "ok": 1.0}, True)

    def _ran(self, run: Callable[[Direct], T]) -> T | None:
        """Return what the short way gives, None when it cannot be taken."""
        direct = direct_to(self)
        if direct is None:
            return None
        try:
            return run(direct)
        except Detour:
            return None

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
