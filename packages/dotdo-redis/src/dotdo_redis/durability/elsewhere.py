"""The owner of a tenant's keys when that is another process: asked over a socket to write its rows, and told of what was written."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from dotdo.storage import Owner, Store
from dotdo_redis.durability.ownership import ask_to_flush


class Elsewhere:
    """Stands for the process that owns the keys; when it is gone, this one takes them over.

    Args:
        address: where the owner is reached.
        store: the tenant's file in this process.
        take_over: makes the owner anew.
    """

    def __init__(self, address: str, store: Store, take_over: Callable[[], Owner]) -> None:
        self._address = address
        self._take_over = take_over
        self._heir: Owner | None = None
        self._has_written = False
        store.listen(self._committed)

    def flush(self) -> None:
        """Have the owner write what is newer than the file, and read what others have written."""
        if self._heir is None:
            try:
                ask_to_flush(self._address)
            except OSError:
                self._heir = self._take_over()
        if self._heir is not None:
            self._heir.flush()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Flush; the owner holds still no longer than that."""
        self.flush()
        if self._heir is None:
            yield
        else:
            with self._heir.paused():
                yield

    def claimed(self, rows: Sequence[tuple[int, int]], waiter: object) -> None:
        """Its commit is told by `invalidated`."""

    def invalidated(self, rows: Sequence[tuple[int, int]]) -> None:
        """Take note: the owner is told after the commit."""
        if self._heir is not None:
            self._heir.invalidated(rows)
        else:
            self._has_written = True

    def _committed(self, _first: int, _last: int) -> None:
        if self._has_written and self._heir is None:
            self._has_written = False
            self.flush()

    def close(self) -> None:
        """There is nothing to flush here."""
        if self._heir is not None:
            self._heir.close()
