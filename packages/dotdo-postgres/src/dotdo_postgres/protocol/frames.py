"""Frames: where one message ends and the next begins; refuses lengths that no message can have."""

from struct import Struct
from typing import NamedTuple

from dotdo_postgres.errors import PostgresError, error

_LENGTH = Struct("!I").unpack_from
MAX_STARTUP_BYTES = 10_000
MAX_SMALL_BYTES = 10_000
_LARGE = frozenset(b"QPBFd")
_KNOWN = frozenset(b"QPBFdDECSHXcfp")


class Frame(NamedTuple):
    """One message.

    Args:
        kind: its first byte; 0 for a message of the startup, which has none.
        body: what follows its length.
    """

    kind: int
    body: bytes


class Frames:
    """Cuts a stream of bytes into frames.

    Args:
        max_bytes: the largest message accepted.

    Attributes:
        is_startup: the next message is one of the startup, without a first byte.
    """

    __slots__ = ("_at", "_data", "is_startup", "max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.is_startup = True
        self._data = b""
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        at = self._at
        self._data = self._data[at:] + data if at < len(self._data) else data
        self._at = 0

    def next(self) -> Frame | None:
        """Return the next whole message, None when more bytes must come first.

        Raises:
            PostgresError: a length or a first byte that cannot be (08P01); the connection cannot go on.
        """
        if self.is_startup:
            return self._next_startup()
        data, at = self._data, self._at
        if at == len(data):
            return None
        kind = data[at]
        if kind not in _KNOWN:
            raise fatal(f"invalid frontend message type {kind}")
        if len(data) - at < 5:
            return None
        (length,) = _LENGTH(data, at + 1)
        if not 4 <= length <= (self.max_bytes if kind in _LARGE else MAX_SMALL_BYTES):
            raise fatal("invalid message length")
        end = at + 1 + length
        if end > len(data):
            return None
        self._at = end
        return Frame(kind, data[at + 5 : end])

    def _next_startup(self) -> Frame | None:
        data, at = self._data, self._at
        if len(data) - at < 4:
            return None
        (length,) = _LENGTH(data, at)
        if not 8 <= length <= MAX_STARTUP_BYTES:
            raise fatal("invalid length of startup packet")
        if at + length > len(data):
            return None
        self._at = at + length
        return Frame(0, data[at + 4 : at + length])

    @property
    def next_kind(self) -> int:
        """First byte of the next message, as far as it has come; 0 when nothing has."""
        return self._data[self._at] if self._at < len(self._data) else 0

    @property
    def whole(self) -> bytes:
        """What has come, when nothing of it has been taken; else nothing."""
        return b"" if self._at or self.is_startup else self._data

    def drop(self) -> None:
        """Forget what has come: it has been answered."""
        self._data, self._at = b"", 0

    def rest(self) -> bytes:
        """Return what has come beyond the last message, and forget it."""
        rest, self._data, self._at = self._data[self._at :], b"", 0
        return rest


def fatal(message: str, sqlstate: str = "08P01") -> PostgresError:
    """Return an error that ends the connection."""
    return error(sqlstate, message, severity="FATAL")
