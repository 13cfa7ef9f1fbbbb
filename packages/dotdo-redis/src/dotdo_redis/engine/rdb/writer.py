"""Writing lengths, strings and numbers as RDB does; it refuses values."""

from struct import pack

from dotdo_redis.engine.arguments import is_integer
from dotdo_redis.engine.rdb.lzf import compress

INT8, INT16, INT32, LZF = 0xC0, 0xC1, 0xC2, 0xC3
SHORTEST_COMPRESSED = 20
LONGEST_INTEGER = 11


class Writer:
    """Bytes in the making."""

    __slots__ = ("compresses", "out")

    def __init__(self, *, compresses: bool = True) -> None:
        self.out = bytearray()
        self.compresses = compresses
        """As Redis does; whoever keeps the bytes for itself saves the time."""

    def byte(self, value: int) -> None:
        """Write one byte."""
        self.out.append(value)

    def length(self, value: int) -> None:
        """Write a length in as few bytes as it takes."""
        if value < 1 << 6:
            self.out.append(value)
        elif value < 1 << 14:
            self.out += (0x4000 | value).to_bytes(2)
        elif value < 1 << 32:
            self.out += b"\x80" + value.to_bytes(4)
        else:
            self.out += b"\x81" + value.to_bytes(8)

    def string(self, value: bytes) -> None:
        """Write a string: as an integer of 32 bits, compressed, or as it is."""
        if not self.compresses:
            self.length(len(value))
            self.out += value
            return
        if len(value) <= LONGEST_INTEGER and is_integer(value) and self._integer(int(value)):
            return
        if len(value) > SHORTEST_COMPRESSED:
            packed = compress(value)
            if packed is not None:
                self.out.append(LZF)
                self.length(len(packed))
                self.length(len(value))
                self.out += packed
                return
        self.length(len(value))
        self.out += value

    def _integer(self, number: int) -> bool:
        for mark, bits in ((INT8, 8), (INT16, 16), (INT32, 32)):
            if -(1 << bits - 1) <= number < 1 << bits - 1:
                self.out.append(mark)
                self.out += number.to_bytes(bits // 8, "little", signed=True)
                return True
        return False

    def double(self, value: float) -> None:
        """Write a number as eight bytes."""
        self.out += pack("<d", value)

    def milliseconds(self, value: int) -> None:
        """Write a moment as eight bytes."""
        self.out += pack("<q", value)
