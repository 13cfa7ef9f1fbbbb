"""Cursors: what is left of a query's result between two requests; refuses those that have timed out or belong to others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bson import Int64
from bson.raw_bson import RawBSONDocument

from dotdo.clock import Clock
from dotdo.storage import Store
from dotdo_mongo.engine.guards import NewLock
from dotdo_mongo.errors import failure
from dotdo_mongo.mapping.codec import encode, raw

DEFAULT_BATCH = 101
MAX_BATCH_BYTES = 16 * 1024 * 1024
NEAR_BATCH_BYTES = 4 * 1024 * 1024
"""In process another batch costs no round trip, and its memory is the application's."""

_TIMEOUT_US = 10 * 60 * 1_000_000
_MAX_OPEN = 100_000

Item = dict[str, Any] | RawBSONDocument


@dataclass(slots=True)
class Cursor:
    """What is left of one result.

    Args:
        namespace: `db.collection`.
        documents: The rest.
        lsid: Session that it belongs to.
        txn: Number of the transaction that it belongs to.
        is_tailable: It stays open at its end.
        awaits_data: getMore waits for more at its end.
        is_endless: It has no timeout.
        comment: Of the command that opened it.
        resume: Gives, for a change stream, where it stands (the reply's postBatchResumeToken).
        stores: Gives the stores whose commits may bring more.
        left_us: For how long it may still work, None without a limit.
        operation: The command that opened it.
        user: Who opened it.
    """

    namespace: str
    documents: Iterator[Item]
    lsid: bytes | None = None
    txn: int | None = None
    is_tailable: bool = False
    awaits_data: bool = False
    is_endless: bool = False
    comment: Any = None
    resume: Callable[[], Any] | None = None
    stores: Callable[[], tuple[Store, ...]] | None = None
    left_us: int | None = None
    operation: dict[str, Any] = field(default_factory=dict)
    user: str | None = None
    id: int = 0
    used_us: int = 0
    in_use: bool = False
    held: list[RawBSONDocument] = field(default_factory=list)

    def next_batch(
        self, size: int | None, most_bytes: int = MAX_BATCH_BYTES
    ) -> tuple[list[RawBSONDocument], bool]:
        """Return the next documents, at most `size` and `most_bytes` of them, and whether it is at its end."""
        batch: list[RawBSONDocument] = []
        total = 0
        limit = 1 << 62 if size is None else size
        while len(batch) < limit:
            item = self._next()
            if item is None:
                return batch, True
            total += len(item.raw) + 8
            if batch and total > most_bytes:
                self.held.append(item)
                return batch, False
            batch.append(item)
        return batch, False

    def _next(self) -> RawBSONDocument | None:
        if self.held:
            return self.held.pop()
        for item in islice(self.documents, 1):
            return item if type(item) is RawBSONDocument else raw(encode(item))  # type: ignore[arg-type]
        return None

    @property
    def goes_on(self) -> bool:
        """It may give more after its end: it follows a collection, and that is not gone."""
        return self.is_tailable and not getattr(self.documents, "is_over", False)

    def is_exhausted(self) -> bool:
        """Nothing is left; looks one document ahead."""
        item = self._next()
        if item is None:
            return True
        self.held.append(item)
        return False

    def close(self) -> None:
        """Give up what is left."""
        close = getattr(self.documents, "close", None)
        if close is not None:
            close()


class CursorTable:
    """The open cursors of a deployment.

    Args:
        clock: Microseconds since 1970.
        randomness: Gives n random bytes.
        new_lock: Makes a lock that its owner may take again.
    """

    def __init__(self, clock: Clock, randomness: Callable[[int], bytes], new_lock: NewLock) -> None:
        self._clock, self._randomness = clock, randomness
        self._open: dict[int, Cursor] = {}
        self._guard = new_lock()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Cursor]:
        return iter(list(self._open.values()))

    def open(self, cursor: Cursor) -> Int64:
        """Keep a cursor; return its number."""
        with self._guard:
            self.expire()
            if len(self._open) >= _MAX_OPEN:
                raise failure(293, "too many open cursors")
            number = 0
            while number == 0 or number in self._open:
                number = int.from_bytes(self._randomness(8)) >> 1
            cursor.id, cursor.used_us = number, self._clock()
            self._open[number] = cursor
            return Int64(number)

    def checkout(self, number: int) -> Cursor:
        """Take a cursor for the time of one request.

        Raises:
            CommandFailure: There is none (code 43), or another request uses it (code 12).
        """
        with self._guard:
            cursor = self._open.get(number)
            if cursor is None:
                raise failure(43, f"cursor id {number} not found")
            if cursor.in_use:
                raise failure(292, f"cursor id {number} is already in use")
            cursor.in_use = True
            return cursor

    def checkin(self, cursor: Cursor) -> None:
        """Give it back."""
        cursor.in_use, cursor.used_us = False, self._clock()

    def get(self, number: int) -> Cursor | None:
        """Return a cursor without using it."""
        return self._open.get(number)

    def kill(self, number: int) -> bool:
        """Close a cursor; False when there is none."""
        with self._guard:
            cursor = self._open.pop(number, None)
        if cursor is None:
            return False
        if not cursor.in_use:
            cursor.close()
        return True

    def kill_where(self, condition: Callable[[Cursor], bool]) -> int:
        """Close all cursors that meet a condition; return how many."""
        numbers = [cursor.id for cursor in self if condition(cursor)]
        return sum(self.kill(number) for number in numbers)

    def expire(self) -> None:
        """Close cursors that were not used for ten minutes."""
        oldest = self._clock() - _TIMEOUT_US
        for cursor in self:
            if cursor.used_us < oldest and not cursor.in_use and not cursor.is_endless:
                self.kill(cursor.id)
