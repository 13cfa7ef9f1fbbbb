"""How many have a file open, counted in memory that all processes of a home share: who is alone knows it without asking the system."""

import contextlib
import mmap
import os
import sys
import threading
import time
from collections.abc import Iterator

from dotdo.storage.byte_locks import FREE, WRITE, holder_of, set_lock

_SLOTS = 1 << 16
_MOST = 255  # counted no further, and not back either
_GUARD = 1 << 62  # byte that is locked while a count changes
_PAUSE_S = 0.0002


class Census:
    """The counts of one home. Too high a count, which a process that died leaves behind, only costs the asking.

    Args:
        path: File of the counts; it is made when absent.
        handle: Of the side file that tells who is there.
    """

    def __init__(self, path: str, handle: int) -> None:
        self._handle = handle
        self._counts: mmap.mmap | None = None
        if sys.platform == "win32":
            return
        with contextlib.suppress(OSError), open(path, "ab+", opener=_private) as file:
            os.posix_fallocate(file.fileno(), 0, _SLOTS)  # writing must not find the disk full
            self._counts = mmap.mmap(file.fileno(), _SLOTS)
            with self._guarded():
                if holder_of(handle, WRITE, 0, _GUARD) is None:  # nobody else is here
                    self._counts[:] = bytes(_SLOTS)

    def is_alone(self, slot: int) -> bool:
        """Only one has joined the file of that slot, who is the asker."""
        return self._counts is not None and self._counts[slot % _SLOTS] == 1

    def add(self, slot: int, n: int) -> None:
        """Count one more (1) or one less (-1)."""
        counts, at = self._counts, slot % _SLOTS
        if counts is None:
            return
        with self._guarded():
            if counts[at] != _MOST:
                counts[at] = max(counts[at] + n, 0)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Let no other thread or process change a count within the block."""
        with _threads:
            while not set_lock(self._handle, WRITE, _GUARD, 1):
                time.sleep(_PAUSE_S)
            try:
                yield
            finally:
                set_lock(self._handle, FREE, _GUARD, 1)


_threads = threading.Lock()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
