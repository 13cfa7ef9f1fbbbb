"""The append file: effects with their number and a checksum, one record per command or transaction; it refuses to run them."""

import os
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from zlib import crc32

from msgspec import DecodeError
from msgspec.msgpack import Decoder, Encoder

from dotdo_redis.engine.context import Effect

_HEADER = Struct("<II")
"""Bytes of the body, and its checksum."""

Record = tuple[int, int, list[tuple[int, list[bytes]]]]
"""Number, microseconds since 1970, and the effects: database and words."""

_encode = Encoder().encode
_decode = Decoder(Record).decode


class AppendFile:
    """One generation of the file; it is replaced by the next one when the rows are written.

    Args:
        path: where.
        syncs: whether a record is on the disk before `append` returns.
    """

    def __init__(self, path: Path, *, syncs: bool = False) -> None:
        self.path = path
        self.syncs = syncs
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self.size_bytes = os.fstat(self._descriptor).st_size
        self.is_dirty = False

    def append(self, number: int, now_us: int, effects: list[Effect]) -> None:
        """Write a record; the system has it when this returns."""
        body = _encode((number, now_us, effects))
        data = _HEADER.pack(len(body), crc32(body)) + body
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            os.ftruncate(self._descriptor, self.size_bytes)
            raise
        if written != len(data):
            os.ftruncate(self._descriptor, self.size_bytes)
            raise OSError(28, "a record could not be written")
        self.size_bytes += written
        self.is_dirty = True
        if self.syncs:
            self.sync()

    def sync(self) -> None:
        """Have everything on the disk; may be called beside `append` and `close`."""
        if not self.is_dirty:
            return
        self.is_dirty = False
        try:
            descriptor = os.dup(self._descriptor)
        except OSError:  # closed meanwhile: the rows have it
            return
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Write no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def sync(path: Path) -> None:
    """Have a file on the disk that somebody else writes; do nothing when it is not there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def records(path: Path) -> Iterator[Record]:
    """Read the records of a file up to the first one that is torn, and cut the file off there."""
    data = path.read_bytes()
    at = 0
    while at + _HEADER.size <= len(data):
        size, checksum = _HEADER.unpack_from(data, at)
        body = data[at + _HEADER.size : at + _HEADER.size + size]
        if len(body) != size or crc32(body) != checksum:
            break
        try:
            record = _decode(body)
        except DecodeError:
            break
        at += _HEADER.size + size
        yield record
    if at < len(data):
        os.truncate(path, at)
