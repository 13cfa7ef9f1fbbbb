"""Durability `everysec`: a thread that brings write-ahead logs to the disk once a second."""

import contextlib
import os
import threading

_PERIOD_S = 1.0


class Syncer:
    """Syncs the logs of files that were written since it last did.

    Args:
        period_s: How long a commit may stay in memory.
    """

    def __init__(self, period_s: float = _PERIOD_S) -> None:
        self._period_s = period_s
        self._seen: dict[str, tuple[int, int]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, path: str) -> None:
        """Look after the file at `path`."""
        self._seen.setdefault(path, (0, 0))
        if self._thread is None or not self._thread.is_alive():
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="dotdo-syncer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Sync a last time and end the thread."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None
        self.sync()

    def sync(self) -> int:
        """Sync now; return how many logs needed it."""
        return sum(self._sync(path, seen) for path, seen in list(self._seen.items()))

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            self.sync()

    def _sync(self, path: str, seen: tuple[int, int]) -> bool:
        with contextlib.suppress(FileNotFoundError):
            state = os.stat(f"{path}-wal")
            now = (state.st_mtime_ns, state.st_size)
            if now == seen:
                return False
            handle = os.open(f"{path}-wal", os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            self._seen[path] = now
            return True
        return False
