"""Locks of the system on bytes of a side file: held by a process until it lets go or dies, asked for in about a microsecond."""

import errno
import os
import struct
import sys
import threading

FREE, READ, WRITE = range(3)
"""Nothing; shared with others who read; alone."""

if sys.platform != "win32":
    import fcntl

    _IS_BSD = sys.platform == "darwin" or "bsd" in sys.platform
    _FORMAT = "qqihh" if _IS_BSD else "hhqqi"
    _KINDS = (fcntl.F_UNLCK, fcntl.F_RDLCK, fcntl.F_WRLCK)

    def query(kind: int, start: int, length: int) -> bytes:
        """Return the question, for `holder_of_query`, who else has what excludes a lock of that kind on those bytes."""
        whence, code = os.SEEK_SET, _KINDS[kind]
        order = (start, length, 0, code, whence) if _IS_BSD else (code, whence, start, length, 0)
        return struct.pack(_FORMAT, *order)

    def holder_of_query(handle: int, asked: bytes) -> int | None:
        """Return the number of a process that has such a lock, None when none has; 0 when it cannot be told who."""
        answer = fcntl.fcntl(handle, fcntl.F_GETLK, asked)
        found = struct.unpack(_FORMAT, answer[: struct.calcsize(_FORMAT)])
        kind, holder = (found[3], found[2]) if _IS_BSD else (found[0], found[4])
        return None if kind == fcntl.F_UNLCK else max(int(holder), 0)

    def set_lock(handle: int, kind: int, start: int, length: int) -> bool:
        """Lock bytes for this process, or let go of them; False when another process has them."""
        try:
            fcntl.fcntl(handle, fcntl.F_SETLK, query(kind, start, length))
        except OSError as error:
            if error.errno not in {errno.EACCES, errno.EAGAIN}:
                raise
            return False
        return True

else:

    def query(kind: int, start: int, length: int) -> bytes:  # noqa: ARG001  (as elsewhere)
        """Windows has no such locks."""
        return b""

    def holder_of_query(handle: int, asked: bytes) -> int | None:  # noqa: ARG001  (as elsewhere)
        """Windows has no such locks: another process may be there."""
        return 0

    def set_lock(handle: int, kind: int, start: int, length: int) -> bool:  # noqa: ARG001  (as elsewhere)
        """Windows has no such locks."""
        return True


def holder_of(handle: int, kind: int, start: int, length: int) -> int | None:
    """Return the number of another process that has what excludes a lock of that kind on those bytes; see `holder_of_query`."""
    return holder_of_query(handle, query(kind, start, length))


class SharedHandle:
    """A file that a process has open once, however many use it: closing any handle of it drops every lock of the process.

    Args:
        path: The file; it is made when absent.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        with _guard:
            number, users = _handles.get((os.getpid(), self._path), (None, 0))
            if number is None:
                number = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _handles[os.getpid(), self._path] = number, users + 1
        self.number = number

    def close(self) -> None:
        """Close the file, unless others in this process use it."""
        with _guard:
            number, users = _handles.pop((os.getpid(), self._path))
            if users > 1:
                _handles[os.getpid(), self._path] = number, users - 1
            else:
                os.close(number)


_guard = threading.Lock()
_handles: dict[tuple[int, str], tuple[int, int]] = {}  # (process, path): number, users
