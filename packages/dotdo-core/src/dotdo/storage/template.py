"""Creation of a tenant's file: a copy of an empty one that is made once."""

import errno
import os
import tempfile
from contextlib import suppress
from functools import lru_cache

import apsw

from dotdo.errors import AlreadyExists, StorageError, StorageFull
from dotdo.storage import ddl, system
from dotdo.storage.connection import configure
from dotdo.storage.images import Images
from dotdo.storage.kernel_nouns import KERNEL_NOUNS

PAGE_BYTES = 2048  # what an open tenant costs is mostly pages: see docs/adr/0005


@lru_cache(maxsize=1)
def empty_file() -> bytes:
    """Return the bytes of a tenant with nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "empty.db")
        connection = apsw.Connection(path)
        connection.pragma("page_size", PAGE_BYTES)
        connection.pragma("journal_mode", "wal")
        configure(connection)
        with connection:
            connection.execute(system.TABLES).fetchall()
            for noun in KERNEL_NOUNS:
                connection.execute(ddl.table(noun, {}))
                for text in (
                    *ddl.indexes(noun).values(),
                    *ddl.triggers(noun, Images(noun)).values(),
                ):
                    connection.execute(text)
            connection.execute(
                'insert into _log(seq, noun, op, id, before) values (1, 0, ?, 1, \'[0,null,"create","dotdo"]\')',
                (system.COMMIT,),
            )
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        connection.close()
        with open(path, "rb") as file:
            return file.read()


def sync_folder(path: str) -> None:
    """Let the name of a new file survive a loss of power."""
    if os.name == "nt":
        return
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def create_file(path: str, *, is_durable: bool = False) -> None:
    """Create an empty tenant, readable by its owner only.

    Args:
        path: The new file.
        is_durable: It survives a loss of power from now on.

    Raises:
        AlreadyExists: The file is there.
        StorageError: It cannot be written.
    """
    made = ""
    try:
        handle, made = tempfile.mkstemp(prefix=".new-", dir=os.path.dirname(path) or ".")
        with open(handle, "wb") as file:
            file.write(empty_file())
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        _publish(made, path)
        if is_durable:
            sync_folder(path)
    except FileExistsError:
        msg = f"{os.path.basename(path)} exists"
        raise AlreadyExists(msg) from None
    except OSError as error:
        msg = f"cannot create {os.path.basename(path)}: {error.strerror}"
        kind = StorageFull if error.errno == errno.ENOSPC else StorageError
        raise kind(msg) from error
    finally:
        with suppress(OSError):
            os.unlink(made)


def _publish(made: str, path: str) -> None:
    """Give a whole file its name, which nobody sees half made.

    Raises:
        FileExistsError: The name is taken.
    """
    if os.name == "nt":
        os.rename(made, path)
        return
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # there are file systems without links
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.replace(made, path)
