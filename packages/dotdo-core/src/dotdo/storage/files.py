"""Copying a tenant's file while it is in use: by reference where the file system can, else by the kernel, else by hand."""

import contextlib
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from dotdo.errors import AlreadyExists, StorageError, StorageFull
from dotdo.storage.connection import connect
from dotdo.storage.failures import fail

if TYPE_CHECKING:
    from dotdo.storage.store import Store

_FICLONE = 0x40049409
_CHUNK_BYTES = 1 << 30


def copy_store(store: "Store", target: str) -> None:
    """Copy the store's committed state into a new file, holding up writers but not readers.

    Args:
        store: What is copied.
        target: The new file; it appears whole or not at all.

    Raises:
        AlreadyExists: The file is there.
        StorageFull: No room is left.
    """
    if os.path.exists(target):
        msg = f"{os.path.basename(target)} exists"
        raise AlreadyExists(msg)
    partial = f"{target}.partial"
    try:
        with store.quiesced() as connection:
            _shrink_wal(connection)
            connection.execute("begin immediate")
            try:
                copy_file(store.path, partial)
                wal = f"{store.path}-wal"
                if os.path.exists(wal) and os.path.getsize(wal):
                    copy_file(wal, f"{partial}-wal")
            finally:
                connection.execute("rollback")
        _settle(partial)
        os.link(partial, target)
    except apsw.Error as error:
        fail(error)
    except FileExistsError:
        msg = f"{os.path.basename(target)} exists"
        raise AlreadyExists(msg) from None
    except OSError as error:
        kind = StorageFull if error.errno == errno.ENOSPC else StorageError
        msg = f"cannot copy to {os.path.basename(target)}: {error.strerror}"
        raise kind(msg) from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{partial}{suffix}").unlink(missing_ok=True)


def free_bytes(store: "Store") -> int:
    """Return how many bytes of a store's file hold nothing: what was deleted has left them."""
    with store.quiesced() as connection:
        return _free_bytes(connection)


def compact_file(store: "Store") -> int:
    """Give back to the file system what deleted rows have left in a store's file; return how many bytes.

    The file is written anew, while nobody else writes.

    Raises:
        LockTimeout: Somebody else writes.
        StorageFull: There is no room for the second copy that this takes.
    """
    with store.quiesced() as connection:
        freed = _free_bytes(connection)
        try:
            connection.execute("vacuum")
        except apsw.Error as error:
            fail(error)
        _shrink_wal(connection)
        return freed


def _free_bytes(connection: apsw.Connection) -> int:
    return int(connection.pragma("freelist_count")) * int(connection.pragma("page_size"))


def _shrink_wal(connection: apsw.Connection) -> None:
    """Bring the write-ahead log into the file, as far as readers let it."""
    connection.set_busy_timeout(0)
    with contextlib.suppress(apsw.BusyError, apsw.LockedError):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.set_busy_timeout(5_000)


def _settle(path: str) -> None:
    """Bring a copied write-ahead log into the copied file."""
    if not os.path.exists(f"{path}-wal"):
        return
    connection = connect(path)
    try:
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        connection.close()


def copy_file(source: str, target: str) -> None:
    """Copy the bytes of a file, readable by its owner only; sharing blocks where the file system can."""
    with open(source, "rb") as reader, open(target, "wb", opener=_private) as writer:
        if not _clone(reader.fileno(), writer.fileno()) and not _copy_range(
            reader.fileno(), writer.fileno()
        ):
            reader.seek(0)
            writer.seek(0)
            shutil.copyfileobj(reader, writer, 1 << 20)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _clone(source: int, target: int) -> bool:
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def _copy_range(source: int, target: int) -> bool:
    if not hasattr(os, "copy_file_range"):
        return False
    left = os.fstat(source).st_size
    try:
        while left > 0:
            copied = os.copy_file_range(source, target, min(left, _CHUNK_BYTES))
            if copied == 0:
                return False
            left -= copied
    except OSError as error:
        if error.errno in {errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}:
            return False
        raise
    return True
