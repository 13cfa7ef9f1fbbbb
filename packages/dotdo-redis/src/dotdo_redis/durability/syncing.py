"""The level of a keyspace as appendonly and appendfsync show and choose it, and when the append file is synced; it refuses to write it."""

import threading
from collections.abc import Callable
from pathlib import Path

from dotdo.storage import Durability
from dotdo_redis.durability.append_file import AppendFile, sync
from dotdo_redis.engine import Engine

LEVELS: dict[str, Durability] = {"no": "process", "everysec": "everysec", "always": "always"}
"""What appendfsync says -> the level, while an append file is kept."""
SYNCED = ("everysec", "always")
"""Levels that survive a loss of power."""


class Syncing:
    """What a keyspace's level asks of its append file.

    Args:
        engine: whose parameters show the level.
        path: the tenant's file.
        level: to begin with.
        flush: writes what is newer than the rows.
        record: has the engine's changes recorded from now on.
    """

    def __init__(
        self,
        engine: Engine,
        path: Path,
        level: Durability,
        flush: Callable[[], None],
        record: Callable[[], None],
    ) -> None:
        self.level = level
        self.file: AppendFile | None = None
        self._values = engine.instance.parameters.values
        self._wal = Path(f"{path}-wal")
        self._flush, self._record = flush, record
        self._is_closed = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_synced(self) -> bool:
        """Whether what is acknowledged survives a loss of power."""
        return self.level in SYNCED

    def show(self) -> None:
        """Let the parameters say what the level is."""
        policy = next((text for text, level in LEVELS.items() if level == self.level), "no")
        self._values["appendfsync"] = policy
        self._values["appendonly"] = "no" if self.level == "memory" else "yes"

    # -- what the engine's parameters call

    def keep(self, *, is_wanted: bool) -> None:
        """Keep an append file from now on (appendonly), or no longer."""
        if is_wanted == (self.level != "memory"):
            return
        self._flush()
        self.level = LEVELS[self._values["appendfsync"]] if is_wanted else "memory"
        if is_wanted:
            self._record()
            self._begin()

    def sync_as(self, policy: str) -> None:
        """Sync the append file as a policy says (appendfsync)."""
        if self.level == "memory":
            return
        self.level = LEVELS[policy]
        if self.is_synced:
            sync(self._wal)
        if self.file is not None:
            self.file.syncs = self.level == "always"
            if self.is_synced:
                self.file.sync()
        self._begin()

    def sync(self) -> bool:
        """Have everything that was acknowledged on the disk; False when no file is kept."""
        if self.level == "memory":
            return False
        sync(self._wal)
        if self.file is not None:
            self.file.sync()
        return True

    # -- what the keyspace calls

    def open_file(self, path: Path) -> AppendFile:
        """Begin an append file."""
        self.file = AppendFile(path, syncs=self.level == "always")
        self._begin()
        return self.file

    def end_file(self) -> None:
        """Give the append file up for the rows, which have it."""
        if self.is_synced:
            sync(self._wal)
        self.close_file()

    def close_file(self) -> None:
        """Close the append file."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def close(self) -> None:
        """Sync no more."""
        self._is_closed.set()

    def _begin(self) -> None:
        if self.level == "everysec" and self._thread is None:
            self._thread = threading.Thread(
                target=self._sync_each_second, name="dotdo-redis-sync", daemon=True
            )
            self._thread.start()

    def _sync_each_second(self) -> None:
        while not self._is_closed.wait(1):
            file = self.file
            if file is not None and self.level == "everysec":
                file.sync()
