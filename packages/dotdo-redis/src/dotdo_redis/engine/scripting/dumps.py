"""The payload of FUNCTION DUMP; it refuses other kinds of payload."""

from collections.abc import Sequence

from dotdo_redis.engine.rdb import PayloadError, Reader, Writer
from dotdo_redis.engine.rdb.checksum import crc64

FUNCTION = 245
FOOTER = 10


def dump_libraries(codes: Sequence[bytes], version: int) -> bytes:
    """Serialise the texts of libraries."""
    writer = Writer()
    for code in codes:
        writer.byte(FUNCTION)
        writer.string(code)
    writer.out += version.to_bytes(2, "little")
    return bytes(writer.out) + crc64(writer.out).to_bytes(8, "little")


def restore_libraries(payload: bytes) -> list[bytes]:
    """Read the texts back.

    Raises:
        PayloadError: it is no such payload, or broken.
    """
    if len(payload) < FOOTER:
        raise PayloadError("DUMP payload version or checksum are wrong")
    if int.from_bytes(payload[-8:], "little") != crc64(payload[:-8]):
        raise PayloadError("DUMP payload version or checksum are wrong")
    reader = Reader(payload, len(payload) - FOOTER)
    codes: list[bytes] = []
    while reader.at < reader.end:
        if reader.byte() != FUNCTION:
            raise PayloadError("given type is not a function")
        codes.append(reader.string())
    return codes
