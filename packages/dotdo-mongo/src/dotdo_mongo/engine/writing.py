"""Documents written to a collection: checked, made unique, kept within caps; what $out and $merge do is here too."""

from collections.abc import Callable
from typing import Any, TypeVar

from bson import Decimal128, ObjectId, Regex, Timestamp

from dotdo.errors import ConstraintViolation, InvalidValue
from dotdo.storage import Session
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.context import Context
from dotdo_mongo.engine.geo_keys import check_places, is_geospatial
from dotdo_mongo.engine.indexes import duplicate, is_ordinary, keys_of, unique_indexes
from dotdo_mongo.engine.numbers import is_finite, is_nan
from dotdo_mongo.engine.pushdown import equalities
from dotdo_mongo.engine.schema import validate
from dotdo_mongo.engine.tables import Record, Table
from dotdo_mongo.engine.tables.refusals import refused
from dotdo_mongo.engine.values import sort_key
from dotdo_mongo.errors import CommandFailure, failure
from dotdo_mongo.mapping.codec import MAX_DOCUMENT_BYTES, encode
from dotdo_mongo.mapping.depth import MAX_STORED, is_deeper

Document = dict[str, Any]
T = TypeVar("T")
_UNCHECKED_IDS = (list, Regex)
_MAX_DEPTH = 180


