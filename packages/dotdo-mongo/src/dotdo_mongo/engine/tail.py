"""Tailable cursors: the documents of a capped collection as they come, in the order in which they came."""

from collections.abc import Callable, Iterator
from typing import Any

from dotdo.storage import Store
from dotdo_mongo.engine.collection import Collection
from dotdo_mongo.engine.query import Plan
from dotdo_mongo.engine.tables import Condition, Reader, Record
from dotdo_mongo.errors import failure

Document = dict[str, Any]


class CappedTail(Iterator[Any]):
    """What comes after the documents already given; at its end more may come.

    Args:
        reader: Reads the store.
        way: The query.
        shape: Makes what is given of a record.
        find: Gives the collection as it is now, None once it is gone.
        skip: How many are left out first.
        limit: After how many it is over; 0 for never.
    """

    def __init__(
        self,
        reader: Reader,
        way: Plan,
        shape: Callable[[Record], Any],
        find: Callable[[], tuple[Store, Collection] | None],
        *,
        skip: int = 0,
        limit: int = 0,
    ) -> None:
        self._reader, self._way, self._shape, self._find = reader, way, shape, find
        self._last = -1 << 62
        self._found: Iterator[Record] = iter(())
        self._skip, self._left = skip, limit or None
        self.is_over = False

    def is_begun(self) -> bool:
        """There is a collection to wait for."""
        return self._find() is not None

    def _check_position(self) -> None:
        if self._last < 0:
            return
        here = Condition("_id = ?", (self._last,))
        if not self._way.collection.table.count(self._reader, here):
            self.is_over = True
            raise failure(
                136,
                f"CollectionScan died due to position in capped collection being deleted. Last seen record id: RecordId({self._last})",
            )

    def __next__(self) -> Any:
        while self._skip:
            self._record()
            self._skip -= 1
        if self._left == 0:
            self.is_over = True
            raise StopIteration
        record = self._record()
        if self._left is not None:
            self._left -= 1
            self.is_over = self._left == 0
        return self._shape(record)

    def _record(self) -> Record:
        record = next(self._found, None)
        if record is None:
            found = self._find()
            if found is None or found[1].noun.id != self._way.collection.noun.id:
                self.is_over = True
                raise StopIteration
            self._check_position()
            after = Condition("_id > ?", (self._last,))
            scanned = self._way.collection.table.scan(self._reader, after)
            matches = self._way.matches
            self._found = (r for r in scanned if matches is None or matches(r.document))
            record = next(self._found, None)
            if record is None:
                raise StopIteration
        self._last = record.row
        return record
