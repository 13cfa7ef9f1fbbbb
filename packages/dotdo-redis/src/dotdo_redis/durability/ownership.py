"""Which process owns a tenant's keys, and how others reach it: a lock file and a socket beside it; it refuses to serve."""

import fcntl
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from dotdo.errors import DotdoError
from dotdo_redis.errors import ReplyError

_LOG = logging.getLogger("dotdo.redis")
LONGEST_PATH = 100
"""What the name of a unix socket may have, with some room."""
PATIENCE_S = 5.0
FLUSH_S = 60.0
SERVE, FLUSH = b"s", b"f"
"""What somebody who knocks may want."""


class OwnedElsewhere(Exception):
    """Another process owns the keys; `address` is where it is served once it was knocked at."""

    def __init__(self, address: str) -> None:
        super().__init__("the tenant's keys are owned by another process")
        self.address = address


def socket_path(path: Path, suffix: str) -> str:
    """Where a socket beside a file lies; in the user's folder of temporary files when the path is too long for one."""
    beside = path.with_suffix(suffix)
    if len(str(beside)) <= LONGEST_PATH:
        return str(beside)
    folder = Path(tempfile.gettempdir()) / f"dotdo-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise PermissionError(1, "another user's folder", str(folder))
    return str(folder / (sha256(str(path).encode()).hexdigest()[:24] + suffix))


class Lease:
    """The ownership of one tenant's keys, given up when the process ends or `close` is called.

    Args:
        path: the tenant's file.
        serve: called once, in a thread, when another process wants to be served; gets the address to serve at.
        flush: called when another process is about to read or write rows, and after it has written some.

    Raises:
        OwnedElsewhere: another process has it.
    """

    def __init__(self, path: Path, serve: Callable[[str], None], flush: Callable[[], None]) -> None:
        self.address = socket_path(path, ".redis-sock")
        self._knocker = socket_path(path, ".redis-knock")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = path.with_suffix(".redis-lock")
        self._lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise OwnedElsewhere(self.address) from None
        self._serve, self._flush = serve, flush
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        Path(self._knocker).unlink(missing_ok=True)
        self._door.bind(self._knocker)
        os.chmod(self._knocker, 0o600)
        self._door.listen()
        threading.Thread(target=self._listen, name="dotdo-redis-door", daemon=True).start()

    def _listen(self) -> None:
        is_served = False
        while True:
            try:
                knock, _ = self._door.accept()
            except OSError:
                return
            with knock:
                knock.settimeout(PATIENCE_S)
                try:
                    wish = knock.recv(1)
                except OSError:
                    continue
                if wish == FLUSH:
                    self._try_to_flush()
                elif not is_served:
                    self._serve(self.address)
                    is_served = True

    def _try_to_flush(self) -> None:
        try:
            self._flush()
        except (DotdoError, ReplyError, OSError, ValueError):  # who asked reads what is there
            _LOG.exception("keys could not be written for another process")

    def close(self) -> None:
        """Give it up."""
        self._door.close()
        Path(self._knocker).unlink(missing_ok=True)
        os.close(self._lock)

    def abandon(self) -> None:
        """Close one's own copies in a forked child; the parent goes on."""
        self._door.close()
        os.close(self._lock)


def _knock(address: str, wish: bytes, patience_s: float) -> None:
    """Ask an owner for something, and wait until it is done.

    Raises:
        OSError: it does not answer in time.
    """
    knocker = address.removesuffix(".redis-sock") + ".redis-knock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.connect(knocker)
        knock.settimeout(patience_s)
        knock.sendall(wish)
        knock.recv(1)  # the owner hangs up when it is done


def ask_to_flush(address: str) -> None:
    """Have the owner write its rows, and read what others have written.

    Raises:
        OSError: it does not answer in time.
    """
    _knock(address, FLUSH, FLUSH_S)


def reach(address: str) -> socket.socket:
    """Knock at an owner and connect to where it serves.

    Raises:
        OSError: it does not answer in time.
    """
    _knock(address, SERVE, PATIENCE_S)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(0.01)
        else:
            return connection
