"""Who else has a tenant's file open: each process holds a lock on one byte of a side file, and asking costs about a microsecond."""

import contextlib
import errno
import os
import struct
import sys
import threading
from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from dotdo.storage.session import Session
    from dotdo.storage.store import Store

_SLOTS = 1 << 22
_FILES = 1 << 38
_PERIOD_S = 0.01

if sys.platform != "win32":
    import fcntl

    _IS_BSD = sys.platform == "darwin" or "bsd" in sys.platform
    _FORMAT = "qqihh" if _IS_BSD else "hhqqi"

    def _flock(kind: int, start: int, length: int) -> bytes:
        order = (
            (start, length, 0, kind, os.SEEK_SET)
            if _IS_BSD
            else (kind, os.SEEK_SET, start, length, 0)
        )
        return struct.pack(_FORMAT, *order)

    def _kind(answer: bytes) -> int:
        return int(struct.unpack(_FORMAT, answer[: struct.calcsize(_FORMAT)])[3 if _IS_BSD else 0])


class SideFile:
    """The side file of a home.

    A process has it open once for all its homes of the same folder: closing any handle drops every lock of the process.

    Args:
        path: The file; it is made when absent.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        self._handle = _open_shared(self._path)
        self._watcher = Watcher()

    def join(self, file: str) -> "FilePresence":
        """Announce that this process has `file` open."""
        return FilePresence(self._handle, os.stat(file).st_ino % _FILES * _SLOTS, self._watcher)

    def close(self) -> None:
        """Drop the announcements of this process, unless another home of it uses the same folder."""
        _close_shared(self._path)


_guard = threading.Lock()
_handles: dict[tuple[int, str], tuple[int, int]] = {}  # (process, path): handle, users


def _open_shared(path: str) -> int:
    with _guard:
        handle, users = _handles.get((os.getpid(), path), (None, 0))
        if handle is None:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _handles[os.getpid(), path] = handle, users + 1
        return handle


def _close_shared(path: str) -> None:
    with _guard:
        handle, users = _handles.pop((os.getpid(), path))
        if users > 1:
            _handles[os.getpid(), path] = handle, users - 1
        else:
            os.close(handle)


class FilePresence:
    """The announcement that this process has one file open.

    Args:
        handle: Of the side file.
        start: First byte of the file's range.
        watcher: Suspends idle holders.
    """

    __slots__ = ("_handle", "_query", "_slot", "_start", "_watcher")

    def __init__(self, handle: int, start: int, watcher: "Watcher") -> None:
        self._handle, self._start, self._watcher = handle, start, watcher
        self._slot: int | None = None
        if sys.platform == "win32":
            return
        self._query = _flock(fcntl.F_WRLCK, start, _SLOTS)
        slot = os.getpid() % _SLOTS
        while self._slot is None:  # a number may be taken by a process of another container
            try:
                fcntl.fcntl(handle, fcntl.F_SETLK, _flock(fcntl.F_WRLCK, start + slot, 1))
            except OSError as error:
                if error.errno not in {errno.EACCES, errno.EAGAIN}:
                    raise
                slot = (slot + 1) % _SLOTS
            else:
                self._slot = slot

    def has_others(self) -> bool:
        """Some other process has the file open."""
        if sys.platform == "win32":
            return True
        return _kind(fcntl.fcntl(self._handle, fcntl.F_GETLK, self._query)) != fcntl.F_UNLCK

    def watch(self, store: "Store") -> None:
        """See to it that an idle holder of the writer gives way to other processes."""
        self._watcher.watch(store)

    def leave(self) -> None:
        """This process no longer has the file open."""
        if self._slot is not None and sys.platform != "win32":
            fcntl.fcntl(
                self._handle, fcntl.F_SETLK, _flock(fcntl.F_UNLCK, self._start + self._slot, 1)
            )
            self._slot = None


class Watcher:
    """A thread, started when first needed, that suspends transactions idle while another process is there."""

    def __init__(self) -> None:
        self._stores: dict[Store, Session | None] = {}
        self._has_work = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, store: "Store") -> None:
        """Look after the store as long as a transaction holds its writer."""
        if store in self._stores:
            return
        self._stores[store] = None
        self._has_work.set()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="dotdo-watcher", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._has_work.wait()
            pause.wait(_PERIOD_S)
            for store in list(self._stores):
                self._look_at(store)
            if not self._stores:
                self._has_work.clear()
                if self._stores:
                    self._has_work.set()

    def _look_at(self, store: "Store") -> None:
        if not store.latch.try_acquire():
            return
        try:
            if store.holder is None:
                self._stores.pop(store, None)
            elif store.is_shared():
                with contextlib.suppress(apsw.Error):  # its own next statement will meet it
                    store.holder.suspend()
        finally:
            store.latch.release()
