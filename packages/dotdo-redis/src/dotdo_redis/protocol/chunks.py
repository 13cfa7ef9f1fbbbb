"""Chunks that are nothing but whole commands, read by hiredis; it refuses everything else without saying why."""

from importlib import import_module
from itertools import chain
from typing import Any

ARRAYS, BYTES = {list}, {bytes}
END = b":0\r\n"
"""What is read behind a chunk as a reply of its own, if the chunk was whole."""


def _compiled() -> Any:  # type: ignore[explicit-any]  # hiredis brings no types
    try:
        return import_module("hiredis")
    except ImportError:
        return None


_HIREDIS = _compiled()
READER = _HIREDIS and _HIREDIS.Reader
"""hiredis' reader of replies: a command is spelt as an array of bulk strings."""
FAULTS: tuple[type[Exception], ...] = (_HIREDIS.HiredisError, TypeError) if _HIREDIS else ()
"""What it says of other input: that it follows no protocol, or that the key of a map is an array."""


class ChunkReader:
    """Reads the chunks of one connection."""

    __slots__ = ("_reader",)

    def __init__(self) -> None:
        self._reader = READER and READER()

    def read(self, data: bytes) -> list[list[bytes]] | None:
        """Read a chunk that consists of whole commands, each an array of bulk strings.

        Returns:
            The commands, each with at least one word; None for any other chunk, also when hiredis is not there.
        """
        reader = self._reader
        if reader is None:
            return None
        commands: list[Any] = []  # type: ignore[explicit-any]  # whatever replies there are
        try:
            reader.feed(data)
            reader.feed(END)
            gets = reader.gets
            while (command := gets()) is not False:
                commands.append(command)
            is_whole = len(commands) > 1 and commands.pop() == 0
            is_plain = is_whole and set(map(type, commands)) == ARRAYS and all(commands)
            words = list(chain.from_iterable(commands)) if is_plain else []
        except FAULTS:  # the thorough way says it as Redis does
            words = []
        # a simple string is bytes, too, and a set is a list: so many words and commands must have their own headers
        if (
            words
            and set(map(type, words)) == BYTES
            and data.count(b"\r\n$") == len(words)
            and data.count(b"\r\n*") == len(commands) - 1
        ):
            return commands
        self._reader = READER()
        return None
