"""Durability `always`: commits are brought to the disk together, one sync for all that were made while the one before ran."""

import os
import threading
from collections.abc import Callable

from dotdo.errors import StorageError
from dotdo.storage.locks import Waiter


def _sync_data(handle: int) -> None:
    if hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        os.fsync(handle)


class GroupSync:
    """Syncs the write-ahead log of one file.

    Args:
        path: The file.
        sync: Brings an open file's data to the disk.
    """

    def __init__(self, path: str, sync: Callable[[int], object] = _sync_data) -> None:
        self._path = f"{path}-wal"
        self._sync = sync
        self._handle: int | None = None
        self._turn = threading.Condition()
        self._is_running = False
        self._next = 1  # number of the sync that covers what is committed now
        self._done = 0  # number of the newest one that is over
        self._failure: tuple[int, str] | None = None  # number of a sync that failed, and why
        self._waiters: list[tuple[int, Waiter]] = []

    def wait(self) -> None:
        """Return when everything committed so far is on the disk; whoever comes first syncs for all.

        Raises:
            StorageError: It cannot be brought there; it is committed, but may not survive a loss of power.
        """
        with self._turn:
            mine = self._next
            while self._done < mine:
                if not self._is_running:
                    self._lead()
                else:
                    self._turn.wait()
            self._raise_failure(mine)

    def when_done(self, owner: object) -> Waiter:
        """Return a waiter that is done when everything committed so far is on the disk; a thread syncs.

        Args:
            owner: Who waits.
        """
        waiter = Waiter(owner)  # type: ignore[arg-type]  # nobody asks this one for its owner
        with self._turn:
            self._waiters.append((self._next, waiter))
            if not self._is_running and len(self._waiters) == 1:
                threading.Thread(target=self._run, name="dotdo-sync", daemon=True).start()
        return waiter

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _run(self) -> None:
        while True:
            with self._turn:
                if not self._waiters:
                    return
                if self._is_running:
                    self._turn.wait()
                else:
                    self._lead()

    def _lead(self) -> None:
        """Sync for all who have committed by now; the turn is given away meanwhile."""
        number, self._next = self._next, self._next + 1
        self._is_running = True
        self._turn.release()
        reason = None
        try:
            self._sync(self._opened())
        except FileNotFoundError:
            pass  # a checkpoint has brought all of it into the file, and synced that
        except OSError as error:
            reason = error.strerror or str(error)
        finally:
            self._turn.acquire()
            self._is_running = False
            self._done = number
            if reason is not None:
                self._failure = number, reason
            ready = [waiter for n, waiter in self._waiters if n <= number]
            self._waiters = [(n, waiter) for n, waiter in self._waiters if n > number]
            self._turn.notify_all()
        for waiter in ready:
            waiter.finish()

    def _opened(self) -> int:
        if self._handle is not None and not os.fstat(self._handle).st_nlink:
            os.close(self._handle)
            self._handle = None
        if self._handle is None:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        return self._handle

    def _raise_failure(self, number: int) -> None:
        if self._failure is not None and self._failure[0] == number:
            msg = f"a commit may not survive a loss of power: {self._failure[1]}"
            raise StorageError(msg)
