"""Space given back that deleted documents have left: by `compact`, and for `autoCompact` from time to time."""

from dataclasses import dataclass, field
from typing import cast

from dotdo.errors import DotdoError
from dotdo.storage import Store, compact_file, free_bytes
from dotdo_mongo.engine.deployment import Deployment

_MEGABYTE = 1 << 20
_DEFAULT_TARGET_MB = 20
_EVERY_US = 3_600_000_000
_SETTING = "autoCompact"


@dataclass(slots=True)
class Compaction:
    """What `autoCompact` has asked for.

    Args:
        target_mb: Of how many free megabytes on a database is compacted.
        looked_us: When each database was looked at last.
    """

    target_mb: int | None
    looked_us: dict[str, int] = field(default_factory=dict)


def recoverable_bytes(store: Store, target_mb: int | None) -> int:
    """Return how many bytes compacting would give back: none below the target, which is 20 MB by default."""
    free = free_bytes(store)
    return free if free >= (target_mb or _DEFAULT_TARGET_MB) * _MEGABYTE else 0


def compact_store(store: Store, target_mb: int | None) -> int:
    """Compact a database's file where that gives back at least the target; return how many bytes it gave."""
    return compact_file(store) if recoverable_bytes(store, target_mb) else 0


def keep_compacting(
    deployment: Deployment, *, is_on: bool, target_mb: int | None, is_once: bool
) -> None:
    """Compact every database now and, unless once is enough, hourly from now on; or stop that."""
    deployment.settings.pop(_SETTING, None)
    if not is_on:
        return
    asked = Compaction(target_mb)
    for name in deployment.databases.names():
        _look(deployment, asked, name)
    if not is_once:
        deployment.settings[_SETTING] = asked


def compact_when_due(deployment: Deployment, db: str, now_us: int) -> None:
    """Compact a database before a request to it, when `autoCompact` is on and an hour has gone by."""
    asked = cast("Compaction | None", deployment.settings.get(_SETTING))
    if asked is None or "@" in db or now_us - asked.looked_us.get(db, 0) < _EVERY_US:
        return
    _look(deployment, asked, db)


def _look(deployment: Deployment, asked: Compaction, db: str) -> None:
    asked.looked_us[db] = deployment.clock()
    store = deployment.databases.open(db, create=False)
    if store is None or store.is_read_only:
        return
    try:
        compact_store(store, asked.target_mb)
    except DotdoError:  # others write: it is tried again in an hour
        return
