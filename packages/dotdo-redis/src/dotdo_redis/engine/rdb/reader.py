"""Reading lengths, strings and numbers as RDB has them; it refuses values."""

from struct import unpack

from dotdo_redis.engine.rdb.lzf import decompress
from dotdo_redis.engine.rdb.writer import INT8, INT16, INT32, LZF


class PayloadError(Exception):
    """A payload that cannot be read; the text is Redis'."""


class Reader:
    """Bytes being read."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, end: int | None = None) -> None:
        self.data = data
        self.at = 0
        self.end = len(data) if end is None else end

    def take(self, size: int) -> bytes:
        """Read so many bytes.

        Raises:
            PayloadError: there are fewer.
        """
        stop = self.at + size
        if stop > self.end:
            raise PayloadError("Bad data format")
        found = self.data[self.at : stop]
        self.at = stop
        return found

    def byte(self) -> int:
        """Read one byte."""
        return self.take(1)[0]

    def length(self) -> int:
        """Read a length."""
        first = self.byte()
        if first < 0x40:
            return first
        if first < 0x80:
            return (first & 63) << 8 | self.byte()
        if first == 0x80:
            return int.from_bytes(self.take(4))
        if first == 0x81:
            return int.from_bytes(self.take(8))
        raise PayloadError("Bad data format")

    def string(self) -> bytes:
        """Read a string in any of its forms."""
        first = self.data[self.at] if self.at < self.end else 0
        for mark, size in ((INT8, 1), (INT16, 2), (INT32, 4)):
            if first == mark:
                self.at += 1
                return b"%d" % int.from_bytes(self.take(size), "little", signed=True)
        if first == LZF:
            self.at += 1
            packed, size = self.length(), self.length()
            try:
                return decompress(self.take(packed), size)
            except ValueError:
                raise PayloadError("Bad data format") from None
        return self.take(self.length())

    def double(self) -> float:
        """Read a number of eight bytes."""
        (value,) = unpack("<d", self.take(8))
        return float(value)

    def text_double(self) -> float:
        """Read a number spelt out, as old payloads have it."""
        size = self.byte()
        special = {253: "nan", 254: "inf", 255: "-inf"}.get(size)
        try:
            return float(special or self.take(size).decode("ascii", "replace"))
        except ValueError:
            raise PayloadError("Bad data format") from None

    def milliseconds(self) -> int:
        """Read a moment of eight bytes."""
        (value,) = unpack("<q", self.take(8))
        return int(value)
