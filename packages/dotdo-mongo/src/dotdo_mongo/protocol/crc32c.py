"""The checksum of OP_MSG: CRC-32C (Castagnoli), by table."""

_POLYNOMIAL = 0x82F63B78


def _table() -> list[int]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)  # noqa: PLW2901  (it is the register)
        found.append(value)
    return found


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """Return the checksum of bytes."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF
