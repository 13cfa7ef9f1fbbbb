"""Who else has a tenant's file open: each process holds a lock on one byte of a side file, and asking costs about a microsecond."""

import contextlib
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import apsw

from dotdo.errors import Deadlock
from dotdo.storage.byte_locks import (
    FREE,
    WRITE,
    SharedHandle,
    holder_of_query,
    query,
    set_lock,
)
from dotdo.storage.census import Census
from dotdo.storage.locks import Waiter
from dotdo.storage.row_locks import RowLocks

if TYPE_CHECKING:
    from dotdo.storage.store import Store
    from dotdo.storage.writer import Writer

_SLOTS = 1 << 22
_FILES = 1 << 38
_PERIOD_S = 0.01
_SHORT_PERIOD_S = 0.002
_CIRCLE_S = 0.5  # of waiting, before a circle is looked for


class SideFile:
    """The side files of a home: who is there, and which rows they hold.

    Args:
        path: Of the one that tells who is there; they are made when absent.
    """

    def __init__(self, path: str) -> None:
        self._present = SharedHandle(path)
        self._census = Census(f"{path}-count", self._present.number)
        self._rows = SharedHandle(f"{path}-rows")
        self._watcher = Watcher()

    def join(self, file: str) -> "FilePresence":
        """Announce that this process has `file` open."""
        return FilePresence(self._present.number, os.stat(file).st_ino, self._census, self)

    def rows_of(self, inode: int) -> RowLocks | None:
        """Return the row locks of a file, None where the system has no such locks."""
        return None if sys.platform == "win32" else RowLocks(self._rows.number, inode)

    @property
    def watcher(self) -> "Watcher":
        """Suspends idle holders, and polls what other processes hold."""
        return self._watcher

    def close(self) -> None:
        """Drop the announcements of this process, unless another home of it uses the same folder."""
        self._present.close()
        self._rows.close()


class FilePresence:
    """The announcement that this process has one file open.

    Args:
        handle: Of the side file that tells who is there.
        inode: Of the file.
        census: Counts who is there.
        side: The side files.
    """

    __slots__ = ("_census", "_handle", "_inode", "_query", "_slot", "_start", "_watcher", "rows")

    def __init__(self, handle: int, inode: int, census: Census, side: SideFile) -> None:
        self._handle, self._inode, self._census = handle, inode, census
        self._watcher = side.watcher
        self.rows = side.rows_of(inode)
        self._start = inode % _FILES * _SLOTS
        self._query = query(WRITE, self._start, _SLOTS)
        self._slot = os.getpid() % _SLOTS
        while not set_lock(handle, WRITE, self._start + self._slot, 1):
            self._slot = (self._slot + 1) % _SLOTS  # taken by a process of another container
        census.add(inode, 1)

    def has_others(self) -> bool:
        """Some other process has the file open."""
        if self._census.is_alone(self._inode):
            return False
        return holder_of_query(self._handle, self._query) is not None

    def has_foreign_locks(self) -> bool:
        """Some other process holds rows."""
        if self.rows is None or self._census.is_alone(self._inode):
            return False
        return self.rows.has_foreign()

    def watch(self, store: "Store") -> None:
        """See to it that an idle holder of the writer gives way to other processes."""
        self._watcher.watch(store)

    def await_place(self, asker: "Writer", place: int) -> "ForeignHolder":
        """Return a holder whose waiter is done when no other process holds the place any more."""
        assert self.rows is not None
        holder = ForeignHolder()
        self._watcher.poll(ForeignWait(self.rows, place, asker, holder.waiter))
        return holder

    def leave(self) -> None:
        """This process no longer has the file open."""
        set_lock(self._handle, FREE, self._start + self._slot, 1)
        self._census.add(self._inode, -1)


class ForeignHolder:
    """A transaction of another process, as the lock table sees it."""

    def __init__(self) -> None:
        self.waiter = Waiter(self)
        self.waiting_for: Waiter | None = None
        self.flow: tuple[int, object | None] = (0, None)


class ForeignWait:
    """Waiting for what another process holds.

    Args:
        rows: The locks.
        place: What is waited for.
        asker: Who waits; told when processes wait for each other.
        waiter: Is done at the end.
    """

    __slots__ = ("_asker", "_limit_s", "_place", "_rows", "_waiter")

    def __init__(self, rows: RowLocks, place: int, asker: "Writer", waiter: Waiter) -> None:
        self._rows, self._place, self._asker, self._waiter = rows, place, asker, waiter
        self._limit_s = time.monotonic() + _CIRCLE_S
        rows.board.add(place)

    def is_over(self) -> bool:
        """Look; the waiter is done when this is true."""
        if not self._rows.is_free(self._place) and not self._is_futile():
            return False
        self._rows.board.remove(self._place)
        self._waiter.finish()
        return True

    def _is_futile(self) -> bool:
        """The asker has gone away, or is to give in because processes wait for each other."""
        if time.monotonic() < self._limit_s:
            return False
        if self._asker.waiting_for is not self._waiter:
            return True
        if not self._rows.closes_circle(self._place):
            return False
        self._asker.failure = Deadlock("transactions of several processes wait for each other")
        return True


class Watcher:
    """A thread, started when first needed, that suspends transactions idle while another process is there, and looks for others' locks to go."""

    def __init__(self) -> None:
        self._stores: dict[Store, None] = {}
        self._waits: list[ForeignWait] = []
        self._has_work = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, store: "Store") -> None:
        """Look after the store as long as a transaction holds its writer or rows."""
        if store not in self._stores:
            self._stores[store] = None
            self._start()

    def poll(self, wait: ForeignWait) -> None:
        """Look at the wait until it is over."""
        self._waits.append(wait)
        self._start()

    def _start(self) -> None:
        self._has_work.set()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="dotdo-watcher", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._has_work.wait()
            pause.wait(_SHORT_PERIOD_S if self._waits else _PERIOD_S)
            for store in list(self._stores):
                self._look_at(store)
            for wait in list(self._waits):
                if wait.is_over():
                    self._waits.remove(wait)
            if not self._stores and not self._waits:
                self._has_work.clear()
                if self._stores or self._waits:
                    self._has_work.set()

    def _look_at(self, store: "Store") -> None:
        if not store.latch.try_acquire():
            return
        try:
            if store.holder is None and not store.locks:
                self._stores.pop(store, None)
            elif store.is_shared():
                store.locks.publish()
                if store.holder is not None:
                    with contextlib.suppress(apsw.Error):  # its own next statement will meet it
                        store.holder.suspend()
        finally:
            store.latch.release()
