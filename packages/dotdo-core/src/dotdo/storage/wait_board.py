"""What each process waits for, written where the others read it, so that processes that wait for each other are found out."""

import contextlib
import os
import struct
import threading

_PROCESSES = 1 << 16
_MOST = 511  # waits of one process that others see
_RECORD = 8 * (_MOST + 1)
_COUNT = struct.Struct("q")

#: Bytes of the file that the records take; locks on places of rows begin after them.
BOARD_SIZE = _PROCESSES * _RECORD


class WaitBoard:
    """The records of the processes that share a home, a page for each: how many places it waits for, and which.

    Args:
        handle: Of the file.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle
        with _guard:
            if (os.getpid(), handle) not in _waits:
                self._write()  # the number of this process may have been another's

    def add(self, place: int) -> None:
        """This process waits for a place, once more if it does already."""
        with _guard:
            _waits_of(self._handle).append(place)
            self._write()

    def remove(self, place: int) -> None:
        """This process waits for a place no longer, or by one wait less."""
        with _guard:
            _waits_of(self._handle).remove(place)
            self._write()

    def _write(self) -> None:
        places = _waits_of(self._handle)[:_MOST]
        with contextlib.suppress(OSError):  # a full disk must not end the waiting
            record = struct.pack(f"{len(places) + 1}q", len(places), *places)
            os.pwrite(self._handle, record, os.getpid() % _PROCESSES * _RECORD)

    def of(self, process: int) -> tuple[int, ...]:
        """Return the places that a process waits for."""
        record = os.pread(self._handle, _RECORD, process % _PROCESSES * _RECORD)
        if len(record) < _COUNT.size:
            return ()
        count = min(_COUNT.unpack_from(record)[0], len(record) // 8 - 1)
        return struct.unpack_from(f"{count}q", record, _COUNT.size)


def _waits_of(handle: int) -> list[int]:
    return _waits.setdefault((os.getpid(), handle), [])


_guard = threading.Lock()
_waits: dict[tuple[int, int], list[int]] = {}  # by process, since a forked child waits for nothing