class Writer:
    """Writes documents to one collection within `mutate`.

    Args:
        session: The kernel session that is mutating.
        namespace: `db.collection`, for messages.
        collection: What is written to.
        context: For validators and time.
        bypasses_validation: The collection's validator is not asked.
    """

    def __init__(
        self,
        session: Session,
        namespace: str,
        collection: Collection,
        context: Context,
        *,
        bypasses_validation: bool = False,
    ) -> None:
        self.session, self.namespace, self.collection, self.context = (
            session,
            namespace,
            collection,
            context,
        )
        options = collection.options
        self._validator = None if bypasses_validation else options.get("validator") or None
        if options.get("validationAction") == "warn" or options.get("validationLevel") == "off":
            self._validator = None
        self._is_moderate = options.get("validationLevel") == "moderate"
        self._uniques = list(unique_indexes(collection.indexes))
        collation = options.get("collation")
        self._identity = collation and {"key": {"_id": 1}, "name": "_id_", "collation": collation}
        self._checked = [
            i
            for i in collection.indexes
            if len(i["key"]) > 1 and not i.get("unique") and is_ordinary(i)
        ]
        self._places = [i for i in collection.indexes if is_geospatial(i)]

    # --- the three changes -----------------------------------------------------------------------

    def insert(self, document: Document, data: bytes | None = None) -> Document:
        """Insert a document, and return it as stored.

        Raises:
            CommandFailure: It is not allowed (codes 2, 53, 121, 10334) or a key is taken (11000).
        """
        ready = self._prepared(document)
        if ready is not document:
            data = None
        data = encode(ready) if data is None else data
        self._check_size(data)
        self._check_depth(ready, data, "insert")
        self._validate(ready)
        self._check_keys(ready, None)
        if self._stored(ready, lambda: self._table.insert(self.session, ready, data)) is None:
            raise self._taken(ready["_id"])
        if self.collection.is_capped:
            self._trim()
        return ready

    def _taken(self, identity: Any) -> CommandFailure:
        """Return the failure of an `_id` that is there; clustered keys cannot be told where decimals are not finite."""
        if (
            self.collection.is_clustered
            and type(identity) is Decimal128
            and not is_finite(identity)
        ):
            return failure(
                50819 if is_nan(identity) else 50826, f"KeyString format error: {identity}"
            )
        return duplicate(self.namespace, {"key": {"_id": 1}, "name": "_id_"}, [identity])

    def replace(self, record: Record, document: Document) -> None:
        """Give a record another content.

        Raises:
            CommandFailure: See `insert`; or its `_id` would change (code 66).
        """
        before = record.document
        if "_id" not in document or sort_key(document["_id"]) != sort_key(before["_id"]):
            raise failure(
                66,
                "Performing an update on the path '_id' would modify the immutable field '_id'",
            )
        if next(iter(document)) != "_id":
            document = {"_id": document["_id"], **document}
        data = encode(document)
        self._check_size(data)
        self._check_depth(document, data, "update")
        if self._validator is not None and not (
            self._is_moderate and self._details(before) is not None
        ):
            self._validate(document)
        self._check_keys(document, record)
        self._stored(document, lambda: self._table.replace(self.session, record, document, data))

    def delete(self, record: Record) -> None:
        """Delete a record.

        Raises:
            CommandFailure: Rows of other tables need it (code 121).
        """
        self._stored(record.document, lambda: self._table.delete(self.session, record))

    @property
    def _table(self) -> Table:
        return self.collection.table

    def _stored(self, document: Document, write: Callable[[], T]) -> T:
        """Write a document; what the noun's own constraints refuse is MongoDB's failure."""
        try:
            return self.session.attempt(write)
        except (ConstraintViolation, InvalidValue) as error:
            raise refused(self.namespace, self.collection.noun, document, error) from None

    # --- checks ----------------------------------------------------------------------------------

    def _prepared(self, document: Document) -> Document:
        """Return the document with its `_id` first and zero timestamps filled in."""
        has_zero = any(
            type(v) is Timestamp and v.time == 0 and v.inc == 0 for v in document.values()
        )
        if has_zero:
            now = self.context.cluster_time
            document = {
                n: now if n != "_id" and type(v) is Timestamp and v.time == 0 and v.inc == 0 else v
                for n, v in document.items()
            }
        if self.collection.kind == "timeseries":
            self._check_time(document)
        if "_id" not in document:
            return {"_id": self.context.new_object_id(), **document}
        check_identity(document["_id"])
        if next(iter(document)) != "_id":
            return {"_id": document["_id"], **document}
        return document

    def _check_time(self, document: Document) -> None:
        field = self.collection.options["timeseries"]["timeField"]
        if type(document.get(field)).__name__ not in {"datetime", "DatetimeMS"}:
            raise failure(
                2, f"'{field}' must be present and contain a valid BSON UTC datetime value"
            )

    @staticmethod
    def _check_size(data: bytes) -> None:
        if len(data) > MAX_DOCUMENT_BYTES:
            raise failure(
                10334,
                f"BSONObj size: {len(data)} (0x{len(data):X}) is invalid. Size must be between 0 and {MAX_DOCUMENT_BYTES}(16MB)",
            )

    @staticmethod
    def _check_depth(document: Document, data: bytes, what: str) -> None:
        if is_deeper(document, data, MAX_STORED):
            raise failure(
                15, f"cannot {what} document because it exceeds {MAX_STORED} levels of nesting"
            )

    def _details(self, document: Document) -> Document | None:
        assert self._validator is not None
        return validate(document, self._validator, self.context)

    def _validate(self, document: Document) -> None:
        if self._validator is None:
            return
        details = self._details(document)
        if details is not None:
            raise failure(
                121,
                "Document failed validation",
                errInfo={"failingDocumentId": document["_id"], "details": details},
            )

    def _check_keys(self, document: Document, record: Record | None) -> None:
        for index in self._checked:
            keys_of(document, index)
        for index in self._places:
            check_places(document, index)
        if self._identity and record is None and type(document["_id"]) is str:
            (key,) = keys_of(document, self._identity)
            self._check_key(self._identity, key, [document["_id"]], record)
        for index in self._uniques:
            keys = keys_of(document, index)
            if not keys:
                continue
            if record is not None and keys.keys() == keys_of(record.document, index).keys():
                continue
            for key, values in keys.items():
                self._check_key(index, key, values, record)

    def _check_key(
        self, index: Document, key: Any, values: list[Any], record: Record | None
    ) -> None:
        pairs = list(zip(index["key"], values, strict=True))
        condition = equalities(self.collection, pairs, index)
        for other in self.collection.table.scan(self.session, condition):
            if record is not None and other.row == record.row:
                continue
            if key in keys_of(other.document, index):
                raise duplicate(self.namespace, index, values)

    def _trim(self) -> None:
        """Delete the oldest documents of a capped collection until it is within its cap."""
        options, table = self.collection.options, self.collection.table
        most, size = options.get("max"), options["size"]
        count = table.count(self.session)
        excess = 0 if not most else max(0, count - most)
        total = 0
        kept = []
        for record in table.scan(self.session):
            total += len(record.encoded)
            kept.append((record, len(record.encoded)))
        for record, length in kept[:-1]:
            if excess <= 0 and total <= size:
                break
            table.delete(self.session, record)
            total -= length
            excess -= 1


def check_identity(identity: Any) -> None:
    """See that a value may be an `_id`.

    Raises:
        CommandFailure: It is an array or a regular expression (code 53), or has a field that begins with `$` (code 52).
    """
    if isinstance(identity, _UNCHECKED_IDS):
        kind = "array" if isinstance(identity, list) else "regex"
        raise failure(53, f"The '_id' value cannot be of type {kind}")
    if isinstance(identity, dict):
        for name in identity:
            if name.startswith("$"):
                raise failure(
                    52,
                    f"The dollar ($) prefixed field '{name}' in '_id.{name}' is not valid for storage.",
                )


def new_identity(document: Document) -> Document:
    """Return the document with an `_id`."""
    return document if "_id" in document else {"_id": ObjectId(), **document}
