"""Values as DUMP and RDB files spell them, in Redis' own encodings; it refuses files."""

from dotdo_redis.engine.rdb.forms import HASH_LISTPACK_EX, HASH_METADATA
from dotdo_redis.engine.rdb.payload import dump, load, restore, save
from dotdo_redis.engine.rdb.reader import PayloadError, Reader
from dotdo_redis.engine.rdb.writer import Writer

__all__ = [
    "HASH_LISTPACK_EX",
    "HASH_METADATA",
    "PayloadError",
    "Reader",
    "Writer",
    "dump",
    "load",
    "restore",
    "save",
]
