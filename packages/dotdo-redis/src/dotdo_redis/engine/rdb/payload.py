"""Values to payloads of DUMP and back; it refuses keys, which the payload does not name."""

from dotdo_redis.engine.config import Config
from dotdo_redis.engine.rdb.checksum import crc64
from dotdo_redis.engine.rdb.forms import LOADERS, SAVERS
from dotdo_redis.engine.rdb.reader import PayloadError, Reader
from dotdo_redis.engine.rdb.writer import Writer
from dotdo_redis.engine.types import Value
from dotdo_redis.engine.types.streams import Stream

FOOTER = 10
"""Two bytes of version, eight of checksum."""


def dump(value: Value, config: Config) -> bytes:
    """Serialise a value: its form, version and checksum."""
    data = save(value, config) + config.rdb_version.to_bytes(2, "little")
    return data + crc64(data).to_bytes(8, "little")


def save(value: Value, config: Config, *, compresses: bool = True) -> bytes:
    """Serialise a value's form alone, for those who check the bytes themselves."""
    writer = Writer(compresses=compresses)
    SAVERS[value.__class__](writer, value, config)
    return bytes(writer.out)


def restore(payload: bytes, config: Config) -> Value:
    """Read a value back.

    Raises:
        PayloadError: of a newer version, with a wrong checksum, or broken.
    """
    if len(payload) < FOOTER or not _is_sound(payload, config):
        raise PayloadError("DUMP payload version or checksum are wrong")
    return load(Reader(payload, len(payload) - FOOTER), config)


def load(reader: Reader, config: Config) -> Value:
    """Read a value's form.

    Raises:
        PayloadError: it is broken.
    """
    loader = LOADERS.get(reader.byte())
    if loader is None:
        raise PayloadError("Bad data format")
    try:
        value = loader(reader, config)
    except (ValueError, IndexError, KeyError, OverflowError, StopIteration, RuntimeError):
        raise PayloadError("Bad data format") from None
    if reader.at != reader.end or (
        not len(value) and not isinstance(value, bytes | bytearray | Stream)
    ):
        raise PayloadError("Bad data format")
    return value


def _is_sound(payload: bytes, config: Config) -> bool:
    version = int.from_bytes(payload[-FOOTER:-8], "little")
    checksum = int.from_bytes(payload[-8:], "little")
    return version <= config.rdb_version and checksum in {0, crc64(payload[:-8])}
