"""Opening a tenant's file with apsw: every connection has the same, asserted settings."""

import os
from typing import Literal
from urllib.parse import quote

import apsw

from dotdo import errors
from dotdo.storage.collations import CASELESS, compare
from dotdo.storage.failures import fail
from dotdo.storage.system import APPLICATION_ID, FORMAT

Connection = apsw.Connection

Durability = Literal["memory", "process", "everysec", "always"]
"""What a commit survives: nothing promised | kill -9 | kill -9, and power loss but for the last second | power loss."""

_SYNCHRONOUS = {"memory": 0, "process": 1, "everysec": 1, "always": 1}  # the rest is GroupSync's
_LOG_PAGES = 4_000  # of the write-ahead log before it is copied into the file: see docs/adr/0017
BUSY_TIMEOUT_MS = 5_000
_HEADER = b"SQLite format 3\0"


def connect(
    path: str, *, is_read_only: bool = False, durability: Durability = "process"
) -> apsw.Connection:
    """Open the file; it must exist.

    Args:
        path: The tenant's file.
        is_read_only: Nothing may be written through this connection.
        durability: What a commit through this connection survives.

    Raises:
        StorageError: It cannot be opened.
        NotADatabase: It is no tenant of dotdo.
        NewerFormat: A newer version of dotdo wrote it.
    """
    flags = apsw.SQLITE_OPEN_READONLY if is_read_only else apsw.SQLITE_OPEN_READWRITE
    name = path
    if is_read_only and _is_frozen(path):
        name, flags = f"file:{quote(path)}?immutable=1", flags | apsw.SQLITE_OPEN_URI
    try:
        connection = apsw.Connection(name, flags=flags)
    except apsw.Error as error:
        fail(error)
    try:
        configure(connection, durability)
        check_format(connection, path)
    except apsw.Error as error:
        connection.close()
        fail(error)
    except BaseException:
        connection.close()
        raise
    return connection


def configure(connection: apsw.Connection, durability: Durability = "process") -> None:
    """Apply the settings that the invariants rest on, and see that they hold."""
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    for option in (
        apsw.SQLITE_DBCONFIG_ENABLE_FKEY,
        apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
        apsw.SQLITE_DBCONFIG_LEGACY_ALTER_TABLE,
    ):
        connection.config(option, 1)
    for option in (apsw.SQLITE_DBCONFIG_DQS_DML, apsw.SQLITE_DBCONFIG_DQS_DDL):
        connection.config(option, 0)
    connection.create_collation(CASELESS, compare)
    wanted = {"recursive_triggers": 1, "synchronous": _SYNCHRONOUS[durability], "temp_store": 2}
    connection.wal_autocheckpoint(_LOG_PAGES)
    for name, value in wanted.items():
        connection.pragma(name, value)
        if connection.pragma(name) != value:
            msg = f"SQLite does not accept {name} = {value}"
            raise errors.StorageError(msg)


def check_format(connection: apsw.Connection, path: str) -> None:
    """See that the file is a tenant of this format or an older one.

    Raises:
        NotADatabase: It is not a tenant.
        CorruptFile: It is shorter than its header says.
        NewerFormat: Its format is newer.
    """
    found, version = connection.pragma("application_id"), connection.pragma("user_version")
    if found != APPLICATION_ID:
        msg = f"{os.path.basename(path)} is not a dotdo tenant"
        raise errors.NotADatabase(msg)
    if not isinstance(version, int) or version > FORMAT:
        msg = f"{os.path.basename(path)} has format {version}; this version of dotdo reads up to {FORMAT}"
        raise errors.NewerFormat(msg)


def check_file(path: str) -> None:
    """See, before SQLite does, that the file has a header and its whole length.

    Raises:
        NotADatabase: It does not begin like an SQLite file.
        CorruptFile: It was cut short.
        StorageError: It is missing or cannot be read.
    """
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            header = file.read(100)
    except OSError as error:
        msg = f"{name} cannot be read: {error.strerror}"
        raise errors.StorageError(msg) from error
    if header[:16] != _HEADER:
        msg = f"{name} is not a dotdo tenant"
        raise errors.NotADatabase(msg)
    page = int.from_bytes(header[16:18])
    pages = int.from_bytes(header[28:32])
    if os.path.getsize(path) < pages * (65536 if page == 1 else page) and not _has_wal(path):
        msg = f"{name} is shorter than its header says"
        raise errors.CorruptFile(msg)


def _is_frozen(path: str) -> bool:
    """Nothing can be written beside the file either, and nothing is: SQLite needs no side files to read it."""
    return not os.access(os.path.dirname(os.path.abspath(path)), os.W_OK) and not _has_wal(path)


def _has_wal(path: str) -> bool:
    try:
        return os.path.getsize(f"{path}-wal") > 0
    except OSError:
        return False
