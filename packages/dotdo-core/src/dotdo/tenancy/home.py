"""A home: the folder that holds tenants' files, and the cache of those that are open. Only this room knows where a tenant lives."""

import atexit
import os
import shutil
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from weakref import WeakSet, WeakValueDictionary

from dotdo.clock import Clock, system_clock
from dotdo.errors import InUse, InvalidValue, StorageError, UnknownTenant
from dotdo.storage import Durability, Store, create_file
from dotdo.storage.presence import FilePresence, SideFile
from dotdo.storage.syncer import Syncer
from dotdo.tenancy.references import MAIN, Reference, check_name
from dotdo.values import shown

if sys.platform != "win32":
    import resource

_SUFFIX = ".db"
_PAST = ".past"
_MAX_OPEN = 512
_MAX_PATHS = 10_000
_DESCRIPTORS_EACH = 8  # a connection has three or four; a program needs some of its own
_MEMORY = ":memory:"


class Home:
    """Tenants in one folder.

    Args:
        path: The folder (made when first written to), or `:memory:` for a private one in memory that vanishes at exit.
        clock: Gives the time of transactions.
        durability: What commits survive.
        max_open: Tenants kept open while unused.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Clock = system_clock,
        durability: Durability = "process",
        max_open: int = _MAX_OPEN,
    ) -> None:
        if durability not in get_args(Durability):
            msg = f"{shown(durability)} is no durability: give {', '.join(get_args(Durability))}"
            raise InvalidValue(msg)
        if max_open < 1:
            msg = f"max_open is a whole number from 1, not {max_open}"
            raise InvalidValue(msg)
        if "\0" in os.fsdecode(path):
            msg = "the path of a home cannot hold a NUL character"
            raise InvalidValue(msg)
        self.path = _private_folder() if os.fspath(path) == _MEMORY else Path(path).absolute()
        self.clock = clock
        self.durability: Durability = durability
        self._max_open = min(max_open, _descriptors() // _DESCRIPTORS_EACH)
        self._guard = threading.RLock()
        self._paths: dict[Reference, str] = {}
        self._stores: WeakValueDictionary[str, Store] = WeakValueDictionary()
        self._open: OrderedDict[Store, None] = OrderedDict()
        self._listened: set[Store] = set()  # must live as long as somebody listens
        self._syncer = Syncer()
        self._side_file: SideFile | None = None
        _HOMES.add(self)

    def file_of(self, reference: Reference) -> Path:
        """Return where a branch of a tenant lives; it need not exist."""
        return self.path / f"{reference}{_SUFFIX}"

    def exists(self, reference: Reference) -> bool:
        """The branch of the tenant exists."""
        return self.file_of(reference).exists()

    def tenants(self) -> Iterator[str]:
        """Yield the names of the tenants, sorted."""
        for stem in self._stems():
            if "@" not in stem:
                yield stem

    def branches(self, tenant: str) -> Iterator[str]:
        """Yield the names of a tenant's branches, the main one first."""
        stems = self._stems()
        if tenant in stems:
            yield MAIN
        yield from (stem.partition("@")[2] for stem in stems if stem.startswith(f"{tenant}@"))

    def _stems(self) -> list[str]:
        if not self.path.is_dir():
            return []
        return sorted(
            entry.name[: -len(_SUFFIX)]
            for entry in os.scandir(self.path)
            if entry.name.endswith(_SUFFIX)
        )

    def create(self, tenant: str) -> Store:
        """Create a tenant.

        Raises:
            InvalidName: The name is not allowed.
            AlreadyExists: It exists.
        """
        reference = Reference(check_name(tenant, "tenant"))
        self.prepare()
        survives_power = self.durability in {"everysec", "always"}
        create_file(str(self.file_of(reference)), is_durable=survives_power)
        return self.store(reference)

    def prepare(self) -> None:
        """Make the folder, for its owner only.

        Raises:
            StorageError: It cannot be made.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            msg = f"cannot make the folder {self.path}: {error.strerror}"
            raise StorageError(msg) from error

    def store(self, reference: Reference) -> Store:
        """Return the store of a branch's head; its file is opened when a session is.

        Raises:
            UnknownTenant: There is none.
            StorageError: The file cannot be used.
        """
        path = self._paths.get(reference)
        if path is None:
            path = str(self.file_of(reference))
            if len(self._paths) < _MAX_PATHS:
                self._paths[reference] = path
        with self._guard:
            found = self._stores.get(path)
            if found is not None:
                return found
            if not os.path.exists(path):
                msg = f"tenant {reference} does not exist"
                raise UnknownTenant(msg)
            store = Store(
                path,
                clock=self.clock,
                durability=self.durability,
                presence=self._join(path),
                has_owners=True,
            )
            if self.durability == "everysec":
                self._syncer.add(path)
            store.on_open = self.note_open
            store.on_listen = self._listened.add
            self._stores[path] = store
            return store

    def _join(self, path: str) -> FilePresence:
        if self._side_file is None:
            self._side_file = SideFile(str(self.path / ".presence"))
        return self._side_file.join(path)

    def note_open(self, store: Store) -> None:
        """Keep the store open, and close one that was not used for long when there are too many."""
        with self._guard:
            self._open[store] = None
            for _ in range(2 * len(self._open)):
                if len(self._open) <= self._max_open:
                    break
                oldest, _ = self._open.popitem(last=False)
                was_used, oldest.was_used = oldest.was_used, False
                if was_used or oldest is store or not oldest.trim():
                    self._open[oldest] = None

    def past_file(self, reference: Reference, seq: int) -> Path:
        """Return where a branch's past state is kept, when it needs a file of its own."""
        folder = self.path / _PAST
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / f"{reference}@v{seq}{_SUFFIX}"

    def remove(self, reference: Reference) -> None:
        """Delete a branch's file, and those of its past.

        Raises:
            UnknownTenant: There is none.
            InUse: A session of this process, or another process, has it open.
        """
        path = self.file_of(reference)
        with self._guard:
            store = self._stores.get(str(path))
            if store is not None and store.is_in_use():
                msg = f"{reference} is in use"
                raise InUse(msg)
            known = [
                self._stores.pop(str(path), None),
                *(s for s in self._open if s.path == str(path)),
            ]
            for store in known:
                if store is not None:
                    self._open.pop(store, None)
                    self._listened.discard(store)
                    store.close()
            if not path.exists():
                msg = f"tenant {reference} does not exist"
                raise UnknownTenant(msg)
            pasts = (self.path / _PAST).glob(f"{reference}@v*{_SUFFIX}")
            for file in (path, *pasts):
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{file}{suffix}").unlink(missing_ok=True)

    def close(self) -> None:
        """Close every tenant."""
        with self._guard:
            self._syncer.stop()
            for store in list(self._stores.values()):
                store.close()
            self._stores.clear()
            self._open.clear()
            self._listened.clear()
            if self._side_file is not None:
                self._side_file.close()
                self._side_file = None

    def leave_parent(self) -> None:
        """In a forked child: use connections of its own."""
        self._guard = threading.RLock()
        self._side_file = None
        self._syncer = Syncer()
        for path, store in list(self._stores.items()):
            if self.durability == "everysec":
                self._syncer.add(path)
            store.leave_parent(self._presence_of(path))
        self._open.clear()

    def _presence_of(self, path: str) -> FilePresence | None:
        """Join the file, unless it is gone: a home that was deleted must not keep the others from being reset."""
        try:
            return self._join(path)
        except OSError:
            return None


_HOMES: WeakSet[Home] = WeakSet()


def _after_fork() -> None:
    for home in list(_HOMES):
        home.leave_parent()


os.register_at_fork(after_in_child=_after_fork)


def _descriptors() -> int:
    """Return how many files this process may have open."""
    if sys.platform == "win32":
        return 8192
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft


def default_path() -> str:
    """Return `$DOTDO_HOME`, else the nearest `.dotdo` folder upward, else `~/.dotdo`."""
    if configured := os.environ.get("DOTDO_HOME"):
        return configured
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".dotdo").is_dir():
            return str(folder / ".dotdo")
    return str(Path.home() / ".dotdo")


def _private_folder() -> Path:
    """Make a folder that lives in memory where the system has such a file system, and goes at exit."""
    memory = "/dev/shm"  # noqa: S108  (a folder of our own is made in it, for the owner only)
    folder = tempfile.mkdtemp(prefix="dotdo-", dir=memory if os.access(memory, os.W_OK) else None)
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return Path(folder)
