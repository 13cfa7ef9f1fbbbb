"""Ids of stream entries in the words of commands; it refuses the entries."""

import re

from dotdo_redis.engine.types.streams import HIGHEST_ID, LOWEST_ID, SEQUENCE_MASK
from dotdo_redis.errors import ReplyError

_ID = re.compile(rb"[ \t\n\v\f\r]*\+?(\d{1,30})(?:-[ \t\n\v\f\r]*\+?(\d{1,30}))?\Z")
"""Both numbers as strtoull reads them."""


def invalid_id() -> ReplyError:
    """What is no id."""
    return ReplyError("Invalid stream ID specified as stream command argument")


def stream_id(word: bytes, missing_sequence: int = 0) -> int:
    """Read `milliseconds[-sequence]`.

    Raises:
        ReplyError: it is no id.
    """
    found = _ID.match(word)
    if found is None:
        raise invalid_id()
    milliseconds = int(found[1])
    sequence = missing_sequence if found[2] is None else int(found[2])
    if milliseconds > SEQUENCE_MASK or sequence > SEQUENCE_MASK:
        raise invalid_id()
    return milliseconds << 64 | sequence


def range_start(word: bytes) -> int:
    """Read the beginning of a range: an id, `-`, `+`, or `(id` for what follows it.

    Raises:
        ReplyError: it is none of these, or nothing follows it.
    """
    if word[:1] == b"(":
        number = stream_id(word[1:])
        if number == HIGHEST_ID:
            raise ReplyError("invalid start ID for the interval")
        return number + 1
    return _MARKS[word] if word in _MARKS else stream_id(word)


def range_end(word: bytes) -> int:
    """Read the end of a range: an id, `-`, `+`, or `(id` for what comes before it.

    Raises:
        ReplyError: it is none of these, or nothing comes before it.
    """
    if word[:1] == b"(":
        number = stream_id(word[1:], SEQUENCE_MASK)
        if number == LOWEST_ID:
            raise ReplyError("invalid end ID for the interval")
        return number - 1
    return _MARKS[word] if word in _MARKS else stream_id(word, SEQUENCE_MASK)


_MARKS = {b"-": LOWEST_ID, b"+": HIGHEST_ID}
