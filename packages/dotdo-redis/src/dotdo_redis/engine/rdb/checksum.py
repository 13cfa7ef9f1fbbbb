"""The CRC-64 of RDB payloads (Jones' polynomial, reflected); it refuses other checksums."""

_POLYNOMIAL = 0x95AC9329AC4BC9B5


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)  # noqa: PLW2901 - eight steps of division
        table.append(byte)
    return tuple(table)


_TABLE = _table()


def crc64(data: bytes | bytearray) -> int:
    """The checksum of some bytes."""
    crc = 0
    table = _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc
