"""Options of the SCAN family and its walk over a collection; it refuses what the collection holds."""

import re
from collections.abc import Sequence

from dotdo_redis.engine.arguments import integer
from dotdo_redis.engine.glob import matches
from dotdo_redis.engine.types.order import Order
from dotdo_redis.errors import ReplyError, syntax

HIGHEST_CURSOR = (1 << 64) - 1
_CURSOR = re.compile(rb"[ \t\n\v\f\r]*\+?[0-9]{1,30}\Z")


def read_cursor(word: bytes) -> int:
    """Read a cursor.

    Raises:
        ReplyError: not an unsigned integer of 64 bits, as strtoull reads it.
    """
    if not _CURSOR.match(word) or int(word) > HIGHEST_CURSOR:
        raise ReplyError("invalid cursor")
    return int(word)


class ScanOptions:
    """Where to go on, how far, and what to show."""

    __slots__ = ("count", "cursor", "has_no_values", "pattern", "type_name")

    def __init__(
        self,
        cursor: bytes,
        args: list[bytes],
        *,
        accepts_type: bool = False,
        accepts_novalues: bool = False,
    ) -> None:
        self.cursor = read_cursor(cursor)
        self.count = 10
        self.pattern = b"*"
        self.type_name = b""
        self.has_no_values = False
        words = iter(args)
        for word in words:
            option = word.upper()
            if option == b"NOVALUES" and accepts_novalues:
                self.has_no_values = True
                continue
            value = next(words, None)
            if value is None:
                raise syntax()
            if option == b"COUNT":
                self.count = integer(value)
                if self.count < 1:
                    raise syntax()
            elif option == b"MATCH":
                self.pattern = value
            elif option == b"TYPE" and accepts_type:
                self.type_name = value
            else:
                raise syntax()

    def filter(self, keys: Sequence[bytes]) -> list[bytes]:
        """Those that the pattern takes."""
        pattern = self.pattern
        if pattern == b"*":
            return list(keys)
        return [key for key in keys if matches(pattern, key)]

    def walk(self, order: Order | None, everything: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
        """Some keys of a collection by its order; all of them at once when it has none."""
        if order is None:
            return b"0", self.filter(everything)
        cursor, found = order.scan(self.cursor, self.count)
        return b"%d" % cursor, self.filter(found)
